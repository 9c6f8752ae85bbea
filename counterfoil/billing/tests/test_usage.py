"""Usage on bills: exact amounts through the months, what comes late as a difference, and any order the same."""

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.billing.charges import due_charges, read_catalogue
from counterfoil.billing.charging import Charged, ServiceFacts, service_charges
from counterfoil.billing.forecast import next_bills
from counterfoil.billing.models import Charge, CreditNote, Invoice
from counterfoil.billing.operations import (
    bill_customer,
    cancel_bill,
    discard_draft,
    issue_invoices,
    preview_change,
    release_revenue,
    save_tax_rate,
)
from counterfoil.billing.queries import deferred_balances, why_of
from counterfoil.catalogue.operations import set_prices
from counterfoil.catalogue.rules import PriceVersion
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import deactivate_customer
from counterfoil.kernel.errors import Refused
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import amend_terms, change_account, change_services, remove_services
from counterfoil.subscriptions.operations.shared import NewTerm
from counterfoil.subscriptions.rules import Change, Stretch, TermDates
from counterfoil.testing.world import World, counts
from counterfoil.usage.models import UsageRecord
from counterfoil.usage.operations import reverse_usage
from counterfoil.usage.rules import Meter

D = dt.date.fromisoformat


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer()


@pytest.fixture
def calls(world: World, zara: Customer) -> Service:
    """Calls at R1.20 a minute with 100 minutes included, from the first of February on."""
    world.today = D("2026-02-01")
    world.subscribe(zara, world.metered("Calls", "1.20", included="100"), anchor_day=1)
    world.today = D("2026-03-01")
    return Service.objects.get()


def lines(invoice: Invoice) -> list[tuple[str, int]]:
    return list(invoice.lines.values_list("text", "total_minor"))


def refused(ask: Callable[[], object]) -> str:
    before = counts()
    with pytest.raises(Refused) as refusal:
        ask()
    assert counts() == before
    return refusal.value.code


def test_usage_is_billed_after_its_period_and_late_usage_with_the_next_bill(
    world: World, zara: Customer, calls: Service
) -> None:
    world.subscribe(zara, world.package("Fibre 100", "599"), anchor_day=1)
    world.uses(calls, "60", "2026-02-03")
    world.uses(calls, "70", "2026-02-28")
    world.uses(calls, "500", "2026-03-01")
    preview = bill_customer(world.caller().previewing(), customer=zara, bill_to=world.today)
    bill = world.bill(zara)
    assert lines(bill) == [
        ("Calls, 1 Feb 2026 to 28 Feb 2026: 130 minutes, 100 included, 30 at R1.20", 3600),
        ("Fibre 100, 1 Mar 2026 to 31 Mar 2026", 59900),
    ]
    assert preview.billed == tuple((pk, *line) for pk, line in zip((calls.pk, calls.pk + 1), lines(bill), strict=True))
    first = bill.lines.get(position=1)
    assert (first.quantity, first.unit_price) == (30, Decimal("1.20"))
    assert refused(lambda: world.bill(zara)) == "nothing_to_bill"
    # A record of February that comes in March waits for the bill of April.
    with world.on("2026-03-10"):
        world.uses(calls, "10.5", "2026-02-14")
        calls.subscription.refresh_from_db()
        assert calls.subscription.next_bill_on == D("2026-04-01")
    with world.on("2026-04-01"):
        assert lines(world.bill(zara)) == [
            (
                "Calls, 1 Feb 2026 to 28 Feb 2026: 140.5 minutes, 100 included, 40.5 at R1.20, R36.00 of it charged "
                "before",
                1260,
            ),
            ("Calls, 1 Mar 2026 to 31 Mar 2026: 500 minutes, 100 included, 400 at R1.20", 48000),
            ("Fibre 100, 1 Apr 2026 to 30 Apr 2026", 59900),
        ]
        assert refused(lambda: world.bill(zara)) == "nothing_to_bill"
    why = [(row.used_text, row.quantity, row.unit_price, row.total_minor) for row in why_of(bill) if row.used]
    assert why == [("130 minutes, 100 included", 30, Decimal("1.20"), 3600)]


