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
    draft_recurring,
    issue_invoices,
    make_recurring,
    save_tax_rate,
    stop_recurring,
)
from counterfoil.billing.panels import recurring_status
from counterfoil.billing.queries import recurring_of
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import deactivate_customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.sales.operations import renew_agreement, terminate_agreement
from counterfoil.subscriptions.operations import NewService, add_services, remove_services
from counterfoil.subscriptions.rules import Change
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
        draft_due_recurring(world.system())
        before = counts()
        assert draft_due_recurring(world.system()) == 0
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
    row = make_recurring(world.clerk, invoice=rent, frequency="month", agreement=world.agreement(rent.customer))
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
    mast = world.agreement(rent.customer, ends=D("2026-10-31"))
    make_recurring(world.clerk, invoice=rent, frequency="quarter", agreement=mast)
    assert [row[0] for row in made("2027-06-30", world)] == ["04-30", "07-31"]
    (row,) = recurring_of(rent.customer)
    assert recurring_status(row) == ("Ended", "")
    # Renewed, it goes on from there, with what was missed.
    with world.on("2027-06-30"):
        renew_agreement(world.caller(), agreement=mast, ends=D("2027-08-01"))
    assert [row[0] for row in made("2028-01-01", world)][2:] == ["10-31", "01-31", "04-30", "07-31"]


def test_one_that_is_terminated_ends_with_the_agreement(world: World, rent: Invoice) -> None:
    mast = world.agreement(rent.customer)
    make_recurring(world.clerk, invoice=rent, frequency="month", agreement=mast)
    with world.on("2026-02-20"):
        terminate_agreement(world.caller(), agreement=mast, on=D("2026-03-31"), reason="Taken down")
    assert [row[0] for row in made("2026-06-30", world)] == ["02-28"]


def test_one_of_a_subscription_comes_while_something_of_it_goes_on(world: World, rent: Invoice) -> None:
    sub = world.subscribe(rent.customer, world.package("Fibre", "599"), on="2026-01-31")
    make_recurring(world.clerk, invoice=rent, frequency="month", subscription=sub)
    assert [row[0] for row in made("2026-02-28", world)] == ["02-28"]
    with world.on("2026-03-10"):
        remove_services(world.caller(), services=[*sub.services.all()], change=Change("cancel", D("2026-03-10")))
    assert [row[0] for row in made("2026-03-31", world)] == ["02-28"]
    with world.on("2026-03-31"):
        assert draft_recurring(world.system(), recurring=RecurringInvoice.objects.get()) == []
    (row,) = recurring_of(rent.customer)
    assert recurring_status(row) == ("Ended", "")


def test_one_of_before_there_were_agreements_keeps_its_own_end(world: World, rent: Invoice) -> None:
    row = make_recurring(world.clerk, invoice=rent, frequency="quarter", agreement=world.agreement(rent.customer))
    with write_guard.writing():
        RecurringInvoice.objects.filter(pk=row.pk).update(agreement=None, ends_on=D("2026-10-31"))
    assert [row[0] for row in made("2027-06-30", world)] == ["04-30", "07-31"]
    assert RecurringInvoice.objects.get().next_on is None


def test_the_tax_is_that_of_the_day_of_the_draft(world: World, rent: Invoice) -> None:
    make_recurring(world.clerk, invoice=rent, frequency="month", agreement=world.agreement(rent.customer))
    old = TaxRate.objects.get(code="standard")
    save_tax_rate(
        world.caller(), code="standard", name="VAT 16 %", category="standard", percent=Decimal(16),
        valid_from=D("2026-03-01"),
    )  # fmt: skip
    made("2026-03-31", world)
    taxes = Invoice.objects.filter(source="repeated").order_by("on").values_list("tax_minor", "lines__tax_percent")
    assert list(taxes) == [(15000, old.percent), (15862, Decimal(16))]


def test_what_was_before_today_is_not_made_up_for(world: World, rent: Invoice) -> None:
    mast = world.agreement(rent.customer)
    with world.on("2026-06-15"):
        assert make_recurring(world.clerk, invoice=rent, frequency="month", agreement=mast).next_on == D("2026-06-30")


def test_stopped_and_begun_again(world: World, rent: Invoice) -> None:
    row = make_recurring(world.clerk, invoice=rent, frequency="month", agreement=world.agreement(rent.customer))
    assert refused(lambda: make_recurring(world.clerk, invoice=rent, frequency="year")) == "already_so"
    assert refused(lambda: stop_recurring(world.clerk, recurring=row, reason=" ")) == "required"
    stop_recurring(world.clerk, recurring=row, reason="Mast taken down")
    assert refused(lambda: stop_recurring(world.clerk, recurring=row, reason="Again")) == "already_so"
    assert made("2026-03-31", world) == []
    assert make_recurring(world.clerk, invoice=rent, frequency="year", agreement=row.agreement).next_on == D(
        "2027-01-31"
    )
    assert world.events[-2:] == ["invoice.recurs_no_more", "invoice.recurs"]


