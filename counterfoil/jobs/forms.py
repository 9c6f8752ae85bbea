"""The forms of jobs with a field of their own: a customer by number, a file, where a dialog starts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.customers.models import Attachment, Customer
from counterfoil.customers.queries import customers_numbered
from counterfoil.jobs import operations
from counterfoil.jobs.nouns import FIELD_JOB
from counterfoil.platform.doors import OperationForm, Saved


class CustomerNumberForm(OperationForm):
    """Whose the job is, by the number of the account."""

    customer = forms.CharField(label="Customer", max_length=40, help_text="The number of their account.")

    def clean_customer(self) -> Customer:
        found = customers_numbered(self.caller, [self.cleaned_data["customer"].strip()])
        if not found:
            raise forms.ValidationError("There is no such account.")
        return found[0]


class JobFileForm(OperationForm):
    """A file that belongs to a job: on a telephone, the camera."""

    operation = operations.attach_job_file
    noun = FIELD_JOB
    caption = "Attach a file"
    button = "Attach"

    file = forms.FileField(help_text="Picture, PDF, Word, Excel, OpenDocument or text, 20 MB at most.")
    kind = forms.ChoiceField(label="What it is", choices=Attachment.Kind.choices, initial="photo")

    def arguments(self) -> dict[str, Any]:
        file = self.cleaned_data["file"]
        kind = self.cleaned_data["kind"]
        return {"job": self.subject, "kind": kind, "name": file.name, "content": file.read()}

    def saved(self, result: Any) -> Saved:
        return Saved(f"{result} attached.", self.home)

    @property
    def home(self) -> str:
        return reverse("field-job", args=[self.subject.number])
