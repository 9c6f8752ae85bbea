"""The form that brings in a statement."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django import forms
from django.http import QueryDict
from django.urls import reverse

from counterfoil.bank import operations, queries
from counterfoil.bank.models import BankStatement
from counterfoil.bank.readers import MOST_BYTES
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import customers_numbered
from counterfoil.kernel.errors import Refused
from counterfoil.platform.doors import OperationForm, Saved
from counterfoil.platform.operations import Verb


class BringInForm(OperationForm):
    """A file from the bank, and which account it is of where it does not say."""

    operation: ClassVar[Verb[Any, Any]] = operations.bring_in_statement
    caption = "Bring in a bank statement"
    button = "Bring in"

    content = forms.FileField(
        label="File", help_text="camt, MT940, OFX, BAI2, QIF, or a table (CSV) as the bank offers it.",
    )  # fmt: skip
    bank_account = forms.ChoiceField(label="Account", required=False)
    mapping = forms.CharField(
        label="Columns", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": "3"}),
        help_text='Only of a table that asks for it, such as dates = "day/month/year". Kept for the next one.',
    )  # fmt: skip
    although = forms.BooleanField(label="Bring it in although it does not add up", required=False)

    def prepare(self) -> None:
        self.accounts = {str(row.pk): row for row in queries.our_accounts()}
        self.choose(
            "bank_account", [("", "As the file says"), *((key, str(row)) for key, row in self.accounts.items())]
        )

    @property
    def context_line(self) -> str:
        return "Bank"

    @property
    def home(self) -> str:
        return reverse("bank")

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        file = values["content"]
        return {
            "content": file.read(MOST_BYTES + 1), "file_name": str(file.name)[:200], "mapping": values["mapping"],
            "bank_account": self.accounts.get(values["bank_account"]), "although": values["although"],
        }  # fmt: skip

    def saved(self, result: list[BankStatement]) -> Saved:
        return Saved(queries.brought_in_text(result), self.home)


class RecordForm(OperationForm):
    """What a line was shown to settle goes with the press."""

    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def prepare(self) -> None:
        # Before it is put into words: what changes in between is noticed rather than recorded.
        self.initial["shown"] = queries.found_for(self.subject).key

    def refuse(self, refusal: Refused) -> None:
        super().refuse(refusal)
        if refusal.code == "changed":
            # The form says now what it would settle by now; to press once more is a decision.
            data = cast(QueryDict, self.data).copy()
            data["shown"] = queries.found_for(self.subject).key
            self.data = data


class GiveForm(OperationForm):
    """Whose a line is, by the number of the account."""

    customer = forms.CharField(label="Customer", max_length=40, help_text="The number of their account.")

    def clean_customer(self) -> Customer:
        found = customers_numbered(self.caller, [self.cleaned_data["customer"].strip()])
        if not found:
            raise forms.ValidationError("There is no such account.")
        return found[0]
