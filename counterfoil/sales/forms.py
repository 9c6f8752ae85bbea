"""Forms about agreements."""

from __future__ import annotations

from typing import Any

from django import forms

from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.queries import sites_of
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import add_months, date_text, days_before
from counterfoil.platform.doors import DayField, OperationForm, Saved
from counterfoil.sales import operations
from counterfoil.sales.models import Agreement
from counterfoil.sales.nouns import AGREEMENT
from counterfoil.sales.rules import renewed_end

RENEWALS = [
    ("", "Not at all: it expires"), ("1", "For a month"), ("3", "For 3 months"), ("6", "For 6 months"),
    ("12", "For 12 months"), ("24", "For 24 months"),
]  # fmt: skip


def _months(text: str) -> int | None:
    return int(text) if text else None


class _Until(forms.Form):
    """The last day of an agreement, and what happens then."""

    last = DayField(label="Last day")
    renewal = forms.ChoiceField(label="Then renewed", required=False, choices=RENEWALS)

    def until(self) -> dict[str, Any]:
        """The arguments of both operations."""
        values = self.cleaned_data
        return {"ends": days_before(values["last"], -1), "renewal_months": _months(values["renewal"])}


class _AgreementForm(OperationForm):
    def refuse(self, refusal: Refused) -> None:
        field = {"ends": "last", "renewal_months": "renewal"}.get(refusal.field or "", refusal.field)
        super().refuse(Refused(refusal.code, refusal.sentence, field=field))


class NewAgreementForm(_Until, _AgreementForm, CustomerForm):
    operation = operations.make_agreement
    caption = "New agreement"
    button = "Make agreement"
    field_order = ("title", "coverage", "starts", "last", "renewal", "site")

    title = forms.CharField(label="For", max_length=120)
    coverage = forms.CharField(
        label="What it covers", required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": "4"})
    )
    starts = DayField(label="From")
    site = forms.ChoiceField(label="Address", required=False)

    def prepare(self) -> None:
        today = self.caller.today
        self.sites = {str(site.pk): site for site in sites_of(self.subject)}
        self.choose("site", [("", "None"), *((key, site.text) for key, site in self.sites.items())])
        self.begin_with({"starts": today, "last": days_before(add_months(today, 12), 1)})

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "customer": self.subject, "title": values["title"], "coverage": values["coverage"],
            "starts": values["starts"], "site": self.sites.get(values["site"]), **self.until(),
        }  # fmt: skip

    def saved(self, result: Agreement) -> Saved:
        return Saved(f"{result.number} holds to {date_text(result.last_day)}.", AGREEMENT.home(result))


class _AboutAgreement(_AgreementForm):
    noun = AGREEMENT

    @property
    def context_line(self) -> str:
        return f"{self.subject}, to {date_text(self.subject.last_day)}"


class RenewAgreementForm(_Until, _AboutAgreement):
    operation = operations.renew_agreement
    caption = "Renew agreement"
    button = "Renew"

    def prepare(self) -> None:
        row, today = self.subject, self.caller.today
        months = row.renewal_months or 12
        ends = renewed_end(row.starts, row.ends, months, today)
        known = str(row.renewal_months) if row.renewal_months else ""
        if known and known not in dict(RENEWALS):
            self.choose("renewal", [*RENEWALS, (known, f"For {known} months")])
        self.begin_with({"last": days_before(ends, 1), "renewal": known})

    def arguments(self) -> dict[str, Any]:
        return {"agreement": self.subject, **self.until()}

    def saved(self, result: Agreement) -> Saved:
        return Saved(f"{result.number} holds to {date_text(result.last_day)}.", self.home)
