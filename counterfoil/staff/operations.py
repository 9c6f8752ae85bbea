"""Every write about the operator, its people, their roles, and the areas and brands they may be limited to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import slugify

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import all_grants
from counterfoil.platform.operations import VERBS, Operation, step, verb
from counterfoil.staff import rules
from counterfoil.staff.models import Area, Brand, Operator, Role, User


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


@verb
def change_operator(op: Operation, /, **letterhead: Any) -> Operator:
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


# ------------------------------------------------------------------ people


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
    user = User(email=tidy, name=_name(name), role=_role(op, role))
    user.area_ids, user.brand_ids = _ids(areas), _ids(brands)
    _refuse_wider_scope(op, user)
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
    _refuse_above(op, row.role.grants, row.role.limits)
    _refuse_wider_scope(op, row)
    chosen = _role(op, role)
    refuse_if(
        row.pk == op.caller.user_id and chosen.pk != row.role_id,
        "own_role",
        "Somebody else must change your own role.",
        field="role",
    )
    wanted = {"name": _name(name), "role": chosen, "area_ids": _ids(areas), "brand_ids": _ids(brands)}
    changes = {key.removesuffix("_ids"): _words(key, getattr(row, key), new)
               for key, new in wanted.items() if getattr(row, key) != new}  # fmt: skip
    for key, value in wanted.items():
        setattr(row, key, value)
    _refuse_wider_scope(op, row)
    if changes:
        row.version += 1
        row.save()
        _refuse_without_administrator()
        op.record("user.changed", row, name=row.name, changes=changes)
    return row


@verb(label="Deactivate person")
def deactivate_user(op: Operation, *, user: User) -> User:
    """The person cannot sign in any more, and is signed out everywhere now."""
    refuse_if(user.pk == op.caller.user_id, "yourself", "Somebody else must deactivate you.")
    row = _one(op, user)
    refuse_if(not row.is_active, "already_so", f"{row.name} is inactive already.")
    row.is_active = False
    row.sessions_ended += 1
    row.save(update_fields=["is_active", "sessions_ended"])
    _refuse_without_administrator()
    op.record("user.deactivated", row, name=row.name)
    return row


@verb(label="Reactivate person")
def reactivate_user(op: Operation, *, user: User) -> User:
    """The person can sign in again."""
    row = _one(op, user)
    refuse_if(row.is_active, "already_so", f"{row.name} is active already.")
    row.is_active = True
    row.save(update_fields=["is_active"])
    op.record("user.reactivated", row, name=row.name)
    return row


@verb(label="Sign somebody out everywhere")
def sign_out_user(op: Operation, *, user: User) -> User:
    """Every session of the person is over; signing in again starts a new one."""
    row = _one(op, user)
    _end_sessions(op, row)
    return row


@verb(label="Sign out everywhere", own=True)
def sign_out_everywhere(op: Operation) -> User:
    """Every session of the caller is over."""
    row = _oneself(op)
    _end_sessions(op, row)
    return row


@verb(label="Reset second factor")
def reset_second_factor(op: Operation, *, user: User) -> User:
    """The person signs in with the password alone until a second factor is set up again; all sessions are over."""
    row = _one(op, user)
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
    user = _oneself(op)
    user.theme = theme
    user.save(update_fields=["theme"])
    op.record("user.preferred", user, theme=theme)
    return user


# ------------------------------------------------------------------ roles, areas and brands


@verb(label="Add role")
def add_role(op: Operation, *, name: str, like: Role | None = None) -> Role:
    """There is one more role: with the grants and limits of another, or with none yet. Nobody has it so far."""
    tidy = _free_name(Role, name)
    source = None if like is None else _role(op, like.key)
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
    _refuse_above(op, row.grants, row.limits)
    refuse_if(row.removed, "already_so", f"{row.name} is removed already.")
    if names := list(User.objects.filter(role=row).order_by("name").values_list("name", flat=True)[:4]):
        more = ", …" if len(names) > 3 else ""
        raise Refused("in_use", f"Give these people another role first: {', '.join(names[:3])}{more}.")
    row.removed, row.changed_here = True, True
    row.save(update_fields=["removed", "changed_here"])
    op.record("role.removed", row, name=row.name)
    return row


@verb(label="Change role")
def change_role(op: Operation, *, role: Role, grants: Sequence[str], limits: Mapping[str, int]) -> Role:
    """Everybody of the role may do exactly this, up to these amounts alone."""
    row = Role.objects.select_for_update().get(pk=role.pk)
    _refuse_above(op, row.grants, row.limits)
    if wrong := rules.unknown(grants, all_grants()):
        raise Refused("unknown_grant", f"There is no “{wrong[0]}” to grant.", field="grants")
    for name, minor in limits.items():
        refuse_if(
            name not in VERBS or VERBS[name].limited is None,
            "no_limit", f"“{name}” has no amount that could be limited.", field="limits",
        )  # fmt: skip
        refuse_if(minor < 0, "negative_limit", "A limit is nothing or more.", field="limits")
    tidied, sorted_limits = rules.tidy(grants), dict(sorted(limits.items()))
    _refuse_above(op, tidied, sorted_limits)
    after: dict[str, Any] = {"grants": tidied, "limits": sorted_limits}
    changes = {key: [_said(getattr(row, key)), _said(new)] for key, new in after.items() if getattr(row, key) != new}
    row.grants, row.limits, row.changed_here = tidied, sorted_limits, True
    if changes:
        row.save()
        _refuse_without_administrator()
        op.record("role.changed", row, name=row.name, changes=changes)
    return row


@verb(label="Add area")
def add_area(op: Operation, *, name: str) -> Area:
    """Customers can belong to the area, and people can be limited to it."""
    row = Area.objects.create(name=_free_name(Area, name))
    op.record("area.added", row, name=row.name)
    return row


@verb(label="Add brand")
def add_brand(op: Operation, *, name: str) -> Brand:
    """Customers can belong to the brand, and people can be limited to it."""
    row = Brand.objects.create(name=_free_name(Brand, name))
    op.record("brand.added", row, name=row.name)
    return row


# ------------------------------------------------------------------ shared by the verbs above


def _name(text: str, most: int = 80) -> str:
    tidy = " ".join("".join(ch for ch in text if ch.isprintable() or ch.isspace()).split())
    refuse_if(not tidy, "required", "Name is missing.", field="name")
    refuse_if(len(tidy) > most, "too_long", f"A name has at most {most} characters.", field="name")
    return tidy


def _free_name(model: type[Area] | type[Brand] | type[Role], text: str) -> str:
    tidy = _name(text, 60)
    there = model._base_manager.filter(name__iexact=tidy)
    there = there.exclude(pk__in=Role.objects.filter(removed=True).values("pk")) if model is Role else there
    refuse_if(there.exists(), "taken", f"{tidy} exists already.", field="name")
    return tidy


def _ids(rows: Iterable[Area] | Iterable[Brand]) -> list[int]:
    return sorted(row.pk for row in rows)


def _role(op: Operation, key: str) -> Role:
    role = Role.objects.filter(key=key, removed=False).first()
    if role is None:
        raise Refused("unknown_role", "Choose one of the roles there are.", field="role")
    _refuse_above(op, role.grants, role.limits)
    return role


def _one(op: Operation, user: User) -> User:
    row = User.objects.select_for_update().select_related("role").get(pk=user.pk)
    _refuse_above(op, row.role.grants, row.role.limits)
    _refuse_wider_scope(op, row)
    return row


def _oneself(op: Operation) -> User:
    """The person who asks, for what everybody does about themselves."""
    row = User.objects.select_for_update().filter(pk=op.caller.user_id or 0).first()
    if row is None:
        raise Refused("not_yourself", "Nobody is signed in.")
    return row


def _refuse_above(op: Operation, grants: list[str], limits: Mapping[str, int]) -> None:
    """Nobody gives, takes or changes what reaches further than what they hold themselves."""
    own = {name: amount.minor for name, amount in op.caller.limits.items()}
    if too_far := rules.above(op.caller.grants, own, grants, limits):
        raise Refused("above_yourself", f"That role reaches further than your own: {too_far}.", field="role")


def _refuse_wider_scope(op: Operation, user: User) -> None:
    for name, ids in (("area", user.area_ids), ("brand", user.brand_ids)):
        own = op.caller.scope.get(name)
        refuse_if(
            own is not None and (not ids or not own.issuperset(ids)),
            "above_yourself", f"Limit this person to what you see yourself: choose from your own {name}s.",
            field=f"{name}s",
        )  # fmt: skip


def _refuse_without_administrator() -> None:
    """Somebody must always be able to put things right."""
    left = [user.role.grants for user in User.objects.filter(is_active=True).select_related("role")]
    refuse_if(
        left and not any("*" in grants for grants in left),
        "last_administrator",
        "Then nobody could administer this installation. Make somebody else administrator first.",
    )


def _end_sessions(op: Operation, row: User) -> None:
    row.sessions_ended += 1
    row.save(update_fields=["sessions_ended"])
    op.record("user.signed_out_everywhere", row, name=row.name)


def _words(key: str, old: Any, new: Any) -> list[str]:
    if key in ("area_ids", "brand_ids"):
        model = Area if key == "area_ids" else Brand
        names = dict(model._base_manager.values_list("pk", "name"))
        return [", ".join(names.get(pk, "?") for pk in ids) or "all" for ids in (old, new)]
    return [str(old), str(new)]


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} up to {minor}" for name, minor in value.items()) or "no limits"
    return ", ".join(value) or "nothing"
