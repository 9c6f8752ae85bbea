"""What classes and profiles are given, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypedDict

from django.db.models import Model

from counterfoil.credit import rules
from counterfoil.credit.models import LetterSet, Terms
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.operator.models import Lookup
from counterfoil.platform.signatures import Says
from counterfoil.staff.models import User

_UNLIMITED = "Blank = unlimited."


class TermsGiven(TypedDict, total=False):
    """What holds whatever the currency; what is left out stays as it is."""

    collector: Annotated[User | None, Says("Collector", optional=True)]
    credit_rating: Annotated[Lookup | None, Says("Credit rating", optional=True)]
    account_status: Annotated[Lookup | None, Says("Account status", optional=True)]
    send_dunning: Annotated[bool, Says("Send letters")]
    letter_set: Annotated[LetterSet | None, Says("Letter set", "Without one no letter is sent.", optional=True)]
    receipt_grace_days: Annotated[int, Says("Grace days", "Days after the due date before anything is late.", least=0)]
    finance_charges: Annotated[bool, Says("Charge interest")]
    charge_interval_days: Annotated[int, Says("Interest period, days", least=1)]
    charge_disputed: Annotated[bool, Says("Interest on disputed amounts")]
    credit_check: Annotated[bool, Says("Check credit before new orders")]
    tolerance_percent: Annotated[Decimal, Says("Tolerance on limits, %")]


class AmountsGiven(TypedDict, total=False):
    """What holds in a currency; none where there is no such amount, what is left out stays as it is."""

    credit_limit_minor: Annotated[int | None, Says("Credit limit", _UNLIMITED, optional=True)]
    order_limit_minor: Annotated[int | None, Says("Limit per order", _UNLIMITED, optional=True)]
    min_dunning_minor: Annotated[int | None, Says("Least overdue for a letter", optional=True)]
    min_dunning_invoice_minor: Annotated[int | None, Says("Leave out items up to", optional=True)]
    interest_percent: Annotated[
        Decimal | None, Says("Interest per period, %", "Blank = no interest in this currency.", optional=True)
    ]
    min_customer_balance_minor: Annotated[int | None, Says("Least overdue for interest", optional=True)]
    min_invoice_balance_minor: Annotated[int | None, Says("Least per item for interest", optional=True)]
    most_interest_minor: Annotated[int | None, Says("Most interest per item", optional=True)]


class ProfileGiven(TermsGiven, AmountsGiven, total=False):
    """What a profile says of itself."""


def differing(row: Model, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is given, what a row does not say already; refused where nobody can mean it."""
    for name, value in given.items():
        rules.check_value(name, value)
        if name == "collector":
            refuse_if(value is not None and not value.is_active, "inactive", "Choose an active person.", field=name)
        if name in ("credit_rating", "account_status"):
            refuse_if(value is not None and value.kind != name, "unknown_choice", f"{value} is of another list.",
                      field=name)  # fmt: skip
        if name == "letter_set":
            refuse_if(value is not None and not value.active, "switched_off", f"{value} is switched off.", field=name)
    return {name: value for name, value in given.items() if getattr(row, name) != value}


def said(row: Model, values: Mapping[str, Any], currency: str = "") -> dict[str, list[str]]:
    """What changes, from what to what, in words for the trail."""
    return {
        name.removesuffix("_minor"): [_word(name, getattr(row, name), currency), _word(name, value, currency)]
        for name, value in values.items()
    }


def _word(name: str, value: Any, currency: str) -> str:
    if value is None:
        return ""
    if name.endswith("_minor"):
        return money_text(value, currency)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def copied(source: Terms | Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The values that a class hands on."""
    return {name: getattr(source, name) for name in names}
