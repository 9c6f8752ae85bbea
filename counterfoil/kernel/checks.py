"""Checks that every app uses, on plain values: what is right comes back tidy, the rest is refused by its field."""

from __future__ import annotations

import datetime as dt
import unicodedata

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import MOST_MINOR
from counterfoil.kernel.periods import date_text

# Before any system of ours could be.
EARLIEST = dt.date(1990, 1, 1)
# Marks that embed, override or isolate a direction of writing.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tidy_name(text: str, most: int = 80) -> str:
    """A name on one line, without what cannot be printed."""
    tidy = " ".join("".join(ch for ch in text if ch.isprintable() or ch.isspace()).split())
    refuse_if(not tidy, "required", "Name is missing.", field="name")
    refuse_if(len(tidy) > most, "too_long", f"A name has at most {most} characters.", field="name")
    return tidy


def check_text(value: str, *, field: str, most: int, required: bool = True) -> str:
    """The text, tidied: nothing that cannot be stored or turns words around, not too long, not empty if required."""
    clean = "".join(ch for ch in value if is_text(ch)).strip()
    label = field.replace("_", " ").capitalize()
    refuse_if(required and not clean, "required", f"{label} is missing.", field=field)
    refuse_if(
        len(clean) > most,
        "too_long",
        f"{label} has {len(clean):,} characters; the most is {most:,}. Shorten it, or attach it as a file.",
        field=field,
    )
    return clean


def is_text(char: str) -> bool:
    """Whether it can stand in a text of ours."""
    # Control characters and lone surrogates; and what makes the text after it run the other way.
    return char in "\n\t" or (unicodedata.category(char) not in ("Cc", "Cs") and char not in _TURNS)


def check_positive(minor: int, *, field: str = "amount") -> int:
    """The amount itself, or `Refused` when it is zero, negative or absurd."""
    if minor <= 0:
        raise Refused("not_positive", "The amount must be more than zero.", field=field)
    if minor > MOST_MINOR:
        raise Refused("absurd_amount", "The amount is too large to be right. Check it.", field=field)
    return minor


def check_day(on: dt.date, today: dt.date, *, field: str = "on") -> dt.date:
    """The day itself; refused when it lies in the future or before any system of ours could."""
    refuse_if(on > today, "future_date", f"{date_text(on)} is in the future. Use a day up to today.", field=field)
    refuse_if(on < EARLIEST, "absurd_date", f"{date_text(on)} is too long ago to be right.", field=field)
    return on
