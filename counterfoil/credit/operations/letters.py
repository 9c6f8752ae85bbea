"""Letters, and the sets that say which follows which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from counterfoil.credit import rules
from counterfoil.credit.models import Letter, LetterLine, LetterSet, LetterText
from counterfoil.credit.operations.shared import differing, said
from counterfoil.customers.rules import LANGUAGES
from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import refuse_if
from counterfoil.messaging.operations.wording import check_fields, whose
from counterfoil.messaging.rules import check_line, storable
from counterfoil.operator.models import Brand
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Like, OneOf, Says

MOST_TEXT = 4000


class LetterGiven(TypedDict, total=False):
    """What a letter says; what is left out stays as it is."""

    name: Annotated[str, Says("Name", most=60)]
    severity: Annotated[str, OneOf(Letter.Severity)]
    subject: Annotated[str, Says("Subject", most=200)]
    text: Annotated[str, Says("Text", most=MOST_TEXT)]
    active: Annotated[bool, Says("In use", "Switched off, it is no longer sent.")]


@verb(label="Add letter", whole=True)
def add_letter(
    op: Operation, *, name: Annotated[str, Says("Name", most=60)], subject: Annotated[str, Says("Subject", most=200)],
    text: Annotated[str, Says("Text", most=MOST_TEXT)],
    severity: Annotated[str, OneOf(Letter.Severity)] = Letter.Severity.REMINDER,
) -> Letter:  # fmt: skip
    """The letter can be put into letter sets; fields in braces are filled in for each customer."""
    row = Letter(active=True)
    _write(row, {"name": name, "severity": severity, "subject": subject, "text": text})
    op.record("letter.added", row, name=row.name)
    return row


@verb(label="Change letter", whole=True)
def change_letter(op: Operation, *, letter: Letter, changes: Annotated[dict[str, Any], Like(LetterGiven)]) -> Letter:
    """The letter says this from the next run on. Switched off, it is not sent: sets that have it hold it back."""
    row = Letter.objects.select_for_update().get(pk=letter.pk)
    before = Letter.objects.get(pk=row.pk)
    if wanted := _write(row, changes):
        op.record("letter.changed", row, name=row.name, changes=said(before, wanted))
    return row


@verb(right=change_letter, label="Change what a letter says to some", whole=True)
def save_letter_text(
    op: Operation, *, letter: Letter, subject: Annotated[str, Says("Subject", most=200)],
    text: Annotated[str, Says("Text", most=MOST_TEXT)], brand: Brand | None = None,
    language: Annotated[str, Says("Language", most=8, optional=True)] = "",
    active: Annotated[bool, Says("In use", "Switched off, they are sent what the others are.")] = True,
) -> LetterText:  # fmt: skip
    """From the next run on the letter says this to customers of a brand, or who read a language, or both.

    What is closest is sent: of brand and language, of the brand, of the language, of everybody.
    """
    locked = Letter.objects.select_for_update().get(pk=letter.pk)
    refuse_if(brand is None and not language, "of_nobody", "Choose a brand or a language.", field="language")
    refuse_if(bool(language) and language not in LANGUAGES, "unknown_choice", "Choose a language.", field="language")
    row = LetterText.objects.filter(letter=locked, brand=brand, language=language).first()
    row = row or LetterText(letter=locked, brand=brand, language=language)
    tidy = _words({"subject": subject, "text": text})
    row.subject, row.text, row.active = tidy["subject"], tidy["text"], active
    row.save()
    op.record("letter_text.saved", row, name=locked.name, whose=whose(brand, language), said=row.subject,
              off="" if active else ", switched off")  # fmt: skip
    return row


def _write(row: Letter, given: Any) -> dict[str, Any]:
    tidy = _words(given)
    if "name" in tidy:
        tidy["name"] = tidy_name(tidy["name"], 60)
        taken = Letter.objects.filter(name__iexact=tidy["name"]).exclude(pk=row.pk or 0).exists()
        refuse_if(taken, "taken", f"{tidy['name']} exists already.", field="name")
    if "severity" in tidy:
        refuse_if(tidy["severity"] not in Letter.Severity.values, "unknown_choice", "Choose how severe it is.",
                  field="severity")  # fmt: skip
    wanted = differing(row, tidy)
    for name, value in wanted.items():
        setattr(row, name, value)
    if wanted or row.pk is None:
        row.save()
    return wanted


def _words(given: Mapping[str, Any]) -> dict[str, Any]:
    """The same with subject and text as they may be written."""
    tidy = dict(given)
    if "subject" in tidy:
        tidy["subject"] = check_line(tidy["subject"], field="subject", name="The subject", most=200)
    if "text" in tidy:
        tidy["text"] = storable(tidy["text"]).strip()
        refuse_if(not tidy["text"], "required", "The text is missing.", field="text")
        refuse_if(len(tidy["text"]) > MOST_TEXT, "too_long", f"At most {MOST_TEXT:,} characters.", field="text")
    for name in ("subject", "text"):
        if name in tidy:
            check_fields(tidy[name], list(rules.FIELDS), name)
    return tidy


@dataclass(frozen=True)
class LineGiven:
    """A letter of a set: for which days late or levels, how long after the one before, and its fee."""

    letter: Letter
    first: int
    last: int | None = None
    min_days: int = 0
    fee_minor: int = 0


@verb(label="Save letter set", whole=True)
def save_letter_set(
    op: Operation, *, name: Annotated[str, Says(most=60)], lines: Sequence[LineGiven],
    method: Annotated[str, OneOf(LetterSet.Method)] = LetterSet.Method.DAYS, resend_last: bool = False,
    in_sequence: bool = False, dun_disputed: bool = False, include_unapplied: bool = True, use_grace_days: bool = True,
    charge_interest: bool = False, active: bool = True, letter_set: LetterSet | None = None,
) -> LetterSet:  # fmt: skip
    """The set has exactly these letters and options from the next run on; a new one without `letter_set`.

    Refused with the letter that leaves a gap or overlaps. Staged levels never send the last letter again.
    """
    refuse_if(method not in LetterSet.Method.values, "unknown_choice", "Days overdue or staged levels.", field="method")
    staged = method == LetterSet.Method.STAGED
    refuse_if(staged and resend_last, "staged_resends_nothing",
              "Staged levels do not send the last letter again.", field="resend_last")  # fmt: skip
    rules.check_ranges([rules.Range(row.first, row.last, row.min_days, row.fee_minor) for row in lines], staged=staged)
    for place, line in enumerate(lines, start=1):
        refuse_if(not line.letter.active, "switched_off", f"Letter {place}: {line.letter} is switched off.",
                  field=f"lines.{place}.letter")  # fmt: skip
    row = LetterSet(currency=operator_currency())
    if letter_set is not None:
        row = LetterSet.objects.select_for_update().get(pk=letter_set.pk)
    row.name = tidy_name(name, 60)
    taken = LetterSet.objects.filter(name__iexact=row.name).exclude(pk=row.pk or 0).exists()
    refuse_if(taken, "taken", f"{row.name} exists already.", field="name")
    row.method, row.resend_last, row.in_sequence, row.dun_disputed = method, resend_last, in_sequence, dun_disputed
    row.include_unapplied, row.use_grace_days, row.charge_interest = include_unapplied, use_grace_days, charge_interest
    row.active = active
    row.save()
    LetterLine.objects.filter(set=row).delete()
    LetterLine.objects.bulk_create(
        LetterLine(set=row, sequence=place, letter=line.letter, first=line.first, last=line.last,
                   min_days=line.min_days, fee_minor=line.fee_minor)
        for place, line in enumerate(lines, start=1)
    )  # fmt: skip
    op.record("letter_set.saved", row, name=row.name, letters=[line.letter.name for line in lines])
    return row
