"""The age analysis of everyone as a list: pages, order, search and sums come from the database."""

import datetime as dt

import pytest

from counterfoil.desk.tables import age_table
from counterfoil.platform.tables import Listing
from counterfoil.receivables.ageing import AgeLines, age_analysis
from counterfoil.receivables.operations import issue_credit
from counterfoil.testing.world import World


@pytest.fixture
def lines(world: World) -> AgeLines:
    world.customer("Zara Naidoo", owing={"2026-01-31": "100.00"})
    world.customer("abel Botha", owing={"2026-03-01": "300.00"})
    cleo = world.customer("Cleo Dube")
    issue_credit(world.clerk, customer=cleo, amount_minor=5000, reason="Goodwill", on=world.today)
    world.customer("Nobody Owes")
    return age_analysis(world.clerk, world.today)


def _listing(lines: AgeLines, **asked: str) -> Listing:
    table = age_table(list(lines.day.labels), lambda row, bucket: "", lines.currencies)
    return Listing(table, lines, asked, "", today=dt.date(2026, 3, 31))


def test_every_column_orders_both_ways(lines: AgeLines) -> None:
    for column in _listing(lines).table.columns:
        for sign in ("", "-"):
            rows = _listing(lines, sort=f"{sign}{column.key}").found
            values = [column.get(row) for row in rows]
            keys = [value.casefold() if isinstance(value, str) else value.minor for value in values]
            assert keys == sorted(keys, reverse=sign == "-"), (column.key, sign)


def test_sums_pages_and_search_agree_with_the_lines(lines: AgeLines) -> None:
    rows = list(lines)
    assert (len(lines), lines.currencies) == (3, {rows[0].currency})
    assert lines.page(1, 3) == rows[1:3]
    totals = lines.totals(rows[0].currency)
    assert totals["balance"] == sum(row.analysis.balance for row in rows) == 35000
    assert totals["unapplied"] == -5000
    assert [totals[f"b{n}"] for n in range(len(lines.day.labels))] == [
        sum(row.analysis.buckets[n] for row in rows) for n in range(len(lines.day.labels))
    ]
    assert lines.totals("JPY")["balance"] == 0
    found = _listing(lines, q="zara")
    assert (found.count, [row.name for row in found.all_rows()]) == (1, ["Zara Naidoo"])
