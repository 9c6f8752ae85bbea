"""Forms about bills of services and bill runs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.billing import operations, queries
from counterfoil.billing.invoice_files import settled_at_issue, settled_text
from counterfoil.billing.models import CreditNote, Invoice, RecurringInvoice
from counterfoil.billing.nouns import INVOICE
from counterfoil.catalogue.models import RECURRING
from counterfoil.customers.forms import CustomerForm
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.operator.readiness import what_is_missing
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import DayField, OperationForm, Saved
from counterfoil.sales.queries import holding_of
from counterfoil.subscriptions.queries import next_bill_on, subscriptions_of


class BillNowForm(CustomerForm):
    """Everything due up to a day, with the bill already drawn (domain 4.4)."""

    operation = operations.bill_customer
    lacks = staticmethod(what_is_missing)
    caption = "Bill now"
    button = "Issue"
    body = "billing/bill_now_fields.html"
    preview_body = "billing/bill_preview.html"
    drawn_at_once = True
    second_button = "Save draft"
    second_value = "draft"
    first_value = "issue"

    bill_to = DayField(label="Bill everything due up to")

    def prepare(self) -> None:
        due = next_bill_on(self.subject)
        self.next_day = due if due and due > self.caller.today else None
        self.begin_with({"bill_to": self._first_day()})

    def _first_day(self) -> dt.date:
        """Today where there is anything to bill, such as the difference of a change; else the day of the next bill."""
        if self.next_day is None or self.is_bound:
            return self.caller.today
        try:
            self.operation(
                self.caller.previewing(), customer=self.subject, bill_to=self.caller.today, draft=True
            )  # fmt: skip
        except Refused as refusal:
            return self.next_day if refusal.code == "nothing_to_bill" else self.caller.today
        return self.caller.today

    @property
    def button_text(self) -> str:
        if not isinstance(self.result, Invoice | CreditNote):
            return self.button
        total = sum(minor for _, _, minor in self.result.billed)
        amount = money_text(abs(total), self.result.currency)
        day = self.value("bill_to")
        early = f" up to {date_text(day)}" if isinstance(day, dt.date) and day > self.caller.today else ""
        return f"Issue {amount}{early}" if total > 0 else f"Issue credit note for {amount}{early}"

    def arguments(self) -> dict[str, Any]:
        draft = self.data.get("then") == "draft"
        return {"customer": self.subject, "bill_to": self.cleaned_data["bill_to"], "draft": draft}

    def perform(self, caller: Caller) -> Any:
        # What cannot be issued yet is drawn all the same: it can be saved as a draft.
        if caller.preview and what_is_missing() is not None:
            return self.operation(caller, **{**self.arguments(), "draft": True})
        return super().perform(caller)

    def preview_context(self) -> dict[str, Any]:
        if self.result is None:
            return {}
        return {
            "invoice": self.result,
            "total": sum(minor for _, _, minor in self.result.billed),
            "settled": settled_at_issue(self.result),
            "compared": queries.compared_with_last(self.subject, self.result),
        }

    def saved(self, result: Invoice | CreditNote) -> Saved:
        total = money_text(result.total_minor, result.currency)
        if isinstance(result, CreditNote):
            return Saved(f"Credit note {result.number} issued for {total}.", reverse("item", args=[result.item_id]))
        said = f"{result.number} issued for {total}." if result.number else f"Draft of {total} saved."
        return Saved(said + settled_text(result), reverse("invoice", args=[result.pk]))


class MakeRecurringForm(OperationForm):
    """An issued invoice comes again as a draft (domain 4.6), for an agreement or a subscription."""

    operation = operations.make_recurring
    noun = INVOICE
    caption = "Make recurring"
    button = "Make recurring"

    frequency = forms.ChoiceField(label="Recurs", choices=RECURRING, help_text="Creates a draft for review.")
    owner = forms.ChoiceField(
        label="Belongs to",
        help_text="With an agreement it stops when that ends and continues when it is renewed; with a "
        "subscription it recurs until that ends. With neither, make an agreement first.",
    )  # fmt: skip

    def prepare(self) -> None:
        customer = self.subject.customer
        self.owners: dict[str, dict[str, Any]] = {}
        choices = []
        for agreement in holding_of(customer):
            self.owners[agreement.number] = {"agreement": agreement}
            choices.append((agreement.number, f"{agreement}, to {date_text(agreement.last_day)}"))
        for row in subscriptions_of(customer).filter(customer=customer, services__end="").distinct():
            self.owners[row.number] = {"subscription": row}
            choices.append((row.number, f"{row.number}, subscription"))
        self.choose("owner", choices or [("", "There is none yet")])
        self.begin_with({"frequency": "month"})

    @property
    def context_line(self) -> str:
        return f"{self.subject.number}, {money_text(self.subject.total_minor, self.subject.currency)}"

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {"invoice": self.subject, "frequency": values["frequency"], **self.owners[values["owner"]]}

    def saved(self, result: RecurringInvoice) -> Saved:
        often = result.get_frequency_display().lower()
        following = f": the next draft is made on {date_text(result.next_on)}" if result.next_on else ""
        return Saved(f"{self.subject.number} recurs every {often}{following}.")
