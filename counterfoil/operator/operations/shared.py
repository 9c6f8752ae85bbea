"""What the verbs about the company have in common."""

from __future__ import annotations

from typing import Any

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.operator import rules
from counterfoil.operator.models import BankAccount, Brand, Operator

_FORMATS = ("language", "date_format", "number_format", "paper")


def lock() -> Operator:
    """The company, held: which of its accounts is printed is decided by one at a time."""
    return Operator.objects.select_for_update().get(pk=1)


def printable(model: type[Operator | BankAccount | Brand], name: str, value: Any) -> Any:
    """A value of the letterhead that can be printed, paid to and counted in."""
    column = model._meta.get_field(name)
    label = name.replace("_", " ").capitalize()
    if not isinstance(value, str):
        return value
    tidy = "".join(ch for ch in value if ch.isprintable() or ch == "\n").strip()
    if name == "colour":
        tidy = tidy.lower()
    refuse_if(not (tidy or getattr(column, "blank", False)), "required", f"{label} is missing.", field=name)
    most = getattr(column, "max_length", None) or 0
    # Other choices are refused in words of their own.
    known = {value for value, _ in (getattr(column, "choices", None) or ()) if name in _FORMATS}
    refuse_if(tidy and known and tidy not in known, "unknown_choice", f"Choose a {label.lower()}.", field=name)
    refuse_if(len(tidy) > most, "too_long", f"{label} has at most {most} characters.", field=name)
    if tidy and (wrong := rules.wrong_letterhead(name, tidy)):
        raise Refused("bad_letterhead", wrong, field=name)
    return tidy
