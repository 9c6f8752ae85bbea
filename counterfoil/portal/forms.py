"""What people type into the portal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms

from counterfoil.cards.rules import Open, parts
from counterfoil.kernel.money import money_text
from counterfoil.platform.doors import DayField, MoneyField

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


class PromiseForm(_PortalForm):
    """By when all that is overdue will be paid."""

    due_on = DayField(label="I will pay by")


class PlanForm(_PortalForm):
    """How many payments, and when the first one comes."""

    count = forms.TypedChoiceField(label="Payments, one a month", coerce=int)
    first_on = DayField(label="First payment by")

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["count"].choices = [(n, str(n)) for n in range(2, most + 1)]  # type: ignore[attr-defined]


class FilesField(forms.FileField):
    """Some files at once, or none."""

    widget = type("FilesInput", (forms.ClearableFileInput,), {"allow_multiple_selected": True})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(one, initial) for one in given if one]


_FILES = "25 MB each at most."


class RequestForm(_PortalForm):
    """What a customer asks."""

    # A form's own `subject` is what it is about.
    topic = forms.CharField(label="Subject", max_length=200)
    text = forms.CharField(label="Your message", max_length=20_000, widget=forms.Textarea(attrs={"rows": "6"}))
    attachments = FilesField(label="Attachments", required=False, help_text=_FILES)


class ReplyForm(_PortalForm):
    """What a customer says to an answer."""

    text = forms.CharField(label="Your reply", max_length=20_000, widget=forms.Textarea(attrs={"rows": "5"}))
    attachments = FilesField(label="Attachments", required=False, help_text=_FILES)


class RatingForm(_PortalForm):
    """How it went."""

    rating = forms.TypedChoiceField(
        label="How did we do?", coerce=int, widget=forms.RadioSelect,
        choices=[(5, "Very good"), (4, "Good"), (3, "So-so"), (2, "Not good"), (1, "Bad")],
    )  # fmt: skip
    note = forms.CharField(label="Anything you want to say", max_length=500, required=False)


class DisputeForm(_PortalForm):
    """How much of an invoice, or of one of its lines, is not right, and why."""

    line = forms.ChoiceField(label="What is it about?", required=False)
    amount = MoneyField(label="Amount that is wrong", required=False, help_text="Leave it empty if all of it is wrong.")
    reason = forms.CharField(label="What is wrong", max_length=200)

    def __init__(self, *args: Any, lines: Sequence[tuple[str, str]], whole: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(lines) > 1:
            self.fields["line"].choices = [("", whole), *lines]  # type: ignore[attr-defined]
        else:
            del self.fields["line"]


class PayForm(_PortalForm):
    """Which of the open items to pay, and how much of them; the oldest first where it is less than all of them."""

    amount = MoneyField(label="Pay less than that", required=False, help_text="Leave it empty to pay all you ticked.")

    def __init__(
        self, *args: Any, items: Sequence[Open], currency: str, ticked: Collection[int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.items = items
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]
        asked = self.data.getlist("item") if self.is_bound else ()  # type: ignore[attr-defined]
        all_of_them = not ticked
        self.chosen = {row.item for row in items if (str(row.item) in asked if self.is_bound else
                                                     all_of_them or row.item in ticked)}  # fmt: skip
        self.shares: list[tuple[int, int]] = []

    @property
    def total(self) -> int:
        """What is ticked, in minor units."""
        return sum(row.minor for row in self.items if row.item in self.chosen)

    @property
    def numbers(self) -> list[str]:
        """What is paid, by number."""
        paid = {item for item, _ in self.shares}
        return [row.number for row in self.items if row.item in paid]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        currency = str(self.fields["amount"].currency)  # type: ignore[attr-defined]
        if not self.chosen:
            raise forms.ValidationError("Tick what you want to pay.")
        amount = cleaned.get("amount")
        if amount is not None and amount <= 0:
            self.add_error("amount", "Enter an amount above zero.")
        elif amount is not None and amount > self.total:
            self.add_error("amount", f"What you ticked comes to {money_text(self.total, currency)}. Enter less, or "
                           "leave it empty.")  # fmt: skip
        else:
            rows = [row for row in self.items if row.item in self.chosen]
            self.shares = parts(rows, self.total if amount is None else amount)
        return cleaned
