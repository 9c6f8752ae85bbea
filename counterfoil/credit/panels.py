"""What credit profiles offer to the customer page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse

from counterfoil.credit import doors, queries
from counterfoil.credit.models import Profile
from counterfoil.credit.nouns import LABELS
from counterfoil.credit.rules import AMOUNTS, TERMS
from counterfoil.customers.models import Customer
from counterfoil.kernel.money import money_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Panel
from counterfoil.platform.showing import Noun

ASSIGN_CLASS = doors.ASSIGN_CLASS.action
_UNLIMITED = ("credit_limit_minor", "order_limit_minor")


def value_text(name: str, value: Any, currency: str) -> str:
    """A term as people read it."""
    if name in _UNLIMITED and value is None:
        return "Unlimited"
    if value is None:
        return "Nobody" if name == "collector" else "None"
    if name.endswith("_minor"):
        return money_text(value, currency)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _label(name: str) -> str:
    return LABELS.get(name) or name.removesuffix("_minor").replace("_", " ").capitalize()


def _read(caller: Caller, customer: Customer) -> dict[str, Any]:
    shown = []
    for whom, row, amounts in queries.terms_shown(customer):
        values = {name: getattr(row, name) for name in TERMS} | dict(amounts)
        facts = [
            (_label(name), value_text(name, values[name], customer.currency))
            for name in (*TERMS, *AMOUNTS)
            if values[name] is not None or name in (*_UNLIMITED, "collector", "letter_set")
        ]
        own, href = f"class {row}, no profile of its own", ""
        if isinstance(row, Profile):
            own = f"class {row.profile_class}"
            if row.customised:
                own += f", customised: {', '.join(_label(name).lower() for name in row.customised)}"
            if doors.CHANGE_PROFILE.is_offered(caller, row):
                href = reverse(doors.CHANGE_PROFILE.url_name, args=[row.pk])
        shown.append((whom, row, own, href, facts))
    return {"shown": shown}


def of_row(noun: Noun[Any], row: Any) -> list[tuple[str, str]]:
    """What a class or its amounts say, in words, without what is not given."""
    currency = getattr(row, "currency", "")
    names = AMOUNTS if noun.path == "class-amounts" else TERMS
    return [
        (_label(name), value_text(name, value, currency)) for name in names if (value := getattr(row, name)) is not None
    ]


CREDIT_PROFILE = Panel(
    "credit-profile", "Credit profile", "credit.view", _read, template="credit/panels/profile.html",
    actions=(ASSIGN_CLASS,), words="class collector letters dunning interest credit limit terms", queries=4,
)  # fmt: skip
