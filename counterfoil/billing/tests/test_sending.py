"""Invoices to many: a chunk at a time, each once, and one that cannot be sent stops no other."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from counterfoil.billing import jobs as jobs_module
from counterfoil.billing import sending
from counterfoil.billing.models import BillRun, BillRunItem, Invoice
from counterfoil.billing.operations import begin_issuing, draft_invoice, open_bill_run, review_items, send_bill_run
from counterfoil.billing.rules import LineInput
from counterfoil.billing.run_queries import run_figures
from counterfoil.billing.sending import InvoiceEmail, send_invoice, send_invoices
from counterfoil.customers.models import Contact
from counterfoil.customers.operations import change_contact, deactivate_customer, erase_person
from counterfoil.documents.models import StoredFile
from counterfoil.documents.rendering import DocumentFailed
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.messaging import letters
from counterfoil.messaging.models import Delivery, Message, MessageFile
from counterfoil.operator.operations import add_area
from counterfoil.platform import jobs
from counterfoil.platform.models import JobItem
from counterfoil.platform.write_guard import elsewhere
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Documents without the engine, which is slow: the numbers of those that were made, in order."""
    made: list[str] = []

    def pdf(invoice: Invoice, online: str) -> bytes:
        made.append(str(invoice.number))
        return f"%PDF {invoice.number}".encode()

    monkeypatch.setattr(sending, "invoice_pdf", pdf)
    return made


def bills(world: World, count: int) -> list[Invoice]:
    return [
        world.invoice(world.customer(f"Customer {n}", emails=[f"c{n}@x.example"]), "115.00", tax="standard")
        for n in range(count)
    ]


def draft(world: World, like: Invoice) -> Invoice:
    line = LineInput("Services", Decimal(1), Decimal(100))
    return draft_invoice(world.caller(), customer=like.customer, lines=[line], on=world.today)


def emails(invoices: list[Invoice]) -> list[InvoiceEmail]:
    rows = Invoice.objects.filter(pk__in=[row.pk for row in invoices]).order_by("pk")
    return [InvoiceEmail(row, [f"{row.number}@x.example"], "Good day", key=f"k{row.pk}") for row in rows]


def issued_run(world: World, count: int) -> BillRun:
    """An issued run of so many customers, each with an address; of today, because jobs are."""
    world.today = timezone.localdate()
    fibre = world.package("Fibre", "100")
    for n in range(count):
        world.subscribe(world.customer(f"Customer {n}", emails=[f"c{n}@x.example"]), fibre)
    run = open_bill_run(world.caller(), bill_to=world.today, on=world.today)
    jobs.run(run.job_id)
    review_items(world.caller(), run=run, items=list(run.items.values_list("pk", flat=True)), verdict="approve")
    run = begin_issuing(world.caller(), run=run)
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert run.state == "issued"
    return run


def sent_run(world: World, run: BillRun) -> BillRun:
    run = send_bill_run(world.caller(), run=run)
    jobs.run(run.job_id)
    run.refresh_from_db()
    return run


def test_a_run_is_sent_by_at_most_forty_queries_a_hundred(
    world: World, monkeypatch: pytest.MonkeyPatch, paper: list[str]
) -> None:
    assert jobs_module.SENT_AT_ONCE == 120
    run = send_bill_run(world.caller(), run=issued_run(world, 240))
    monkeypatch.setattr(jobs, "_BEAT_SECONDS", 0)
    with CaptureQueriesContext(connection) as queries:
        jobs.run(run.job_id)
    assert (Message.objects.count(), len(paper)) == (240, 240)
    # Two chunks, each heard of, and 18 that a job begins and ends with.
    assert len(queries) == 18 + 2 * (47 if connection.vendor == "sqlite" else 46)


