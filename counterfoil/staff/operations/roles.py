"""Roles: what people may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from django.utils.text import slugify

from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.grants import all_grants
from counterfoil.platform.operations import RENAMED, VERBS, Operation, step, verb
from counterfoil.platform.signatures import Parts
from counterfoil.staff import rules
from counterfoil.staff.models import Role, User
from counterfoil.staff.operations.shared import (
    refuse_above,
    refuse_without_administrator,
    role_of,
    said,
)


@dataclass(frozen=True)
class NewRole:
    """A role as an installation starts with it: its name, grants, and limits in minor units by operation."""

    name: str
    grants: Sequence[str]
    limits: Mapping[str, int] = field(default_factory=dict)


@step
def set_up_roles(op: Operation, /, *, roles: Mapping[str, NewRole]) -> None:
    """These roles exist; what the owner changed is left alone.

    But for names that are called otherwise now, and those that are no grants any more: a step, or everybody's own
    affair, is in no role (decision 0031).
    """
    changed = set(Role.objects.filter(changed_here=True).values_list("key", flat=True))
    for key, new in roles.items():
        if key not in changed:
            values = {"name": new.name, "grants": sorted(new.grants), "limits": dict(new.limits)}
            before = Role.objects.filter(key=key, **values)
            if not before.exists():
                row, _ = Role.objects.update_or_create(key=key, defaults=values)
                op.keep(row)
    called = {name: verb.name for name, verb in RENAMED.items()}
    for row in Role.objects.filter(changed_here=True):
        now = rules.renamed(row.grants, called)
        gone = set(rules.unknown(now, all_grants()))
        now = [name for name in now if name not in gone]
        limits = {called.get(name, name): most for name, most in row.limits.items()}
        if (now, limits) != (row.grants, row.limits):
            row.grants, row.limits = now, limits
            row.save(update_fields=["grants", "limits"])
            op.keep(row)


@verb(label="Add role")
def add_role(op: Operation, *, name: str, like: Role | None = None) -> Role:
    """There is one more role: with the grants and limits of another, or with none yet. Nobody has it so far."""
    tidy = tidy_name(name, 60)
    there = Role.objects.filter(removed=False, name__iexact=tidy).exists()
    refuse_if(there, "taken", f"{tidy} exists already.", field="name")
    source = None if like is None else role_of(op, like.key)
    key = rules.free_key(slugify(tidy), Role.objects.values_list("key", flat=True))
    row = Role.objects.create(
        key=key, name=tidy, grants=source.grants if source else [], limits=source.limits if source else {},
        changed_here=True,
    )  # fmt: skip
    op.record("role.added", row, name=row.name, like=source.name if source else "nothing yet")
    return row


@verb(label="Remove role")
def remove_role(op: Operation, *, role: Role) -> Role:
    """Nobody can be given the role any more; refused while somebody has it. An upgrade does not bring it back."""
    row = Role.objects.select_for_update().get(pk=role.pk)
    refuse_above(op, row.grants, row.limits)
    refuse_if(row.removed, "already_so", f"{row.name} is removed already.")
    if names := list(User.objects.filter(role=row).order_by("name").values_list("name", flat=True)[:4]):
        more = ", …" if len(names) > 3 else ""
        raise Refused("in_use", f"Give these people another role first: {', '.join(names[:3])}{more}.")
    row.removed, row.changed_here = True, True
    row.save(update_fields=["removed", "changed_here"])
    op.record("role.removed", row, name=row.name)
    return row


@verb(label="Change role")
def change_role(
    op: Operation,
    *,
    role: Role,
    grants: Sequence[str],
    limits: Annotated[Mapping[str, int], Parts("verb", "amount_minor")],
) -> Role:
    """Everybody of the role may do exactly this, up to these amounts alone."""
    row = Role.objects.select_for_update().get(pk=role.pk)
    refuse_above(op, row.grants, row.limits)
    if wrong := rules.unknown(grants, all_grants()):
        raise Refused("unknown_grant", f"There is no “{wrong[0]}” to grant.", field="grants")
    for name, minor in limits.items():
        refuse_if(
            name not in VERBS or VERBS[name].limited is None,
            "no_limit", f"“{name}” has no amount that could be limited.", field="limits",
        )  # fmt: skip
        refuse_if(minor < 0, "negative_limit", "A limit can't be negative.", field="limits")
    tidied, sorted_limits = rules.tidy(grants), dict(sorted(limits.items()))
    refuse_above(op, tidied, sorted_limits)
    after: dict[str, Any] = {"grants": tidied, "limits": sorted_limits}
    changes = {key: [said(getattr(row, key)), said(new)] for key, new in after.items() if getattr(row, key) != new}
    row.grants, row.limits, row.changed_here = tidied, sorted_limits, True
    if changes:
        row.save()
        refuse_without_administrator()
        op.record("role.changed", row, name=row.name, changes=changes)
    return row
