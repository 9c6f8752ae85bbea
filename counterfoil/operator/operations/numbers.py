"""How documents and accounts are numbered."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Annotated

from django.db.models import F

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.operator import numbering
from counterfoil.operator.models import Brand, NumberRun, NumberSeries
from counterfoil.operator.operations.shared import lock
from counterfoil.operator.patterns import Chain, Pattern, Shape, ambiguous, meeting, read
from counterfoil.platform.joints import joint
from counterfoil.platform.models import NumberSequence
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import OneOf, Says

MOST_NUMBER = 999_999_999
# With more digits than any number has at least.
_LONG = 10**12
NumberPattern = Annotated[
    str,
    Says("Pattern", "{number:05} is the number with 5 digits. {year} and {month} start it again each year or month; "
         "{brand} is the brand’s code.", 60),
]  # fmt: skip
NextNumber = Annotated[int | None, Says("Next number", "Blank: the next one of the new pattern.", optional=True)]


@joint
def brought_numbers(kind: str, form: str, /) -> Iterable[str]:
    """Many are asked: numbers of a kind that other systems gave and that match the regular expression."""
    raise NotImplementedError


@verb(label="Change document numbers", whole=True)
def change_numbers(
    op: Operation, *, series: NumberSeries, pattern: NumberPattern, next_number: NextNumber = None
) -> NumberSeries:
    """The next document is numbered by this pattern. What has a number keeps it, and no number is given twice.

    `next_number` leaves numbers out, or begins where another system ended.
    """
    lock()
    row = NumberSeries.objects.select_for_update(of=("self",)).select_related("brand").get(pk=series.pk)
    return _change(op, row, pattern, next_number)


@verb(label="Number documents of a brand", whole=True)
def number_brand(
    op: Operation, *, brand: Brand, kind: Annotated[str, OneOf(NumberSeries.Kind), Says("Document")],
    pattern: NumberPattern, next_number: NextNumber = None,
) -> NumberSeries:  # fmt: skip
    """Documents of this kind for the brand's customers have numbers of their own from now on."""
    lock()
    refuse_if(kind not in NumberSeries.Kind.values, "unknown_choice", "Choose a document.", field="kind")
    own = NumberSeries.objects.filter(kind=kind, brand=brand).first()
    refuse_if(own is not None and own.pattern, "already_so", f"{brand} has numbers of its own for this. Change those.",
              field="kind")  # fmt: skip
    return _change(op, own or NumberSeries(kind=kind, brand=brand), pattern, next_number)


@verb(label="Use the company's numbers", whole=True)
def share_numbers(op: Operation, *, series: NumberSeries) -> NumberSeries:
    """The brand's documents of this kind are numbered with the company's again."""
    lock()
    row = NumberSeries.objects.select_for_update(of=("self",)).select_related("brand").get(pk=series.pk)
    refuse_if(row.brand is None, "already_so", "These are the company's numbers.")
    refuse_if(not row.pattern, "already_so", f"{row} has the company's numbers already.")
    before, row.pattern = row.pattern, ""
    row.save(update_fields=["pattern"])
    refit_numbers()
    op.record("numbers.shared", row, series=str(row), before=before)
    return row


def _change(op: Operation, row: NumberSeries, text: str, next_number: int | None) -> NumberSeries:
    # Whoever takes a number of the kind waits, and has the new pattern.
    NumberSequence.objects.select_for_update().get(key=row.kind)
    pattern, before = read(text, of_accounts=row.kind == "account"), row.pattern
    row.pattern = str(pattern)
    _refuse_meeting(row, pattern)
    row.save()
    shape = numbering.shapes(row.kind)(numbering.For(op.today, row.brand_id, "XXX"))
    _begin(row, pattern, shape, next_number)
    row.following = numbering.following(row.kind, numbering.For(op.today, row.brand_id, "XXX"))
    op.record("numbers.changed", row, series=str(row), before=before, pattern=row.pattern, next=row.following)
    return row