def test_usage_within_what_is_included_is_no_bill_and_no_credit(world: World, zara: Customer, calls: Service) -> None:
    world.uses(calls, "100", "2026-02-03")
    assert refused(lambda: world.bill(zara)) == "nothing_to_bill"
    # A minute more, which comes later, is a minute.
    with world.on("2026-04-01"):
        world.uses(calls, "1", "2026-02-20")
        assert lines(world.bill(zara)) == [
            ("Calls, 1 Feb 2026 to 28 Feb 2026: 101 minutes, 100 included, 1 at R1.20", 120)
        ]


def test_a_late_record_adds_to_what_was_within_the_included(world: World, zara: Customer, calls: Service) -> None:
    world.subscribe(zara, world.package("Fibre 100", "599"), anchor_day=1)
    world.uses(calls, "100", "2026-02-03")
    assert world.bill(zara).total_minor == 59900
    world.uses(calls, "1", "2026-02-20")
    assert lines(world.bill(zara)) == [("Calls, 1 Feb 2026 to 28 Feb 2026: 101 minutes, 100 included, 1 at R1.20", 120)]


def test_usage_taken_back_is_credited_by_the_next_bill(world: World, zara: Customer, calls: Service) -> None:
    row = world.uses(calls, "130", "2026-02-03")
    bill = world.bill(zara)
    with world.on("2026-04-01"):
        reverse_usage(world.caller(), record=row, reason="Not theirs")
        preview = bill_customer(world.caller().previewing(), customer=zara, bill_to=world.today)
        assert preview.billed == (
            (calls.pk, "Credit: Calls, 1 Feb 2026 to 28 Feb 2026: 0 minutes, 100 included, R36.00 of it charged before",
             -3600),
        )  # fmt: skip
        world.bill(zara)
        note = CreditNote.objects.get()
        assert (note.invoice_id, note.total_minor, world.open(zara)) == (bill.pk, 3600, {})
        assert refused(lambda: world.bill(zara)) == "nothing_to_bill"
        # The right one after it is charged once.
        world.uses(calls, "120", "2026-02-03")
    with world.on("2026-05-01"):
        assert world.bill(zara).total_minor == 2400


def test_usage_priced_without_tax_has_it_added_and_given_back_as_it_was_charged(world: World, zara: Customer) -> None:
    world.today = D("2026-02-01")
    calls = world.metered("Calls", "1.20", included="100", prices_include_tax=False, tax_code="standard")
    world.subscribe(zara, calls, anchor_day=1)
    service = Service.objects.get()
    world.today = D("2026-03-01")
    row = world.uses(service, "130", "2026-02-03")
    first = world.bill(zara)
    line = first.lines.get()
    assert line.text == "Calls, 1 Feb 2026 to 28 Feb 2026: 130 minutes, 100 included, 30 at R1.20 excl. VAT"
    assert (line.quantity, line.unit_price, line.net_minor, line.tax_minor) == (30, Decimal("1.20"), 3600, 540)
    save_tax_rate(
        world.caller(), code="standard", name="VAT 15.5 %", category="standard", percent=Decimal("15.5"),
        valid_from=D("2026-04-01"),
    )  # fmt: skip
    with world.on("2026-04-01"):
        # What comes late has the tax of the invoice that charges it.
        world.uses(service, "10.5", "2026-02-14")
        second = world.bill(zara).lines.get()
        assert (second.net_minor, second.tax_minor) == (1260, 195)
    with world.on("2026-05-01"):
        reverse_usage(world.caller(), record=row, reason="Not theirs")
        preview = bill_customer(world.caller().previewing(), customer=zara, bill_to=world.today)
        assert [total for _, _, total in preview.billed] == [-1455, -4140]
        world.bill(zara)
        given = CreditNote.objects.get().lines.order_by("position").values_list("net_minor", "tax_minor")
        assert list(given) == [(1260, 195), (3600, 540)]
        assert world.open(zara) == {}
        assert refused(lambda: world.bill(zara)) == "nothing_to_bill"


