"""The forms of tickets with a field of their own: a customer by number, a password that is not shown."""

from __future__ import annotations

from django import forms

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import customers_numbered
from counterfoil.platform.doors import OperationForm


class AssignForm(OperationForm):
    """Whose an e-mail is, by the number of the account."""

    customer = forms.CharField(label="Customer", max_length=40, help_text="The number of their account.")

    def clean_customer(self) -> Customer:
        found = customers_numbered(self.caller, [self.cleaned_data["customer"].strip()])
        if not found:
            raise forms.ValidationError("There is no such account.")
        return found[0]


class MailboxForm(OperationForm):
    """The mailbox; its password is never shown again."""

    password = forms.CharField(
        required=False, max_length=1000, strip=False, help_text="Stored encrypted. Blank keeps it.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
