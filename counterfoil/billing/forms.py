"""Forms about invoices and credit notes."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.billing import operations, queries
from counterfoil.billing.invoice_files import settled_text
from counterfoil.billing.models import CreditNote, Invoice, InvoiceLine
from counterfoil.billing.nouns import INVOICE
from counterfoil.billing.rules import LineInput
from counterfoil.billing.sending import send_invoice, words_for
from counterfoil.catalogue.queries import priced_products
from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.queries import sites_of
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import figure_text, money_text, read_decimal, read_minor
from counterfoil.kernel.periods import read_date
from counterfoil.messaging.forms import LetterForm
from counterfoil.messaging.models import Message
from counterfoil.operator.queries import lookup_names
from counterfoil.operator.readiness import what_is_missing
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import DayField, OperationForm, Saved, VersionedForm
from counterfoil.platform.fields import suggest
from counterfoil.receivables.queries import credit_towards

_LINE_KEY = re.compile(r"^lines-(\d{1,4})-(text|quantity|unit_price|tax)$")


class InvoiceFields(forms.Form):
    """Dates, options and lines of an invoice. The lines are plain rows of inputs, so they work without JavaScript."""

    on = DayField(label="Invoice date")
    due_on = DayField(label="Due", required=False, help_text="If left empty, it follows the payment terms.")
    text = forms.CharField(label="For", required=False, max_length=200)
    reference = forms.CharField(label="Customer's reference", required=False, max_length=120)
    prices = forms.ChoiceField(label="Prices", choices=[("incl", "Include tax"), ("excl", "Exclude tax")])
    site = forms.ChoiceField(label="Service address", required=False)

    def prepare_choices(self, customer: Any, caller: Caller, on: dt.date) -> None:
        """What can be chosen for an invoice that is of a day `on` until another one is typed."""
        day = on
        with contextlib.suppress(Refused):
            day = read_date(self.data.get("on", "") if self.is_bound else "", today=caller.today)
        self.rates = queries.tax_rates_on(day)
        self.versions = queries.tax_versions_on(day)
        # A product named as it is called has its price and tax, where none is typed.
        self.products = priced_products(str(getattr(self, "currency", "ZAR")), day)
        self.sites = {str(site.pk): site for site in sites_of(customer)}
        choices = [("", "None"), *((key, site.text) for key, site in self.sites.items())]
        self.fields["site"].choices = choices  # type: ignore[attr-defined]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The lines as they are typed, with blank ones to fill."""
        if self.is_bound:
            numbers = sorted({int(found[1]) for key in self.data if (found := _LINE_KEY.match(key))})
            typed = [{part: self.data.get(f"lines-{n}-{part}", "") for part in _PARTS} for n in numbers]
        else:
            typed = self.first_rows()
        for row in typed:
            # Of a rate that was chosen for another day it is the version of this one.
            row["tax"] = self.versions.get(row["tax"], row["tax"])
        filled = [row for row in typed if any(row[part] for part in ("text", "unit_price"))]
        blank = {"text": "", "quantity": "1", "unit_price": "", "tax": str(self.rates[0].pk) if self.rates else ""}
        return [*filled, blank]

    def first_rows(self) -> list[dict[str, Any]]:
        return []

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        lines, currency = [], str(getattr(self, "currency", "ZAR"))
        for place, row in enumerate(self.rows, start=1):
            if not row["text"].strip() and not row["unit_price"].strip():
                continue
            self._as_product(row)
            try:
                quantity = read_decimal(row["quantity"].strip() or "1", currency)
                price = read_decimal(row["unit_price"].strip() or "0", currency)
            except Refused as refusal:
                self.add_error(None, f"Line {place}: {refusal.sentence}")
                continue
            lines.append(
                LineInput(
                    row["text"],
                    quantity,
                    price,
                    int(row["tax"]) if row["tax"].isdecimal() and len(row["tax"]) < 10 else None,
                )
            )
        values["lines"] = lines
        return values

    def _as_product(self, row: dict[str, Any]) -> None:
        """Price and tax of the product that a line names, where none is typed."""
        product = self.products.get(row["text"].strip().casefold())
        if product is None or row["unit_price"].strip():
            return
        if product.prices_include_tax == (self.data.get("prices") == "excl"):
            tax = "with tax in it" if product.prices_include_tax else "without tax"
            self.add_error("prices", f"{product.name} is priced {tax}. Choose that, or type its price.")
            return
        row["unit_price"] = f"{product.price:f}"
        rate = next((str(rate.pk) for rate in self.rates if product.tax_code and rate.code == product.tax_code), "")
        row["tax"] = rate or row["tax"]

    def invoice_arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "lines": values["lines"], "on": values["on"], "due_on": values["due_on"], "text": values["text"],
            "reference": values["reference"], "prices_include_tax": values["prices"] == "incl",
            "site": self.sites.get(values["site"]),
        }  # fmt: skip