def _begin(row: NumberSeries, pattern: Pattern, shape: Shape, next_number: int | None) -> None:
    """Runs go on behind what was given, here or elsewhere; the one of today perhaps later."""
    least = _brought(row, pattern)
    given = NumberRun.objects.filter(kind=row.kind, last__gte=F("first"))
    for run in given.filter(prefix=shape.prefix, suffix=shape.suffix):
        least[shape] = max(least[shape], run.last)
    if next_number is not None:
        refuse_if(
            next_number <= least[shape], "number_used",
            f"{shape.text(least[shape])} is given already. The next number is {least[shape] + 1} or more.",
            field="next_number",
        )  # fmt: skip
        refuse_if(not 1 <= next_number <= MOST_NUMBER, "out_of_bounds", "The next number is from 1 to 999,999,999.",
                  field="next_number")  # fmt: skip
        NumberRun.objects.filter(
            kind=row.kind, prefix=shape.prefix, suffix=shape.suffix, last__lt=F("first"), first__gt=least[shape] + 1
        ).delete()
        least[shape] = next_number - 1
    _go_on_behind(row.kind, least)


def _brought(row: NumberSeries, pattern: Pattern) -> dict[Shape, int]:
    """The last number that another system gave, of each text before and after it that the series can say."""
    least: dict[Shape, int] = defaultdict(int)
    for form in {pattern.form(code) for code in _codes_of(row)}:
        for text in (text for some in brought_numbers(row.kind, f"^{form.replace('?P<n>', '')}$") for text in some):
            if match := re.fullmatch(form, text, re.ASCII):
                found = Shape(text[: match.start("n")], text[match.end("n") :], pattern.digits)
                least[found] = max(least[found], int(match["n"]))
    return least


def _go_on_behind(kind: str, least: Mapping[Shape, int]) -> None:
    newest = numbering.newest_runs(kind, least)
    for found, last in least.items():
        there = newest.get((found.prefix, found.suffix))
        if last > (there.last if there else 0):
            numbering.start_run(kind, found, last + 1, last)


def refit_numbers() -> None:
    """Series go on, behind what another system gave, after a code or a brand's own pattern changed; refused when two
    could give the same number."""
    for row in NumberSeries.objects.select_related("brand").exclude(pattern="").order_by("pk"):
        pattern = read(row.pattern, of_accounts=row.kind == "account")
        if row.brand_id is None or pattern.has_code:
            _refuse_meeting(row, pattern)
            _go_on_behind(row.kind, _brought(row, pattern))


def _refuse_meeting(row: NumberSeries, pattern: Pattern) -> None:
    """Refuses a pattern by which a number could be given that is, or could be, given otherwise."""
    codes = _codes_of(row)
    refuse_if(
        pattern.has_code and not all(codes), "no_code",
        "{brand} needs a code. Give the company one first, among its names and numbers.", field="pattern",
    )  # fmt: skip
    if both := ambiguous(pattern, codes if pattern.has_code else ()):
        _refuse(f"With the codes {both[0]} and {both[1]} this could give the same number twice. Put a hyphen between.")
    mine = _chains(row, pattern)
    for other in NumberSeries.objects.select_related("brand").exclude(pattern="").exclude(pk=row.pk).order_by("pk"):
        if meeting(mine, _chains(other, read(other.pattern, of_accounts=other.kind == "account"))):
            _refuse(f"{other} ({other.pattern}) could give the same number. Begin one of them differently.")
    ours = [re.compile(pattern.form(code), re.ASCII) for code in codes]
    for run in NumberRun.objects.filter(last__gte=F("first")):
        # With the same text before and after, it goes on behind them.
        goes_on = run.kind == row.kind and any(_same_place(form, run) for form in ours)
        if not goes_on and meeting(mine, run.shape.chains(run.first, run.last)):
            _refuse(f"{run.shape.text(run.last)} was given already; this could give it again. Begin it differently.")


def _same_place(form: re.Pattern[str], run: NumberRun) -> bool:
    match = form.fullmatch(run.shape.text(_LONG))
    return match is not None and match.span("n") == (len(run.prefix), len(run.prefix) + len(str(_LONG)))


def _chains(row: NumberSeries, pattern: Pattern) -> list[Chain]:
    codes = _codes_of(row) if pattern.has_code else [""]
    return [chain for code in codes for chain in pattern.chains(code)]


def _codes_of(row: NumberSeries) -> list[str]:
    """The codes that the series says: the brand's, or those of the company and of brands without their own series."""
    codes = numbering.codes_of_brands()
    if row.brand_id is not None:
        return [codes[row.brand_id]]
    own = set(
        NumberSeries.objects.filter(kind=row.kind, brand__isnull=False)
        .exclude(pattern="")
        .values_list("brand_id", flat=True)
    )
    return sorted({code for brand, code in codes.items() if brand not in own})


def _refuse(sentence: str) -> None:
    raise Refused("numbers_meet", sentence, field="pattern")
