"""What there is to read about the people who work here, and the programs that do."""

from __future__ import annotations

from counterfoil.platform.showing import Noun
from counterfoil.staff.models import Role, Token, User

PERSON = Noun(
    User, path="people", sees="staff.view", called=("manager", "person"), related=("role",),
    whose=(), page="person", word="person",
    shows=("name", "email", "kind", "role", "is_active", "version"),
)  # fmt: skip
ROLE = Noun(
    Role, path="roles", sees="staff.view", by="key", called=("like",), whose=(), page="change-role",
    shows=("key", "name", "grants"),
    rows=lambda caller, rows: rows.filter(removed=False),
)  # fmt: skip
TOKEN = Noun(
    Token, path="tokens", sees="staff.view", related=("user",),
    whose=(), one=lambda rows: rows.select_related("user__role"),
    shows=("user", "ending", "expires_on", "added_by", "added_at", "revoked_at", "used_on"),
)  # fmt: skip
