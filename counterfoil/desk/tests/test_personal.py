"""Handing out and erasing what is personal, while the books and the seals hold."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from counterfoil.access.models import Login
from counterfoil.access.operations import give_access
from counterfoil.customers.models import Attachment, Customer, Note, SearchWord
from counterfoil.customers.operations import add_note, attach_file, deactivate_customer, set_tags
from counterfoil.customers.queries import contacts_of, search
from counterfoil.desk.operations import erase_personal_data, export_personal_data
from counterfoil.desk.personal import personal_data
from counterfoil.documents.tests.test_inspection import picture
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.messaging.models import Message
from counterfoil.messaging.sending import send_due
from counterfoil.platform import write_guard
from counterfoil.platform.operations import Caller
from counterfoil.platform.upkeep import seal_trail
from counterfoil.receivables.operations import send_statement
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts
from counterfoil.trail.kinds import sentence
from counterfoil.trail.models import Event
from counterfoil.trail.sealing import broken_seals


@pytest.fixture
def wilhelmina(world: World) -> Customer:
    """A customer with something of everything, sealed."""
    row = world.customer("Wilhelmina Botha", emails=("wil@mail.example",), phones=("082 555 0142",), street="1 Main Rd")
    world.invoice(row, "310.00", on="2026-01-05")
    world.pays(row, "310.00")
    add_note(world.agent, customer=row, text="Wilhelmina is ill")
    set_tags(world.clerk, customer=row, names=["VIP"])
    attach_file(world.agent, customer=row, kind="photo", name="Wilhelmina.png", content=picture())
    give_access(world.clerk, contact=contacts_of(row)[0], email="wil@mail.example", welcome=False)
    message = send_statement(
        world.clerk, customer=row, period=Period.through(world.today.replace(day=1), world.today),
        style="balance_forward", addresses=["wil@mail.example"], text="Dear Wilhelmina",
    )  # fmt: skip
    send_due(Caller.system("task", at=message.leaves_at), channel=FakeChannel())
    seal_trail(world.caller())
    return row


def everything(customer: Customer) -> str:
    events = [
        f"{sentence(event.kind, event.data)} {event.data} {event.sealed}"
        for event in Event.objects.filter(customer_id=customer.pk)
    ]
    return json.dumps(personal_data(Customer.objects.get(pk=customer.pk)), default=str) + " ".join(events)


def test_everything_known_is_handed_out_and_that_is_on_record(world: World, wilhelmina: Customer) -> None:
    add_user(world.caller(), email="a@x.example", name="A", role="administrator", password="s3cret-enough")
    client = Client()
    client.force_login(User.objects.get())
    base = f"/customers/{wilhelmina.number}/personal-data/"
    assert client.get(f"{base}file/").status_code == 403
    answer = client.post(base, {"key": "k"})
    assert answer["Location"] == f"{base}file/"
    file = client.get(f"{base}file/")
    with zipfile.ZipFile(io.BytesIO(file.content)) as packed:
        data = json.loads(packed.read("data.json"))
        assert any(name.endswith("Wilhelmina.png") for name in packed.namelist())
    assert data["account"]["name"] == "Wilhelmina Botha"
    assert data["contacts"][0]["reached at"] == ["wil@mail.example", "+27825550142"]
    assert [row["total"] for row in data["invoices"]] == ["310.00"]
    assert data["notes"][0]["text"] == "Wilhelmina is ill"
    assert Event.objects.filter(kind="customer.exported").count() == 1


def test_nothing_personal_is_left_and_the_books_and_seals_hold(world: World, wilhelmina: Customer) -> None:
    assert "Wilhelmina" in everything(wilhelmina)
    deactivate_customer(world.clerk, customer=wilhelmina, reason="Left")
    erase_personal_data(world.caller(), customer=wilhelmina, reason="Asked on 1 March")
    left = everything(wilhelmina)
    for personal in ("Wilhelmina", "wil@mail", "82555", "Main Rd", "is ill", "VIP"):
        # What was issued keeps the name and address on it; it is not among what is read here.
        assert personal.casefold() not in left.casefold(), personal
    assert search(world.agent, "wilhelmina") == []
    assert search(world.agent, wilhelmina.number) == [wilhelmina]
    assert not SearchWord.objects.filter(word="wilhelmina").exists()
    row = Attachment.objects.get()
    assert (bytes(row.file.content), row.file.erased_at is not None) == (b"", True)
    assert Message.objects.get().body_text == ""
    assert (Login.objects.get().email.startswith("erased-"), Login.objects.get().name) == (True, "Erased")
    assert list(broken_seals()) == []
    seal_trail(world.caller())
    assert list(broken_seals()) == []
    assert Event.objects.filter(customer_id=wilhelmina.pk).order_by("pk")[0].kind == "customer.added"


def test_an_open_or_active_account_is_not_erased(world: World, wilhelmina: Customer) -> None:
    before = counts()
    with pytest.raises(Refused, match="inactive first"):
        erase_personal_data(world.caller(), customer=wilhelmina, reason="x")
    assert counts() == before
    world.invoice(wilhelmina, "10.00", on="2026-03-01")
    deactivate_customer(world.clerk, customer=wilhelmina, reason="Left")
    before = counts()
    with pytest.raises(Refused, match="open on this account"):
        erase_personal_data(world.caller(), customer=wilhelmina, reason="x")
    assert counts() == before


def test_a_file_that_somebody_else_has_too_is_kept_for_them(world: World, wilhelmina: Customer) -> None:
    other = attach_file(world.agent, customer=world.customer("Yusuf"), kind="photo", name="y.png", content=picture())
    deactivate_customer(world.clerk, customer=wilhelmina, reason="Left")
    erase_personal_data(world.caller(), customer=wilhelmina, reason="x")
    assert bytes(Attachment.objects.get(pk=other.pk).file.content) == picture()


def test_the_trail_gives_up_what_is_personal_and_nothing_else(world: World, wilhelmina: Customer) -> None:
    event = Event.objects.get(kind="customer.added")
    kept = {"data": {"number": wilhelmina.number}}
    for change in (
        {"data": {"name": "Other", "number": "HV-1"}},
        {"actor": "Nobody"},
        {**kept, "salt": "", "actor": "Nobody"},
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), write_guard.writing():
            Event.objects.filter(pk=event.pk).update(**change)
    # Lying about what was erased is noticed by the seals.
    with transaction.atomic(), write_guard.writing():
        Event.objects.filter(pk=event.pk).update(data={"number": "HV-999999"}, salt="")
        assert "was changed after it was sealed" in "".join(broken_seals())
        transaction.set_rollback(True)


def test_only_who_may_can_hand_out_or_erase(world: World, wilhelmina: Customer) -> None:
    for verb in (
        lambda: export_personal_data(world.agent, customer=wilhelmina),
        lambda: erase_personal_data(world.agent, customer=wilhelmina, reason="x"),
    ):
        with pytest.raises(Refused) as refused:
            verb()
        assert refused.value.code == "not_allowed"
    assert Note.objects.get().text == "Wilhelmina is ill"
