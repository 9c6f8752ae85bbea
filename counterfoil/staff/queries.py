"""Reads about the operator and its people."""

from __future__ import annotations

from counterfoil.platform.operations import Caller
from counterfoil.staff.models import Operator, User


def caller_for(user: User, door: str = "desk") -> Caller:
    """The caller of a signed-in member of staff."""
    return Caller(name=user.name, grants=frozenset(user.role.grants), user_id=user.pk, door=door)


def operator() -> Operator:
    """The operator's letterhead and defaults."""
    return Operator.objects.get(pk=1)


def people() -> list[User]:
    """Who works here now."""
    return list(User.objects.filter(is_active=True).order_by("name"))


def house_name() -> str:
    """The operator's name for the head of each page; empty before it is set up."""
    return str(Operator.objects.filter(pk=1).values_list("name", flat=True).first() or "")