def test_what_ends_is_charged_to_its_last_day_at_once_and_later_usage_is_a_bill_by_itself(
    world: World, zara: Customer, calls: Service
) -> None:
    with world.on("2026-03-15"):
        world.uses(calls, "80", "2026-03-14")
        remove_services(world.caller(), services=[calls], change=Change("cancel", world.today))
        # 14 of 31 days include 45.1613 minutes.
        assert lines(world.bill(zara)) == [
            ("Calls, 1 Mar 2026 to 14 Mar 2026: 80 minutes, 45.1613 included, 34.8387 at R1.20", 4181)
        ]
    with world.on("2026-04-20"):
        assert refused(lambda: world.bill(zara)) == "nothing_to_bill"
        world.uses(calls, "10", "2026-03-02")
        assert refused(lambda: deactivate_customer(world.caller(), customer=zara, reason="Left")) == "still_needed"
        assert world.bill(zara).total_minor == 1200
        deactivate_customer(world.caller(), customer=zara, reason="Left")


def test_who_used_no_more_than_was_included_can_be_closed(world: World, zara: Customer, calls: Service) -> None:
    world.uses(calls, "20", "2026-02-14")
    with world.on("2026-03-15"):
        remove_services(world.caller(), services=[calls], change=Change("cancel", world.today))
        assert refused(lambda: world.bill(zara)) == "nothing_to_bill"
        assert deactivate_customer(world.caller(), customer=zara, reason="Left").status == "inactive"


def test_a_bundle_has_what_is_included_within_its_price_and_no_more(world: World, zara: Customer) -> None:
    world.today = D("2026-02-01")
    world.metered("Calls", "1.20", included="100")
    world.subscribe(zara, world.package("Line 100", "99", kind="voice", parts=("calls",)), anchor_day=1)
    assert lines(world.bill(zara)) == [("Line 100, 1 Feb 2026 to 28 Feb 2026", 9900)]
    world.uses(Service.objects.get(within__isnull=False), "130", "2026-02-01")
    with world.on("2026-03-01"):
        assert lines(world.bill(zara)) == [
            ("Line 100, 1 Mar 2026 to 31 Mar 2026", 9900),
            ("Calls, 1 Feb 2026 to 28 Feb 2026: 130 minutes, 100 included, 30 at R1.20", 3600),
        ]


def test_a_period_has_the_price_of_its_first_day_and_who_was_there_keeps_it(
    world: World, zara: Customer, calls: Service
) -> None:
    for valid_from, price, new_only in (("2026-03-15", "2", False), ("2026-04-01", "3", True)):
        prices = [(calls.product, "unit", Decimal(price))]
        set_prices(
            world.caller(), prices=prices, currency="ZAR", valid_from=D(valid_from), new_only=new_only
        )  # fmt: skip
    for day in ("2026-02-03", "2026-03-20", "2026-04-05"):
        with world.on("2026-05-01"):
            world.uses(calls, "110", day)
    with world.on("2026-05-01"):
        assert [minor for _, minor in lines(world.bill(zara))] == [1200, 1200, 2000]


def test_usage_is_sales_at_once_and_nothing_of_it_waits(world: World, zara: Customer, calls: Service) -> None:
    world.uses(calls, "200", "2026-02-03")
    bill = world.bill(zara)
    assert (bill.total_minor, deferred_balances(D("2026-12-31"))) == (12000, {})
    draft_of = world.uses(calls, "10", "2026-02-04")
    with world.on("2026-04-01"):
        (again,) = issue_invoices(world.caller(), invoices=[world.bill(zara, draft=True)])
        assert (again.total_minor, deferred_balances(world.today)) == (1200, {})
        reverse_usage(world.caller(), record=draft_of, reason="Twice")
    with world.on("2026-05-01"):
        world.bill(zara)
        assert CreditNote.objects.get().total_minor == 1200
        assert deferred_balances(world.today) == {}
        assert release_revenue(world.caller(), up_to=world.today) == {}


