"""Bill runs: everyone once, exceptions held back, the broken one apart, and the same again is nothing."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.billing.charges import due_charges
from counterfoil.billing.models import BillRun, BillRunItem, Charge, CreditNote, Invoice
from counterfoil.billing.nouns import BILL_RUN
from counterfoil.billing.operations import (
    begin_issuing,
    bill_customer,
    discard_bill_run,
    open_bill_run,
    recheck_exceptions,
    release_revenue,
    review_items,
    runs,
    send_bill_run,
)
from counterfoil.billing.operations.revenue import release_last_month
from counterfoil.billing.operations.runs import catalogue_of, finish_issuing, finish_preview, issue_chunk, preview_chunk
from counterfoil.billing.run_queries import added_up, run_figures, status_of, to_send
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import set_prices
from counterfoil.customers.operations import add_contact
from counterfoil.kernel.errors import Refused
from counterfoil.ledger.models import Entry, Posting
from counterfoil.messaging.models import Message
from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.platform.jobs import run as run_job
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import write_off
from counterfoil.subscriptions.models import Service, Subscription
from counterfoil.subscriptions.operations import (
    NewService,
    add_one_time_charge,
    add_services,
    change_services,
    remove_services,
)
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts
from counterfoil.usage.operations import NewUsage, record_usages
from counterfoil.usage.queries import usage_by_period


def previewed(world: World, **rest: object) -> BillRun:
    run = open_bill_run(world.caller(), bill_to=world.today, **rest)
    while preview_chunk(world.system(), run=run, catalogue=catalogue_of(run), limit=2):
        pass
    return finish_preview(world.system(), run=run)


def issued(world: World, run: BillRun) -> BillRun:
    begin_issuing(world.caller(), run=run)
    while issue_chunk(world.system(), run=run, catalogue=catalogue_of(run), limit=2):
        pass
    return finish_issuing(world.system(), run=run)


def subscribers(world: World, count: int, product: Product | None = None, **term: object) -> Product:
    fibre = product or world.package("Fibre 100", "599")
    for n in range(count):
        customer = world.customer(f"Customer {n}")
        add_contact(world.caller(), customer=customer, name="Someone", roles=["billing"], emails=[f"c{n}@x.example"])
        world.subscribe(customer, fibre, **term)
    return fibre


def test_a_run_bills_everyone_once_and_a_second_run_nobody(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    subscribers(world, 5)
    run = issued(world, previewed(world))
    assert (run.state, run_figures(run).states) == ("issued", {"billed": (5, 5 * 59900)})
    assert sorted(Invoice.objects.values_list("sequence_no", flat=True)) == [1, 2, 3, 4, 5]
    before = counts()
    with pytest.raises(Refused) as refused:
        open_bill_run(world.caller(), bill_to=world.today)
    assert (refused.value.code, counts()) == ("nothing_to_bill", before)


def test_two_runs_over_the_same_customers_bill_each_once(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    subscribers(world, 4)
    one, two = previewed(world), previewed(world)
    for run in (one, two):
        begin_issuing(world.caller(), run=run)
    catalogue = catalogue_of(one)
    for _ in range(3):
        for run in (one, two):
            issue_chunk(world.system(), run=run, catalogue=catalogue, limit=1)
    states = [run_figures(issued_or_left(world, run)).states for run in (one, two)]
    assert sum(found.get("billed", (0, 0))[0] for found in states) == 4
    assert Invoice.objects.count() == 4
    assert Charge.objects.count() == 4


def issued_or_left(world: World, run: BillRun) -> BillRun:
    while issue_chunk(world.system(), run=run, catalogue=catalogue_of(run), limit=1):
        pass
    return finish_issuing(world.system(), run=run)


def test_one_without_a_price_is_held_back_and_stops_nobody(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    subscribers(world, 2)
    odd = world.customer("No price")
    gadget = world.package("Gadget", None, kind="equipment")
    world.subscribe(odd, gadget)
    run = previewed(world)
    (held,) = BillRunItem.objects.filter(run=run, state="held")
    assert (held.customer_id, held.code) == (odd.pk, "no_price")
    issued(world, run)
    assert run_figures(run).states == {"billed": (2, 119800), "held": (1, 0)}
    set_prices(
        world.caller(), prices=[(gadget, "month", Decimal("50"))], currency="ZAR", valid_from=dt.date(2026, 1, 1)
    )
    recheck_exceptions(world.caller(), run=run)
    while preview_chunk(world.system(), run=run, catalogue=catalogue_of(run)):
        pass
    held.refresh_from_db()
    # It still has no e-mail address; that one may be let through.
    assert (held.state, held.code, held.total_minor) == ("held", "no_address", 5000)
    review_items(world.caller(), run=run, items=[held.pk], verdict="approve")
    # What was missing when the run was opened is not frozen.
    issued(world, run)
    assert run_figures(run).states == {"billed": (3, 124800)}


def test_a_price_that_changes_during_a_run_waits_for_the_next(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    fibre = subscribers(world, 3)
    run = previewed(world)
    set_prices(world.caller(), prices=[(fibre, "month", Decimal("999"))], currency="ZAR", valid_from=world.today)
    issued(world, run)
    assert run_figures(run).states == {"billed": (3, 3 * 59900)}


def test_a_bill_far_above_the_last_one_is_looked_at_first(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    subscribers(world, 1)
    issued(world, previewed(world))
    world.today = dt.date(2026, 5, 1)
    run = previewed(world)
    item = BillRunItem.objects.get(run=run)
    # April was missed, so two months come at once.
    assert (item.state, item.total_minor, item.last_minor) == ("ready", 119800, 59900)
    world.today = dt.date(2026, 6, 1)
    item = BillRunItem.objects.get(run=previewed(world))
    assert (item.state, item.code, item.total_minor) == ("held", "far_above", 179700)


def test_a_run_that_issued_nothing_can_be_discarded(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    subscribers(world, 1)
    run = previewed(world)
    discard_bill_run(world.caller(), run=run)
    before = counts()
    with pytest.raises(Refused):
        begin_issuing(world.caller(), run=run)
    assert counts() == before


def test_revenue_is_released_by_the_month_and_again_nothing(world: World) -> None:
    world.today = dt.date(2026, 3, 12)
    zara = world.customer()
    world.subscribe(zara, world.package("Fibre 100", "575"), anchor_day=20)
    world.bill(zara)
    world.today = dt.date(2026, 3, 20)
    world.bill(zara)

    def stands() -> dict[str, int]:
        found: dict[str, int] = {}
        for code, minor in Posting.objects.values_list("account__code", "amount_minor"):
            found[code] = found.get(code, 0) + minor
        return {code: found.get(code, 0) for code in ("2300", "4000")}

    # 8 of 28 days to the 20th, then a month: net 142.86 and 500.00.
    assert stands() == {"2300": -64286, "4000": 0}
    world.today = dt.date(2026, 4, 2)
    # 12 of the 31 days from 20 March have passed.
    assert release_revenue(world.caller(), up_to=dt.date(2026, 4, 1)) == {"ZAR": 14286 + 19355}
    assert stands() == {"2300": -30645, "4000": -33641}
    before = counts()
    assert release_revenue(world.caller(), up_to=dt.date(2026, 4, 1)) == {}
    assert counts() == before


def test_the_clock_releases_a_month_once_and_then_only_looks_it_up(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    zara = world.customer()
    world.subscribe(zara, world.package("Fibre 100", "575"))
    world.bill(zara)
    world.today = dt.date(2026, 4, 1)
    assert release_last_month(world.caller()) == 1
    before = counts()
    with CaptureQueriesContext(connection) as asked:
        release_last_month(world.caller())
    assert not [query for query in asked.captured_queries if "billing_charge" in query["sql"]]
    assert counts() == before
    assert Entry.objects.get(source="revenue").on == dt.date(2026, 3, 31)


def test_a_month_in_which_nothing_was_earned_is_not_worked_out_again(world: World) -> None:
    world.today = dt.date(2026, 3, 24)
    zara = world.customer()
    world.subscribe(zara, world.package("Fibre 100", "575"), on="2026-04-01")
    world.bill(zara, "2026-04-01")
    world.today = dt.date(2026, 4, 1)
    assert release_last_month(world.caller()) == 0
    with CaptureQueriesContext(connection) as asked:
        release_last_month(world.caller())
    assert not [query for query in asked.captured_queries if "billing_charge" in query["sql"]]
    assert not Entry.objects.filter(source="revenue").exists()


def test_who_rests_is_passed_and_not_selected_again(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    subscribers(world, 2)
    first = Service.objects.order_by("pk")[0]
    rest = Change("rest", world.today, dt.date(2026, 4, 16))
    change_services(world.caller(), services=[first], change=rest)
    run = issued(world, previewed(world))
    assert run_figures(run).states == {"billed": (1, 59900), "nothing": (1, 0)}
    first.subscription.refresh_from_db()
    assert first.subscription.next_bill_on == dt.date(2026, 4, 1)
    world.today = dt.date(2026, 4, 1)
    run = issued(world, previewed(world))
    # The second half of April, from the day of its return.
    assert run_figures(run).states == {"billed": (2, 59900 + 29950)}


def test_one_that_cannot_be_credited_stops_nobody(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    fibre = subscribers(world, 1)
    odd = world.customer("Written off")
    add_contact(world.caller(), customer=odd, name="Someone", roles=["billing"], emails=["odd@x.example"])
    world.subscribe(odd, fibre)
    bill = world.bill(odd)
    write_off(world.caller(), item=OpenItem.objects.get(pk=bill.item_id), amount_minor=100, reason="Lost")
    gone = Service.objects.filter(subscription__customer=odd)
    remove_services(world.caller(), services=gone, change=Change("cancel", dt.date(2026, 3, 1)))
    # What was written of the bill before it was refused is gone too, its events included.
    subscription = gone.get().subscription
    add_one_time_charge(world.caller(), subscription=subscription, text="Call-out", price=Decimal(100), on=world.today)
    run = previewed(world)
    review_items(world.caller(), run=run, items=run.items.values_list("pk", flat=True), verdict="approve")
    issued(world, run)
    parked = BillRunItem.objects.get(run=run, customer=odd)
    assert (parked.state, parked.code) == ("parked", "written_off")
    assert run_figures(run).states["billed"] == (1, 59900)
    assert (CreditNote.objects.count(), Invoice.objects.count()) == (0, 2)
    assert world.events.count("invoice.issued") == 2


def test_a_run_is_of_one_currency(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    fibre = subscribers(world, 1)
    set_prices(world.caller(), prices=[(fibre, "month", Decimal(50))], currency="USD", valid_from=dt.date(2000, 1, 1))
    world.subscribe(world.customer("Abroad", currency="USD"), fibre)
    assert [run.customers for run in (previewed(world), previewed(world, currency="USD"))] == [1, 1]
    assert set(BillRunItem.objects.values_list("run__currency", "total_minor")) == {("ZAR", 59900), ("USD", 5000)}


def test_what_is_sent_is_sent_once_and_no_old_invoice_goes_again(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    subscribers(world, 2)
    gone = Service.objects.order_by("pk")[1]
    bill_customer(world.caller(), customer=gone.subscription.customer, bill_to=world.today)
    remove_services(world.caller(), services=[gone], change=Change("cancel", world.today))
    run = previewed(world)
    review_items(world.caller(), run=run, items=run.items.values_list("pk", flat=True), verdict="approve")
    issued(world, run)
    send_bill_run(world.caller(), run=run)
    run.refresh_from_db()
    assert run.job is not None
    before = counts()
    with pytest.raises(Refused) as refused:
        send_bill_run(world.caller(), run=run)
    assert (refused.value.code, counts()) == ("being_sent", before)
    # It is sent when all of its invoices are.
    assert status_of(BILL_RUN.get(world.caller(), run.pk)) == ("Sending", "info")
    foreseen = run_figures(run)
    run_job(run.job.pk)
    run_job(run.job.pk)
    # What it comes to is kept while nobody works on it, and proved.
    run.refresh_from_db()
    figures = run_figures(run)
    assert (run.figures is not None, figures) == (True, added_up(run))
    assert (figures.sent, figures.to_send, figures.states) == (foreseen.to_send, 0, foreseen.states)
    with write_guard.writing():
        BillRun.objects.filter(pk=run.pk).update(figures={**run.figures, "sent": 7})
    assert [finding.check for finding in check_books()] == ["billing.runs_come_to_what_is_kept"]
    with write_guard.writing():
        BillRun.objects.filter(pk=run.pk).update(figures=run.figures)
    assert status_of(BILL_RUN.get(world.caller(), run.pk)) == ("Sent", "ok")
    stays = Service.objects.order_by("pk")[0].subscription.customer_id
    assert not to_send(run).exists()
    assert list(Message.objects.values_list("customer", flat=True)) == [stays]


def test_usage_that_comes_in_while_a_run_is_previewed_is_billed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The preview looks at customers nobody locked: another writer may commit before it marks them as billed."""
    with world.on("2026-03-01"):
        subscribers(world, 1, world.metered("Calls", "1.00"), anchor_day=1)
    world.today = dt.date(2026, 4, 1)
    looked: list[int] = []

    def meanwhile(*args: Any, **rest: Any) -> Any:
        found = due_charges(*args, **rest)
        if not looked:
            world.uses(Service.objects.get(), "70", "2026-03-15")
        looked.append(len(found))
        return found

    monkeypatch.setattr(runs, "due_charges", meanwhile)
    issued(world, previewed(world))
    assert looked[:2] == [1, 1]
    assert Invoice.objects.get().total_minor == 7000


