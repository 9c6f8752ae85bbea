"""Settings of credit profiles: classes with their amounts, limits of charges, letters and letter sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.credit import doors, queries
from counterfoil.credit.models import ChargeLimit, Letter, LetterSet, LetterText, ProfileClass
from counterfoil.credit.nouns import CHARGE_LIMIT, CLASS_AMOUNTS, LETTER, LETTER_TEXT, PROFILE_CLASS
from counterfoil.credit.operations import save_letter_set
from counterfoil.credit.panels import of_row
from counterfoil.kernel.money import money_text
from counterfoil.operator.countries import COUNTRIES
from counterfoil.platform.callers import Caller
from counterfoil.platform.plain import Door, doors_of
from counterfoil.platform.requests import Request
from counterfoil.platform.showing import Noun
from counterfoil.platform.templatetags.counterfoil import plural


@dataclass(frozen=True)
class _Part:
    """A list on the page: its title, what is said of it, the button that adds, and its rows."""

    title: str
    note: str
    add: tuple[str, str] | None
    rows: list[dict[str, Any]]
    empty: str = ""

    @property
    def key(self) -> str:
        return self.title.lower().replace(" ", "-")


def _row(name: str, facts: str, links: list[tuple[str, str]], badges: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    return {"name": name, "facts": facts, "links": links, "badges": [badge for badge in badges if badge[0]]}


def _links(caller: Caller, noun: Noun[Any], row: Any) -> list[tuple[str, str]]:
    words = {"edit": "Edit", "words": "Words", "currency": "Add currency", "suspension": "Suspension days"}
    return [
        (words.get(one.slug, one.button), reverse(one.url_name, args=[row.pk]))
        for one in doors_of(noun)
        if one.is_offered(caller, row)
    ]


def _add(caller: Caller, one: Door) -> tuple[str, str] | None:
    return (one.title, reverse(one.url_name)) if caller.may(one.verb) else None


def _said(noun: Noun[Any], row: Any) -> str:
    return ". ".join(f"{label}: {value}" for label, value in of_row(noun, row)) or "No limits, no interest"


def _class(caller: Caller, row: ProfileClass) -> dict[str, Any]:
    held = plural(getattr(row, "held", 0), "profile")
    return _row(
        row.name, f"{held}. {_said(PROFILE_CLASS, row)}", _links(caller, PROFILE_CLASS, row),
        [("Default" if row.is_default else "", "ok"), ("" if row.active else "Not offered", "")],
    )  # fmt: skip


def _limit(caller: Caller, row: ChargeLimit) -> dict[str, Any]:
    interest = row.most_interest_percent
    said = [
        "No limit of interest" if interest is None else f"Interest up to {interest.normalize():f} % a year",
        "no limit of fees" if row.most_fee_minor is None else
        f"fees up to {money_text(row.most_fee_minor, row.currency)}",
    ]  # fmt: skip
    return _row(COUNTRIES[row.country].name, ", ".join(said), _links(caller, CHARGE_LIMIT, row))


def classes(request: Request) -> HttpResponse:
    """The classes, their amounts by currency, and the limits of what may be charged."""
    caller = request.caller
    caller.must("credit.view")
    parts = [
        _Part("Classes", "Customers without a profile have the default class.", _add(caller, doors.ADD_CLASS),
              [_class(caller, row) for row in queries.profile_classes()]),
        _Part("Amounts", "Of a class, by currency.", None,
              [_row(str(row), _said(CLASS_AMOUNTS, row), _links(caller, CLASS_AMOUNTS, row))
               for row in queries.class_amounts()],
              "None yet: no credit limit, no least amount and no interest in any currency."),
        _Part("Limits by country", "The most that late customers are charged, where the company is there.",
              _add(caller, doors.ADD_LIMIT), [_limit(caller, row) for row in queries.charge_limits()],
              "None: interest and fees are what profiles and letter sets say."),
    ]  # fmt: skip
    return render(request, "desk/policy_rows.html", {"title": "Credit profiles", "parts": parts})


def _letter(caller: Caller, row: Letter) -> dict[str, Any]:
    return _row(row.name, f"{row.get_severity_display()}: {row.subject}", _links(caller, LETTER, row),
                [("" if row.active else "Switched off", "warn")])  # fmt: skip


def _text(caller: Caller, row: LetterText) -> dict[str, Any]:
    return _row(str(row), row.subject, _links(caller, LETTER_TEXT, row),
                [("" if row.active else "Switched off", "warn")])  # fmt: skip


def _set(caller: Caller, row: LetterSet) -> dict[str, Any]:
    unit = "level" if row.method == LetterSet.Method.STAGED else "day"
    lines = [
        f"{line.letter}: {unit} {line.first}{f' to {line.last}' if line.last else ' on'}" for line in row.lines.all()
    ]
    links = [("Edit", reverse("edit-letter-set", args=[row.pk]))] if caller.may(save_letter_set) else []
    return _row(row.name, f"{row.get_method_display()}. {', '.join(lines)}", links,
                [("" if row.active else "Switched off", "")])  # fmt: skip


def letters(request: Request) -> HttpResponse:
    """The letter sets, and the letters they are made of."""
    caller = request.caller
    caller.must("credit.view")
    may = caller.may(save_letter_set)
    parts = [
        _Part("Letter sets", "Which letter follows which. Profiles name one.",
              ("Add letter set", reverse("add-letter-set")) if may else None,
              [_set(caller, row) for row in queries.letter_sets()], "None yet: nobody is sent a letter."),
        _Part("Letters", "What each says to everybody who has no words of their own.",
              _add(caller, doors.ADD_LETTER), [_letter(caller, row) for row in queries.letters()],
              "None yet."),
        _Part("Words for a brand or a language", "Sent in place of the letter’s own to these customers.", None,
              [_text(caller, row) for row in queries.letter_texts()],
              "None yet: choose Words beside a letter. Delivered letters are in German for customers who read German."),
    ]  # fmt: skip
    return render(request, "desk/policy_rows.html", {"title": "Dunning letters", "parts": parts})