def test_a_bill_of_usage_can_be_cancelled_or_discarded_and_billed_again(
    world: World, zara: Customer, calls: Service
) -> None:
    world.uses(calls, "130", "2026-02-03")
    discard_draft(world.caller(), invoice=world.bill(zara, draft=True))
    bill = world.bill(zara)
    assert bill.total_minor == 3600
    cancel_bill(world.caller(), invoice=bill, reason="Wrong address")
    world.uses(calls, "5", "2026-02-04")
    again = world.bill(zara)
    assert lines(again) == [("Calls, 1 Feb 2026 to 28 Feb 2026: 135 minutes, 100 included, 35 at R1.20", 4200)]
    assert world.open(zara) == {again.number: "42.00"}
    assert refused(lambda: world.bill(zara)) == "nothing_to_bill"


def test_each_account_pays_what_was_used_while_it_had_the_service(world: World, zara: Customer, calls: Service) -> None:
    next_one = world.customer("Next")
    world.bill(zara) if world.uses(calls, "101", "2026-02-03") else None
    with world.on("2026-03-11"):
        world.uses(calls, "60", "2026-03-10")
        change_account(world.caller(), subscription=calls.subscription, customer=next_one)
        moved = Service.objects.get(end="")
        # 10 and 21 of 31 days: what is included is shared as the days are.
        assert lines(world.bill(zara)) == [
            ("Calls, 1 Mar 2026 to 10 Mar 2026: 60 minutes, 32.2581 included, 27.7419 at R1.20", 3329)
        ]
        assert refused(lambda: world.uses(calls, "1", "2026-03-11")) == "not_active_then"
        world.uses(moved, "100", "2026-03-11")
    with world.on("2026-04-01"):
        assert world.bill(next_one).total_minor == 3871


def test_what_was_used_on_the_day_of_the_move_is_billed_to_who_has_the_day(
    world: World, zara: Customer, calls: Service
) -> None:
    next_one = world.customer("Next")
    with world.on("2026-03-11"):
        world.uses(calls, "60", "2026-03-10")
        wrong = world.uses(calls, "900")
        reverse_usage(world.caller(), record=wrong, reason="Never called")
        world.uses(calls, "100", text="0215550000")
        change_account(world.caller(), subscription=calls.subscription, customer=next_one)
        moved = UsageRecord.objects.get(service=Service.objects.get(end=""))
        assert (moved.on, moved.quantity, moved.text) == (world.today, 100, "0215550000")
        assert world.events.count("usage.moved") == 1
    with world.on("2026-04-01"):
        assert [world.bill(each).total_minor for each in (zara, next_one)] == [3329, 3871]


def test_terms_that_change_cut_a_period_and_what_it_includes(world: World, zara: Customer, calls: Service) -> None:
    amend_terms(world.caller(), subscription=calls.subscription, term=NewTerm(anchor_day=15), on=D("2026-03-15"))
    world.today = D("2026-04-15")
    world.uses(calls, "100", "2026-03-14")
    world.uses(calls, "100", "2026-03-15")
    assert lines(world.bill(zara)) == [
        ("Calls, 1 Mar 2026 to 14 Mar 2026: 100 minutes, 45.1613 included, 54.8387 at R1.20", 6581)
    ]