_PARTS = ("text", "quantity", "unit_price", "tax")


def _total(result: Any) -> str:
    return money_text(result.total_minor, result.currency) if isinstance(result, Invoice) else ""


class NewInvoiceForm(InvoiceFields, CustomerForm):
    operation = operations.draft_invoice
    lacks = staticmethod(what_is_missing)
    caption = "New invoice"
    button = "Issue"
    wide = True
    lean = True
    body = "billing/invoice_fields.html"
    preview_body = "billing/invoice_preview.html"
    second_button = "Save draft"
    second_value = "draft"
    first_value = "issue"

    def prepare(self) -> None:
        self.prepare_choices(self.subject, self.caller, self.caller.today)
        self.begin_with({"on": self.caller.today, "prices": "incl"})

    @property
    def button_text(self) -> str:
        return f"Issue {_total(self.result)}".strip()

    def preview_context(self) -> dict[str, Any]:
        result, settled = self.result, 0
        if isinstance(result, Invoice):
            settled = credit_towards(self.subject, result.total_minor, result.due_on, self.caller.today)
        return {"invoice": result, "settled": settled}

    def arguments(self) -> dict[str, Any]:
        return {"customer": self.subject, **self.invoice_arguments()}

    def perform(self, caller: Caller) -> Invoice:
        draft = operations.draft_invoice(caller, **self.arguments())
        if caller.preview or self.data.get("then") == "draft" or not caller.may(operations.issue_invoices):
            return draft
        key = f"{caller.key}-issue" if caller.key else None
        return operations.issue_invoices(caller.with_key(key), invoices=[draft])[0]

    def saved(self, result: Invoice) -> Saved:
        said = f"{result.number} issued for {_total(result)}." if result.number else f"Draft of {_total(result)} saved."
        return Saved(said + settled_text(result), reverse("invoice", args=[result.pk]))


class EditDraftForm(InvoiceFields, VersionedForm):
    operation = operations.change_draft
    noun = INVOICE
    caption = "Edit draft"
    button = "Save draft"
    wide = True
    lean = True
    body = "billing/invoice_fields.html"
    preview_body = "billing/invoice_preview.html"

    def prepare(self) -> None:
        super().prepare()
        draft = self.subject
        self.prepare_choices(draft.customer, self.caller, draft.on)
        self.begin_with({
            "on": draft.on, "due_on": draft.due_on, "text": draft.text, "reference": draft.reference,
            "prices": "incl" if draft.prices_include_tax else "excl", "site": str(draft.site_id or ""),
        })  # fmt: skip

    def first_rows(self) -> list[dict[str, Any]]:
        return [
            {"text": line.text, "quantity": f"{line.quantity.normalize():f}", "unit_price": f"{line.unit_price:.2f}",
             "tax": str(line.tax_rate_id or "")}
            for line in self.subject.lines.all()
        ]  # fmt: skip

    def preview_context(self) -> dict[str, Any]:
        return {"invoice": self.result or self.subject}

    def arguments(self) -> dict[str, Any]:
        version = self.cleaned_data["version"] or 0
        return {"invoice": self.subject, "version": version, **self.invoice_arguments()}

    @property
    def home(self) -> str:
        return reverse("invoice", args=[self.subject.pk])

    def saved(self, result: Invoice) -> Saved:
        return Saved(f"Draft of {_total(result)} saved.", self.home)


