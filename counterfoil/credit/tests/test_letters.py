"""Letters and letter sets: what a set may be, and what a switched-off letter means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.credit import doors, queries
from counterfoil.credit.models import LetterLine
from counterfoil.credit.operations import LineGiven, add_letter, change_letter, save_letter_set, set_up_credit
from counterfoil.credit.rules import Range, check_ranges
from counterfoil.kernel.errors import Refused
from counterfoil.testing.world import World, counts


def refusal(*ranges: tuple[int, int | None], staged: bool = False) -> tuple[str, str | None]:
    try:
        check_ranges([Range(*row) for row in ranges], staged=staged)
    except Refused as refused:
        return refused.code, refused.field
    return "", None


def test_a_set_leaves_nothing_out_and_says_nothing_twice() -> None:
    assert refusal() == ("no_letters", "lines")
    assert refusal((1, 30), (31, None)) == ("", None)
    assert refusal((10, 30)) == ("", None)
    assert refusal((1, 30), (32, None)) == ("letters_gap", "lines.2.first")
    assert refusal((1, 30), (30, None)) == ("letters_overlap", "lines.2.first")
    assert refusal((1, None), (31, None)) == ("letters_overlap", "lines.1.last")
    assert refusal((1, 5), (6, 5)) == ("letter_backwards", "lines.2.last")
    assert refusal((0, 5)) == ("absurd_days", "lines.1.first")
    assert refusal((2, 5), staged=True) == ("letters_gap", "lines.1.first")
    assert refusal(*[(n, n) for n in range(1, 14)]) == ("too_many_letters", "lines")


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=5))
def test_what_is_not_refused_has_each_day_once(rows: list[tuple[int, int]]) -> None:
    if refusal(*rows) != ("", None):
        return
    days = [day for first, last in rows for day in range(first, last + 1)]
    assert days == list(range(rows[0][0], rows[-1][1] + 1))


def test_the_delivered_set_has_three_letters_of_rising_severity(world: World) -> None:
    (standard,) = queries.letter_sets()
    lines = [(line.letter.name, line.letter.severity, line.first, line.last) for line in standard.lines.all()]
    assert lines == [
        ("STANDARD1", "reminder", 1, 30), ("STANDARD2", "firm", 31, 60), ("STANDARD3", "final", 61, None),
    ]  # fmt: skip
    assert standard.in_sequence


def test_what_the_owner_made_of_the_delivered_set_stays(world: World) -> None:
    (standard,) = queries.letter_sets()
    one, *_ = queries.letters()
    save_letter_set(world.caller(), name="STANDARD", letter_set=standard, lines=[LineGiven(one, 1)])
    before = counts()
    set_up_credit(world.system())
    (standard,) = queries.letter_sets()
    assert (standard.in_sequence, standard.lines.count(), counts()) == (False, 1, before)


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"method": "staged", "resend_last": True}, "staged_resends_nothing", "resend_last"),
        ({"lines": []}, "no_letters", "lines"),
        ({"name": "standard"}, "taken", "name"),
        ({"method": "monthly"}, "unknown_choice", "method"),
    ],
)
def test_a_set_that_cannot_be_is_refused(world: World, more: dict[str, Any], code: str, field: str) -> None:
    before = counts()
    lines = [LineGiven(queries.letters()[0], 1)]
    with pytest.raises(Refused) as refused:
        save_letter_set(world.caller(), **{"name": "Mine", "lines": lines, **more})
    assert (refused.value.code, refused.value.field) == (code, field)
    assert counts() == before


def test_a_letter_in_use_that_is_switched_off_warns(world: World) -> None:
    first, *_ = queries.letters()
    assert queries.sets_with(first) == ["STANDARD"]
    said = doors.CHANGE_LETTER.done(change_letter(world.caller(), letter=first, changes={"active": False}), first)
    assert said == ("STANDARD1 is switched off and still in STANDARD: customers it would go to are held back.")
    with pytest.raises(Refused) as refused:
        save_letter_set(world.caller(), name="Mine", lines=[LineGiven(queries.letters()[0], 1)])
    assert (refused.value.code, refused.value.field) == ("switched_off", "lines.1.letter")
    # A new letter is in no set, and nobody is warned.
    other = add_letter(world.caller(), name="Other", subject="Late", text="{items}")
    said = doors.CHANGE_LETTER.done(change_letter(world.caller(), letter=other, changes={"active": False}), other)
    assert said == "Other saved."


def test_a_set_is_saved_anew_with_exactly_its_letters(world: World) -> None:
    one, two, three = queries.letters()
    made = save_letter_set(world.caller(), name="Mine", lines=[LineGiven(one, 1, 5), LineGiven(two, 6)])
    save_letter_set(
        world.caller(), name="Ours", letter_set=made, method="staged",
        lines=[LineGiven(one, 1, 1), LineGiven(three, 2, 2, min_days=10, fee_minor=2500)],
    )  # fmt: skip
    assert [row.name for row in queries.letter_sets()] == ["Ours", "STANDARD"]
    lines = LetterLine.objects.filter(set=made).values_list("letter__name", "first", "last", "min_days", "fee_minor")
    assert list(lines) == [("STANDARD1", 1, 1, 0, 0), ("STANDARD3", 2, 2, 10, 2500)]


def test_a_letter_fills_in_only_what_there_is(world: World) -> None:
    before = counts()
    with pytest.raises(Refused, match=r"Did you mean \{amount_due\}\?"):
        add_letter(world.caller(), name="Mine", subject="Pay {amount_due}", text="Pay {amount_du} now.")
    with pytest.raises(Refused, match="The text is missing"):
        change_letter(world.caller(), letter=queries.letters()[0], changes={"text": " "})
    assert counts() == before
