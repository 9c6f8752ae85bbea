"""Bill runs: everyone once, exceptions held back, the broken one apart, and the same again is nothing."""

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.billing.models import BillRun, BillRunItem, Charge, Invoice
from counterfoil.billing.operations import begin_issuing, discard_bill_run, open_bill_run, release_revenue, review_items
from counterfoil.billing.operations.runs import catalogue_of, finish_issuing, finish_preview, issue_chunk, preview_chunk
from counterfoil.billing.run_queries import run_totals
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import set_prices
from counterfoil.customers.operations import add_contact
from counterfoil.kernel.errors import Refused
from counterfoil.ledger.models import Posting
from counterfoil.testing.world import World, counts


def previewed(world: World, **rest: object) -> BillRun:
    run = open_bill_run(world.caller(), bill_to=world.today, **rest)
    while preview_chunk(world.caller(), run=run, catalogue=catalogue_of(run), limit=2).done:
        pass
    return finish_preview(world.caller(), run=run)


def issued(world: World, run: BillRun) -> BillRun:
    begin_issuing(world.caller(), run=run)
    while issue_chunk(world.caller(), run=run, catalogue=catalogue_of(run), limit=2).done:
        pass
    return finish_issuing(world.caller(), run=run)


def subscribers(world: World, count: int, product: Product | None = None, **term: object) -> Product:
    fibre = product or world.package("Fibre 100", "599")
    for n in range(count):
        customer = world.customer(f"Customer {n}")
        add_contact(world.caller(), customer=customer, name="Someone", emails=[f"c{n}@x.example"])
        world.subscribe(customer, fibre, **term)
    return fibre


def test_a_run_bills_everyone_once_and_a_second_run_nobody(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    subscribers(world, 5)
    run = issued(world, previewed(world))
    assert (run.state, run_totals(run)) == ("issued", {"billed": (5, 5 * 59900)})
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
            issue_chunk(world.caller(), run=run, catalogue=catalogue, limit=1)
    states = [run_totals(issued_or_left(world, run)) for run in (one, two)]
    assert sum(found.get("billed", (0, 0))[0] for found in states) == 4
    assert Invoice.objects.count() == 4
    assert Charge.objects.count() == 4


def issued_or_left(world: World, run: BillRun) -> BillRun:
    while issue_chunk(world.caller(), run=run, catalogue=catalogue_of(run), limit=1).done:
        pass
    return finish_issuing(world.caller(), run=run)


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
    assert run_totals(run) == {"billed": (2, 119800), "held": (1, 0)}
    set_prices(
        world.caller(), prices=[(gadget, "month", Decimal("50"))], currency="ZAR", valid_from=dt.date(2026, 1, 1)
    )
    assert review_items(world.caller(), run=run, items=[held.pk], verdict="recheck") == 1
    held.refresh_from_db()
    # It still has no e-mail address; that one may be let through.
    assert (held.state, held.code, held.total_minor) == ("held", "no_address", 5000)
    review_items(world.caller(), run=run, items=[held.pk], verdict="approve")
    run.refresh_from_db()
    again = BillRun.objects.get(pk=run.pk)
    begin_issuing(world.caller(), run=again)
    assert issue_chunk(world.caller(), run=again, catalogue=catalogue_of(again)).states == {"parked": 1}


def test_a_price_that_changes_during_a_run_waits_for_the_next(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    fibre = subscribers(world, 3)
    run = previewed(world)
    set_prices(world.caller(), prices=[(fibre, "month", Decimal("999"))], currency="ZAR", valid_from=world.today)
    issued(world, run)
    assert run_totals(run) == {"billed": (3, 3 * 59900)}


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
