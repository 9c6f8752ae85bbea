"""Forms of what lies on no app of its own: signing in, and refusing a request."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.urls import reverse

from counterfoil.desk.approvals import seen_by
from counterfoil.platform.approvals import Outcome, get_approval, refuse_approval
from counterfoil.platform.doors import OperationForm, Saved
from counterfoil.platform.models import Approval
from counterfoil.platform.operations import Caller


class SignInForm(AuthenticationForm):
    """E-mail address and password; pasting and password managers work."""

    error_messages: ClassVar[dict[str, str]] = {
        "invalid_login": "That e-mail address and password do not belong together. Check both.",
        "inactive": "This person no longer works here.",
    }

    username = forms.EmailField(
        label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    use_required_attribute = False


class RefuseApprovalForm(OperationForm):
    """The one who asked reads why."""

    operation = refuse_approval
    caption = "Refuse"
    button = "Refuse"
    danger = True

    note = forms.CharField(label="Why", max_length=300, help_text="The one who asked reads it.")

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> Approval:
        return get_approval(seen_by(caller), route["pk"])

    @property
    def context_line(self) -> str:
        return str(self.subject.label)

    @property
    def home(self) -> str:
        return reverse("approval", args=[self.subject.pk])

    def arguments(self) -> dict[str, Any]:
        return {"approval": self.subject, "note": self.cleaned_data["note"]}

    def saved(self, result: Outcome) -> Saved:
        return Saved("Refused. Nothing has changed.", self.home)
