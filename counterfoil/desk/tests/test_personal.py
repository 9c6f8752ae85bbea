"""Handing out and erasing what is personal, while the books and the seals hold."""

from __future__ import annotations

import io
import json
import zipfile
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction
from django.test import Client

from counterfoil.access.models import Login
from counterfoil.access.operations import give_access, set_password
from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import discard_draft, draft_invoice
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Attachment, Customer, Note, SearchWord
from counterfoil.customers.operations import add_customer, add_note, attach_file, deactivate_customer, set_tags
from counterfoil.customers.queries import contacts_of, search
from counterfoil.desk.models import Notice
from counterfoil.desk.operations import erase_personal_data, export_personal_data, send_statements, tell_decided
from counterfoil.desk.personal import personal_data
from counterfoil.documents.models import StoredFile
from counterfoil.documents.tests.test_inspection import picture
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.messaging.models import Message
from counterfoil.messaging.sending import send_due
from counterfoil.platform import write_guard
from counterfoil.platform.approvals import ask_approval, refuse_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.upkeep import seal_trail
from counterfoil.portal.tests.conftest import signed_in
from counterfoil.receivables.operations import send_statement
from counterfoil.sales.operations import terminate_agreement
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.staff.queries import caller_for
from counterfoil.testing.world import World, counts
from counterfoil.trail.kinds import sentence
from counterfoil.trail.models import Event
from counterfoil.trail.queries import who_did
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
    seal_trail(world.system())
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
    assert Attachment.objects.get().file is None
    assert [bytes(content) for content in StoredFile.objects.values_list("content", flat=True)] == [b""] * 2
    assert Message.objects.get().body_text == ""
    assert (Login.objects.get().email.startswith("erased-"), Login.objects.get().name) == (True, "Erased")
    assert list(broken_seals()) == []
    seal_trail(world.system())
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


# Where the law on books keeps what was issued, as it was issued.
KEPT = {"billing.Invoice", "documents.StoredFile"}


def rows_naming(*words: str) -> dict[str, list[str]]:
    """The words found anywhere in any table of ours, by table."""
    found: dict[str, list[str]] = {}
    for model in apps.get_models():
        if model.__module__.startswith("counterfoil.") and model._meta.label not in KEPT:
            text = str(list(model._base_manager.values_list())).casefold()
            if hits := [word for word in words if word in text]:
                found[model._meta.label] = hits
    return found


def test_no_table_knows_them_any_more(world: World, wilhelmina: Customer) -> None:
    """Their own doings in the portal, discarded drafts and notices included."""
    add_user(world.caller(), email="a@x.example", name="A", role="administrator", password="s3cret-enough")
    boss = caller_for(User.objects.get())
    line = LineInput("For Wilhelmina's house", Decimal(1), Decimal(5), None)
    draft = draft_invoice(
        world.clerk, customer=wilhelmina, lines=[line], on=world.today, reference="wil@mail.example", text="Main Rd"
    )
    discard_draft(world.clerk, invoice=draft)
    login = Login.objects.get()
    set_password(world.caller(), login=login, password="zebra in the garden 7", current=None, customer=wilhelmina)
    portal = signed_in("wil@mail.example", "zebra in the garden 7")
    contact = contacts_of(wilhelmina)[0]
    asked = {"name": "Wilhelmina Bo", "emails": "wil@mail.example", "phones": "", "title": "", "key": "k"}
    assert portal.post(f"/portal/details/contacts/{contact.pk}/", asked).status_code == 302
    event = Event.objects.get(kind="approval.asked")
    assert (event.actor, who_did(event)) == (f"Portal login {login.pk}", "wil@mail.example")
    request = ask_approval(
        boss, operation="receivables.issue_credit", label="Credit for Wilhelmina",
        arguments={"customer": wilhelmina, "amount_minor": 100, "reason": "Wilhelmina asked"},
        reason="Wilhelmina asked", customer_id=wilhelmina.pk,
    )  # fmt: skip
    refuse_approval(world.caller(), approval=request, note="Wilhelmina has enough")
    told = Event.objects.get(kind="approval.refused")
    tell_decided(world.system(), events=[told.pk])
    assert Notice.objects.get().customer_id == wilhelmina.pk
    seal_trail(world.system())
    words = ("wilhelmina", "wil@mail", "main rd")
    agreement = world.agreement(wilhelmina, title="Wilhelmina's mast", coverage="At wil@mail.example")
    terminate_agreement(world.caller(), agreement=agreement, on=world.today, reason="Wilhelmina asked")
    assert {"trail.Event", "desk.Notice", "billing.InvoiceLine", "sales.Agreement"} <= set(rows_naming(*words))

    deactivate_customer(world.clerk, customer=wilhelmina, reason="Left")
    erase_personal_data(world.caller(), customer=wilhelmina, reason="Asked on 1 March")
    assert rows_naming(*words) == {}
    row = Invoice.objects.get(pk=draft.pk)
    assert (row.state, row.total_minor, row.text, row.reference) == ("discarded", 500, "", "")
    event.refresh_from_db()
    assert who_did(event) == f"Portal login {login.pk}"
    assert list(broken_seals()) == []


def test_a_notice_about_somebody_else_of_that_name_is_kept(world: World, wilhelmina: Customer) -> None:
    add_user(world.caller(), email="a@x.example", name="A", role="administrator", password="s3cret-enough")
    other = world.customer("Wilhelmina Botha")
    boss = caller_for(User.objects.get())
    arguments = {"customer": other, "amount_minor": 100, "reason": "x"}
    request = ask_approval(
        boss, operation="receivables.issue_credit", label=f"Credit for {other.name}", arguments=arguments,
        customer_id=other.pk,
    )  # fmt: skip
    refuse_approval(world.caller(), approval=request, note="No")
    tell_decided(world.system(), events=[Event.objects.get(kind="approval.refused").pk])
    deactivate_customer(world.clerk, customer=wilhelmina, reason="Left")
    erase_personal_data(world.caller(), customer=wilhelmina, reason="x")
    assert "Wilhelmina Botha" in Notice.objects.get().text


def test_what_a_job_says_of_them_is_erased_and_of_nobody_else(world: World) -> None:
    """Whose number begins like theirs keeps their own line; a name too long for the line leaves nothing of it."""
    long = add_customer(world.agent, number="HV-1", name="Wilhelmina " * 20)
    other = add_customer(world.agent, number="HV-12", name="Yusuf")
    job = send_statements(world.caller(), customers=[long, other])
    assert job.items.get(subject_id=long.pk).label.startswith("Wilhelmina")
    deactivate_customer(world.clerk, customer=long, reason="Left")
    erase_personal_data(world.caller(), customer=long, reason="Asked")
    assert dict(job.items.values_list("subject_id", "label")) == {long.pk: "HV-1", other.pk: "Yusuf (HV-12)"}


def test_a_discarded_draft_comes_back_to_nothing(world: World, wilhelmina: Customer) -> None:
    line = LineInput("A line", Decimal(1), Decimal(5), None)
    draft = draft_invoice(world.clerk, customer=wilhelmina, lines=[line], on=world.today)
    discard_draft(world.clerk, invoice=draft)
    for change in ({"state": "draft"}, {"state": "issued", "number": "INV-9"}):
        with pytest.raises(DatabaseError), transaction.atomic(), write_guard.writing():
            Invoice.objects.filter(pk=draft.pk).update(**change)


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