def test_what_cannot_recur(world: World, customer: Customer, rent: Invoice) -> None:
    draft = draft_invoice(
        world.clerk, customer=customer, lines=[LineInput("Rent", Decimal(1), Decimal(1))], on=world.today
    )
    assert refused(lambda: make_recurring(world.clerk, invoice=draft, frequency="month")) == "not_issued"
    assert refused(lambda: make_recurring(world.clerk, invoice=rent, frequency="once")) == "no_such_frequency"
    assert refused(lambda: make_recurring(world.clerk, invoice=rent, frequency="month")) == "no_owner"
    early, ben = world.agreement(customer, ends=D("2026-02-28")), world.customer("Ben")

    def make(**owner: Any) -> str:
        return refused(lambda: make_recurring(world.clerk, invoice=rent, frequency="month", **owner))

    assert make(agreement=early) == "ends_before"
    assert make(agreement=world.agreement(ben)) == "other_customer"
    over = terminate_agreement(world.caller(), agreement=early, on=world.today, reason="Sold")
    assert make(agreement=over) == "not_active"
    sub = world.subscribe(ben, world.package("Voice", "89", kind="voice"), on="2026-01-31")
    assert make(subscription=sub) == "other_customer"
    mast = world.agreement(customer)
    both = {"agreement": mast, "subscription": world.subscribe(customer, world.package("Line", "9"), on="2026-01-31")}
    assert make(**both) == "no_owner"
    world.subscribe(customer, world.package("Fibre", "599"), on="2026-01-31")
    bill = world.bill(customer)
    assert refused(lambda: make_recurring(world.clerk, invoice=bill, frequency="month")) == "made_by_billing"


def test_an_account_with_a_recurring_invoice_is_not_closed(world: World, rent: Invoice) -> None:
    row = make_recurring(world.clerk, invoice=rent, frequency="month", agreement=world.agreement(rent.customer))
    credit_invoice(
        world.caller(), invoice=rent, reason="Not due", amounts={line.pk: line.total_minor for line in rent.lines.all()}
    )
    close = {"customer": rent.customer, "reason": "Moved"}
    assert refused(lambda: deactivate_customer(world.caller(), **close)) == "still_needed"
    stop_recurring(world.clerk, recurring=row, reason="Moved")
    assert row.agreement is not None
    terminate_agreement(world.caller(), agreement=row.agreement, on=world.today, reason="Moved")
    deactivate_customer(world.caller(), **close)


@pytest.mark.books_are_broken_on_purpose  # written by hand
def test_one_that_cannot_be_drafted_is_told_once_and_stops_no_other(world: World, rent: Invoice) -> None:
    first = make_recurring(world.clerk, invoice=rent, frequency="month", agreement=world.agreement(rent.customer))
    other = world.invoice(world.customer("Ben"), "50.00", on="2026-01-31")
    make_recurring(world.clerk, invoice=other, frequency="month", agreement=world.agreement(other.customer))
    with write_guard.writing():
        TaxRate.objects.filter(code="standard").update(valid_to=D("2026-02-15"))
    with world.on("2026-02-28"):
        assert draft_due_recurring(world.system()) == 1
        first.refresh_from_db()
        assert first.next_on == D("2026-02-28")
        assert first.failure == "The tax rate of line 1 is not valid on the invoice date."
        told = Event.objects.get(kind="invoice.not_drafted")
        assert (told.subject_id, told.data["number"]) == (first.pk, rent.number)
    with world.on("2026-03-01"):
        # It is tried again and fails alike: known already.
        before = counts()
        assert draft_due_recurring(world.system()) == 0
        assert counts() == before
        mended = save_tax_rate(
            world.caller(), code="standard", name="VAT 16 %", category="standard", percent=Decimal(16),
            valid_from=D("2026-02-15"),
        )  # fmt: skip
        assert draft_due_recurring(world.system()) == 1
    first.refresh_from_db()
    assert (first.next_on, first.failure) == (D("2026-03-31"), "")
    # Another failure is told anew.
    with write_guard.writing():
        TaxRate.objects.filter(pk=mended.pk).update(valid_to=D("2026-03-15"))
    with world.on("2026-03-31"):
        draft_due_recurring(world.system())
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
        ("UPDATE billing_recurringinvoice SET ends_on = '2026-04-30', agreement_id = NULL", "ends on 2026-04-30"),
        ("UPDATE sales_agreement SET ends = '2026-03-31'", "ends on 2026-03-31"),
        ("UPDATE billing_recurringinvoice SET frequency = 'year'", "which is no day of it"),
    ],
)
def test_a_series_that_is_not_what_it_says_is_found(world: World, rent: Invoice, sql: str, says: str) -> None:
    make_recurring(world.clerk, invoice=rent, frequency="month", agreement=world.agreement(rent.customer))
    made("2026-03-31", world)
    with write_guard.writing(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert {finding.check for finding in check_books()} == {
        "billing.recurring_invoices_are_drafted_on_their_days", "platform.rows_are_as_operations_left_them",
    }  # fmt: skip
    assert any(says in finding.sentence for finding in check_books())


def test_nothing_comes_before_the_agreement_holds(world: World, customer: Customer, rent: Invoice) -> None:
    agreement = world.agreement(customer, starts=D("2026-06-15"))
    row = make_recurring(world.caller(), invoice=rent, frequency="month", agreement=agreement)
    assert row.next_on == D("2026-06-30")
    assert made("2026-06-29", world) == []


def test_days_between_two_services_of_the_subscription_are_not_made_up_for(
    world: World, customer: Customer, rent: Invoice
) -> None:
    fibre = world.package("Fibre", "300")
    subscription = world.subscribe(customer, fibre)
    make_recurring(world.caller(), invoice=rent, frequency="month", subscription=subscription)
    assert len(made("2026-02-28", world)) == 1
    with world.on("2026-03-05"):
        remove_services(world.caller(), services=subscription.services.all(), change=Change("cancel", world.today))
    assert len(made("2026-05-31", world)) == 1
    with world.on("2026-06-10"):
        add_services(world.caller(), subscription=subscription, services=[NewService(fibre)], on=world.today)
        assert check_books() == []
    assert [on for on, *_ in made("2026-06-10", world)] == ["02-28"]
    assert [on for on, *_ in made("2026-06-30", world)] == ["02-28", "06-30"]
