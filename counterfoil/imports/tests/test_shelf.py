"""Records wait on disk in their order, each key once, whatever characters they have."""

from __future__ import annotations

import datetime as dt

from counterfoil.imports.rules import Record
from counterfoil.imports.shelf import Shelf


def test_a_key_is_there_once_and_its_record_can_be_replaced_and_dropped() -> None:
    shelf = Shelf()
    first, again = Record(2, "I1", {"amount": 5}, {"rows": [2]}), Record(3, "I1", {"amount": 7})
    assert shelf.put("invoices", first) is None
    assert shelf.put("receipts", again) is None
    found = shelf.put("invoices", again)
    assert found == first
    assert found is not first
    found.more["rows"].append(3)
    shelf.replace("invoices", found)
    assert [record.rows for record in shelf.records("invoices")] == [[2, 3]]
    shelf.drop("invoices", "I1")
    assert shelf.get("invoices", "I1") is None
    assert [record.row for record in shelf.records("receipts")] == [3]


def test_records_come_back_by_what_orders_them_and_then_by_their_rows() -> None:
    shelf = Shelf()
    for row, day in ((2, "2026-03-02"), (3, "2026-03-01"), (11, "2026-03-01"), (10, "2026-03-01")):
        shelf.put("receipts", Record(row, str(row), {}), dt.date.fromisoformat(day))
    for row in range(1200, 0, -1):
        shelf.put("invoices", Record(row, str(row), {}))
    assert [record.row for record in shelf.records("receipts")] == [3, 10, 11, 2]
    assert [record.row for record in shelf.records("invoices")] == list(range(1, 1201))


def test_characters_that_are_none_are_kept_as_they_are() -> None:
    shelf = Shelf()
    strange = Record(2, "\ud800", {"customer": "\x00\ud800"})
    assert shelf.put("services", strange, "\ud800") is None
    assert list(shelf.records("services")) == [strange]
