"""Forms of credit profiles: how far a change reaches, and the letters of a set."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.credit import operations, queries
from counterfoil.credit.models import ClassAmounts, LetterSet
from counterfoil.credit.nouns import LETTER_SET
from counterfoil.credit.operations import LineGiven
from counterfoil.credit.rules import MOST_LINES
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import figure_text, read_minor
from counterfoil.platform.doors import OperationForm, Saved

_PARTS = ("letter", "first", "last", "min_days", "fee")


class ReachForm(OperationForm):
    """Whom the change reaches stands under the form, counted and with the first names."""

    preview_body = "credit/reach_preview.html"
    drawn_at_once = True

    def preview_context(self) -> dict[str, Any]:
        reach = str(self.value("reach") or "none")
        if isinstance(self.subject, ClassAmounts):
            return {"touched": queries.touched(self.subject.profile_class, reach, self.subject.currency)}
        return {"touched": queries.touched(self.subject, reach)}


class LetterSetForm(OperationForm):
    """A letter set: its options, and a row for each letter, as plain inputs that work without JavaScript."""

    operation = operations.save_letter_set
    caption = "Add letter set"
    button = "Save letter set"
    body = "credit/letter_set_fields.html"
    wide = True

    name = forms.CharField(max_length=60)
    method = forms.ChoiceField(label="Letters are chosen by", choices=LetterSet.Method.choices)
    in_sequence = forms.BooleanField(
        label="One after the other",
        required=False,
        help_text="The next letter that was not sent, even if later days match.",
    )
    resend_last = forms.BooleanField(label="Send the same letter again", required=False)
    use_grace_days = forms.BooleanField(label="Allow the grace days of the profile", required=False, initial=True)
    include_unapplied = forms.BooleanField(label="Deduct account credit on the letter", required=False, initial=True)
    dun_disputed = forms.BooleanField(label="Ask for disputed amounts too", required=False)
    charge_interest = forms.BooleanField(label="Charge interest", required=False)
    active = forms.BooleanField(label="In use", required=False, initial=True)

    @classmethod
    def find(cls, caller: Any, **route: Any) -> Any:
        return None

    def prepare(self) -> None:
        self.letters = {str(row.pk): row for row in queries.letters() if row.active}

    @property
    def context_line(self) -> str:
        return str(self.subject or "")

    @property
    def currency(self) -> str:
        return self.subject.currency if self.subject else super().currency

    @property
    def home(self) -> str:
        return reverse("letters")

    @property
    def rows(self) -> list[dict[str, str]]:
        """The letters as they are typed, with one to fill."""
        if self.is_bound:
            found = {int(part[1]) for key in self.data if (part := re.fullmatch(r"lines-(\d{1,2})-letter", key))}
            typed = [{part: self.data.get(f"lines-{n}-{part}", "").strip() for part in _PARTS} for n in sorted(found)]
        else:
            typed = self.first_rows()
        filled = [row for row in typed if row["letter"] or row["first"]]
        return [*filled, dict.fromkeys(_PARTS, "")][:MOST_LINES]

    def first_rows(self) -> list[dict[str, str]]:
        return []

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        lines: list[LineGiven] = []
        for place, row in enumerate(self.rows, start=1):
            if not row["letter"] and not row["first"]:
                continue
            letter = self.letters.get(row["letter"])
            numbers = {part: row[part] for part in ("first", "last", "min_days") if row[part]}
            wrong = [part for part, text in numbers.items() if not text.isdecimal() or len(text) > 5]
            if letter is None or wrong or not row["first"]:
                self.add_error(None, f"Letter {place}: choose a letter, and days or levels from and to.")
                continue
            try:
                fee = read_minor(row["fee"], self.currency) if row["fee"] else 0
            except Refused as refusal:
                self.add_error(None, f"Letter {place}: {refusal.sentence}")
                continue
            read = {part: int(text) for part, text in numbers.items()}
            lines.append(LineGiven(letter, read["first"], read.get("last"), read.get("min_days", 0), fee))
        values["lines"] = lines
        return values

    def arguments(self) -> dict[str, Any]:
        values = {name: self.cleaned_data[name] for name in self.fields}
        return {**values, "lines": self.cleaned_data["lines"], "letter_set": self.subject}

    def saved(self, result: LetterSet) -> Saved:
        names = ", ".join(line.letter.name for line in result.lines.all())
        return Saved(f"{result.name} saved: {names}.", self.home)


class ChangeLetterSetForm(LetterSetForm):
    """The same set with other letters or options."""

    noun = LETTER_SET
    caption = "Edit letter set"

    @classmethod
    def find(cls, caller: Any, **route: Any) -> Any:
        return LETTER_SET.get(caller, *route.values())

    def prepare(self) -> None:
        super().prepare()
        self.begin_with({name: getattr(self.subject, name) for name in self.fields})

    def first_rows(self) -> list[dict[str, str]]:
        return [
            {
                "letter": str(row.letter_id), "first": str(row.first), "last": str(row.last or ""),
                "min_days": str(row.min_days or ""),
                "fee": figure_text(row.fee_minor, self.currency) if row.fee_minor else "",
            }
            for row in self.subject.lines.all()
        ]  # fmt: skip
