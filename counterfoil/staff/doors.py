"""How people meet roles and tokens, where a form needs nothing of its own."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.platform.plain import Door
from counterfoil.staff import operations, queries
from counterfoil.staff.models import Role
from counterfoil.staff.nouns import ROLE, TOKEN


def _whether(role: Role) -> str:
    if not (people := queries.how_many_have(role)):
        return "Nobody has this role, and nobody can be given it afterwards. What its people did stays in the trail."
    have = "person still has" if people == 1 else "people still have"
    return f"{people} {have} this role, those who left included. Give them another role first."


REVOKE_TOKEN = Door(
    operations.revoke_token, TOKEN, "revoke", "Revoke", under="staff/tokens", danger=True,
    offered=lambda row, day: row.revoked_at is None, about=lambda row: row.user.name,
    home=lambda row: reverse("tokens"),
    lead=lambda row: (
        f"{row.user.name} can no longer call with the token that ends in {row.ending}. What it did stays as it is. "
        "This cannot be taken back; a new token can take over."
    ),
    done=lambda made, _: f"Token …{made.ending} of {made.user.name} revoked.",
)  # fmt: skip
REMOVE_ROLE = Door(
    operations.remove_role, ROLE, "remove", "Remove role", under="staff/roles", caption="Remove role", danger=True,
    about=lambda row: row.name, lead=_whether, home=lambda row: reverse("roles"),
    done=lambda made, _: f"The role {made.name} is removed. Nobody had it.",
)  # fmt: skip