@pytest.mark.parametrize(("price", "records"), [("10000000", 80), ("0.0001", 101), ("40", 30)])
def test_usage_that_cannot_be_stops_nobody_else(world: World, price: str, records: int) -> None:
    with world.on("2026-03-01"):
        subscribers(world, 3, world.metered("Calls", price), anchor_day=1)
    first, absurd, last = Service.objects.order_by("pk")
    new = [NewUsage(absurd.pk, dt.date(2026, 3, 10), Decimal(999_999_999), f"r{n}") for n in range(records)]
    record_usages(world.system(), records=new, source="switch")
    for service in (first, last):
        world.uses(service, "10000", "2026-03-10")
    with world.on("2026-04-01"):
        run = previewed(world)
        items = BillRunItem.objects.order_by("customer")
        assert list(items.values_list("state", flat=True)) == ["ready", "held", "ready"]
        assert usage_by_period(absurd.subscription.customer, world.today)[1].refused
        issued(world, run)
    assert list(items.values_list("state", flat=True)) == ["billed", "held", "billed"]


@pytest.mark.parametrize("kind", ["data", "usage"])
def test_a_product_added_while_a_run_is_under_way_waits_and_stops_nobody_else(world: World, kind: str) -> None:
    with world.on("2026-03-01"):
        subscribers(world, 3)
    run = previewed(world)
    catalogue = catalogue_of(run)
    begin_issuing(world.caller(), run=run)
    new = world.metered("New", None) if kind == "usage" else world.package("New", None)
    subscription = Subscription.objects.order_by("pk")[1]
    wanted = [NewService(new, price=Decimal("0.50"))]
    add_services(world.caller(), subscription=subscription, services=wanted, on=dt.date(2026, 3, 1))
    issue_chunk(world.system(), run=run, catalogue=catalogue)
    items = BillRunItem.objects.order_by("customer").values_list("state", "code")
    assert list(items) == [("billed", ""), ("parked", "new_product"), ("billed", "")]
