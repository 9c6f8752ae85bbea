"""The sign-in form."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.contrib.auth.forms import AuthenticationForm


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
