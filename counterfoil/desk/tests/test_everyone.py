"""The lists of all customers' documents, as the menu offers them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from counterfoil.billing.models import Invoice
from counterfoil.messaging.models import Message
from counterfoil.operator.operations import add_area
from counterfoil.payments.operations import record_receipt
from counterfoil.platform import jobs
from counterfoil.platform.models import Job
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World


@pytest.fixture
def user(world: World) -> User:
    return add_user(world.caller(), email="b@x.example", name="Bongi", role="billing", password="s3cret-enough")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def run_all() -> None:
    for pk in Job.objects.filter(state="waiting").values_list("pk", flat=True):
        jobs.run(pk)


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return squeezed(answer.content.decode())


def test_every_list_of_the_menu_shows_whose_each_row_is(world: World, client: Client, user: User) -> None:
    world.today = timezone.localdate()
    zara, thabo = world.customer("Zara"), world.customer("Thabo")
    world.invoice(zara, "115.00")
    world.invoice(thabo, "230.00")
    record_receipt(world.caller(), customer=thabo, amount_minor=5000, on=world.today, method="eft", reference="T9")
    invoices = page(client, "/invoices/")
    assert "Zara" in invoices
    assert "Thabo" in invoices
    payments = page(client, "/payments/?view=today")
    assert "Thabo" in payments
    assert "50.00" in payments
    assert "Zara" not in payments
    for address in ("/credit-notes/", "/subscriptions/", "/messages/"):
        assert "yet" in page(client, address)


def test_an_invoice_is_found_by_number_amount_reference_and_customer(world: World, client: Client, user: User) -> None:
    zara, thabo = world.customer("Zara"), world.customer("Thabo")
    first, second = world.invoice(zara, "1249.00"), world.invoice(thabo, "230.00")
    for text in (str(first.number), str(first.number).lower(), str(first.sequence_no), "1,249.00", "1249.00", "zara"):
        found = page(client, f"/invoices/?q={text}")
        assert str(first.number) in found, text
        assert str(second.number) not in found, text
    assert "No rows match" in page(client, "/invoices/?q=12.49")


def test_amounts_in_two_currencies_are_not_added_up(world: World, client: Client, user: User) -> None:
    world.invoice(world.customer("Zara"), "100.00")
    world.invoice(world.customer("Ben", currency="EUR"), "20.00")
    assert "€20.00, R100.00" in page(client, "/invoices/")


def test_somebody_limited_to_an_area_sees_its_documents_only(world: World) -> None:
    north, south = (add_area(world.caller(), name=name) for name in ("North", "South"))
    world.invoice(world.customer("Zara", area_id=north.pk), "100.00")
    world.invoice(world.customer("Thabo", area_id=south.pk), "200.00")
    limited = add_user(
        world.caller(), email="n@x.example", name="Nomsa", role="billing", password="s3cret-enough", areas=[north]
    )
    client = Client()
    client.force_login(limited)
    for address in ("/invoices/", "/invoices/?q=200.00", "/invoices/?view=open"):
        assert "Thabo" not in page(client, address)
    assert "Zara" in page(client, "/invoices/")


def test_several_invoices_are_sent_at_once_and_drafts_among_them_are_left_out(
    world: World, client: Client, user: User
) -> None:
    world.today = timezone.localdate()
    ann, ben = world.customer("Ann", emails=("ann@x.example",)), world.customer("Ben")
    rows = [world.invoice(ann, "100.00"), world.invoice(ben, "50.00")]
    draft = world.draft(ann, "10.00")
    ids = [str(row.pk) for row in (*rows, draft)]
    asked = squeezed(client.get("/invoices/send/", {"id": ids}).content.decode())
    assert "Send 2 invoices" in asked
    assert "1 customer has no e-mail address for invoices." in asked
    data = {"ids": " ".join(ids), "key": "k1"}
    assert client.post("/invoices/send/", {**data, "count": "3"}).status_code == 422
    assert not Job.objects.exists()
    client.post("/invoices/send/", {**data, "count": "2"})
    run_all()
    assert list(Message.objects.values_list("customer__name", "kind")) == [("Ann", "invoice")]
    assert Job.objects.get().said == "1 invoice, 1 failed"
    draft.refresh_from_db()
    assert draft.state == Invoice.State.DRAFT


def test_drafts_are_issued_together_or_not_at_all(world: World, client: Client, user: User) -> None:
    world.today = timezone.localdate()
    zara = world.customer("Zara")
    drafts = [world.draft(zara, "10.00"), world.draft(zara, "20.00")]
    data = {"ids": " ".join(str(row.pk) for row in drafts), "key": "k1"}
    assert client.post("/invoices/issue/", {**data, "count": "1"}).status_code == 422
    assert not Invoice.objects.filter(state="issued").exists()
    client.post("/invoices/issue/", {**data, "count": "2"})
    assert Invoice.objects.filter(state="issued").count() == 2
