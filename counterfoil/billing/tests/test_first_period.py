"""The first whole period starts on the first anchor day on or after the start, whatever the frequency."""

import datetime as dt

import pytest

from counterfoil.billing.models import Invoice
from counterfoil.platform import write_guard
from counterfoil.subscriptions.models import Term
from counterfoil.subscriptions.operations import NewTerm, amend_terms
from counterfoil.testing.world import World

D = dt.date.fromisoformat


def said(invoice: Invoice) -> list[tuple[str, int]]:
    return list(invoice.lines.values_list("text", "total_minor"))


@pytest.mark.parametrize(
    ("frequency", "price", "first", "second"),
    [
        ("month", "310", "14 of 31 days of R310.00", "15 Jan 2026 to 14 Feb 2026"),
        ("quarter", "920", "14 of 92 days of R920.00", "15 Jan 2026 to 14 Apr 2026"),
        ("half_year", "1840", "14 of 184 days of R1,840.00", "15 Jan 2026 to 14 Jul 2026"),
        ("year", "3650", "14 of 365 days of R3,650.00", "15 Jan 2026 to 14 Jan 2027"),
    ],
)
def test_from_1_january_with_day_15(world: World, frequency: str, price: str, first: str, second: str) -> None:
    zara = world.customer()
    with world.on("2026-01-01"):
        world.subscribe(zara, world.package("Fibre", price, frequency=frequency), frequency=frequency, anchor_day=15)
        assert said(world.bill(zara)) == [(f"Fibre, 1 Jan 2026 to 14 Jan 2026 ({first})", 14000)]
    with world.on("2026-01-15"):
        assert said(world.bill(zara)) == [(f"Fibre, {second}", int(price) * 100)]


def test_terms_of_before_keep_their_periods_also_when_something_else_of_them_changes(world: World) -> None:
    zara = world.customer()
    with world.on("2026-01-01"):
        sub = world.subscribe(
            zara, world.package("Fibre", "920", frequency="quarter"), frequency="quarter", anchor_day=15,
            in_advance=False,
        )  # fmt: skip
    with write_guard.writing():
        # As it was written before this rule: the last such day that is not after the start.
        Term.objects.update(anchor_on=D("2025-12-15"))
    with world.on("2026-02-20"):
        amend_terms(
            world.caller(), subscription=sub,
            term=NewTerm("quarter", 15, in_advance=False, contract_ends=D("2027-01-01")),
        )  # fmt: skip
    assert list(Term.objects.order_by("valid_from").values_list("anchor_on", flat=True)) == [D("2025-12-15")] * 2
    with world.on("2026-03-15"):
        # 73 of the 90 days from 15 December to 14 March, in two terms.
        assert [minor for _, minor in said(world.bill(zara))] == [51111, 23511]


def test_another_day_begins_with_a_part_of_the_period_that_ends_on_it(world: World) -> None:
    zara = world.customer()
    with world.on("2026-01-01"):
        sub = world.subscribe(zara, world.package("Fibre", "920", frequency="quarter"), frequency="quarter")
        world.bill(zara)
        amend_terms(world.caller(), subscription=sub, term=NewTerm("quarter", 15))
    with world.on("2026-04-15"):
        assert [minor for _, minor in said(world.bill(zara))] == [14311, 92000]
