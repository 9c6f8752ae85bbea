"""Forms about money in and money out."""

from __future__ import annotations

from typing import Any

from django import forms

from counterfoil.customers.forms import CustomerForm
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text, read_minor
from counterfoil.payments import operations, queries
from counterfoil.payments.models import Receipt
from counterfoil.platform.doors import DayField, MoneyField, OperationForm, Saved
from counterfoil.receivables.nouns import ITEM
from counterfoil.receivables.queries import figures, open_items_of
from counterfoil.receivables.rules import allocate_oldest_first


class RecordPaymentForm(CustomerForm):
    operation = operations.record_receipt
    caption = "Record payment"
    button = "Record"
    body = "payments/record.html"
    preview_body = "payments/record_preview.html"

    amount = MoneyField()
    on = DayField(label="Received")
    method = forms.ChoiceField()
    reference = forms.CharField(required=False, max_length=120)
    spread = forms.ChoiceField(
        label="Allocation",
        choices=[("oldest", "Oldest first"), ("chosen", "I choose"), ("aside", "Set it aside")],
        widget=forms.RadioSelect,
        initial="oldest",
    )
    purpose = forms.CharField(
        label="Set aside for", required=False, max_length=120,
        help_text="It settles nothing until somebody allocates or releases it.",
    )  # fmt: skip
    duplicate_ok = forms.BooleanField(label="This is another payment", required=False)

    def prepare(self) -> None:
        today = self.caller.today
        items = open_items_of(self.subject, today)
        self.debits = [item for item in items if item.is_debit]
        self.figures = figures(self.subject, today, items)
        start = self.figures.overdue_minor or max(self.figures.balance_minor, 0)
        self.choose("method", queries.methods_offered(today))
        self.fields["purpose"].required = self.spread_now == "aside"
        self.begin_with(
            {
                "amount": start or None,
                "on": today,
                "method": queries.usual_method(today),
                "reference": self.subject.number,
            }
        )

    @property
    def chips(self) -> list[tuple[str, int]]:
        """The usual amounts."""
        found = [("Overdue", self.figures.overdue_minor), ("Balance", self.figures.balance_minor)]
        return [(label, minor) for label, minor in found if minor > 0]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self.chosen: dict[int, int] = {}
        if values.get("spread") == "chosen":
            for item in self.debits:
                text = self.data.get(f"item-{item.id}", "").strip()
                if not text:
                    continue
                try:
                    self.chosen[item.id] = read_minor(text, self.currency)
                except Refused as refusal:
                    self.add_error("spread", f"{item.number}: {refusal.sentence}")
            if not any(self.chosen.values()) and not self.errors and not self._is_preview:
                self.add_error("spread", "Enter an amount beside an item, or leave it as account credit.")
        return values

    @property
    def _is_preview(self) -> bool:
        return bool({"preview"} & {*self.params, *self.data})

    @property
    def spread_now(self) -> str:
        return str(self.data.get("spread", "oldest") if self.is_bound else "oldest")

    @property
    def preview_problems(self) -> list[str]:
        """What is wrong so far; a likely duplicate is said beside its tick."""
        return [text for text in super().preview_problems if text not in self.errors.get("duplicate_ok", ())]

    @property
    def shares(self) -> list[dict[str, Any]]:
        """What the payment settles, item by item."""
        minor = self.value("amount") if isinstance(self.value("amount"), int) else 0
        # As it was sent: a refused allocation must not take its own fields away.
        spread = self.spread_now
        if spread == "oldest":
            made = allocate_oldest_first([(0, minor)], [(item.id, item.open_minor) for item in self.debits])
            parts = {share.debit_id: share.minor for share in made}
        else:
            parts = dict(self.chosen) if spread == "chosen" and self.is_bound else {}
        rows = [
            {"item": item, "minor": parts.get(item.id, 0), "left": item.open_minor - parts.get(item.id, 0),
             "typed": self.data.get(f"item-{item.id}", "") if self.is_bound else ""}
            for item in self.debits
        ]  # fmt: skip
        return rows if spread == "chosen" else [row for row in rows if row["minor"]]

    def preview_context(self) -> dict[str, Any]:
        minor = self.value("amount")
        shares = self.shares
        amount = minor if isinstance(minor, int) else 0
        on = self.value("on")
        reference = self.value("reference") or ""
        same = queries.likely_duplicates(self.subject, amount, on, reference) if amount > 0 and on else []
        return {
            "shares": shares, "left": amount - sum(row["minor"] for row in shares), "chosen": self.spread_now,
            "duplicates": same,
        }  # fmt: skip

    @property
    def button_text(self) -> str:
        minor = self.value("amount")
        return f"Record {money_text(minor, self.currency)}" if isinstance(minor, int) and minor > 0 else "Record"

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        spread = values["spread"]
        allocate = {"oldest": None, "aside": []}.get(spread, list(self.chosen.items()))
        return {
            "customer": self.subject, "amount_minor": values["amount"], "on": values["on"],
            "method": values["method"], "reference": values["reference"], "allocate": allocate,
            "duplicate_ok": values["duplicate_ok"], "purpose": values["purpose"] if spread == "aside" else "",
        }  # fmt: skip

    def refuse(self, refusal: Refused) -> None:
        field = {"allocate": "spread"}.get(refusal.field or "", refusal.field)
        super().refuse(Refused(refusal.code, refusal.sentence, field=field))

    def saved(self, result: Receipt) -> Saved:
        said = f"{money_text(result.amount_minor, result.currency)} recorded as {result.number}"
        if self.spread_now == "aside":
            return Saved(f"{said}, set aside for {self.cleaned_data['purpose']}.")
        left = ITEM.get(self.caller, result.item_id).open_minor
        settled = money_text(result.amount_minor - left, result.currency)
        if not left:
            return Saved(f"{said}, allocated in full.")
        credit = f"{money_text(left, result.currency)} is account credit"
        return Saved(f"{said}: {settled} allocated, {credit}." if left < result.amount_minor else f"{said}. {credit}.")


class RefundForm(OperationForm):
    body = "payments/refund.html"
