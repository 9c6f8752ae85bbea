"""At a glance: a year month by month, with the figures of the reports, and charts that say the same."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.collections.operations import record_promise
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import change_customer
from counterfoil.operator.operations import add_area
from counterfoil.platform.callers import Caller
from counterfoil.platform.charts import HEIGHT, WIDTH, Bar, Chart
from counterfoil.receivables.queries import open_items_of
from counterfoil.reports.asked import Asked
from counterfoil.reports.months import Glance, at_a_glance, charts
from counterfoil.reports.queries import find_report, read_report
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World


def months(caller: Caller, last: str = "2026-03-31") -> list[Glance]:
    day = dt.date.fromisoformat(last)
    return at_a_glance(caller, Asked(day.replace(day=1), day))[1]


@pytest.fixture
def book(world: World) -> World:
    """Three months of one customer."""
    zara = world.customer("Zara", owing={"2026-02-09": "230.00", "2026-03-20": "115.00"}, joined_on=dt.date(2026, 1, 5))
    world.pays(zara, "100.00", on="2026-02-20")
    world.subscribe(zara, world.package("Fibre", "460.00"), on="2026-02-01")
    with world.on("2026-02-01"):
        record_promise(world.caller(), customer=zara, amount_minor=10000, due_on=dt.date(2026, 2, 25))
    return world


def test_each_month_has_the_figures_of_its_reports(book: World) -> None:
    rows = {row.ends.isoformat(): row for row in months(book.caller())}
    assert list(rows)[-3:] == ["2026-01-31", "2026-02-28", "2026-03-31"]
    january, february, march = (rows[day] for day in list(rows)[-3:])
    assert (january.billed, january.received, january.owed, january.overdue) == (23000, 0, 23000, 0)
    assert (february.billed, february.received, february.owed, february.overdue) == (11500, 10000, 24500, 13000)
    assert (march.billed, march.received, march.owed, march.overdue) == (0, 0, 24500, 24500)
    assert [row.recurring for row in (january, february, march)] == [0, 40000, 40000]
    assert [row.won for row in (january, february, march)] == [1, 0, 0]
    for row in (february, march):
        sold = read_report(book.caller(), find_report("sales"), Asked(row.first, row.ends))[1]
        assert sum(one.net for one in sold) == row.billed
        items = open_items_of(Customer.objects.get(), row.ends)
        assert row.owed == sum(item.open_minor for item in items if item.is_debit)


def test_whoever_sees_less_gets_less(book: World) -> None:
    less = Caller(name="Less", grants=frozenset({"receivables.view", "customers.view"}), at=book.now)
    table, rows = at_a_glance(less, Asked(dt.date(2026, 3, 1), dt.date(2026, 3, 31)))
    assert [column.key for column in table.columns] == ["month", "currency", "owed", "overdue", "won", "lost"]
    assert {(row.recurring, row.billed, row.received) for row in rows} == {(0, 0, 0)}
    valley = add_area(book.caller(), name="Valley")
    scoped = dataclasses.replace(book.caller(), scope={"area": frozenset({valley.pk})})
    assert months(scoped) == []


def test_the_charts_say_what_the_table_says(book: World) -> None:
    found = charts(months(book.caller()))
    assert [chart.title for chart in found][:4] == [
        "Recurring revenue a month: R400.00, as in February",
        "Billed, without tax: R0.00, down R115.00 on February",
        "Received: R0.00, down R100.00 on February",
        "Overdue at the end: R245.00, up R115.00 on February",
    ]
    overdue = found[3].bars[-1]
    assert (overdue.label, overdue.text) == ("Mar", "R245.00")
    assert overdue.href == "/reports/past-due-invoices/?from=2026-03-01&to=2026-03-31&of="


def test_the_page_can_be_narrowed_to_an_area(book: World) -> None:
    valley, _ = add_area(book.caller(), name="Valley"), add_area(book.caller(), name="Karoo")
    customer = Customer.objects.get()
    change_customer(book.caller(), customer=customer, version=customer.version, changes={"area": valley})
    add_user(book.caller(), email="a@x.example", name="Ann", role="administrator", password="correct horse battery")
    browser = Client()
    browser.force_login(User.objects.get())
    page = "/reports/at-a-glance/?to=2026-03-31"
    assert "R245.00" in browser.get(page).content.decode()
    assert "R245.00" in browser.get(f"{page}&area={valley.pk}").content.decode()
    assert "R245.00" not in browser.get(f"{page}&area={valley.pk + 1}").content.decode()
    assert browser.get(f"{page}&area=nonsense").status_code == 200
    text = browser.get(f"{page}&area={valley.pk}&format=csv").content.decode("utf-8-sig")
    assert text.splitlines()[-1].startswith("2026-03-31")


@given(st.lists(st.integers(-(10**12), 10**12), min_size=2, max_size=60))
def test_bars_stay_within_the_drawing_and_keep_their_order(values: list[int]) -> None:
    drawn = Chart("Figures", [Bar(str(place), value, "") for place, value in enumerate(values)]).drawn
    assert len(drawn) == len(values)
    for one in drawn:
        assert one.y >= 0
        assert one.y + one.height <= HEIGHT + 0.2
        assert 0 <= one.x <= one.x + one.width <= WIDTH
    heights = sorted(zip(values, drawn, strict=True), key=lambda pair: abs(pair[0]))
    for (_, smaller), (_, taller) in zip(heights, heights[1:], strict=False):
        assert smaller.height <= taller.height
    assert sum(one.is_last for one in drawn) == 1
    assert drawn[-1].label == str(len(values) - 1)
