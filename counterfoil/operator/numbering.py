"""Numbers without a gap, written as each series says: a block in the caller's transaction (decisions 0004 and 0040).

A kind of document has one row that counts all its numbers and is the lock of them, a series for the company and perhaps
for brands, and a run for each text before and after the number: `INV-`, or `HF-2027-` and then `HF-2028-`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import models
from django.db.models import Count, F, Max, Min

from counterfoil.operator.models import Brand, NumberRun, NumberSeries, Operator
from counterfoil.operator.patterns import Pattern, Shape, read
from counterfoil.platform import bulk, write_guard
from counterfoil.platform.models import NumberSequence
from counterfoil.platform.numbering import advance
from counterfoil.platform.operations import Operation


@dataclass(frozen=True)
class Number:
    """A number as printed, and its place among all of its kind."""

    text: str
    place: int


@dataclass(frozen=True)
class For:
    """What a number is for: a document of a day, of a customer of a brand; of an account, the letters of its name."""

    on: dt.date
    brand_id: int | None = None
    stem: str = ""


def define(op: Operation, kind: str, pattern: str) -> None:
    """The numbers of a kind begin with this pattern, when they have none yet. Kept as it is written: a version that
    brings a new kind meets books whose other series were kept long ago."""
    assert kind in NumberSeries.Kind.values, f"{kind} needs words: add it to NumberSeries.Kind."
    NumberSequence.objects.get_or_create(key=kind)
    row, new = NumberSeries.objects.get_or_create(kind=kind, brand=None, defaults={"pattern": pattern})
    if new:
        op.keep_many(NumberSeries, [row.pk])


def take(kind: str, wanted: Sequence[For]) -> list[Number]:
    """The next number for each. Call it last: the kind stays locked until commit (decision 0004)."""
    last = advance(kind, len(wanted))
    # Read only now, behind the lock: what somebody changed a moment ago counts.
    shape_of = shapes(kind)
    asked = [shape_of(each) for each in wanted]
    counts = Counter(asked)
    coming = {shape: first for shape, count in counts.items() if (first := _go_on(kind, shape, count))}
    newest = newest_runs(kind, counts) if len(coming) < len(counts) else {}
    for shape, count in counts.items():
        if shape in coming:
            continue
        run = newest.get((shape.prefix, shape.suffix))
        first = run.last + 1 if run else 1
        coming[shape] = first
        # Of a run that was begun and nothing given of, the digits are those of now.
        if run and (run.digits == shape.digits or run.last < run.first):
            NumberRun.objects.filter(pk=run.pk).update(last=F("last") + count, digits=shape.digits)
        else:
            start_run(kind, shape, first, first + count - 1)
    numbers = []
    for place, shape in enumerate(asked, last - len(wanted) + 1):
        numbers.append(Number(shape.text(coming[shape]), place))
        coming[shape] += 1
    return numbers


def _go_on(kind: str, shape: Shape, count: int) -> int | None:
    """The run of the shape gives so many more; the first of them. None when none goes on, or with other digits."""
    write_guard.require_open("operator_numberrun")
    rows = bulk.asked(_GO_ON, [count, shape.digits, kind, shape.prefix, shape.suffix])
    return int(rows[0][0]) - count + 1 if rows else None


# Found and counted in one statement, because each payment asks it.
_GO_ON = """
    UPDATE operator_numberrun SET last = last + %s WHERE digits = %s AND id = (
        SELECT id FROM operator_numberrun WHERE kind = %s AND prefix = %s AND suffix = %s
        ORDER BY first DESC, id DESC LIMIT 1) RETURNING last
"""


def start_run(kind: str, shape: Shape, first: int, last: int) -> NumberRun:
    """A run begins; nothing was given of it where the last is before the first."""
    return NumberRun.objects.create(
        kind=kind, prefix=shape.prefix, suffix=shape.suffix, digits=shape.digits, first=first, last=last
    )


def newest_runs(kind: str, wanted: Iterable[Shape]) -> dict[tuple[str, str], NumberRun]:
    """The run that goes on, by the text before and after the number."""
    rows = NumberRun.objects.filter(kind=kind, prefix__in={shape.prefix for shape in wanted}).order_by("first", "pk")
    return {(run.prefix, run.suffix): run for run in rows}


def shapes(kind: str) -> Callable[[For], Shape]:
    """How the numbers of a kind are written now."""
    series = bulk.asked("SELECT brand_id, pattern FROM operator_numberseries WHERE kind = %s", [kind])
    patterns: dict[int | None, Pattern] = {
        brand: read(text, of_accounts=kind == "account") for brand, text in series if text
    }
    codes = codes_of_brands() if any(pattern.has_code for pattern in patterns.values()) else {}
    known: dict[tuple[int | None, int, int, str], Shape] = {}

    def shape_of(each: For) -> Shape:
        key = (each.brand_id, each.on.year, each.on.month, each.stem)
        if key not in known:
            pattern = patterns.get(each.brand_id) or patterns[None]
            known[key] = pattern.shape(each.on, codes.get(each.brand_id) or codes.get(None, ""), each.stem)
        return known[key]

    return shape_of


def codes_of_brands() -> dict[int | None, str]:
    """What `{brand}` stands for, by brand; of the company by None, which also speaks for a brand without a code."""
    house = Operator.objects.filter(pk=1).values_list("code", flat=True).first() or ""
    return {None: house, **{pk: code or house for pk, code in Brand.objects.values_list("pk", "code")}}


def following(kind: str, each: For) -> str:
    """The number that would be given next."""
    shape = shapes(kind)(each)
    run = newest_runs(kind, [shape]).get((shape.prefix, shape.suffix))
    return shape.text(run.last + 1 if run else 1)


def written(number: int) -> list[str]:
    """Each document's number that has this number in it, whatever stands before and after it."""
    runs = NumberRun.objects.filter(first__lte=number, last__gte=number).exclude(kind="account")
    return [run.shape.text(number) for run in runs]


