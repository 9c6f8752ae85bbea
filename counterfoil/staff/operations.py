"""Every write about the operator and its people."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.operations import Operation, operation
from counterfoil.staff.models import Operator, Role, User


@operation
def set_up_operator(op: Operation, *, roles: dict[str, tuple[str, list[str]]], **letterhead: Any) -> Operator:
    """The operator's row and its roles exist; what is there already is left alone."""
    operator, created = Operator.objects.get_or_create(pk=1, defaults={"name": "Your company", **letterhead})
    for key, (name, grants) in roles.items():
        Role.objects.update_or_create(key=key, defaults={"name": name, "grants": sorted(grants)})
    if created:
        op.record("operator.set_up", operator, name=operator.name)
    return operator


@operation
def change_operator(op: Operation, **letterhead: Any) -> Operator:
    """The operator's letterhead and defaults have the given values."""
    operator = Operator.objects.select_for_update().get(pk=1)
    changes = {
        name: [getattr(operator, name), value] for name, value in letterhead.items() if getattr(operator, name) != value
    }
    for name, value in letterhead.items():
        setattr(operator, name, value)
    if changes:
        operator.save()
        op.record("operator.changed", operator, changes=changes)
    return operator


@operation
def add_user(op: Operation, *, email: str, name: str, role: str, password: str) -> User:
    """A member of staff can sign in with this e-mail address."""
    refuse_if(User.objects.filter(email__iexact=email).exists(), "email_taken", f"{email} is taken.", field="email")
    user = User(email=email.lower(), name=name, role=Role.objects.get(key=role))
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused("weak_password", " ".join(error.messages), field="password") from error
    user.set_password(password)
    user.save()
    op.record("user.added", user, name=name, role=role)
    return user


@operation
def prefer_theme(op: Operation, *, theme: str) -> User:
    """The caller's pages are light, dark, or as the system says."""
    refuse_if(theme not in ("light", "dark", "system"), "unknown_theme", "Choose light, dark or system.", field="theme")
    user = User.objects.get(pk=op.caller.user_id)
    user.theme = theme
    user.save(update_fields=["theme"])
    op.record("user.preferred", user, theme=theme)
    return user
