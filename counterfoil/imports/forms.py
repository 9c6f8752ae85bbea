"""The forms that bring in a file: what is uploaded, how its columns are matched, or a mapping that says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from counterfoil.imports.cells import ORDERS
from counterfoil.imports.mapping import ABOVE_ZERO, FIND, NEGATIVE, WRONG, FileMapping
from counterfoil.imports.matching import DATE_ORDERS, FIELDS, NEEDED, FoundColumn, mapping_text, suggested
from counterfoil.imports.operations.uploads import MOST_BYTES
from counterfoil.imports.questions import MARKS, Question, who_repeats
from counterfoil.platform.doors import DayField

HOLDS = (
    ("customers", "Customers"), ("openings", "Opening balances"), ("services", "Services"),
    ("invoices", "Invoices and credits"), ("receipts", "Payments"), ("usage", "Usage"),
)  # fmt: skip


class UploadForm(forms.Form):
    """A file whose columns are matched on the next page."""

    use_required_attribute = False
    file_name = ""

    file = forms.FileField(label="File", help_text="CSV, Excel (.xlsx) or JSON, one row or object for each record.")
    holds = forms.ChoiceField(label="It holds", choices=HOLDS)

    def clean_file(self) -> bytes:
        return _content(self.cleaned_data["file"], self)


class ImportForm(forms.Form):
    """The file, and the mapping that says how its columns become records."""

    use_required_attribute = False
    file_name = ""

    file = forms.FileField(label="File", help_text="CSV, Excel (.xlsx) or JSON.")
    mapping = forms.FileField(label="Mapping", help_text="A TOML file that says which column is what.")

    def clean_file(self) -> bytes:
        return _content(self.cleaned_data["file"], self)

    def clean_mapping(self) -> str:
        given = self.cleaned_data["mapping"]
        try:
            return str(given.read(100_000).decode())
        except UnicodeDecodeError as error:
            raise forms.ValidationError("The mapping is not a text file in UTF-8.") from error


def _content(given: Any, form: Any) -> bytes:
    if given.size > MOST_BYTES:
        raise forms.ValidationError("The file is larger than 20 MB. Use the import command for it.")
    form.file_name = given.name
    content: bytes = given.read()
    return content


_ASK = ("ask", "Ask where it is not clear")


_REPEATED = "answer_repeated"
# What can be answered about a column, and how.
ANSWERS = {"dates": tuple(ORDERS), "decimal": tuple(MARKS)}


class MatchForm(forms.Form):
    """Which field each column of a file is, and how its cells are read."""

    use_required_attribute = False

    source = forms.CharField(
        label="Where it comes from",
        max_length=60,
        help_text="A record that came from here before is known again by it.",
    )
    as_of = DayField(label="As of", required=False, help_text="Where no column says it.")
    dates = forms.ChoiceField(label="Dates in numbers", choices=(_ASK, *DATE_ORDERS))
    decimal = forms.ChoiceField(
        label="Amounts",
        choices=(
            _ASK,
            ("point", "1,234.50: a point before the cents"),
            ("comma", "1.234,50: a comma before the cents"),
        ),
    )
    find = forms.ChoiceField(
        label="Customers are named by",
        choices=zip(
            FIND, ("Account number", "Account number or name", "Account number or e-mail address"), strict=True
        ),
    )
    repeated = forms.ChoiceField(
        label="What is different here",
        choices=zip(
            ("ask", "keep", "update"), ("Ask", "Leave it as it is here", "Take what the file says"), strict=True
        ),
    )
    above_zero = forms.ChoiceField(
        label="A balance above zero is",
        choices=zip(ABOVE_ZERO, ("What the customer owes", "Credit of the customer"), strict=True),
    )
    negative = forms.ChoiceField(
        label="Money that went out", choices=zip(NEGATIVE, ("Leave the row out", "Refuse the file"), strict=True)
    )
    wrong = forms.ChoiceField(
        label="Rows with an error",
        choices=zip(
            WRONG,
            (
                "Import nothing until they are mended",
                "Leave them out, and import the rest",
                "Park those that match nobody, leave out the others, and import the rest",
            ),
            strict=True,
        ),
    )
    name = forms.CharField(label="Keep this match as", max_length=60, required=False)  # fmt: skip

    def __init__(self, data: Any, *, holds: str, columns: Sequence[FoundColumn], kept: FileMapping | None = None,
                 initial: dict[str, Any]) -> None:  # fmt: skip
        super().__init__(data, initial=initial)
        self.holds, self.columns = holds, columns
        known = suggested(holds, columns)
        if kept is not None:
            known = {
                column: field
                for field, template in kept.parts.get(holds, {}).items()
                for column in [template.strip("{}")] if field != "key" or holds != "customers"
            }  # fmt: skip
            # A key that is a field of its own besides is not that column's only one.
            known |= {t.strip("{}"): f for f, t in kept.parts.get(holds, {}).items() if f != "key"}
        choices = [("", "Leave out"), *((field, label) for field, label, _ in FIELDS[holds])]
        for place, column in enumerate(columns):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=f"Field for {column.label}",
                choices=choices,
                required=False,
                initial=known.get(column.name, ""),
                widget=forms.Select(attrs={"class": "in"}),
            )
        answered = kept.answers if kept is not None else {}
        for place, column in enumerate(columns):
            for setting, values in ANSWERS.items():
                name = f"answer_{setting}_{place}"
                value = answered.get(column.name.casefold(), {}).get(setting) if data is None else data.get(name)
                if value in values:
                    label = f"How {column.label} is read"
                    self._add_answer(name, label, [(one, MARKS.get(one, one)) for one in values], initial=value)
        if data is not None and data.get(_REPEATED) in ("keep", "update"):
            self.ask([who_repeats(())])
        if holds not in ("customers", "openings", "services"):
            del self.fields["repeated"]
        if holds != "openings":
            del self.fields["above_zero"], self.fields["as_of"]
        if holds in ("customers", "usage"):
            del self.fields["find"]
        if holds != "receipts":
            del self.fields["negative"]

    def _add_answer(self, name: str, label: str, choices: Sequence[tuple[str, str]], **more: Any) -> None:
        self.fields[name] = forms.ChoiceField(
            label=label, choices=choices, widget=forms.RadioSelect(attrs={"class": "check"}), required=False, **more
        )  # fmt: skip

    def ask(self, questions: Sequence[Question]) -> None:
        """The form has these questions too, to be answered with what is sent next."""
        places = {column.name.casefold(): place for place, column in enumerate(self.columns)}
        for question in questions:
            place = places.get(question.column.casefold())
            name = _REPEATED if place is None else f"answer_{question.setting}_{place}"
            choices = [
                (one.value, ": ".join(filter(None, (one.label, ", ".join(one.reads))))) for one in question.answers
            ]
            samples = () if question.column else question.samples
            label = " ".join((question.sentence, *samples)) if question.count else "What is different here"
            self._add_answer(name, label, choices)

    @property
    def answers(self) -> list[Any]:
        """What is asked, and what was answered."""
        return [self[name] for name in self.fields if name.startswith("answer_")]

    @property
    def rows(self) -> list[tuple[FoundColumn, Any]]:
        """Each column with the choice of its field."""
        return [(column, self[f"column_{place}"]) for place, column in enumerate(self.columns)]

    @property
    def settings_shown(self) -> list[Any]:
        """How its cells are read."""
        names = ("source", "as_of", "find", "dates", "decimal", "above_zero", "repeated", "negative", "wrong")
        return [self[name] for name in names if name in self.fields]

    def clean(self) -> dict[str, Any]:
        found = dict(super().clean() or {})
        chosen = {found.get(f"column_{place}") for place in range(len(self.columns))}
        labels = {field: label for field, label, _ in FIELDS[self.holds]}
        if found.get("as_of"):
            chosen.add("on")
        if missing := [labels[field] for field in NEEDED[self.holds] if field not in chosen]:
            raise forms.ValidationError(f"Choose the column for: {', '.join(missing)}.")
        return found

    def mapping(self, *, headed: bool, encoding: str) -> str:
        """The mapping of these choices, as a text."""
        found = self.cleaned_data
        chosen = {
            column.name: field for place, column in enumerate(self.columns) if (field := found[f"column_{place}"])
        }
        answers: dict[str, dict[str, str]] = {}
        for place, column in enumerate(self.columns):
            for setting in ANSWERS:
                if column.name in chosen and (value := found.get(f"answer_{setting}_{place}")):
                    answers.setdefault(column.name, {})[setting] = value
        as_of = found.get("as_of")
        settings = {
            "dates": found["dates"].removeprefix("ask"), "decimal": found["decimal"].removeprefix("ask"),
            "repeated": found.get(_REPEATED) or found.get("repeated", ""),
            "find": found.get("find", ""), "above_zero": found.get("above_zero", ""),
            "negative": found.get("negative", ""), "wrong": found["wrong"], "heading": "" if headed else "no",
            "encoding": encoding,
        }  # fmt: skip
        fixed = {"on": as_of.isoformat()} if as_of and "on" not in chosen.values() else {}
        return mapping_text(self.holds, found["source"], chosen, settings, answers, fixed)
