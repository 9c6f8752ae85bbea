"""Reads about the operator and its people."""

from __future__ import annotations

from counterfoil.kernel.errors import Refused
from counterfoil.platform.operations import Caller
from counterfoil.staff.models import Operator, User


def caller_for(user: User, door: str = "desk") -> Caller:
    """The caller of a signed-in member of staff."""
    return Caller(name=user.name, grants=frozenset(user.role.grants), user_id=user.pk, door=door)


def caller_of(user_id: int | None) -> Caller:
    """The caller of a person as they are now, for work that they asked for earlier; the system's own otherwise."""
    if user_id is None:
        return Caller.system("job")
    user = User.objects.filter(pk=user_id, is_active=True).select_related("role").first()
    if user is None:
        raise Refused("no_longer_here", "Whoever asked for this no longer works here.")
    return caller_for(user, "job")


def operator() -> Operator:
    """The operator's letterhead and defaults."""
    return Operator.objects.get(pk=1)


def people() -> list[User]:
    """Who works here now."""
    return list(User.objects.filter(is_active=True).order_by("name"))


def house_name() -> str:
    """The operator's name for the head of each page; empty before it is set up."""
    return str(Operator.objects.filter(pk=1).values_list("name", flat=True).first() or "")
