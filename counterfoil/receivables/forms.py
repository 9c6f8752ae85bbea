"""Forms about what a customer owes: credits, charges, write-offs, disputes and allocations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.queries import customers_numbered
from counterfoil.kernel.errors import NotFound
from counterfoil.kernel.money import money_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import DayField, MoneyField, OperationForm, Saved
from counterfoil.receivables import operations, queries
from counterfoil.receivables.lists import open_dispute_of
from counterfoil.receivables.models import Allocation, CreditPolicy, Dispute, OpenItem, SetAside
from counterfoil.receivables.nouns import ITEM
from counterfoil.receivables.rules import ItemState


def item_choices(items: list[ItemState], currency: str) -> list[tuple[str, str]]:
    """Open items as a person picks them."""
    return [(str(item.id), f"{item.number}, {money_text(item.open_minor, currency)} open") for item in items]


class _AccountForm(CustomerForm):
    amount = MoneyField()
    reason = forms.CharField(max_length=200, help_text="The customer reads it on the statement.")
    on = DayField(label="Date")

    def prepare(self) -> None:
        self.initial["on"] = self.caller.today

    @property
    def amount_text(self) -> str:
        minor = self.value("amount")
        return money_text(minor, self.currency) if isinstance(minor, int) and minor > 0 else ""

    @property
    def button_text(self) -> str:
        return f"{self.button} {self.amount_text}".strip()


class IssueCreditForm(_AccountForm):
    operation = operations.issue_credit
    caption = "Issue credit"
    button = "Issue"
    body = "receivables/credit_fields.html"
    preview_body = "receivables/balance_preview.html"

    against = forms.ChoiceField(
        label="Against", required=False, help_text="What is left of it is account credit, for the next bill."
    )

    def prepare(self) -> None:
        super().prepare()
        items = queries.open_items_of(self.subject, self.caller.today)
        self.debits = [item for item in items if item.is_debit]
        first = "What is owed, oldest first" if queries.credit_settles_bills() else "Nothing yet"
        self.choose("against", [("", first), *item_choices(self.debits, self.currency)])

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        against = ITEM.get(self.caller, int(values["against"])) if values["against"] else None
        return {
            "customer": self.subject, "amount_minor": values["amount"], "reason": values["reason"],
            "on": values["on"], "against": against,
        }  # fmt: skip

    def preview_context(self) -> dict[str, Any]:
        figures = queries.figures(self.subject, self.caller.today)
        minor = self.value("amount")
        after = figures.balance_minor - minor if isinstance(minor, int) else None
        return {"balance": figures.balance_minor, "after": after}

    def saved(self, result: OpenItem) -> Saved:
        return Saved(f"Credit {result.number} of {money_text(result.amount_minor, result.currency)} issued.")


class DebitMemoForm(_AccountForm):
    operation = operations.raise_debit_memo
    caption = "Charge without an invoice"
    button = "Charge"
    preview_body = "receivables/balance_preview.html"

    due_on = DayField(label="Due", required=False)

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "customer": self.subject, "amount_minor": values["amount"], "reason": values["reason"],
            "on": values["on"], "due_on": values["due_on"],
        }  # fmt: skip

    def preview_context(self) -> dict[str, Any]:
        figures = queries.figures(self.subject, self.caller.today)
        minor = self.value("amount")
        after = figures.balance_minor + minor if isinstance(minor, int) else None
        return {"balance": figures.balance_minor, "after": after}

    def saved(self, result: OpenItem) -> Saved:
        return Saved(f"Charged {money_text(result.amount_minor, result.currency)} as {result.number}.")


class ItemForm(OperationForm):
    """What every form about an open item has: the item, from the address."""

    noun = ITEM

    @property
    def context_line(self) -> str:
        return f"{self.subject.number}, {self.customer.name}"

    @property
    def open_text(self) -> str:
        return money_text(self.subject.open_minor, self.subject.currency)


class WriteOffForm(ItemForm):
    operation = operations.write_off
    caption = "Write off"
    button = "Write off"
    danger = True
    preview_body = "receivables/button_only.html"

    amount = MoneyField()
    reason = forms.CharField(max_length=200, help_text="The customer reads it on the statement.")
    on = DayField(label="Date")

    def prepare(self) -> None:
        self.begin_with({"amount": self.subject.open_minor, "on": self.caller.today})
        self.fields["amount"].help_text = f"{self.open_text} is open."

    @property
    def button_text(self) -> str:
        minor = self.value("amount")
        return f"Write off {money_text(minor, self.currency)}" if isinstance(minor, int) and minor > 0 else "Write off"

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "item": self.subject, "amount_minor": values["amount"], "reason": values["reason"], "on": values["on"],
        }  # fmt: skip

    def saved(self, result: OpenItem) -> Saved:
        return Saved(f"{money_text(result.amount_minor, result.currency)} of {self.subject.number} written off.")


class OpenDisputeForm(ItemForm):
    operation = operations.open_dispute
    caption = "Put in dispute"
    button = "Put in dispute"

    amount = MoneyField(label="Amount in dispute")
    reason = forms.CharField(max_length=200)

    def prepare(self) -> None:
        self.initial["amount"] = self.subject.open_minor
        self.fields["amount"].help_text = f"{self.open_text} is open."

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {"item": self.subject, "amount_minor": values["amount"], "reason": values["reason"]}

    def saved(self, result: Dispute) -> Saved:
        return Saved(f"{money_text(result.amount_minor, self.currency)} of {self.subject.number} is in dispute.")


class CloseDisputeForm(ItemForm):
    operation = operations.close_dispute
    caption = "Close dispute"
    button = "Close dispute"

    outcome = forms.CharField(max_length=200, help_text="What was agreed.")

    def arguments(self) -> dict[str, Any]:
        dispute = open_dispute_of(self.subject.pk)
        if dispute is None:
            raise NotFound(f"{self.subject.number} is not in dispute.")
        return {"dispute": dispute, "outcome": self.cleaned_data["outcome"]}

    def saved(self, result: Dispute) -> Saved:
        return Saved(f"The dispute on {self.subject.number} is closed.")


class SetAsideForm(ItemForm):
    operation = operations.set_aside
    caption = "Set aside"
    button = "Set aside"

    purpose = forms.CharField(
        label="For", max_length=120, help_text="It settles nothing until somebody allocates or releases it."
    )

    @property
    def button_text(self) -> str:
        return f"Set aside {self.open_text}"

    def arguments(self) -> dict[str, Any]:
        return {"item": self.subject, "purpose": self.cleaned_data["purpose"]}

    def saved(self, result: SetAside) -> Saved:
        return Saved(f"{self.open_text} of {self.subject.number} is set aside for {result.purpose}.")


class ReleaseCreditForm(ItemForm):
    operation = operations.release_credit
    caption = "Release"
    button = "Release"
    preview_body = "receivables/release_preview.html"
    drawn_at_once = True

    @property
    def button_text(self) -> str:
        return f"Release {self.open_text}"

    def preview_context(self) -> dict[str, Any]:
        left = self.result.open_minor if isinstance(self.result, OpenItem) else self.subject.open_minor
        return {"settles": self.subject.open_minor - left, "left": left}

    def arguments(self) -> dict[str, Any]:
        return {"item": self.subject}

    def saved(self, result: OpenItem) -> Saved:
        settled = money_text(self.subject.open_minor - result.open_minor, result.currency)
        left = money_text(result.open_minor, result.currency)
        return Saved(f"{self.subject.number} released: {settled} settled what was owed, {left} is account credit.")


class CreditPolicyForm(OperationForm):
    operation = operations.set_credit_policy
    caption = "Account credit"
    button = "Save"

    settles = forms.ChoiceField(
        label="When something is billed",
        choices=[("yes", "Account credit settles it, oldest first"), ("no", "Account credit waits to be allocated")],
        widget=forms.RadioSelect,
        help_text="Payments settle what is owed in either case. What is set aside always waits.",
    )

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> None:
        caller.must("receivables.set_credit_policy")

    def prepare(self) -> None:
        self.initial["settles"] = "yes" if queries.credit_settles_bills() else "no"

    @property
    def context_line(self) -> str:
        return "Policies"

    @property
    def home(self) -> str:
        return reverse("policies")

    def arguments(self) -> dict[str, Any]:
        return {"settles_bills": self.cleaned_data["settles"] == "yes"}

    def saved(self, result: CreditPolicy) -> Saved:
        return Saved(f"From now on account credit {result}.", self.home)


class AllocateForm(CustomerForm):
    operation = operations.allocate
    caption = "Allocate credit"
    button = "Allocate"
    body = "receivables/allocate_fields.html"

    credit = forms.ChoiceField(label="Use")
    debit = forms.ChoiceField(label="To settle")
    amount = MoneyField()

    def prepare(self) -> None:
        items = queries.open_items_of(self.subject, self.caller.today)
        credits = [item for item in items if not item.is_debit]
        debits = [item for item in items if item.is_debit]
        self.choose("credit", item_choices(credits, self.currency))
        self.choose("debit", item_choices(debits, self.currency))
        self.credit_minor = sum(item.open_minor for item in credits)
        self.due_minor = sum(item.open_minor for item in debits)
        self.idle = not (credits and debits)
        if not self.idle:
            wanted = next((item for item in credits if str(item.id) == self.params.get("credit")), credits[0])
            self.initial["amount"] = min(wanted.open_minor, debits[0].open_minor)

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "customer": self.subject,
            "credit": ITEM.get(self.caller, int(values["credit"])),
            "debit": ITEM.get(self.caller, int(values["debit"])),
            "amount_minor": values["amount"],
        }

    def saved(self, result: Allocation) -> Saved:
        text = money_text(result.amount_minor, self.currency)
        return Saved(f"{text} of {result.credit.number} settles {result.debit.number}.")


class AllocateOldestForm(CustomerForm):
    operation = operations.allocate_oldest_first
    caption = "Allocate credit, oldest first"
    button = "Allocate"
    body = "receivables/oldest_fields.html"

    def prepare(self) -> None:
        figures = queries.figures(self.subject, self.caller.today)
        # What is set aside settles nothing by itself.
        self.credit_minor, self.due_minor = figures.credit_minor - figures.set_aside_minor, figures.total_due_minor
        self.idle = not (self.credit_minor and self.due_minor)

    def arguments(self) -> dict[str, Any]:
        return {"customer": self.subject}

    def saved(self, result: list[Allocation]) -> Saved:
        total = money_text(sum(row.amount_minor for row in result), self.currency)
        return Saved(f"{total} allocated to {len(result)} {'item' if len(result) == 1 else 'items'}.")


class MergeForm(CustomerForm):
    """The other account turns out to be this customer. It cannot be undone, so the number is typed."""

    operation = operations.merge_customers
    caption = "Merge another account into this one"
    button = "Merge"
    body = "receivables/merge.html"
    danger = True

    other = forms.CharField(label="Account number of the other", max_length=40)
    sure = forms.CharField(label="Type it once more", max_length=40)

    @property
    def duplicate(self) -> Any:
        """The other account, once its number is known."""
        number = str(self.value("other") or "").strip()
        return next(iter(customers_numbered(self.caller, [number])), None) if number else None

    def preview_context(self) -> dict[str, Any]:
        found = self.duplicate
        return {"other": found, "figures": queries.figures(found, self.caller.today) if found else None}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("other") and self.duplicate is None:
            self.add_error("other", "There is no such account, or you may not see it.")
        elif values.get("sure", "").strip() != values.get("other", "").strip() and "preview" not in self.data:
            self.add_error("sure", f"Type {values.get('other', 'the number')} to confirm.")
        return values

    def arguments(self) -> dict[str, Any]:
        return {"customer": self.subject, "duplicate": self.duplicate}

    def saved(self, result: Any) -> Saved:
        return Saved(f"{self.duplicate.number} is merged into {result.number}.", self.home)