class LineAmountsForm(OperationForm):
    """An amount beside each line of an invoice, tax included."""

    noun = INVOICE
    lines: list[tuple[InvoiceLine, int]]

    @property
    def context_line(self) -> str:
        return f"{self.subject}, {self.subject.customer.name}"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Lines with what is left of them. They start with what `starting` says."""
        return [
            {"line": line, "left": left, "typed": self.data.get(f"line-{line.pk}", "") if self.is_bound
             else self._figure(self.starting(line, left))}
            for line, left in self.lines
        ]  # fmt: skip

    def _figure(self, minor: int) -> str:
        return figure_text(minor, self.currency) if minor else ""

    def starting(self, line: InvoiceLine, left: int) -> int:
        """What a line starts with: nothing, or all that is left where that was asked for."""
        return left if "all" in self.params or self.params.get("line") == str(line.pk) else 0

    @property
    def left_minor(self) -> int:
        return sum(left for _, left in self.lines)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        amounts = {}
        for line, _left in self.lines:
            text = self.data.get(f"line-{line.pk}", "").strip()
            if not text:
                continue
            try:
                amounts[line.pk] = read_minor(text, self.currency)
            except Refused as refusal:
                self.add_error(None, f"{line.text}: {refusal.sentence}")
        values["amounts"] = {pk: minor for pk, minor in amounts.items() if minor}
        return values

    @property
    def amount_minor(self) -> int:
        if self.is_bound and getattr(self, "cleaned_data", None) is not None:
            return sum(self.cleaned_data.get("amounts", {}).values())
        return sum(self.starting(line, left) for line, left in self.lines)

    @property
    def button_text(self) -> str:
        total = self.amount_minor
        return f"{self.button} {money_text(total, self.currency)}" if total else self.button

    @property
    def home(self) -> str:
        return reverse("invoice", args=[self.subject.pk])


class CreditInvoiceForm(LineAmountsForm):
    operation = operations.credit_invoice
    lacks = staticmethod(what_is_missing)
    caption = "Credit invoice"
    button = "Credit"
    body = "billing/credit_fields.html"
    preview_body = "platform/button_only.html"

    reason = forms.CharField(max_length=200)
    on = DayField(label="Date")

    def prepare(self) -> None:
        self.initial["on"] = self.caller.today
        suggest(self.fields["reason"], lookup_names("credit_reason")(self.caller))
        left = queries.left_to_credit(self.subject)
        self.lines = [(line, left[line.pk]) for line in self.subject.lines.all()]

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "invoice": self.subject, "amounts": values["amounts"], "reason": values["reason"], "on": values["on"],
        }  # fmt: skip

    def saved(self, result: CreditNote) -> Saved:
        text = money_text(result.total_minor, result.currency)
        return Saved(f"{text} of {self.subject.number} credited with {result.number}.", self.home)


class SendInvoiceForm(LetterForm):
    """The invoice to whom it is for, with the document beside it; subject and message as Settings have them."""

    operation = send_invoice
    noun = INVOICE
    caption = "Send invoice"
    about = "invoice"
    body = "billing/send_invoice.html"
    preview_body = "billing/send_invoice_preview.html"

    # A form's own `subject` is what it is about.
    subject_line = forms.CharField(label="Subject", required=False, max_length=200)

    def prepare(self) -> None:
        super().prepare()
        if self.subject.state == Invoice.State.ISSUED:
            subject, text = words_for(self.subject)
            self.begin_with({"subject_line": subject, "text": text})

    @property
    def context_line(self) -> str:
        return f"{self.subject}, {self.subject.customer.name}"

    def preview_context(self) -> dict[str, Any]:
        return {"invoice": self.subject}

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "invoice": self.subject, "addresses": values["addresses"], "text": values["text"],
            "subject": values["subject_line"],
        }  # fmt: skip

    def refuse(self, refusal: Refused) -> None:
        same = refusal.field == "subject"
        super().refuse(Refused(refusal.code, refusal.sentence, field="subject_line") if same else refusal)

    @property
    def home(self) -> str:
        return reverse("invoice", args=[self.subject.pk])

    def saved(self, result: Message) -> Saved:
        return self.sent(str(self.subject.number), result)
