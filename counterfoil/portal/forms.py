"""What people type into the portal."""

from __future__ import annotations

from typing import Any

from django import forms

from counterfoil.customers.models import Contact, Site
from counterfoil.platform.doors import text_lines

_EMAIL = {"autocomplete": "username webauthn", "autocapitalize": "none"}


class _PortalForm(forms.Form):
    use_required_attribute = False

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.label_suffix = ""
        for name, field in self.fields.items():
            label = field.label or name.replace("_", " ").capitalize()
            field.error_messages["required"] = f"{label} is missing."


class LinkForm(_PortalForm):
    """Where to send a link."""

    email = forms.EmailField(label="Your e-mail address", max_length=254, widget=forms.EmailInput(attrs=_EMAIL))


class PasswordForm(_PortalForm):
    """E-mail address and password; pasting and password managers work."""

    prefix = "p"
    email = forms.EmailField(label="E-mail address", max_length=254, widget=forms.EmailInput(attrs=_EMAIL))
    password = forms.CharField(
        max_length=1000, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class NewPasswordForm(_PortalForm):
    """A new password, with the one before it when there is one and no link has just proved who it is."""

    current = forms.CharField(
        label="Your password now", max_length=1000, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    password = forms.CharField(
        label="New password", max_length=1000, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Twelve characters or more, and not one that everybody uses. A sentence is easy to keep.",
    )  # fmt: skip

    def __init__(self, *args: object, asks_current: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if not asks_current:
            del self.fields["current"]


class ContactForm(_PortalForm):
    """How a contact should read."""

    name = forms.CharField(max_length=300, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    title = forms.CharField(label="Position", required=False, max_length=80)
    emails = forms.CharField(
        label="E-mail addresses", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": "2"}),
        help_text="One to a line. The address you sign in with stays as it is.",
    )  # fmt: skip
    phones = forms.CharField(
        label="Phone numbers", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": "2"}),
        help_text="One to a line.",
    )  # fmt: skip

    @classmethod
    def values_of(cls, contact: Contact) -> dict[str, str]:
        """How the contact reads now."""
        points = list(contact.points.all())
        both = {
            field: "\n".join(point.value for point in points if point.kind == kind)
            for field, kind in (("emails", "email"), ("phones", "phone"))
        }
        return {"name": contact.name, "title": contact.title, **both}

    def changes(self) -> dict[str, Any]:
        """What is different, as the operation takes it."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data}
        return {name: text_lines(value) if name in ("emails", "phones") else value for name, value in changed.items()}


class AddressForm(_PortalForm):
    """How an address should read."""

    street = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "street-address"}))
    city = forms.CharField(required=False, max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    postcode = forms.CharField(required=False, max_length=16, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    @classmethod
    def values_of(cls, site: Site) -> dict[str, str]:
        """How the address reads now."""
        return {name: getattr(site, name) for name in cls.base_fields}

    def changes(self) -> dict[str, Any]:
        """What is different, as the operation takes it."""
        return {name: self.cleaned_data[name] for name in self.changed_data}