def test_terms_that_change_within_a_billed_period_leave_what_was_used_before(
    world: World, zara: Customer, calls: Service
) -> None:
    for day, quantity in (("2026-03-10", "80"), ("2026-03-20", "90")):
        with world.on("2026-03-31"):
            world.uses(calls, quantity, day)
    world.today = D("2026-04-01")
    assert world.bill(zara).total_minor == 8400
    with world.on("2026-04-05"):
        amend_terms(world.caller(), subscription=calls.subscription, term=NewTerm(anchor_day=15), on=D("2026-03-15"))
        world.bill(zara)
    # 80 minutes less the 45.1613 of 14 days were R41.81; the 90 belong to the period that is not over.
    assert 8400 - CreditNote.objects.get().total_minor == 4181
    with world.on("2026-04-15"):
        world.uses(calls, "20", "2026-04-14")
        assert lines(world.bill(zara)) == [
            ("Calls, 15 Mar 2026 to 14 Apr 2026: 110 minutes, 100 included, 10 at R1.20", 1200)
        ]


def test_what_is_billed_from_within_a_billed_period_gives_back_the_days_after_alone(
    world: World, zara: Customer
) -> None:
    world.today = D("2026-03-01")
    sub = world.subscribe(zara, world.package("Fibre 100", "599"))
    bill = world.bill(zara)
    with world.on("2026-03-15"):
        amend_terms(world.caller(), subscription=sub, term=NewTerm(anchor_day=15), on=world.today)
        again = world.bill(zara)
    assert lines(again) == [
        ("Credit: Fibre 100, 15 Mar 2026 to 31 Mar 2026", -32848),
        ("Fibre 100, 15 Mar 2026 to 14 Apr 2026", 59900),
    ]
    assert bill.total_minor == 59900


def test_a_rest_from_before_what_a_meter_said_is_refused_and_all_is_charged(
    world: World, zara: Customer, calls: Service
) -> None:
    world.uses(calls, "300", "2026-02-20")
    rest = Change("rest", D("2026-02-15"), until=D("2026-02-22"))
    assert refused(lambda: change_services(world.caller(), services=[calls], change=rest)) == "used_then"
    assert world.bill(zara).total_minor == 24000


def test_the_next_bills_have_the_usage_there_is(world: World, zara: Customer, calls: Service) -> None:
    world.uses(calls, "130", "2026-02-03")
    world.uses(calls, "101", "2026-03-01")
    bills = [(bill.on.isoformat(), bill.minor) for bill in next_bills(zara, world.today)]
    assert bills == [("2026-03-01", 3600), ("2026-04-01", 120)]
    cancel = Change("cancel", D("2026-03-02"))
    effect = preview_change(world.system().previewing(), services=[calls], change=cancel)
    # A day of March has 3.2258 minutes included, and 97.7742 are beyond.
    assert (effect.bill_to, effect.total_minor) == (D("2026-03-02"), 11733)


def test_usage_is_read_at_once_for_all_and_not_at_all_where_there_is_none(world: World, zara: Customer) -> None:
    world.today = D("2026-02-01")
    fibre, calls = world.package("Fibre 100", "599"), world.metered("Calls", "1.20", included="100")
    customers = [world.customer(f"Customer {n}") for n in range(4)]
    for customer in customers:
        world.subscribe(customer, fibre, anchor_day=1)

    def asked(metered: int) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            due_charges([customer.pk for customer in customers], D("2026-03-01"), read_catalogue(D("2026-03-01")))
        return len(queries), sum("usage_usagerecord" in query["sql"] for query in queries.captured_queries)

    plain = asked(0)
    assert plain[1] == 0
    counted = []
    for customer in customers:
        world.subscribe(customer, calls, anchor_day=1)
        for day in ("2026-02-01", "2026-02-02"):
            with world.on("2026-02-28"):
                world.uses(Service.objects.latest("pk"), "70", day)
        counted.append(asked(1))
    assert counted == [(plain[0] + 1, 1)] * 4


# ------------------------------------------------------------------ properties

TERM = TermDates("month", D("2026-01-01"), 1, D("2026-01-01"))
PRICES = {"unit": {1: [PriceVersion(D("2000-01-01"), Decimal("0.1737"))]}}
RECORDS = st.lists(
    st.tuples(st.integers(0, 150), st.decimals("0.0001", 80, places=4), st.integers(0, 60), st.booleans()), max_size=25
)


