"""What a line settles: references as people write them, and what is left to a person."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from counterfoil.bank.readers.statement import Line, Part
from counterfoil.bank.rules import Book, Match, Open, Share, match

DAY = dt.date(2026, 3, 2)
BOOK = Book.of(
    [
        Open("INV-2026-00001", "C1001", DAY, 10000),
        Open("INV-2026-00002", "C1001", DAY, 20000),
        Open("INV-2026-00003", "C1002", DAY, 10000),
        Open("INV-000044", "C1003", DAY, 7500),
    ],
    {"NL91 ABNA 0417 1643 00": "C1002", "M-7": "C1003", "DE02120300000000202051": "C1001"},
)


def found(minor: int, details: str = "", **more: str) -> Match:
    return match(Line(DAY, minor, details=details, **more), BOOK)


def shares(one: Match) -> list[tuple[str, int]]:
    return [(share.number or share.customer, share.minor) for share in one.shares]


@pytest.mark.parametrize(
    "text",
    ["INV-2026-00001", "inv202600001", "INV–2026–00001", "Rechnung 2026/00001 danke", "betr: 202600001 / klant",
     "INV 2026 00001", "invoice:INV.2026.00001.", "CF 9 INV-2026-00001"],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    one = found(10000, text)
    assert (one.sure, shares(one)) == (True, [("INV-2026-00001", 10000)])


def test_several_a_part_and_too_much() -> None:
    assert shares(found(30000, "INV-2026-00001 + 00002")) == [("INV-2026-00001", 10000), ("INV-2026-00002", 20000)]
    part = found(15000, "INV-2026-00001 + 00002")
    assert shares(part) == [("INV-2026-00001", 10000), ("INV-2026-00002", 5000)]
    assert part.reason.endswith("; a part of what is open")
    more = found(12000, "INV-2026-00001")
    assert shares(more) == [("INV-2026-00001", 10000), ("C1001", 2000)]
    assert more.reason.endswith("; more than is open")


def test_invoices_of_several_customers_are_sure_in_full_alone() -> None:
    full = found(20000, "INV-2026-00001 and INV-2026-00003")
    assert (full.sure, shares(full)) == (True, [("INV-2026-00001", 10000), ("INV-2026-00003", 10000)])
    for minor in (10000, 20001):
        assert found(minor, "INV-2026-00001 and INV-2026-00003").how == "suggested"
    part = found(15000, "INV-2026-00001 and INV-2026-00003")
    assert (part.how, part.reason.endswith("; a part of what is open, of several customers")) == ("suggested", True)


def test_few_digits_are_a_number_with_its_amount_alone() -> None:
    assert shares(found(7500, "bill 000044")) == [("INV-000044", 7500)]
    assert found(7400, "bill 000044") == Match()
    assert not found(500, "PO 2026-00001", account="NL91ABNA0417164300").shares[0].number
    # With its letters it is whole, whatever the amount.
    assert shares(found(7400, "INV 000044")) == [("INV-000044", 7400)]


def test_a_reference_beats_the_account_that_pays() -> None:
    one = found(10000, "for my neighbour INV-2026-00001", account="NL91ABNA0417164300")
    assert shares(one) == [("INV-2026-00001", 10000)]


def test_a_known_account_pays_the_one_invoice_of_that_amount() -> None:
    assert shares(found(10000, account="NL91ABNA0417164300")) == [("INV-2026-00003", 10000)]
    assert shares(found(30000, account="DE02120300000000202051")) == [
        ("INV-2026-00001", 10000), ("INV-2026-00002", 20000),
    ]  # fmt: skip
    rest = found(999, account="NL91ABNA0417164300")
    assert (rest.sure, rest.shares) == (True, (Share("C1002", 999),))
    assert shares(found(7500, mandate="M-7")) == [("INV-000044", 7500)]
    assert shares(found(123, "account C1003 please")) == [("C1003", 123)]


def test_what_two_could_owe_is_left_to_a_person() -> None:
    one = found(10000, "internet")
    assert (one.sure, one.shares, one.reason) == (False, (), "2 open invoices are of that amount")
    only = found(20000, "internet")
    assert (only.how, shares(only)) == ("suggested", [("INV-2026-00002", 20000)])
    assert found(-20000, "INV-2026-00002") == Match()


def test_a_collection_is_sure_where_each_of_it_is() -> None:
    parts = (Part(10000, end_to_end="DD-INV-2026-00001"), Part(7500, mandate="M-7"))
    assert shares(match(Line(DAY, 17500, parts=parts), BOOK)) == [("INV-2026-00001", 10000), ("INV-000044", 7500)]
    some = match(Line(DAY, 17499, parts=(parts[0], Part(7499))), BOOK)
    assert (some.how, shares(some)) == ("suggested", [("INV-2026-00001", 10000)])
    twice = (Part(6000, end_to_end="INV-2026-00001"), Part(6000, end_to_end="INV-2026-00001"))
    assert match(Line(DAY, 12000, parts=twice), BOOK).shares == ()
    assert match(Line(DAY, 1, parts=parts), BOOK).reason == "Its payments do not come to its amount."


@pytest.mark.parametrize("seed", range(3))
def test_a_match_is_never_more_than_the_line_nor_than_what_is_open(seed: int) -> None:
    rng = random.Random(seed)
    items = [Open(f"INV-2026-{n:05}", f"C{rng.randrange(30):04}", DAY, rng.randrange(1, 500)) for n in range(60)]
    book = Book.of(items, {f"ACC{n}": f"C{n:04}" for n in range(30)})
    for _ in range(2000):
        item = rng.choice(items)
        text = " ".join(rng.choice([item.number, item.number[-5:], item.customer, "thanks", "2026"]) for _ in range(3))
        line = Line(DAY, rng.randrange(1, 600), details=text, account=rng.choice(["", f"ACC{rng.randrange(40)}"]))
        one = match(line, book)
        assert sum(share.minor for share in one.shares) in (line.amount_minor, 0)
        numbers = [share.number for share in one.shares if share.number]
        assert len(set(numbers)) == len(numbers)
        assert all(0 < share.minor <= book.items[share.number].open_minor for share in one.shares if share.number)
        assert one.shares or not one.sure


def test_a_thousand_customers_who_owe_the_same_are_settled_one_by_one() -> None:
    book = Book.of(Open(f"INV-{number:06d}", f"C{number}", DAY, 2995) for number in range(100_000, 101_000))
    for number in range(100_000, 101_000):
        one = match(Line(DAY, 2995, details=f"inv {number}"), book)
        assert shares(one) == [(f"INV-{number}", 2995)]
        book.settle(one)
    assert match(Line(DAY, 2995), book) == Match()
    assert (book.items, any(book.by_amount.values()), any(book.by_customer.values())) == ({}, False, False)


def test_a_part_leaves_the_rest_open_for_the_next_line() -> None:
    book = Book.of([Open("INV-000044", "C1003", DAY, 7500)])
    book.settle(match(Line(DAY, 5000, details="INV-000044"), book))
    assert (
        list(book.by_amount[2500].values())
        == list(book.by_customer["C1003"].values())
        == [Open("INV-000044", "C1003", DAY, 2500)]
    )
    assert shares(match(Line(DAY, 2500, details="INV-000044"), book)) == [("INV-000044", 2500)]
