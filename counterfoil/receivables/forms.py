"""Forms about what a customer owes: credits, charges, write-offs, disputes and allocations."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.urls import reverse

from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.queries import customers_numbered
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text
from counterfoil.platform.doors import MoneyField, OperationForm, Saved
from counterfoil.receivables import operations, queries
from counterfoil.receivables.models import Allocation, BucketSet, OpenItem
from counterfoil.receivables.nouns import BUCKET_SET, ITEM
from counterfoil.receivables.rules import ItemState, buckets_up_to


def item_choices(items: list[ItemState], currency: str) -> list[tuple[str, str]]:
    """Open items as a person picks them."""
    return [(str(item.id), f"{item.number}, {money_text(item.open_minor, currency)} open") for item in items]


class CreditForm(OperationForm):
    """What the balance is before and after."""

    preview_body = "receivables/balance_preview.html"
    body = "receivables/credit_fields.html"
    sign: ClassVar[int] = -1

    def preview_context(self) -> dict[str, Any]:
        balance, minor = queries.figures(self.subject, self.caller.today).balance_minor, self.value("amount")
        return {"balance": balance, "after": balance + self.sign * minor if isinstance(minor, int) else None}


class ChargeForm(CreditForm):
    body = OperationForm.body
    sign = 1


class ReleaseForm(OperationForm):
    """What of the credit settles something at once."""

    preview_body = "receivables/release_preview.html"
    drawn_at_once = True

    def preview_context(self) -> dict[str, Any]:
        left = self.result.open_minor if isinstance(self.result, OpenItem) else self.subject.open_minor
        return {"settles": self.subject.open_minor - left, "left": left}


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
    sure = forms.CharField(label="Type it again", max_length=40)

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


class BucketSetForm(OperationForm):
    """A way to age: the last day of each bucket, so that none can overlap or be missing."""

    operation = operations.save_bucket_set
    caption = "Add ageing buckets"
    button = "Save"

    name = forms.CharField(max_length=60)
    days = forms.CharField(
        max_length=120,
        label="Buckets end after so many days",
        help_text="Such as 0, 30, 60, 90. What is later has a bucket of its own; 0 is what is not due yet.",
    )
    basis = forms.ChoiceField(label="Days count from", choices=BucketSet.Basis.choices)
    is_default = forms.BooleanField(label="The age analysis begins with these", required=False)

    @property
    def context_line(self) -> str:
        return str(self.subject or "")

    @property
    def home(self) -> str:
        return reverse("ageing-buckets")

    def clean_days(self) -> list[int]:
        parts = str(self.cleaned_data["days"]).replace(";", ",").split(",")
        if not all(part.strip().isdecimal() and len(part.strip()) < 6 for part in parts):
            raise forms.ValidationError("Write days with commas between them, such as 0, 30, 60, 90.")
        days = [int(part) for part in parts]
        if days != sorted(set(days)):
            raise forms.ValidationError("Write the days from the fewest to the most, none twice.")
        return days

    def arguments(self) -> dict[str, Any]:
        found = self.cleaned_data
        return {
            "name": self.subject.name if self.subject else found["name"], "buckets": buckets_up_to(found["days"]),
            "basis": found["basis"], "is_default": found["is_default"],
        }  # fmt: skip

    def refuse(self, refusal: Refused) -> None:
        super().refuse(Refused(refusal.code, refusal.sentence, field="days" if refusal.field == "buckets" else None))

    def saved(self, result: BucketSet) -> Saved:
        labels = ", ".join(bucket.label for bucket in result.buckets.all())
        return Saved(f"{result.name} saved: {labels}.", self.home)


class ChangeBucketSetForm(BucketSetForm):
    """The same set with other buckets."""

    noun = BUCKET_SET
    caption = "Change ageing buckets"

    def prepare(self) -> None:
        del self.fields["name"]
        last = [bucket.days_to for bucket in self.subject.buckets.all() if bucket.days_to is not None]
        self.begin_with({
            "days": ", ".join(str(day) for day in last), "basis": self.subject.basis,
            "is_default": self.subject.is_default,
        })  # fmt: skip