def total_billed(records: list[tuple[dt.date, Decimal, dt.date]], ends: dt.date | None, bills: list[dt.date]) -> int:
    """What a year of bills comes to, when each record (day, quantity, day it is known) is there from its day on."""
    line = (Stretch(D("2026-01-01"), ends, "effective", 1),)
    charged: tuple[Charged, ...] = ()
    billed_to: dt.date | None = None
    seen: set[int] = set()
    for bill in bills:
        known = [row for row in enumerate(records) if row[1][2] <= bill]
        used: dict[dt.date, Decimal] = {}
        for _, (day, quantity, _) in known:
            used[day] = used.get(day, Decimal(0)) + quantity
        late = [row[0] for pk, row in known if pk not in seen and billed_to and row[0] < billed_to]
        seen |= {pk for pk, _ in known}
        facts = ServiceFacts(
            1, D("2026-01-01"), line, [TERM], PRICES, billed_to, min(late, default=None), charged=charged,
            meter=Meter(used, {1: Decimal(20)}),
        )  # fmt: skip
        made = service_charges(facts, bill, 2)
        charged, billed_to = (*charged, *made.charges), made.billed_to
    assert len({(c.period_start, c.number) for c in charged}) == len(charged)
    return sum(charge.minor for charge in charged)


@given(RECORDS, st.integers(60, 200), st.lists(st.integers(1, 300), max_size=8), st.integers(0, 99))
def test_whatever_order_records_come_in_the_bills_come_to_the_same(
    drawn: list[tuple[int, Decimal, int, bool]], length: int, bill_days: list[int], seed: int
) -> None:
    start, one = D("2026-01-01"), dt.timedelta(days=1)
    ends = start + one * length
    records = []
    for day, quantity, delay, taken_back in drawn:
        on = start + one * (day % length)
        records.append((on, quantity, on + one * delay))
        if taken_back:
            records.append((on, -quantity, on + one * (delay + 45)))
    random.Random(seed).shuffle(records)
    last = D("2027-01-01")
    often = total_billed(records, ends, [*sorted(start + one * day for day in bill_days), last])
    once = total_billed([(on, quantity, on) for on, quantity, _ in records], ends, [last])
    assert often == once >= 0


def test_charges_of_usage_keep_where_they_come_from(world: World, zara: Customer, calls: Service) -> None:
    world.uses(calls, "130", "2026-02-03")
    world.bill(zara)
    row = Charge.objects.get()
    assert (row.used, row.included, row.quantity, row.period_start, row.period_end) == (
        130, 100, 30, D("2026-02-01"), D("2026-03-01"),
    )  # fmt: skip


def test_usage_taken_back_is_credited_on_the_line_that_charged_it(world: World, zara: Customer, calls: Service) -> None:
    data = world.metered("Data", "1.00")
    with world.on("2026-02-15"):
        record = world.uses(calls, "150", "2026-02-05")
        swap = Change("swap", world.today, product_id=data.pk)
        change_services(world.caller(), services=[calls], change=swap)
        world.uses(calls, "200")
    bill = world.bill(zara)
    first, second = bill.lines.all()
    reverse_usage(world.caller(), record=record, reason="Never called")
    world.bill(zara)
    # Not that of the other product, though it is the newer one.
    given = Charge.objects.get(credit_line__isnull=False)
    assert (given.product, given.total_minor) == (calls.product, -first.total_minor)
    assert second.total_minor == 20000


def test_a_first_charge_of_usage_without_tax_is_no_difference(world: World, zara: Customer) -> None:
    with world.on("2026-02-01"):
        world.subscribe(zara, world.metered("Calls", "1.20", prices_include_tax=False), anchor_day=1)
    world.uses(Service.objects.get(), "100", "2026-02-05")
    assert [row.is_difference for row in why_of(world.bill(zara, "2026-03-01"))] == [False]
    world.uses(Service.objects.get(), "10", "2026-02-06")
    assert [row.is_difference for row in why_of(world.bill(zara, "2026-03-01"))] == [True]