def counted(work: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        work()
    return len(queries)


def test_a_hundred_invoices_take_as_many_queries_as_two(world: World, paper: list[str]) -> None:
    made = bills(world, 62)
    two, many = emails(made[:2]), emails(made[2:])
    few = counted(lambda: send_invoices(world.clerk, invoices=two))
    assert counted(lambda: send_invoices(world.clerk, invoices=many)) == few == 32
    assert (Message.objects.count(), Delivery.objects.count(), MessageFile.objects.count()) == (62, 62, 62)


def test_each_is_sent_as_it_would_be_alone(world: World, paper: list[str]) -> None:
    first, second = bills(world, 2)
    world.pays(second.customer, "15.00")
    alone = [send_invoice(world.clerk, invoice=row, addresses=["a@x.example"], text="Hello") for row in (first, second)]
    many = [InvoiceEmail(row, ["a@x.example"], "Hello") for row in (first, second)]
    together = [one.message for one in send_invoices(world.clerk, invoices=many)]
    told = ("customer_id", "kind", "subject", "body_text", "body_html", "author", "leaves_at")
    for one, other in zip(alone, together, strict=True):
        assert other is not None
        assert [getattr(one, name) for name in told] == [getattr(other, name) for name in told]
        assert [file.name for file in one.files.all()] == [file.name for file in other.files.all()]
        assert [row.address for row in other.deliveries.all()] == ["a@x.example"]
    assert [message.subject for message in alone] == [
        f"Invoice {first.number}, R115.00 due 30 April", f"Invoice {second.number}, R100.00 due 30 April",
    ]  # fmt: skip
    # The same bytes are stored once.
    assert (StoredFile.objects.count(), MessageFile.objects.count()) == (2, 4)
    assert (world.events.count("file.stored"), world.events.count("invoice.sent")) == (2, 4)


def test_one_that_cannot_be_sent_is_named_and_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, paper: list[str]
) -> None:
    made = bills(world, 5)
    unissued = dataclasses.replace(emails(made[:1])[0], invoice=draft(world, made[0]))
    wrong = dataclasses.replace(emails(made[1:2])[0], addresses=["nowhere"])
    nobody = dataclasses.replace(emails(made[2:3])[0], addresses=[])
    plain = sending.invoice_pdf

    def pdf(invoice: Invoice, online: str) -> bytes:
        if invoice.pk == made[3].pk:
            raise DocumentFailed("unknown variable")
        return plain(invoice, online)

    monkeypatch.setattr(sending, "invoice_pdf", pdf)
    posted = send_invoices(world.clerk, invoices=[unissued, wrong, nobody, *emails(made[3:])])
    assert [one.code for one in posted] == ["not_issued", "bad_address", "no_address", "document_failed", ""]
    assert [message.customer_id for message in Message.objects.all()] == [made[4].customer_id]
    # Mended, it is sent with the same key, and what was sent is not.
    monkeypatch.setattr(sending, "invoice_pdf", plain)
    again = send_invoices(world.clerk, invoices=emails(made[1:]))
    assert [(one.message is not None, one.repeated) for one in again] == [*[(True, False)] * 3, (False, True)]
    assert Message.objects.count() == 4


@pytest.mark.parametrize("code", ["not_issued", "bad_address"])
def test_alone_it_is_refused_as_before(world: World, paper: list[str], code: str) -> None:
    (invoice,) = bills(world, 1)
    row = draft(world, invoice) if code == "not_issued" else invoice
    before = counts()
    with pytest.raises(Refused) as refused:
        send_invoice(world.clerk, invoice=row, addresses=["nowhere" if code == "bad_address" else "a@x.example"])
    assert (refused.value.code, counts()) == (code, before)


def test_nobody_sends_for_customers_outside_their_area(world: World, paper: list[str]) -> None:
    made = bills(world, 2)
    south = add_area(world.caller(), name="South")
    before = counts()
    limited = dataclasses.replace(world.clerk, scope={"area": frozenset({south.pk})})
    with pytest.raises(NotFound):
        send_invoices(limited, invoices=emails(made))
    with pytest.raises(Refused) as refused:
        send_invoices(dataclasses.replace(world.clerk, grants=frozenset({"billing.view"})), invoices=emails(made))
    assert (refused.value.code, counts(), paper) == ("not_allowed", before, [])
    # Who may send one may send many.
    send_invoices(dataclasses.replace(world.clerk, grants=frozenset({"billing.send_invoice"})), invoices=emails(made))
    assert Message.objects.count() == 2


