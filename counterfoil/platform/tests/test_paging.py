"""Lists longer than anybody counts: every row is on one page, whichever way one walks, and no page reads all rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import save_custom_field, set_custom_values
from counterfoil.customers.queries import visible, with_custom_values
from counterfoil.desk.tables import customers_table, listed_fields
from counterfoil.operator.operations import add_area
from counterfoil.platform import paging, write_guard
from counterfoil.platform.exports import to_csv
from counterfoil.platform.jobs import start_job
from counterfoil.platform.models import Job
from counterfoil.platform.tables import Column, Filter, Listing, Table
from counterfoil.receivables.lists import with_figures
from counterfoil.testing.world import World

# The rows of the lists are written by hand.
pytestmark = pytest.mark.books_are_broken_on_purpose

TABLE = Table(
    key="jobs",
    title="Jobs",
    columns=(
        Column("title", "Job", lambda row: row.title, sort="title"),
        Column("kind", "Kind", lambda row: row.kind, sort="kind"),
        Column("at", "At", lambda row: row.started_at, "when", sort="started_at"),
        Column("done", "Done", lambda row: row.done, "number", sort="done", total=True),
    ),
    filters=(Filter("kind", "Kind", lambda: [("b", "B")], lambda rows, value: rows.filter(kind=value)),),
    order="title",
    page_size=2,
)


@pytest.fixture
def jobs(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Eleven of two kinds, some begun on the same day, some never; lists are counted up to four."""
    monkeypatch.setattr(paging, "MOST_COUNTED", 4)
    names = [f"Job {letter}" for letter in "abcdefghijk"]
    for place, name in enumerate(names):
        row = start_job(replace(world.system(), at=world.now), kind="export", title=name, arguments={})
        with write_guard.writing():
            begun = dt.datetime(2026, 1, 1 + place // 3, tzinfo=dt.UTC) if place % 4 else None
            Job.objects.filter(pk=row.pk).update(kind="ab"[place % 2], started_at=begun, done=place // 2)
    return names


def listing(**params: str) -> Listing:
    return TABLE.listing(Job.objects.all(), params, "/jobs/")


def titles(found: Listing) -> list[str]:
    return [line.cells[0].text for line in found.lines]


def walk(found: Listing, step: str) -> list[list[str]]:
    """The pages from one on, by the link of that name, until there is none."""
    pages = [titles(found)]
    while link := {label: href for label, href, _ in found.pages}.get(step):
        assert len(pages) < 20, "walks in a circle"
        found = listing(**dict(parse_qsl(link.partition("?")[2])))
        pages.append(titles(found))
    return pages


def test_pages_have_numbers_as_far_as_the_list_is_counted(jobs: list[str]) -> None:
    first = listing()
    assert [label for label, _, _ in first.pages] == ["1", "2", "Next", "Last"]
    assert (first.page, first.page_count, first.shown) == (1, 2, "1 to 2 of more than 4")
    assert first.count_text == "more than 4"
    assert first.exact_count == 11
    second = listing(page="2")
    assert (titles(second), second.shown) == (["Job c", "Job d"], "3 to 4 of more than 4")
    assert [said for _, _, said in second.pages] == ["Page 1", "Page 2", "Next page", "Last page"]
    # What has no number is reached from the last page that has one.
    assert titles(listing(page="99")) == ["Job c", "Job d"]
    assert dict(parse_qsl(second.pages[2][1].partition("?")[2])) == {"after": str(Job.objects.get(title="Job d").pk)}
    last = listing(page="last")
    assert (titles(last), last.page, last.shown) == (["Job j", "Job k"], 0, "2 of more than 4")
    assert [label for label, _, _ in last.pages] == ["First", "Previous"]


@pytest.mark.parametrize("sort", ["title", "-title", "kind", "-kind", "at", "-at", "done", "-done"])
@pytest.mark.parametrize("kind", ["", "b"])
def test_every_row_is_on_one_page_whichever_way_one_walks(jobs: list[str], sort: str, kind: str) -> None:
    whole = [row.title for row in listing(sort=sort, kind=kind).all_rows()]
    assert len(whole) == (5 if kind else 11)
    onward = walk(listing(sort=sort, kind=kind), "Next")
    assert [name for page in onward for name in page] == whole
    assert all(len(page) == 2 for page in onward[:-1])
    back = walk(listing(sort=sort, kind=kind, page="last"), "Previous")
    assert [name for page in reversed(back[:-1]) for name in page] == whole[-2 * (len(back) - 1) :]
    assert back[-1] == whole[:2]  # what is left at the beginning is the first page, as long as any


def test_a_place_stands_while_the_list_is_narrowed_and_outlives_its_row(jobs: list[str]) -> None:
    middle = Job.objects.get(title="Job e")
    assert titles(listing(after=str(middle.pk))) == ["Job f", "Job g"]
    assert titles(listing(after=str(middle.pk), kind="b")) == ["Job f", "Job h"]  # e itself is none of them
    last = Job.objects.get(title="Job k")
    assert titles(listing(after=str(last.pk))) == ["Job j", "Job k"]  # nothing follows: the last page
    for nonsense in ("x", "-1", "9" * 30, "99999999", "²"):
        assert titles(listing(after=nonsense)) == ["Job a", "Job b"]
        assert titles(listing(before=nonsense)) == ["Job a", "Job b"]


def test_other_links_leave_the_place_and_an_export_has_every_row(jobs: list[str]) -> None:
    found = listing(after=str(Job.objects.get(title="Job e").pk), sort="-done")
    assert found.link(kind="b") == "/jobs/?sort=-done&kind=b"
    assert found.query == "sort=-done"
    assert len(to_csv(found).decode().strip().splitlines()) == 12
    assert found.totals == []  # a sum over all of a long list is no part of a page of it
    assert [cell.text for cell in listing(kind="b").totals] == []


def test_no_page_counts_all_rows_or_skips_many(jobs: list[str]) -> None:
    place = str(Job.objects.get(title="Job g").pk)
    for params in ({}, {"page": "2"}, {"page": "last"}, {"after": place}, {"before": place}):
        with CaptureQueriesContext(connection) as seen:
            found = listing(**params)
            assert titles(found)
            assert found.shown
            assert found.pages
        for query in seen.captured_queries:
            sql = query["sql"]
            assert "COUNT(" not in sql or "LIMIT 5" in sql, sql
            assert "OFFSET" not in sql or "OFFSET 2" in sql, sql


def test_rows_by_a_name_elsewhere_are_read_one_name_after_the_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", 4)
    areas = [add_area(world.caller(), name=name) for name in ("West", "East", "North")]
    places = [areas[0], None, areas[1], areas[0], areas[1], None, areas[0], areas[1]]
    for letter, area in zip("abcdefgh", places, strict=True):
        world.customer(f"Customer {letter}", area_id=area and area.pk)
    rows = visible(world.clerk)
    table = replace(customers_table(world.nobody), page_size=2)
    for sort, expected in (("area", "cehadgbf"), ("-area", "gdahecfb")):
        found = table.listing(rows, {"sort": sort}, "/customers/")
        # Within a name by key, the other way round when descending; those of no area come last both ways.
        assert [row.name[-1] for row in found.all_rows()] == list(expected)
        seen = titles(found)
        for page in ("2", "3"):
            numbered = table.listing(rows, {"sort": sort, "page": page}, "/customers/")
            assert titles(numbered) == [f"Customer {letter}" for letter in expected[2:4]]  # 3 has no number
        while link := {label: href for label, href, _ in found.pages}.get("Next"):
            found = table.listing(rows, dict(parse_qsl(link.partition("?")[2])), "/customers/")
            seen += titles(found)
        assert seen == [f"Customer {letter}" for letter in expected]
        found = table.listing(rows, {"sort": sort, "page": "last"}, "/customers/")
        back = titles(found)
        while link := {label: href for label, href, _ in found.pages}.get("Previous"):
            found = table.listing(rows, dict(parse_qsl(link.partition("?")[2])), "/customers/")
            back = titles(found) + back
        assert back == [f"Customer {letter}" for letter in expected]


def test_customers_by_what_they_owe_and_by_a_field_of_ones_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", 4)
    field = save_custom_field(world.clerk, label="Mast height", kind="number")
    owed = {
        "Anna": "30.00",
        "Bert": "",
        "Cora": "20.00",
        "Dina": "30.00",
        "Egon": "",
        "Fritz": "9.50",
        "Gerd": "100.00",
    }
    for place, (name, amount) in enumerate(owed.items()):
        row = world.customer(name)
        if amount:
            world.invoice(row, amount, on="2026-01-01")
        if place % 2:
            set_custom_values(world.clerk, customer=row, values={field.key: str(place * 3.5)})
    fields = listed_fields()
    rows = with_custom_values(with_figures(visible(world.clerk), world.today), fields)
    table = replace(customers_table(world.clerk, fields), page_size=2)
    for sort in ("balance", "-balance", "overdue", "-overdue", "field-mast-height", "-field-mast-height", "-joined_on"):
        found = table.listing(rows, {"sort": sort}, "/customers/", today=world.today)
        whole = [row.name for row in found.all_rows()]
        assert sorted(whole) == sorted(owed)
        seen = titles(found)
        while link := {label: href for label, href, _ in found.pages}.get("Next"):
            found = table.listing(rows, dict(parse_qsl(link.partition("?")[2])), "/customers/", today=world.today)
            seen += titles(found)
        assert seen == whole, sort
    balances = [row.balance_minor for row in table.listing(rows, {"sort": "-balance"}, "/customers/").all_rows()]
    assert balances == [10_000, 3_000, 3_000, 2_000, 950, 0, 0]
    assert Customer.objects.count() == 7
