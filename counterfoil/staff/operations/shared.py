"""What the verbs about staff have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.operator.models import Area, Brand
from counterfoil.platform.operations import Operation
from counterfoil.staff import rules
from counterfoil.staff.models import Role, User


def ids_of(rows: Iterable[Area] | Iterable[Brand]) -> list[int]:
    return sorted(row.pk for row in rows)


def role_of(op: Operation, key: str) -> Role:
    role = Role.objects.filter(key=key, removed=False).first()
    if role is None:
        raise Refused("unknown_role", "Choose one of the roles there are.", field="role")
    refuse_above(op, role.grants, role.limits)
    return role


def one(op: Operation, user: User) -> User:
    row = User.objects.select_for_update().select_related("role").get(pk=user.pk)
    refuse_above(op, row.role.grants, row.role.limits)
    refuse_wider_scope(op, row)
    return row


def oneself(op: Operation) -> User:
    """The person who asks, for what everybody does about themselves."""
    row = User.objects.select_for_update().filter(pk=op.caller.user_id or 0).first()
    if row is None:
        raise Refused("not_yourself", "Nobody is signed in.")
    return row


def refuse_above(op: Operation, grants: list[str], limits: Mapping[str, int]) -> None:
    """Nobody gives, takes or changes what reaches further than what they hold themselves."""
    own = {name: amount.minor for name, amount in op.caller.limits.items()}
    if too_far := rules.above(op.caller.grants, own, grants, limits):
        raise Refused("above_yourself", f"That role has more rights than your own: {too_far}.", field="role")


def refuse_wider_scope(op: Operation, user: User) -> None:
    for name, ids in (("area", user.area_ids), ("brand", user.brand_ids)):
        own = op.caller.scope.get(name)
        refuse_if(
            own is not None and (not ids or not own.issuperset(ids)),
            "above_yourself", f"Limit this person to what you see yourself: choose from your own {name}s.",
            field=f"{name}s",
        )  # fmt: skip


def refuse_without_administrator() -> None:
    """Somebody must always be able to put things right."""
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True).select_related("role")
    left = [user.role.grants for user in people]
    refuse_if(
        left and not any("*" in grants for grants in left),
        "last_administrator",
        "Then nobody could administer this installation. Make somebody else administrator first.",
    )


def end_sessions(op: Operation, row: User) -> None:
    row.sessions_ended += 1
    row.save(update_fields=["sessions_ended"])
    op.record("user.signed_out_everywhere", row, name=row.name)


def scope_words(key: str, old: Any, new: Any) -> list[str]:
    if key in ("area_ids", "brand_ids"):
        model = Area if key == "area_ids" else Brand
        names = dict(model._base_manager.values_list("pk", "name"))
        return [", ".join(names.get(pk, "?") for pk in ids) or "all" for ids in (old, new)]
    return [str(old), str(new)]


def said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} up to {minor}" for name, minor in value.items()) or "no limits"
    return ", ".join(value) or "nothing"
