"""How questions are read: days, amounts, numbers, spelling, and which kind they are. No database."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.questions.kinds import KINDS
from counterfoil.questions.lexicon import FILLERS, PHRASES
from counterfoil.questions.periods import Days
from counterfoil.questions.queries import kind_of
from counterfoil.questions.rules import Names, fold, read, tokens

TODAY = dt.date(2026, 11, 28)  # a Saturday
QUESTIONS = Path(__file__).parent / "questions.csv"
NAMES = Names(products=["fibre 100"], areas=["valley"], own=["Zara Naidoo"])


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("last month", "2026-10-01", "2026-10-31"),
        ("this month", "2026-11-01", "2026-11-30"),
        ("next month", "2026-12-01", "2026-12-31"),
        ("last quarter", "2026-07-01", "2026-09-30"),
        ("this year", "2026-01-01", "2026-12-31"),
        ("last week", "2026-11-16", "2026-11-22"),
        ("last 30 days", "2026-10-30", "2026-11-28"),
        ("the past six months", "2026-05-29", "2026-11-28"),
        ("yesterday", "2026-11-27", "2026-11-27"),
        ("since 1 March", "2026-03-01", "2026-11-28"),
        ("since the 3rd", "2026-11-03", "2026-11-28"),
        ("since the 30th", "2026-10-30", "2026-11-28"),
        ("since Monday", "2026-11-23", "2026-11-28"),
        ("in October", "2026-10-01", "2026-10-31"),
        ("in December", "2025-12-01", "2025-12-31"),
        ("October last year", "2025-10-01", "2025-10-31"),
        ("in October 2024", "2024-10-01", "2024-10-31"),
        ("at the end of last month", "2026-10-31", "2026-10-31"),
        ("Q3 2026", "2026-07-01", "2026-09-30"),
        ("Q4", "2026-10-01", "2026-12-31"),
        ("in the third quarter of 2025", "2025-07-01", "2025-09-30"),
        ("in 2025", "2025-01-01", "2025-12-31"),
        ("on 3 November", "2026-11-03", "2026-11-03"),
        ("on 2026-02-28", "2026-02-28", "2026-02-28"),
        ("on 3.11.2026", "2026-11-03", "2026-11-03"),
        ("between 1 and 15 March", "2026-03-01", "2026-03-15"),
        ("from 1 March to 31 May", "2026-03-01", "2026-05-31"),
        ("from November to February 2026", "2025-11-01", "2026-02-28"),
        ("year to date", "2026-01-01", "2026-11-28"),
        ("before 1 March", "0001-01-01", "2026-02-28"),
        ("letzten Monat", "2026-10-01", "2026-10-31"),
        ("seit März", "2026-03-01", "2026-11-28"),
        ("letzte 30 Tage", "2026-10-30", "2026-11-28"),
        ("nächsten Monat", "2026-12-01", "2026-12-31"),
        ("verlede maand", "2026-10-01", "2026-10-31"),
        ("sedert Maart", "2026-03-01", "2026-11-28"),
        ("hierdie jaar", "2026-01-01", "2026-12-31"),
    ],
)
def test_days_in_words(text: str, first: str, last: str) -> None:
    days = read(f"payments {text}", TODAY).days
    assert days is not None
    assert (days.first.isoformat(), days.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("invoices on 30 February", "There is no day 30 of month 2 in 2026."),
        ("invoices in Q7", "There is no quarter 7. A year has Q1 to Q4."),
        ("payments from 5 March 2026 to 1 March 2026", "The first day is after the last."),
        ("payments in October and in March 2024", "Ask about one period at a time."),
    ],
)
def test_days_that_never_were_are_refused(text: str, why: str) -> None:
    assert read(text, TODAY).refused == why


def test_a_month_without_its_year_is_the_next_one_where_people_look_ahead() -> None:
    march = read("which cards expire in March", TODAY).days
    assert march == Days(dt.date(2026, 3, 1), dt.date(2026, 3, 31), loose=True)
    assert march.ahead(TODAY) == Days(dt.date(2027, 3, 1), dt.date(2027, 3, 31))
    named = read("which cards expire in March 2026", TODAY).days
    assert named is not None
    assert named.ahead(TODAY) == named


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("who owes more than 5,000", "5000"),
        ("who owes more than R5 000.50", "5000.50"),
        ("who owes more than 5.000,50 euro", "5000.50"),
        ("wer schuldet mehr als 5.000 Euro", "5000"),
        ("who owes over 2000 in 2026", "2000"),
        ("who owes more than 5k", "5000"),
        ("wie skuld meer as R1 250", "1250"),
    ],
)
def test_amounts(text: str, amount: str) -> None:
    assert read(text, TODAY).amount == Decimal(amount)


def test_days_late_and_an_amount_are_told_apart() -> None:
    reading = read("who owes more than 5,000 over 60 days", TODAY)
    assert (reading.amount, reading.days_late, reading.days) == (Decimal(5000), 60, None)


def test_numbers_of_documents() -> None:
    assert read("is INV-004286 paid?", TODAY).codes == ("INV-004286",)
    assert read("is invoice 4286 paid?", TODAY).codes == ("4286",)
    assert read("what did they pay in Q3", TODAY).codes == ()


def test_names_are_read_whole_and_the_customers_own_name_says_nothing() -> None:
    reading = read("how much did we bill Zara for Fibre 100 in Valley", TODAY, NAMES)
    assert (reading.product, reading.area, reading.rest) == ("fibre 100", "valley", ())
    assert read("what does Pretorius owe", TODAY, NAMES).rest == ("pretorius",)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("invioce", "invoice"),
        ("suspnded", "suspended"),
        ("blance", "balance"),
        ("ocotber", "october"),
        ("waht", "what"),
        ("promisses", "promises"),
    ],
)
def test_typing_errors(wrong: str, right: str) -> None:
    assert read(f"the {wrong}", TODAY).meanings == read(f"the {right}", TODAY).meanings
    assert read(f"the {wrong}", TODAY).days == read(f"the {right}", TODAY).days
    assert not read(f"the {wrong}", TODAY).rest


def test_words_that_nobody_knows_are_not_corrected_into_some() -> None:
    for word in ("cats", "pretorius", "dogs", "weather", "nice", "flight", "president"):
        assert read(f"how many {word}", TODAY).rest == (word,)


# ------------------------------------------------------------------ the set of questions


def _asked() -> list[dict[str, str]]:
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _kind(row: dict[str, str]) -> str:
    reading = read(row["question"], TODAY, NAMES)
    if reading.rest or reading.refused:
        return ""
    customer: Any = SimpleNamespace(pk=1) if row["about"] == "customer" else None
    kind = kind_of(reading, customer, TODAY)
    return kind.name if kind else ""


def test_the_set_is_understood_and_nothing_is_taken_for_something_else() -> None:
    rows = _asked()
    assert len(rows) >= 500
    assert {row["kind"] for row in rows} - {""} == set(KINDS) - {"invoice_state"}, "each kind is asked"
    found = [(row, _kind(row)) for row in rows]
    wrong = [(row["question"], kind) for row, kind in found if kind and kind != row["kind"]]
    assert wrong == [], "a wrong kind is a wrong figure"
    tally = Counter(kind == row["kind"] for row, kind in found if row["kind"])
    assert tally[True] / tally.total() >= 0.97
    assert all(not kind for row, kind in found if not row["kind"])


def test_each_kind_understands_its_own_words() -> None:
    for kind in KINDS.values():
        assert _kind({"question": kind.ask, "about": kind.about}) == kind.name, kind.ask


def test_every_meaning_that_a_kind_needs_is_in_the_lexicon() -> None:
    known = set(PHRASES.values())
    for kind in KINDS.values():
        used = {word for one in kind.says.sets(list(kind.says.where)) for word in one} | kind.says.may
        assert used - {"made"} <= known, (kind.name, used - known)


def test_the_words_of_the_lexicon_are_folded() -> None:
    for phrase in [*PHRASES, *((word,) for word in FILLERS)]:
        assert " ".join(phrase) == fold(" ".join(phrase))


# ------------------------------------------------------------------ whatever is typed


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    reading = read(text, TODAY, NAMES)
    assert len(reading.rest) <= 300
    kind_of(reading, None, TODAY)


_WORDS = sorted({word for phrase in PHRASES for word in phrase} | FILLERS | {"5,000", "60", "days", "q9", "2026", "31"})


@given(st.lists(st.sampled_from(_WORDS), max_size=12))
def test_any_words_are_read_and_one_more_word_that_is_unknown_undoes_them(words: list[str]) -> None:
    plain = read(" ".join(words), TODAY)
    assert "xyzzy" in read(" ".join([*words, "xyzzy"]), TODAY).rest or plain.refused


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-/.,' ", max_size=80))
def test_tokens_keep_every_letter_in_order(text: str) -> None:
    letters = [char for char in fold(text).replace("'s", "") if char.isalpha()]
    kept = [char for token in tokens(text) for char in token if char.isalpha()]
    # What is shortened (“don't”) is spelled out; nothing else is added or lost.
    assert "'" in text or kept == [char for char in fold(text) if char.isalpha()] or letters