def test_a_run_is_sent_in_chunks_and_one_of_fifty_without_address_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, paper: list[str]
) -> None:
    monkeypatch.setattr(jobs_module, "SENT_AT_ONCE", 50)
    run = issued_run(world, 52)
    gone = Contact.objects.get(customer__name="Customer 7")
    change_contact(world.caller(), contact=gone, version=gone.version, changes={"active": False})
    run = sent_run(world, run)
    assert run.job is not None
    assert (run.job.state, run.job.said) == ("done", "51 customers, 1 failed")
    assert [(row.label, row.said) for row in jobs.failures_of(run.job)] == [
        ("Customer 7", "No e-mail address for invoices. Add one to a contact.")
    ]
    assert (run_figures(run).sent, run_figures(run).to_send, Message.objects.count()) == (51, 1, 51)
    assert len(set(Event.objects.filter(kind="invoice.sent").values_list("operation_id", flat=True))) == 2
    # Mended and tried again, only that one is sent.
    gone.refresh_from_db()
    change_contact(world.caller(), contact=gone, version=gone.version, changes={"active": True})
    jobs.retry_job(world.caller(), job=run.job)
    jobs.run(run.job.pk)
    assert (len(paper), Message.objects.count(), run_figures(run).to_send) == (52, 52, 0)


def test_what_died_between_sending_and_saying_so_sends_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch, paper: list[str]
) -> None:
    run = issued_run(world, 3)
    plain = sending.post_letters
    monkeypatch.setattr("counterfoil.billing.operations.runs.note_sent", _dies)
    with pytest.raises(RuntimeError, match="lights out"):
        sent_run(world, run)
    assert (Message.objects.count(), BillRunItem.objects.filter(sent=True).count()) == (3, 0)
    assert set(JobItem.objects.filter(job__kind="bill_run_send").values_list("state", flat=True)) == {"waiting"}
    monkeypatch.undo()
    monkeypatch.setattr(sending, "invoice_pdf", lambda invoice, online: b"%PDF")
    assert plain is sending.post_letters
    # Another job of the run, not a retry of that one.
    run.refresh_from_db()
    run = sent_run(world, run)
    assert run.job is not None
    assert (run.job.said, Message.objects.count(), run_figures(run).to_send) == ("3 customers", 3, 0)


def _dies(*args: Any, **rest: Any) -> None:
    raise RuntimeError("lights out")


def test_a_cancelled_job_stops_after_the_chunk(world: World, monkeypatch: pytest.MonkeyPatch, paper: list[str]) -> None:
    run = issued_run(world, 4)
    monkeypatch.setattr("counterfoil.billing.jobs.SENT_AT_ONCE", 2)
    monkeypatch.setattr(jobs, "_BEAT_SECONDS", 0)
    run = send_bill_run(world.caller(), run=run)
    plain = sending.invoice_pdf

    def pdf(invoice: Invoice, online: str) -> bytes:
        if not paper:
            with elsewhere():
                jobs.cancel_job(world.caller(), job=run.job)
        return plain(invoice, online)

    monkeypatch.setattr(sending, "invoice_pdf", pdf)
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert run.job is not None
    assert (run.job.state, Message.objects.count(), run_figures(run).to_send) == ("cancelled", 2, 2)


def test_slow_documents_make_smaller_chunks(world: World, monkeypatch: pytest.MonkeyPatch, paper: list[str]) -> None:
    made = bills(world, 3)
    monkeypatch.setattr(letters, "_WRITING_SECONDS", -1)
    posted = send_invoices(world.clerk, invoices=emails(made))
    assert [(one.message is not None, one.waits) for one in posted] == [(True, False), (False, True), (False, True)]
    assert Message.objects.count() == 1
    run = issued_run(world, 3)
    assert sent_run(world, run).job.said == "3 customers"  # type: ignore[union-attr]
    assert Message.objects.count() == 4


def test_who_is_erased_meanwhile_is_sent_nothing(world: World, paper: list[str]) -> None:
    made = emails(bills(world, 2))
    gone = made[0].invoice.customer
    assert gone.status == "active"
    deactivate_customer(world.caller(), customer=gone, reason="Moved")
    erase_person(world.system(), customer=gone, reason="Asked")
    assert [one.code for one in send_invoices(world.clerk, invoices=made)] == ["erased", ""]
    assert [row.customer_id for row in Message.objects.all()] == [made[1].invoice.customer_id]


def test_leaves_after_undo(world: World, paper: list[str]) -> None:
    posted = send_invoices(world.clerk, invoices=emails(bills(world, 2)))
    assert {one.message.leaves_at - world.now for one in posted if one.message} == {dt.timedelta(seconds=8)}
