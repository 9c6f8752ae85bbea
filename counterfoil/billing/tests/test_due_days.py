"""When an invoice is due: so many days after it, on a day of the next month, or after the end of its month."""

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import bill_customer, draft_invoices
from counterfoil.billing.operations.invoices import NewInvoice
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_customer, change_customer
from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Operator
from counterfoil.operator.operations import change_operator
from counterfoil.operator.terms import due_day, terms_text
from counterfoil.subscriptions.operations import NewService, start_subscription
from counterfoil.testing.world import World

D = dt.date.fromisoformat


@pytest.mark.once
@pytest.mark.parametrize(
    ("rule", "number", "on", "due", "said"),
    [
        ("days", 30, "2026-01-31", "2026-03-02", "30 days from invoice"),
        ("days", 1, "2026-12-31", "2027-01-01", "1 day from invoice"),
        ("days", 0, "2026-01-31", "2026-01-31", "Due on receipt"),
        ("next_month", 15, "2026-01-01", "2026-02-15", "Day 15 of the next month"),
        ("next_month", 15, "2026-01-31", "2026-02-15", "Day 15 of the next month"),
        ("next_month", 31, "2026-01-31", "2026-02-28", "Last day of the next month"),
        ("next_month", 30, "2028-01-31", "2028-02-29", "Day 30 of the next month"),
        ("next_month", 1, "2026-12-31", "2027-01-01", "Day 1 of the next month"),
        ("month_end", 0, "2026-02-01", "2026-02-28", "End of the month"),
        ("month_end", 30, "2026-01-01", "2026-03-02", "30 days after the end of the month"),
        ("month_end", 30, "2026-01-31", "2026-03-02", "30 days after the end of the month"),
        ("month_end", 1, "2028-02-29", "2028-03-01", "1 day after the end of the month"),
    ],
)
def test_the_day_and_how_documents_say_it(rule: str, number: int, on: str, due: str, said: str) -> None:
    assert (due_day(rule, number, D(on)), terms_text(rule, number)) == (D(due), said)


def test_a_new_customer_has_the_companys_terms_and_can_have_others(world: World) -> None:
    change_operator(world.caller(), terms_rule="next_month", terms_days=15)
    house, own, days = (
        add_customer(world.caller(), name=name, joined_on=D("2020-01-01"), **terms)
        for name, terms in (
            ("House", {}), ("Own", {"terms_rule": "month_end", "terms_days": 10}), ("Days", {"terms_days": 7}),
        )
    )  # fmt: skip
    assert [row.terms for row in (house, own, days)] == [
        "Day 15 of the next month", "10 days after the end of the month", "Net 7",
    ]  # fmt: skip
    # The company's change later touches nobody who is there.
    change_operator(world.caller(), terms_rule="days", terms_days=30)
    made = [world.invoice(row, "100.00", on="2026-01-20") for row in (house, own, days)]
    assert [row.due_on for row in made] == [D("2026-02-15"), D("2026-02-10"), D("2026-01-27")]
    assert [row.item.due_on for row in Invoice.objects.order_by("pk")] == [row.due_on for row in made]
    assert made[0].copy["customer"]["terms"] == "Day 15 of the next month"
    change_customer(world.agent, customer=house, version=house.version, changes={"terms_rule": "month_end"})
    again = world.invoice(house, "100.00", on="2026-01-20")
    assert (again.due_on, Invoice.objects.get(pk=made[0].pk).due_on) == (D("2026-02-15"), D("2026-02-15"))
    assert again.copy["customer"]["terms"] == "15 days after the end of the month"


def test_a_bill_is_due_as_its_preview_says(world: World) -> None:
    change_operator(world.caller(), terms_rule="month_end", terms_days=14)
    zara = world.customer("Zara")
    world.subscribe(zara, world.package("Fibre", "599"), on="2026-01-01")
    asked = {"customer": zara, "bill_to": D("2026-01-31"), "on": D("2026-01-05")}
    seen = bill_customer(world.clerk.previewing(), **asked)
    bill = bill_customer(world.clerk, **asked)
    assert (seen.due_on, bill.due_on, bill.item.due_on) == (D("2026-02-14"),) * 3
    # One that is drafted by hand as well, and what is said of it goes first.
    lines = (LineInput("Visit", Decimal(1), Decimal(100)),)
    drafts = [NewInvoice(zara, lines, D("2026-02-01")), NewInvoice(zara, lines, D("2026-02-01"), D("2026-02-02"))]
    made = draft_invoices(world.caller(), invoices=drafts)
    assert [row.due_on for row in made] == [D("2026-03-14"), D("2026-02-02")]


def test_terms_that_cannot_be_are_refused(world: World) -> None:
    zara = world.customer("Zara")
    before = Customer.objects.values().get(), Operator.objects.values().get()
    wrong = (
        ({"terms_rule": "next_month", "terms_days": 32}, "The day of the next month is from 1 to 31.", "terms_days"),
        ({"terms_rule": "next_month", "terms_days": 0}, "The day of the next month is from 1 to 31.", "terms_days"),
        ({"terms_days": 366}, "Terms are between 0 and 365 days.", "terms_days"),
        ({"terms_rule": "month_end", "terms_days": -1}, "Terms are between 0 and 365 days.", "terms_days"),
        ({"terms_rule": "someday", "terms_days": 1}, "Choose how the due date is counted.", "terms_rule"),
    )
    for terms, said, field in wrong:
        for call in (
            lambda terms=terms: add_customer(world.caller(), name="New", **terms),
            lambda terms=terms: change_customer(world.agent, customer=zara, version=zara.version, changes=terms),
            lambda terms=terms: change_operator(world.caller(), **terms),
        ):
            with pytest.raises(Refused) as refused:
                call()
            assert (refused.value.sentence, refused.value.field) == (said, field)
    with pytest.raises(Refused, match="Enter the number of the terms."):
        add_customer(world.caller(), name="New", terms_rule="next_month")
    # 30 can be either.
    change_operator(world.caller(), terms_rule="next_month")
    change_operator(world.caller(), terms_rule="days")
    for day in (0, 32):
        with pytest.raises(Refused, match="A day of the month is from 1 to 31"):
            change_operator(world.caller(), billing_day=day)
    after = Customer.objects.values().get(), Operator.objects.values().get()
    assert (after[0], {**after[1], "version": 0}) == (before[0], {**before[1], "version": 0})


def test_a_subscription_begins_on_the_companys_billing_day(world: World) -> None:
    zara, fibre = world.customer("Zara"), world.package("Fibre", "599")
    days = []
    for day in (1, 15, None):
        change_operator(world.caller(), billing_day=day)
        made = start_subscription(world.caller(), customer=zara, services=[NewService(fibre)], on=D("2026-01-10"))
        days.append(made.terms.get().anchor_day)
    assert days == [1, 15, 10]
