"""Signing in, and the forms of the desk itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
)
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.urls import reverse

from counterfoil.access.passkeys import BROKEN
from counterfoil.customers.forms import CustomerForm
from counterfoil.customers.models import Customer
from counterfoil.desk import operations
from counterfoil.desk.lists import LISTS
from counterfoil.desk.models import ReportMail
from counterfoil.desk.tasks import email_password_link
from counterfoil.kernel.errors import NotFound
from counterfoil.kernel.periods import date_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import OperationForm, Saved
from counterfoil.platform.passwords import LEAST
from counterfoil.reports.asked import Report
from counterfoil.reports.queries import REPORTS
from counterfoil.staff.sign_in import use_code


class PasswordLinkForm(ResetPasswordForm):
    """Asks for a link to set a password. Whether anybody has that address is looked up later, by the task."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        email_password_link.enqueue(email=email, asked=uuid.uuid4().hex)
        return email


class _NewPassword(forms.Form):
    """What forms say that ask for a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"oldpassword": "Current password", "password1": "New password", "password2": "New password again"}
        for name in self.fields.keys() & labels.keys():
            self.fields[name].label, self.fields[name].help_text = labels[name], ""
        self.fields[
            "password1"
        ].help_text = f"{LEAST} characters or more, and not one that everybody uses. A sentence is easy to keep."


class FirstPasswordForm(_NewPassword, SetPasswordForm):
    """Sets a password where there was none."""


class NewPasswordForm(_NewPassword, ChangePasswordForm):
    """Sets another password."""


class PasswordFromLinkForm(_NewPassword, ResetPasswordKeyForm):
    """Sets a password by a link that came by e-mail."""


class AuthenticatorForm(ActivateTOTPForm):
    """Sets up an authenticator app. The code that proves it has been used then, and does not sign in as well."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if not use_code(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class _AnyJson(forms.JSONField):
    """JSON as anybody may send it: what has no end, or a number without end, is none."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)


class _DeviceAnswer(forms.Form):
    """What a device with a passkey answers, before the package takes it apart: what breaks its parsers is not right."""

    credential = _AnyJson(widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        return _not_right_if_broken(super().clean_credential)  # type: ignore[misc]


def _not_right_if_broken(clean: Callable[[], Any]) -> Any:
    try:
        return clean()
    except BROKEN as error:
        raise get_adapter().validation_error("incorrect_code") from error


class PasskeySignInForm(_DeviceAnswer, LoginWebAuthnForm):
    """Signs in with a passkey alone."""


class PasskeySecondStepForm(_DeviceAnswer, AuthenticateWebAuthnForm):
    """The second step with a passkey."""


class PasskeyAgainForm(_DeviceAnswer, ReauthenticateWebAuthnForm):
    """Says with a passkey who is there."""


class AddPasskeyForm(AddWebAuthnForm):
    """Adds a passkey."""

    credential = _AnyJson(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        alone = self.fields["passwordless"]
        alone.label = "Sign in with it alone, without a password"
        alone.help_text = "The device then asks for a finger, a face or its PIN."

    def clean(self) -> Any:
        return _not_right_if_broken(super().clean)


class SignInForm(LoginForm):
    """E-mail address and password; pasting and password managers work."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        address, password = self.fields["login"], self.fields["password"]
        address.label, password.label, password.help_text = "E-mail address", "Password", ""
        address.widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
        password.widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
        for field in (address, password):
            field.error_messages["required"] = f"{field.label} is missing."


class SaveViewForm(OperationForm):
    operation = operations.save_view
    caption = "Save this view"
    button = "Save view"

    name = forms.CharField(max_length=40, help_text="Shown as a tab above the list.")
    shared = forms.BooleanField(label="For everybody", required=False)
    list_key = forms.CharField(widget=forms.HiddenInput, max_length=40)
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=500)

    def clean_list_key(self) -> str:
        key = str(self.cleaned_data["list_key"])
        if key not in LISTS:
            raise NotFound("There is no such list.")
        return key

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)

    def saved(self, result: Any) -> Saved:
        return Saved(f"View “{result.name}” saved.", f"{reverse(LISTS[result.list_key])}?{result.query}")

    @property
    def home(self) -> str:
        return reverse(LISTS.get(str(self.value("list_key")), "home"))


class MailReportForm(OperationForm):
    """A report by e-mail, after each day, week or month."""

    operation = operations.mail_report
    caption = "E-mail me this report"
    button = "E-mail it to me"

    every = forms.ChoiceField(label="When", choices=ReportMail.Every.choices)

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> Report:
        found = REPORTS.get(route["name"])
        if found is None or found.behind or not caller.may(found.sees):
            raise NotFound("There is no such report, or you may not see it.")
        return found

    def prepare(self) -> None:
        self.begin_with({"every": "month"})

    @property
    def context_line(self) -> str:
        return str(self.subject.title)

    @property
    def home(self) -> str:
        return reverse("reports")

    def arguments(self) -> dict[str, Any]:
        return {"report": self.subject.name, "every": self.cleaned_data["every"]}

    def saved(self, result: ReportMail) -> Saved:
        return Saved(f"{self.subject.title} comes by e-mail, first on {date_text(result.next_on)}.", self.home)


class EraseForm(CustomerForm):
    """What cannot be undone is confirmed by the account's number."""

    operation = operations.erase_personal_data
    caption = "Erase personal data"
    button = "Erase"
    body = "desk/erase.html"
    danger = True

    reason = forms.CharField(max_length=200, help_text="Such as the request of the person, and when it came.")
    sure = forms.CharField(label="Type the account number", max_length=40)

    def clean_sure(self) -> str:
        if str(self.cleaned_data["sure"]).strip() != self.subject.number:
            raise forms.ValidationError(f"Type {self.subject.number} to confirm.")
        return str(self.cleaned_data["sure"])

    def arguments(self) -> dict[str, Any]:
        return {"customer": self.subject, "reason": self.cleaned_data["reason"]}

    def saved(self, result: Customer) -> Saved:
        return Saved(f"The personal data of {result.number} are erased.", reverse("customer", args=[result.number]))
