"""Who works here, and how they sign in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.operator.models import Area, Brand
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.staff.models import User
from counterfoil.staff.operations.shared import (
    end_sessions,
    ids_of,
    one,
    oneself,
    refuse_above,
    refuse_wider_scope,
    refuse_without_administrator,
    role_of,
    scope_words,
)


def _hash_first(caller: Caller, *, password: str = "", user: User | None = None, **details: Any) -> str:
    """The password as it is stored; refused when it is weak. Hashing is slow on purpose."""
    about = user or User(email=str(details.get("email", "")).strip().lower(), name=str(details.get("name", "")))
    if not password and user is None:
        return make_password(None)
    try:
        validate_password(password, about)
    except ValidationError as error:
        raise Refused("weak_password", " ".join(error.messages), field="password") from error
    return make_password(password)


@verb(label="Add person", before=_hash_first)
def add_user(
    op: Operation,
    *,
    email: str,
    name: str,
    role: str,
    password: str = "",
    areas: Iterable[Area] = (),
    brands: Iterable[Brand] = (),
) -> User:
    """A member of staff can sign in with this e-mail address; without a password, after setting one by a link."""
    tidy = email.strip().lower()
    try:
        validate_email(tidy)
    except ValidationError as error:
        raise Refused("not_an_email", f"“{tidy[:60]}” is not an e-mail address.", field="email") from error
    refuse_if(User.objects.filter(email__iexact=tidy).exists(), "email_taken", f"{tidy} is taken.", field="email")
    user = User(email=tidy, name=tidy_name(name), role=role_of(op, role))
    user.area_ids, user.brand_ids = ids_of(areas), ids_of(brands)
    refuse_wider_scope(op, user)
    user.password = op.ready
    user.save()
    op.record("user.added", user, name=user.name, role=role)
    return user


@verb(label="Change person")
def change_user(
    op: Operation,
    *,
    user: User,
    version: int,
    name: str,
    role: str,
    areas: Iterable[Area] = (),
    brands: Iterable[Brand] = (),
) -> User:
    """The person has this name and role, and is limited to these areas and brands."""
    row = User.objects.select_for_update().select_related("role").get(pk=user.pk)
    if row.version != version:
        raise Refused("stale_form", "Somebody saved this person while you were editing. Enter your changes again.")
    refuse_above(op, row.role.grants, row.role.limits)
    refuse_wider_scope(op, row)
    chosen = role_of(op, role)
    refuse_if(
        row.pk == op.caller.user_id and chosen.pk != row.role_id,
        "own_role",
        "Somebody else must change your own role.",
        field="role",
    )
    wanted = {"name": tidy_name(name), "role": chosen, "area_ids": ids_of(areas), "brand_ids": ids_of(brands)}
    changes = {key.removesuffix("_ids"): scope_words(key, getattr(row, key), new)
               for key, new in wanted.items() if getattr(row, key) != new}  # fmt: skip
    for key, value in wanted.items():
        setattr(row, key, value)
    refuse_wider_scope(op, row)
    if changes:
        if row.kind == User.Kind.INTEGRATION:
            there = User.objects.filter(kind=row.kind, name=row.name).exclude(pk=row.pk)
            refuse_if(there.exists(), "name_taken", f"There is an integration {row.name} already.", field="name")
        row.version += 1
        row.save()
        refuse_without_administrator()
        op.record("user.changed", row, name=row.name, changes=changes)
    return row


@verb(label="Deactivate person")
def deactivate_user(op: Operation, *, user: User) -> User:
    """The person cannot sign in any more, and is signed out everywhere now."""
    refuse_if(user.pk == op.caller.user_id, "yourself", "Somebody else must deactivate you.")
    row = one(op, user)
    refuse_if(not row.is_active, "already_so", f"{row.name} is inactive already.")
    row.is_active = False
    row.sessions_ended += 1
    row.save(update_fields=["is_active", "sessions_ended"])
    refuse_without_administrator()
    op.record("user.deactivated", row, name=row.name)
    return row


@verb(label="Reactivate person")
def reactivate_user(op: Operation, *, user: User) -> User:
    """The person can sign in again."""
    row = one(op, user)
    refuse_if(row.is_active, "already_so", f"{row.name} is active already.")
    row.is_active = True
    row.save(update_fields=["is_active"])
    op.record("user.reactivated", row, name=row.name)
    return row


@verb(label="Sign somebody out everywhere")
def sign_out_user(op: Operation, *, user: User) -> User:
    """Every session of the person is over; signing in again starts a new one."""
    row = one(op, user)
    end_sessions(op, row)
    return row


@verb(label="Sign out everywhere", own=True)
def sign_out_everywhere(op: Operation) -> User:
    """Every session of the caller is over."""
    row = oneself(op)
    end_sessions(op, row)
    return row


@verb(label="Reset second factor")
def reset_second_factor(op: Operation, *, user: User) -> User:
    """The person signs in with the password alone until a second factor is set up again; all sessions are over."""
    row = one(op, user)
    removed, _ = Authenticator.objects.filter(user=row).delete()
    refuse_if(not removed, "nothing_to_reset", f"{row.name} has no second factor.")
    row.sessions_ended += 1
    row.save(update_fields=["sessions_ended"])
    op.record("user.factors_reset", row, name=row.name)
    return row


# What happens to somebody's access at sign-in, and the kind of event it is.
_ACCESS = {
    "signed_in": "user.signed_in",
    "sign_in_failed": "user.sign_in_failed",
    "locked_out": "user.locked_out",
    "connected": "user.connected",
    "factor_added": "user.factor_added",
    "factor_removed": "user.factor_removed",
}


@step
def note_access(op: Operation, *, user: User, what: str, by: str = "") -> User:
    """The trail has what happened to the person's own access."""
    refuse_if(user.pk != op.caller.user_id, "not_yourself", "Only what happens to oneself is noted.")
    op.record(_ACCESS[what], user, name=user.name, by=by)
    return user


@verb(label="Set own password", before=_hash_first, own=True)
def set_password(op: Operation, *, user: User, password: str) -> User:
    """The person has this password; sessions that began with another are over.

    `user` is who proved themselves, by the password or link of then: refused when the password is another one by now.
    """
    refuse_if(user.pk != op.caller.user_id, "not_yourself", "Everybody sets their own password.")
    row = User.objects.select_for_update().get(pk=user.pk)
    refuse_if(
        row.password != user.password,
        "password_changed",
        "Your password was changed a moment ago, so this link or password no longer works. Ask for a new link.",
    )
    row.password = op.ready
    row.save(update_fields=["password"])
    op.record("user.password_changed", row, name=row.name)
    return row


@step
def strengthen_password(op: Operation, *, user: User, hashed: str) -> User:
    """The same password has a stronger hash, made when it was given. Part of signing in."""
    row = User.objects.select_for_update().get(pk=user.pk)
    row.password = hashed
    row.save(update_fields=["password"])
    op.keep(row)
    return row


def keep_hash(user: User, hashed: str) -> None:
    """The same, while the person is not signed in yet."""
    strengthen_password(Caller.system("sign-in"), user=user, hashed=hashed)


@verb(own=True)
def prefer_theme(op: Operation, *, theme: str) -> User:
    """The caller's pages are light, dark, or as the system says."""
    refuse_if(theme not in ("light", "dark", "system"), "unknown_theme", "Choose light, dark or system.", field="theme")
    user = oneself(op)
    user.theme = theme
    user.save(update_fields=["theme"])
    op.record("user.preferred", user, theme=theme)
    return user
