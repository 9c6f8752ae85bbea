"""The selection of 18 rules: each reason for leaving somebody out, each way a letter is chosen, on exact days."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from counterfoil.credit.rules import EffectiveTerms
from counterfoil.dunning.rules import Dunned, Left, Letters, Line, Open, Sent, decide

DAY = dt.date(2026, 6, 30)
ONE, TWO, THREE = Line(1, "One", True, 1, 30), Line(2, "Two", True, 31, 60, 14), Line(3, "Three", True, 61, None, 14)
SET = Letters("STANDARD", (ONE, TWO, THREE), currency="ZAR")
STAGED = Letters(
    "Staged",
    (Line(1, "One", True, 1, 1), Line(2, "Two", True, 2, 2, 10), Line(3, "Three", True, 3, 3, 10)),
    staged=True,
)
TERMS = EffectiveTerms("DEFAULT", None, True, 1, 0, False, 30, False)


def late(days: int, minor: int = 100_00, number: str = "", **more: Any) -> Open:
    """An item that many days late on the day."""
    number = number or f"INV-{days:03}"
    return Open(DAY - dt.timedelta(days=days), number, days, minor, **more)


def ago(days: int) -> dt.date:
    return DAY - dt.timedelta(days=days)


def run(
    *items: Open, credit: int = 0, terms: EffectiveTerms = TERMS, letters: Letters | None = SET, **more: Any
) -> Any:
    return decide(sorted(items), credit, terms, letters, DAY, "ZAR", **more)


def said(*items: Open, **more: Any) -> str:
    found = run(*items, **more)
    return found.said if isinstance(found, Left) else f"{found.line.letter} {found.total_minor}"


def test_whoever_is_left_out_is_told_why() -> None:
    assert said(late(40), terms=replace(TERMS, send_dunning=False)) == "left out of dunning"
    assert said(late(40), letters=None) == "no letter set"
    assert said(late(0)) == "not overdue"
    assert said(late(-3)) == "not overdue"
    assert said(late(4), terms=replace(TERMS, receipt_grace_days=5)) == "within grace"
    assert said(late(40, disputed_minor=100_00)) == "in dispute"
    assert said(late(40, promised_on=DAY + dt.timedelta(days=2))) == "promised for 2 Jul"
    assert said(late(40), credit=100_00) == "in credit"
    assert said(late(40), late(-9), credit=100_00) == "covered by account credit"
    assert said(late(40), terms=replace(TERMS, min_dunning_minor=100_01)) == "under the minimum of R100.01"
    small = replace(TERMS, min_dunning_invoice_minor=100_00)
    assert said(late(40), terms=small) == "under the minimum of R100.00 an item"
    assert said(late(40), sent=Sent(DAY, {})) == "letter sent today"
    assert said(late(40), sent=Sent(DAY + dt.timedelta(days=1), {})) == "letter sent on 1 Jul"
    assert said(late(40), sent=Sent(ago(3), {1: ago(3)})) == "letter sent 3 days ago"
    assert said(late(40), sent=Sent(ago(1), {2: ago(1)})) == "letter sent 1 day ago"
    gap = replace(SET, lines=(ONE, TWO))
    assert said(late(90), letters=gap) == "no letter for 90 days"


def test_only_what_somebody_has_to_do_is_held() -> None:
    off = replace(SET, lines=(ONE, TWO._replace(active=False), THREE))
    assert run(late(40), letters=off) == Left("letter_off", "Two is switched off", held=True)
    assert run(late(90), letters=replace(SET, lines=(ONE, TWO))).held
    assert not run(late(40), credit=100_00).held


@pytest.mark.parametrize(("days", "grace", "expected"), [
    (0, 0, "not overdue"), (1, 0, "One 10000"), (5, 5, "within grace"), (6, 5, "One 10000"),
    (30, 0, "One 10000"), (31, 0, "Two 10000"), (35, 5, "One 10000"), (36, 5, "Two 10000"), (61, 0, "Three 10000"),
])  # fmt: skip
def test_the_boundary_is_strict_and_days_count_after_grace(days: int, grace: int, expected: str) -> None:
    assert said(late(days), terms=replace(TERMS, receipt_grace_days=grace)) == expected
    # A set that allows no grace counts from the due date.
    strict = said(
        late(days), terms=replace(TERMS, receipt_grace_days=grace), letters=replace(SET, use_grace_days=False)
    )
    assert strict == said(late(days))


def test_the_oldest_item_that_qualifies_decides() -> None:
    small = replace(TERMS, min_dunning_invoice_minor=50_00)
    # Equal to the minimum is not above it.
    assert said(late(90, 50_00), late(10, 50_01), terms=small) == "One 5001"
    assert said(late(90, 50_01), late(10, 50_01), terms=small) == "Three 10002"
    found = run(late(90, 50_00), late(10, 50_01), late(-5), terms=small)
    assert [item.number for item in found.items] == ["INV-010"]


def test_credit_decides_whether_and_equality_qualifies() -> None:
    terms = replace(TERMS, min_dunning_minor=60_00)
    assert said(late(10), credit=40_00, terms=terms) == "One 6000"
    assert said(late(10), credit=40_01, terms=terms) == "under the minimum of R60.00"
    # What is not on the letter is still asked for in full.
    assert said(late(10), credit=40_00, letters=replace(SET, include_unapplied=False)) == "One 10000"


def test_the_disputed_part_is_left_out_and_the_rest_is_not() -> None:
    item = late(40, 100_00, disputed_minor=30_00)
    assert said(item) == "Two 7000"
    assert said(item, letters=replace(SET, dun_disputed=True)) == "Two 10000"
    assert said(late(90, disputed_minor=100_00), late(10)) == "One 10000"


def test_a_promise_holds_its_item_until_its_day() -> None:
    for days, expected in ((0, "promised for 30 Jun"), (1, "promised for 1 Jul"), (-1, "Two 10000")):
        assert said(late(40, promised_on=DAY + dt.timedelta(days=days))) == expected
    assert said(late(90, promised_on=DAY), late(10)) == "One 10000"


def test_an_item_has_its_days_and_what_is_in_dispute_of_it() -> None:
    found = run(late(40, 100_00, disputed_minor=30_00), late(12, 5_00))
    assert isinstance(found, Dunned)
    rows = [(row.number, row.days_late, row.open_minor, row.disputed_minor, row.level) for row in found.items]
    assert rows == [("INV-040", 40, 100_00, 30_00, 2), ("INV-012", 12, 5_00, 0, 2)]
    assert (found.line.letter, found.level, found.total_minor) == ("Two", 2, 75_00)


def test_a_letter_is_not_sent_twice_unless_the_set_says_so() -> None:
    had = Sent(ago(20), {1: ago(20)})
    assert said(late(25), sent=had) == "letter sent 20 days ago"
    assert said(late(35), sent=had) == "Two 10000"
    assert said(late(25), sent=had, letters=replace(SET, resend_last=True)) == "One 10000"
    # It was about what is paid by now: it is a new debt.
    assert said(late(25), sent=Sent(ago(20), {})) == "One 10000"


def test_one_after_the_other_whatever_the_days() -> None:
    letters = replace(SET, in_sequence=True)
    assert said(late(90), letters=letters) == "One 10000"
    assert said(late(90), letters=letters, sent=Sent(ago(20), {1: ago(20)})) == "Two 10000"
    assert said(late(90), letters=letters, sent=Sent(ago(13), {1: ago(20), 2: ago(13)})) == "letter sent 13 days ago"
    assert said(late(90), letters=letters, sent=Sent(ago(14), {1: ago(30), 2: ago(14)})) == "Three 10000"
    # The second is not due before its days.
    assert said(late(25), letters=letters, sent=Sent(ago(20), {1: ago(20)})) == "letter sent 20 days ago"
    every = Sent(ago(20), {1: ago(60), 2: ago(40), 3: ago(20)})
    assert said(late(90), letters=letters, sent=every) == "letter sent 20 days ago"
    assert said(late(90), letters=replace(letters, resend_last=True), sent=every) == "Three 10000"


def test_a_staged_level_rises_after_enough_days() -> None:
    def level(*items: Open) -> Any:
        found = run(*items, letters=STAGED, sent=Sent(ago(9), {}))
        return found.said if isinstance(found, Left) else (found.line.letter, [row.level for row in found.items])

    assert level(late(5)) == ("One", [1])
    assert level(late(90)) == ("One", [1])
    assert level(late(20, level=1, letter_on=ago(9))) == "letter sent 9 days ago"
    assert level(late(20, level=1, letter_on=ago(10))) == ("Two", [2])
    # A new item begins at one, the older stands at its own level until its days have passed.
    assert level(late(20, level=1, letter_on=ago(9)), late(3)) == ("One", [1, 1])
    assert level(late(40, level=2, letter_on=ago(10)), late(3)) == ("Three", [3, 1])
    assert level(late(40, level=3, letter_on=ago(50))) == "last letter sent 50 days ago"
    assert level(late(40, level=3, letter_on=ago(50)), late(3)) == ("One", [3, 1])
