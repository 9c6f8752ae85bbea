"""Recurring invoices: a draft each period, once, with the tax of its day; never issued by themselves."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from counterfoil.billing.models import Invoice, RecurringDraft, RecurringInvoice, TaxRate
from counterfoil.billing.operations import (
    credit_invoice,
    draft_due_recurring,
    draft_invoice,
    issue_invoices,
    make_recurring,
    save_tax_rate,
    stop_recurring,
)
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import deactivate_customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

D = dt.date.fromisoformat


@pytest.fixture
def customer(world: World) -> Customer:
    return world.customer()


@pytest.fixture
def rent(world: World, customer: Customer) -> Invoice:
    """The rent of a mast on the last of January, tax included."""
    world.today = D("2026-01-31")
    return world.invoice(customer, "1150.00", on="2026-01-31", tax="standard")


def made(day: dt.date | str, world: World) -> list[tuple[str, str, int]]:
    """What the clock drafts on a day: date, state and total of every draft so far."""
    with world.on(day):
        draft_due_recurring(world.caller())
        before = counts()
        assert draft_due_recurring(world.caller()) == 0
        assert counts() == before
    rows = RecurringDraft.objects.order_by("on").values_list("on", "invoice__state", "invoice__total_minor")
    return [(on.isoformat()[5:], state, total) for on, state, total in rows]


def refused(call: Callable[[], Any]) -> str:
    before = counts()
    with pytest.raises(Refused) as refusal:
        call()
    assert counts() == before
    return refusal.value.code


def test_a_draft_each_month_on_its_nominal_day_and_missed_ones_are_made_up_for(world: World, rent: Invoice) -> None:
    row = make_recurring(world.clerk, invoice=rent, frequency="month")
    assert row.next_on == D("2026-02-28")
    assert made("2026-02-27", world) == []
    assert made("2026-02-28", world) == [("02-28", "draft", 115000)]
    assert made("2026-04-30", world)[1:] == [("03-31", "draft", 115000), ("04-30", "draft", 115000)]
    drafts = Invoice.objects.filter(source="repeated")
    assert {(row.due_on - row.on).days for row in drafts} == {rent.customer.terms_days}
    # They are in no balance until somebody issues them.
    assert world.open(rent.customer, "2026-04-30") == {rent.number: "1150.00"}
    with world.on("2026-04-30"):
        (issued,) = issue_invoices(world.clerk, invoices=[drafts.order_by("on")[0]])
    assert (issued.net_minor, issued.tax_minor) == (rent.net_minor, rent.tax_minor)


def test_an_agreement_ends_by_itself(world: World, rent: Invoice) -> None:
    make_recurring(world.clerk, invoice=rent, frequency="quarter", ends_on=D("2026-10-31"))
    assert [row[0] for row in made("2027-06-30", world)] == ["04-30", "07-31"]
    assert RecurringInvoice.objects.get().next_on is None


def test_the_tax_is_that_of_the_day_of_the_draft(world: World, rent: Invoice) -> None:
    make_recurring(world.clerk, invoice=rent, frequency="month")
    old = TaxRate.objects.get(code="standard")
    save_tax_rate(
        world.caller(), code="standard", name="VAT 16 %", category="standard", percent=Decimal(16),
        valid_from=D("2026-03-01"),
    )  # fmt: skip
    made("2026-03-31", world)
    taxes = Invoice.objects.filter(source="repeated").order_by("on").values_list("tax_minor", "lines__tax_percent")
    assert list(taxes) == [(15000, old.percent), (15862, Decimal(16))]


def test_what_was_before_today_is_not_made_up_for(world: World, rent: Invoice) -> None:
    with world.on("2026-06-15"):
        assert make_recurring(world.clerk, invoice=rent, frequency="month").next_on == D("2026-06-30")


def test_stopped_and_begun_again(world: World, rent: Invoice) -> None:
    row = make_recurring(world.clerk, invoice=rent, frequency="month")
    assert refused(lambda: make_recurring(world.clerk, invoice=rent, frequency="year")) == "already_so"
    assert refused(lambda: stop_recurring(world.clerk, recurring=row, reason=" ")) == "required"
    stop_recurring(world.clerk, recurring=row, reason="Mast taken down")
    assert refused(lambda: stop_recurring(world.clerk, recurring=row, reason="Again")) == "already_so"
    assert made("2026-03-31", world) == []
    assert make_recurring(world.clerk, invoice=rent, frequency="year").next_on == D("2027-01-31")
    assert world.events[-2:] == ["invoice.recurs_no_more", "invoice.recurs"]


def test_what_cannot_recur(world: World, customer: Customer, rent: Invoice) -> None:
    draft = draft_invoice(
        world.clerk, customer=customer, lines=[LineInput("Rent", Decimal(1), Decimal(1))], on=world.today
    )
    assert refused(lambda: make_recurring(world.clerk, invoice=draft, frequency="month")) == "not_issued"
    assert refused(lambda: make_recurring(world.clerk, invoice=rent, frequency="once")) == "no_such_frequency"
    early = D("2026-02-28")
    assert refused(lambda: make_recurring(world.clerk, invoice=rent, frequency="month", ends_on=early)) == "ends_before"
    world.subscribe(customer, world.package("Fibre", "599"), on="2026-01-31")
    bill = world.bill(customer)
    assert refused(lambda: make_recurring(world.clerk, invoice=bill, frequency="month")) == "made_by_billing"


def test_an_account_with_a_recurring_invoice_is_not_closed(world: World, rent: Invoice) -> None:
    row = make_recurring(world.clerk, invoice=rent, frequency="month")
    credit_invoice(
        world.caller(), invoice=rent, reason="Not due", amounts={line.pk: line.total_minor for line in rent.lines.all()}
    )
    close = {"customer": rent.customer, "reason": "Moved"}
    assert refused(lambda: deactivate_customer(world.caller(), **close)) == "still_needed"
    stop_recurring(world.clerk, recurring=row, reason="Moved")
    deactivate_customer(world.caller(), **close)


def test_one_that_cannot_be_drafted_is_told_once_and_stops_no_other(world: World, rent: Invoice) -> None:
    first = make_recurring(world.clerk, invoice=rent, frequency="month")
    other = world.invoice(world.customer("Ben"), "50.00", on="2026-01-31")
    make_recurring(world.clerk, invoice=other, frequency="month")
    with write_guard.writing():
        TaxRate.objects.filter(code="standard").update(valid_to=D("2026-02-15"))
    with world.on("2026-02-28"):
        assert draft_due_recurring(world.caller()) == 1
        first.refresh_from_db()
        assert first.next_on == D("2026-02-28")
        assert first.failure == "The tax rate of line 1 is not valid on the invoice date."
        told = Event.objects.get(kind="invoice.not_drafted")
        assert (told.subject_id, told.data["number"]) == (first.pk, rent.number)
    with world.on("2026-03-01"):
        # It is tried again and fails alike: known already.
        before = counts()
        assert draft_due_recurring(world.caller()) == 0
        assert counts() == before
        mended = save_tax_rate(
            world.caller(), code="standard", name="VAT 16 %", category="standard", percent=Decimal(16),
            valid_from=D("2026-02-15"),
        )  # fmt: skip
        assert draft_due_recurring(world.caller()) == 1
    first.refresh_from_db()
    assert (first.next_on, first.failure) == (D("2026-03-31"), "")
    # Another failure is told anew.
    with write_guard.writing():
        TaxRate.objects.filter(pk=mended.pk).update(valid_to=D("2026-03-15"))
    with world.on("2026-03-31"):
        draft_due_recurring(world.caller())
        assert Event.objects.filter(kind="invoice.not_drafted").count() == 2
        stop_recurring(world.clerk, recurring=first, reason="Over")
    first.refresh_from_db()
    assert first.failure == ""


@pytest.mark.books_are_broken_on_purpose
@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE billing_recurringinvoice SET next_on = '2026-05-31'", "does not follow 2026-03-31"),
        ("UPDATE billing_recurringinvoice SET next_on = NULL", "has no next day"),
        ("UPDATE billing_recurringinvoice SET ends_on = '2026-04-30'", "ends on 2026-04-30"),
        ("UPDATE billing_recurringinvoice SET ends_on = '2026-03-31', next_on = NULL", "ends on 2026-03-31"),
        ("UPDATE billing_recurringinvoice SET frequency = 'year'", "which is no day of it"),
    ],
)
def test_a_series_that_is_not_what_it_says_is_found(world: World, rent: Invoice, sql: str, says: str) -> None:
    make_recurring(world.clerk, invoice=rent, frequency="month")
    made("2026-03-31", world)
    with write_guard.writing(), connection.cursor() as cursor:
        cursor.execute(sql)
    (found,) = {finding.check for finding in check_books()}
    assert found == "billing.recurring_invoices_are_drafted_on_their_days"
    assert any(says in finding.sentence for finding in check_books())
