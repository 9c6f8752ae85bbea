"""Text, amounts and days as banks write them; each says in words what it cannot read."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import MOST_MINOR, places

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?|[+-]?\.[0-9]+", re.ASCII)


class Unreadable(Exception):
    """A value of a file that is no amount or no day; the sentence says which."""


def text_of(content: bytes) -> str:
    """As text: UTF-16 and UTF-8 by what is in the file, otherwise Windows-1252, in which every byte is a character."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def minor(text: str, currency: str) -> int:
    """A number with a decimal point in whole minor units. More decimals than the currency has are never rounded."""
    said = text.strip()
    if len(said) > 40 or not _NUMBER.fullmatch(said):
        raise Unreadable(f"“{said[:40]}” is no amount")
    scaled = Decimal(said).scaleb(places(currency))
    if scaled != scaled.to_integral_value():
        raise Unreadable(f"{said} has more decimals than {currency or 'the currency'} has")
    if abs(scaled) > MOST_MINOR:
        raise Unreadable(f"{said} is more than any account holds")
    return int(scaled)


def day(year: int | str, month: int | str, of_month: int | str) -> dt.date:
    try:
        return dt.date(int(year), int(month), int(of_month))
    except ValueError:
        raise Unreadable(f"{year}-{month}-{of_month} is no day of the calendar") from None


def iso_day(text: str) -> dt.date:
    """The day of `2026-11-04`, `20261104` and of either with a time behind it."""
    found = re.match(r"\s*([0-9]{4})-?([0-9]{2})-?([0-9]{2})", text)
    if not found:
        raise Unreadable(f"“{text.strip()[:40]}” is no day")
    return day(*found.groups())


def refuse(sentence: str, *, row: int | None = None) -> Refused:
    return Refused("not_a_statement", sentence, field="file", row=row)


def joined(*texts: str) -> str:
    """The texts with one space between words."""
    return " ".join(" ".join(texts).split())
