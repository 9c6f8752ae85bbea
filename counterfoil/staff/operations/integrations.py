"""Other programs that may do something here, and the tokens they prove themselves with."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable

from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet

from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.operator.models import Area, Brand
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.staff.models import Token, User
from counterfoil.staff.operations.shared import ids_of, refuse_above, refuse_wider_scope, role_of

_FARTHEST = dt.timedelta(days=10 * 366)


def new_token() -> str:
    """The text of a token that nobody guesses. Its beginning says whose it is, should it be found somewhere."""
    return f"cf_{secrets.token_urlsafe(32)}"


@verb(label="Add access token")
def add_token(
    op: Operation,
    *,
    name: str,
    role: str,
    digest: str,
    ending: str,
    expires_on: dt.date | None = None,
    areas: Iterable[Area] = (),
    brands: Iterable[Brand] = (),
) -> Token:
    """Another program may do what the role may, within these areas and brands, up to and on a day.

    Only the digest of the token comes here (`new_token`, `digest_of`). Tokens of one name belong to one integration, so
    that a new one can take over from an old one; role, areas and brands then stay as they are. One that has no token
    left begins again, as this says.
    """
    tidy = tidy_name(name)
    refuse_if(
        expires_on is not None and not op.today <= expires_on <= op.today + _FARTHEST,
        "absurd_date", "Choose a day from today on, at most ten years ahead.", field="expires_on",
    )  # fmt: skip
    user = User.objects.filter(kind=User.Kind.INTEGRATION, name=tidy).select_related("role").first()
    wanted = User(
        kind=User.Kind.INTEGRATION, email=None, name=tidy, role=role_of(op, role), password=make_password(None)
    )
    wanted.area_ids, wanted.brand_ids = ids_of(areas), ids_of(brands)
    refuse_wider_scope(op, wanted)
    if user is None or not _standing(user).exists():
        wanted.pk = user.pk if user is not None else None
        user = wanted
        user.save()
        op.record("integration.added", user, name=user.name, role=role)
    refuse_if(
        not user.is_active, "inactive", f"{user.name} is inactive, so a token would open nothing. Reactivate it first.",
        field="name",
    )  # fmt: skip
    refuse_if(
        (user.role_id, user.area_ids, user.brand_ids) != (wanted.role_id, wanted.area_ids, wanted.brand_ids),
        "name_taken",
        f"There is an integration {user.name} already, with another role or other areas or brands. Give this one a "
        "name of its own.",
        field="name",
    )
    row = Token.objects.create(
        user=user, digest=digest, ending=ending, expires_on=expires_on, added_by=op.caller.name[:120], added_at=op.now
    )
    until = f"up to {date_text(expires_on)}" if expires_on else "until it is revoked"
    op.record("token.added", row, name=user.name, ending=ending, until=until)
    return row


@verb(label="Revoke access token")
def revoke_token(op: Operation, *, token: Token) -> Token:
    """The token opens nothing from now on; with the last one its integration stops. What it did stays as it is."""
    row = Token.objects.select_for_update(of=("self",)).select_related("user__role").get(pk=token.pk)
    refuse_above(op, row.user.role.grants, row.user.role.limits)
    refuse_wider_scope(op, row.user)
    refuse_if(row.revoked_at is not None, "already_so", "This token was revoked already.")
    row.revoked_at = op.now
    row.save(update_fields=["revoked_at"])
    op.record("token.revoked", row, name=row.user.name, ending=row.ending)
    if row.user.is_active and not _standing(row.user).exists():
        # What it asked for earlier and is still under way stops with its last token.
        row.user.is_active = False
        row.user.save(update_fields=["is_active"])
        op.record("user.deactivated", row.user, name=row.user.name)
    return row


def _standing(user: User) -> QuerySet[Token]:
    return Token.objects.filter(user=user, revoked_at=None)


@step
def note_token_used(op: Operation, *, token: Token) -> None:
    """The token was used today, so that whoever tidies up sees which ones nobody needs."""
    Token.objects.filter(pk=token.pk).update(used_on=op.today)
