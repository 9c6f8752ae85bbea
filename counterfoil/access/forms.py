"""Forms of the desk about portal access."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.access import operations, queries
from counterfoil.access.models import Access
from counterfoil.customers.forms import CustomerForm
from counterfoil.messaging.queries import waits_sentence
from counterfoil.platform.doors import Saved


class GiveAccessForm(CustomerForm):
    operation = operations.give_access
    caption = "Give portal access"
    button = "Give access and send a welcome"

    who = forms.ChoiceField(
        label="To",
        help_text="A contact without an e-mail address cannot sign in: add the address to the contact first.",
    )

    def prepare(self) -> None:
        self.waiting = queries.contacts_to_invite(self.subject)
        choices = [(f"{contact.pk}:{email}", f"{contact.name}, {email}") for contact, email in self.waiting]
        self.choose("who", choices or [("", "Everyone has access already")])

    def arguments(self) -> dict[str, Any]:
        chosen = {f"{contact.pk}:{email}": (contact, email) for contact, email in self.waiting}
        contact, email = chosen[self.cleaned_data["who"]]
        return {"contact": contact, "email": email}

    def saved(self, result: Access) -> Saved:
        account = reverse("customer-tab", args=[self.subject.number, "account"])
        welcome = waits_sentence().replace("It", "The welcome") or "A welcome is on its way."
        return Saved(f"{result.contact.name} has access. {welcome}", f"{account}#portal-access")


class ViewAsForm(CustomerForm):
    operation = operations.view_as_customer
    caption = "View as customer"
    button = "View as customer"
    body = "access/view_as.html"

    def arguments(self) -> dict[str, Any]:
        return {"customer": self.subject}

    def saved(self, result: int) -> Saved:
        return Saved("", f"/portal/as/{operations.ticket_of(self.caller, self.subject, result)}/")
