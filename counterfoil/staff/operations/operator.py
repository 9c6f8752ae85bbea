"""The operator's letterhead, and what an installation begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.grants import all_grants
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Like
from counterfoil.staff import rules
from counterfoil.staff.models import Operator, Role


@dataclass(frozen=True)
class NewRole:
    """A role as an installation starts with it: its name, grants, and limits in minor units by operation."""

    name: str
    grants: Sequence[str]
    limits: Mapping[str, int] = field(default_factory=dict)


@step
def set_up_operator(op: Operation, /, *, roles: Mapping[str, NewRole], **letterhead: Any) -> Operator:
    """The operator's row and its roles exist; what is there already, and what the owner changed, is left alone.

    But for names that are no grants any more: a step, or everybody's own affair, is in no role (decision 0031).
    """
    operator, created = Operator.objects.get_or_create(pk=1, defaults={"name": "Your company", **letterhead})
    changed = set(Role.objects.filter(changed_here=True).values_list("key", flat=True))
    for key, new in roles.items():
        if key not in changed:
            values = {"name": new.name, "grants": sorted(new.grants), "limits": dict(new.limits)}
            before = Role.objects.filter(key=key, **values)
            if not before.exists():
                row, _ = Role.objects.update_or_create(key=key, defaults=values)
                op.keep(row)
    for row in Role.objects.filter(changed_here=True):
        gone = set(rules.unknown(row.grants, all_grants()))
        if gone:
            row.grants = [name for name in row.grants if name not in gone]
            row.save(update_fields=["grants"])
            op.keep(row)
    if created:
        op.record("operator.set_up", operator, name=operator.name)
    return operator


class Letterhead(TypedDict, total=False):
    """What is known of the operator; what is left out stays as it is."""

    name: str
    legal_name: str
    registration: str
    tax_number: str
    tax_name: str
    address: str
    email: str
    phone: str
    currency: str
    region: str
    bank: str
    bank_account: str
    pay_url: str
    account_prefix: str
    account_convention: str
    terms_days: int


@verb
def change_operator(op: Operation, /, **letterhead: Annotated[Any, Like(Letterhead)]) -> Operator:
    """The operator's letterhead and defaults have the given values."""
    operator = Operator.objects.select_for_update().get(pk=1)
    letterhead = {name: _letterhead(name, value) for name, value in letterhead.items()}
    changes = {
        name: [getattr(operator, name), value] for name, value in letterhead.items() if getattr(operator, name) != value
    }
    for name, value in letterhead.items():
        setattr(operator, name, value)
    if changes:
        operator.save()
        op.record("operator.changed", operator, changes=changes)
    return operator


def _letterhead(name: str, value: Any) -> Any:
    """A value of the letterhead that can be printed, paid to and counted in."""
    column = Operator._meta.get_field(name)
    label = name.replace("_", " ").capitalize()
    if not isinstance(value, str):
        return value
    tidy = "".join(ch for ch in value if ch.isprintable() or ch == "\n").strip()
    refuse_if(not (tidy or getattr(column, "blank", False)), "required", f"{label} is missing.", field=name)
    most = getattr(column, "max_length", None) or 0
    refuse_if(len(tidy) > most, "too_long", f"{label} has at most {most} characters.", field=name)
    if tidy and (wrong := rules.wrong_letterhead(name, tidy)):
        raise Refused("bad_letterhead", wrong, field=name)
    return tidy
