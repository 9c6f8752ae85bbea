"""Gapless numbers: taken as a block from the sequence row in the caller's transaction, given back by a rollback."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, models
from django.db.models import Count, Max, Min

from counterfoil.platform import write_guard
from counterfoil.platform.models import NumberSequence


@dataclass(frozen=True)
class Number:
    """A number as printed, and its place in the sequence."""

    text: str
    place: int


def define(key: str, prefix: str, digits: int = 6) -> None:
    """Create the sequence when it does not exist yet."""
    NumberSequence.objects.get_or_create(key=key, defaults={"prefix": prefix, "digits": digits})


def take(key: str, count: int) -> list[Number]:
    """The next numbers of a sequence. Call it last: the row stays locked until commit (decision 0004)."""
    write_guard.require_open("platform_numbersequence")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE platform_numbersequence SET last = last + %s WHERE key = %s RETURNING prefix, digits, last",
            [count, key],
        )
        row = cursor.fetchone()
    assert row, f"There is no sequence {key}."
    prefix, digits, last = row
    return [Number(f"{prefix}{place:0{digits}d}", place) for place in range(last - count + 1, last + 1)]


def ours(key: str, texts: Iterable[str]) -> list[str]:
    """Those of these numbers that the sequence gives, or could one day give."""
    sequence = NumberSequence.objects.get(key=key)
    return [text for text in texts if _is_of(sequence, text)]


def _is_of(sequence: NumberSequence, text: str) -> bool:
    rest = text.removeprefix(sequence.prefix)
    if not text.startswith(sequence.prefix) or not (rest.isascii() and rest.isdigit()):
        return False
    return f"{int(rest):0{sequence.digits}d}" == rest


def gaps(key: str, rows: models.QuerySet, column: str = "sequence_no") -> list[str]:
    """A sentence for each way in which the numbers used differ from the numbers given."""
    sequence = NumberSequence.objects.filter(key=key).first()
    used = rows.filter(**{f"{column}__isnull": False}).aggregate(
        n=Count(column), distinct=Count(column, distinct=True), low=Min(column), high=Max(column)
    )
    last = sequence.last if sequence else 0
    if (used["n"], used["distinct"], used["low"] or 1, used["high"] or 0) == (last, last, 1, last):
        return []
    return [
        f"Sequence {key} gave {last} numbers; {used['n']} are used ({used['distinct']} different, "
        f"{used['low']} to {used['high']})."
    ]


def number_gaps(key: str, prefix: str, numbers: list[str]) -> list[str]:
    """The same for documents that keep only the printed number."""
    sequence = NumberSequence.objects.filter(key=key).first()
    last = sequence.last if sequence else 0
    strange = [number for number in numbers if sequence is None or not _is_of(sequence, number)]
    if strange:
        return [f"{number} is not a number of sequence {key}." for number in strange[:20]]
    places = sorted(int(number.removeprefix(prefix)) for number in numbers)
    return (
        [] if places == list(range(1, last + 1)) else [f"Sequence {key} gave {last} numbers; {len(places)} are used."]
    )
