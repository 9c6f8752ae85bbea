"""What there is to read about the people who work here, and the programs that do."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from counterfoil.platform.callers import Caller
from counterfoil.platform.showing import Noun
from counterfoil.staff.models import Area, Brand, Role, Token, User

PERSON = Noun(
    User, path="people", sees="staff.view", called=("manager", "person"), related=("role",),
    shows=("name", "email", "kind", "role", "is_active", "version"),
)  # fmt: skip
ROLE = Noun(
    Role, path="roles", sees="staff.view", by="key", called=("like",), shows=("key", "name", "grants"),
    rows=lambda caller, rows: rows.filter(removed=False),
)  # fmt: skip
AREA = Noun(Area, path="areas", sees="customers.view", shows=("name",), rows=lambda caller, rows: _own(caller, rows))
BRAND = Noun(Brand, path="brands", sees="customers.view", shows=("name",), rows=lambda caller, rows: _own(caller, rows))
TOKEN = Noun(
    Token, path="tokens", sees="staff.view", related=("user",),
    shows=("user", "ending", "expires_on", "added_by", "added_at", "revoked_at", "used_on"),
)  # fmt: skip


def _own(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those that the caller is not limited from."""
    ids = caller.scope.get(rows.model._meta.model_name or "")
    return rows if ids is None else rows.filter(pk__in=ids)
