"""Forms about usage: one record added by hand, and one taken back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.catalogue.rules import amount_text
from counterfoil.customers.forms import CustomerForm
from counterfoil.kernel.periods import date_text
from counterfoil.platform.doors import DayField, Saved
from counterfoil.usage import operations, queries
from counterfoil.usage.models import UsageRecord


def _services_tab(number: str) -> str:
    return reverse("customer-tab", args=[number, "services"])


class AddUsageForm(CustomerForm):
    operation = operations.record_usage
    caption = "Add usage"
    button = "Add usage"

    service = forms.ChoiceField()
    on = DayField(label="Day")
    quantity = forms.DecimalField(max_digits=13, decimal_places=4)
    text = forms.CharField(label="What", required=False, max_length=120, help_text="A number called, a session.")
    reference = forms.CharField(
        required=False, max_length=160, help_text="What it is called where it comes from. The same one is added once."
    )

    def prepare(self) -> None:
        self.services = {str(row.pk): row for row in queries.metered(self.subject)}
        said = {key: f"{queries.name_of(row)}, by the {row.product.unit}" for key, row in self.services.items()}
        self.choose("service", list(said.items()))
        self.begin_with({"on": self.caller.today})

    @property
    def home(self) -> str:
        return _services_tab(self.subject.number)

    def arguments(self) -> dict[str, Any]:
        return {**self.cleaned_data, "service": self.services[self.cleaned_data["service"]]}

    def saved(self, result: UsageRecord) -> Saved:
        said = amount_text(result.quantity, result.service.product.unit)
        return Saved(f"{said} of {result.service} on {date_text(result.on)} added.", self.home)
