"""Forms about tax: a new one, and another rate from a day on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.text import slugify

from counterfoil.billing import operations, taxes
from counterfoil.billing.models import TaxRate
from counterfoil.kernel.periods import date_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import DayField, OperationForm, Saved


class _TaxForm(OperationForm):
    operation = operations.save_tax_rate

    @property
    def context_line(self) -> str:
        return ""

    @property
    def home(self) -> str:
        return reverse("tax")

    def saved(self, result: TaxRate) -> Saved:
        since = date_text(result.valid_from, today=self.caller.today)
        return Saved(f"{result.name}, {result.percent.normalize():f} %, from {since}.", self.home)


class AddTaxForm(_TaxForm):
    caption = "Add tax"
    button = "Add tax"

    name = forms.CharField(max_length=60, help_text="As printed on invoices: VAT 15%, USt 7%.")
    category = forms.ChoiceField(label="Kind", choices=TaxRate.Category.choices)
    percent = forms.DecimalField(label="Rate, %", max_digits=6, decimal_places=3, min_value=0)
    valid_from = DayField(label="Valid from")
    is_default = forms.BooleanField(label="New lines and products begin with it", required=False)

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> None:
        return None

    def prepare(self) -> None:
        self.begin_with({"valid_from": self.caller.today})

    def arguments(self) -> dict[str, Any]:
        return {**self.cleaned_data, "code": taxes.free_tax_code(slugify(self.cleaned_data["name"]))}


class ChangeRateForm(_TaxForm):
    caption = "Change rate"
    button = "Change rate"
    # The button says what is typed.
    preview_body = "platform/button_only.html"

    percent = forms.DecimalField(label="Rate, %", max_digits=6, decimal_places=3, min_value=0)
    valid_from = DayField(label="Valid from", help_text="After the last invoice with this tax.")
    name = forms.CharField(max_length=60, help_text="As printed on invoices from that day.")
    is_default = forms.BooleanField(label="New lines and products begin with it", required=False)

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> TaxRate:
        return taxes.get_tax_rate(caller, route["pk"])

    def prepare(self) -> None:
        row = self.subject
        tomorrow = self.caller.today.toordinal() + 1
        self.begin_with({
            "percent": row.percent.normalize(), "name": row.name, "is_default": row.is_default,
            "valid_from": self.caller.today.fromordinal(tomorrow),
        })  # fmt: skip

    @property
    def context_line(self) -> str:
        return str(self.subject)

    @property
    def button_text(self) -> str:
        percent, day = self.value("percent"), self.value("valid_from")
        if percent is None or not day:
            return self.button
        return f"Change to {percent.normalize():f} % from {date_text(day, today=self.caller.today)}"

    def clean(self) -> dict[str, Any]:
        """A name that says the rate, left as it was, says the new one."""
        values, before = dict(super().clean() or {}), self.subject
        if values.get("name") == before.name and values.get("percent") is not None:
            was, now = (f"{rate.normalize():f}%" for rate in (before.percent, values["percent"]))
            values["name"] = before.name.replace(was, now)
        return values

    def arguments(self) -> dict[str, Any]:
        return {**self.cleaned_data, "code": self.subject.code, "category": self.subject.category}