def ours(kind: str) -> Callable[[str], bool]:
    """Whether a series of the kind gave, or could one day give, a number."""
    codes = codes_of_brands()
    patterns = [
        (read(text, of_accounts=kind == "account"), brand)
        for brand, text in NumberSeries.objects.filter(kind=kind).exclude(pattern="").values_list("brand_id", "pattern")
    ]
    forms = {form for pattern, brand in patterns for form in _forms(pattern, brand, codes)}
    forms |= {run.shape.form for run in NumberRun.objects.filter(kind=kind, last__gte=F("first"))}
    one = [re.compile(form, re.ASCII) for form in forms]
    return lambda text: any(form.fullmatch(text) for form in one)


def _forms(pattern: Pattern, brand: int | None, codes: dict[int | None, str]) -> list[str]:
    return [pattern.form(code) for code in (codes.values() if brand is None else [codes[brand]])]


def is_of(kind: str, text: str) -> bool:
    """The same of one number."""
    return ours(kind)(text)


def gaps(kind: str, rows: models.QuerySet, column: str = "sequence_no") -> Iterable[str]:
    """A sentence for each way in which the numbers used differ from the numbers given."""
    count = NumberSequence.objects.filter(key=kind).first()
    given = rows.filter(**{f"{column}__isnull": False})
    used = given.aggregate(n=Count(column), distinct=Count(column, distinct=True), low=Min(column), high=Max(column))
    last = count.last if count else 0
    if (used["n"], used["distinct"], used["low"] or 1, used["high"] or 0) != (last, last, 1, last):
        yield (
            f"Sequence {kind} gave {last} numbers; {used['n']} are used ({used['distinct']} different, "
            f"{used['low']} to {used['high']})."
        )
    yield from number_gaps(kind, given.values_list("number", flat=True).iterator(chunk_size=5000))


def number_gaps(kind: str, numbers: Iterable[str]) -> Iterable[str]:
    """A sentence for each number that no run gave, and for each run with numbers that no document or two have."""
    runs = list(NumberRun.objects.filter(kind=kind).order_by("prefix", "suffix", "first"))
    by_prefix: dict[str, list[NumberRun]] = {}
    for run in runs:
        by_prefix.setdefault(run.prefix, []).append(run)
    lengths = sorted({len(prefix) for prefix in by_prefix})
    seen = {run.pk: bytearray(run.last - run.first + 1) for run in runs}
    for text in numbers:
        found, number = _found(text, by_prefix, lengths)
        if found is None:
            yield f"{text} is not a number of any series ({_said(kind)})."
        elif seen[found.pk][number - found.first]:
            yield f"{text} is there twice."
        else:
            seen[found.pk][number - found.first] = 1
    for run in runs:
        if missing := seen[run.pk].count(0):
            first = run.shape.text(run.first + seen[run.pk].index(0))
            yield (
                f"Series {run.shape.prefix}…{run.shape.suffix} ({_said(kind)}) gave {len(seen[run.pk])} numbers; "
                f"{missing} are not used, the first is {first}."
            )


def _found(text: str, runs: dict[str, list[NumberRun]], lengths: Sequence[int]) -> tuple[NumberRun | None, int]:
    for length in lengths:
        for run in runs.get(text[:length], ()):
            middle = text[length : len(text) - len(run.suffix)]
            number = int(middle) if middle.isascii() and middle.isdigit() else 0
            if run.first <= number <= run.last and run.shape.text(number) == text:
                return run, number
    return None, 0


def _said(kind: str) -> str:
    return dict(NumberSeries.Kind.choices).get(kind, kind).lower()


def counted() -> dict[str, int]:
    """How many numbers each kind gave."""
    return dict(NumberSequence.objects.values_list("key", "last"))
