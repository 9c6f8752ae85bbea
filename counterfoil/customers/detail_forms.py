"""Forms about what is kept besides: where messages go, attachments, custom fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.customers import operations, queries, reaching
from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.models import Attachment, CustomField, Destination
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.kernel.errors import NotFound
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import OperationForm, Saved
from counterfoil.platform.fields import text_lines


class DestinationsForm(CustomerForm):
    operation = operations.set_destinations
    button = "Save"

    emails = forms.CharField(
        label="E-mail addresses",
        required=False,
        widget=forms.Textarea(attrs={"rows": "3"}),
        help_text="One per line. If left empty, they go where the contacts say.",
    )

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> Any:
        customer = CUSTOMER.get(caller, route["number"])
        if route["about"] not in Destination.About.values:
            raise NotFound("There is no such kind of message.")
        # The form is about one kind of message of one customer.
        customer.about = route["about"]  # type: ignore[attr-defined]
        return customer

    @property
    def heading(self) -> str:
        return f"Where {Destination.About(self.subject.about).label.lower()} go"

    def prepare(self) -> None:
        about = self.subject.about
        self.begin_with({"emails": "\n".join(reaching.destinations_of(self.subject).get(about, []))})

    def arguments(self) -> dict[str, Any]:
        return {
            "customer": self.subject,
            "about": self.subject.about,
            "emails": text_lines(self.cleaned_data["emails"]),
        }

    def saved(self, result: Any) -> Saved:
        return Saved(
            f"{Destination.About(self.subject.about).label} go to {len(result)} addresses of their own."
            if result
            else f"{Destination.About(self.subject.about).label} go where the contacts say."
        )

    @property
    def home(self) -> str:
        return reverse("customer-tab", args=[self.subject.number, "messages"])


class AttachFileForm(CustomerForm):
    operation = operations.attach_file
    caption = "Attach file"
    button = "Attach"

    file = forms.FileField(help_text="PDF, picture, Word, Excel, OpenDocument or text, 20 MB at most.")
    kind = forms.ChoiceField(label="What it is", choices=Attachment.Kind.choices)

    def arguments(self) -> dict[str, Any]:
        file = self.cleaned_data["file"]
        return {
            "customer": self.subject, "kind": self.cleaned_data["kind"], "name": file.name, "content": file.read(),
        }  # fmt: skip

    def saved(self, result: Attachment) -> Saved:
        return Saved(f"{result.name} attached.")

    @property
    def home(self) -> str:
        return reverse("customer-tab", args=[self.subject.number, "account"])


class CustomFieldForm(OperationForm):
    operation = operations.save_custom_field
    caption = "Custom field"
    button = "Save field"

    label = forms.CharField(label="Name", max_length=60)
    kind = forms.ChoiceField(choices=CustomField.Kind.choices)
    choices = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": "3"}), help_text="For a choice: one per line."
    )
    listed = forms.BooleanField(label="Show it in the customers list and its exports", required=False, initial=True)
    active = forms.BooleanField(label="In use", required=False, initial=True)

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> CustomField | None:
        return queries.get_custom_field(route["pk"]) if "pk" in route else None

    def prepare(self) -> None:
        if self.subject is not None:
            self.begin_with({name: getattr(self.subject, name) for name in ("label", "kind", "listed", "active")})
            self.initial["choices"] = "\n".join(self.subject.choices)

    @property
    def context_line(self) -> str:
        return ""

    def arguments(self) -> dict[str, Any]:
        values = {**self.cleaned_data, "choices": self.cleaned_data["choices"].splitlines()}
        return {"field": self.subject, **values}

    def saved(self, result: CustomField) -> Saved:
        return Saved(f"“{result.label}” saved.", reverse("custom-fields"))

    @property
    def home(self) -> str:
        return reverse("custom-fields")
