"""Reads about the people who work here, and the programs that do."""

from __future__ import annotations

import datetime as dt
import hashlib

from allauth.mfa.models import Authenticator
from django.db.models import Count, QuerySet

from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.kernel.money import Money
from counterfoil.kernel.periods import date_text
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.staff.models import Role, Token, User

declare_view("staff.view", "See people, roles and who may do what")


def caller_for(user: User, door: str = "desk") -> Caller:
    """The caller of a signed-in member of staff."""
    role = user.role
    limits: dict[str, Money] = {}
    if role.limits:
        currency = operator_currency()
        limits = {name: Money(minor, currency) for name, minor in role.limits.items()}
    scope = {name: frozenset(ids) for name, ids in (("area", user.area_ids), ("brand", user.brand_ids)) if ids}
    return Caller(name=user.name, grants=frozenset(role.grants), user_id=user.pk, limits=limits, scope=scope, door=door)


def caller_of(user_id: int | None) -> Caller:
    """The caller of a person as they are now, for work that they asked for earlier; the system's own otherwise."""
    if user_id is None:
        return Caller.system("job")
    user = User.objects.filter(pk=user_id, is_active=True).select_related("role").first()
    if user is None:
        raise Refused("no_longer_here", "Whoever asked for this no longer works here.")
    return caller_for(user, "job")


def has_people() -> bool:
    """Whether anybody works here, or ever did."""
    return User.objects.exists()


def people() -> list[User]:
    """Who works here now."""
    return list(User.objects.filter(kind=User.Kind.PERSON, is_active=True).order_by("name"))


def user_with_email(email: str) -> User | None:
    """Who signs in with this address, if anybody."""
    return User.objects.filter(email__iexact=email).first() if email else None


def second_factors(user: User) -> list[str]:
    """The second factors a person has, in words."""
    words = {"totp": "Authenticator app", "webauthn": "Passkey", "recovery_codes": "Recovery codes"}
    return [words[row.type] for row in Authenticator.objects.filter(user=user).order_by("type", "pk")]


def users(caller: Caller) -> QuerySet[User]:
    """Everybody who works or worked here, for those who may see it."""
    rows = User.objects.filter(kind=User.Kind.PERSON).select_related("role").order_by("name")
    return rows if caller.may("staff.view") else rows.none()


def get_user(caller: Caller, pk: int) -> User:
    """One person."""
    if (found := users(caller).filter(pk=pk).first()) is None:
        raise NotFound("There is no such person, or you may not see them.")
    return found


def tokens(caller: Caller) -> QuerySet[Token]:
    """The tokens of all integrations, revoked ones included, for those who may see them."""
    rows = Token.objects.select_related("user__role").order_by("user__name", "-pk")
    return rows if caller.may("staff.view") else rows.none()


def digest_of(token: str) -> str:
    """What is stored of a token. It is random and long, so nobody guesses it from its digest."""
    return hashlib.sha256(token.encode()).hexdigest()


def shown_token(text: str, today: dt.date) -> Token:
    """The token whose text this is; refused unless it works today."""
    row = Token.objects.filter(digest=digest_of(text)).select_related("user__role").first()
    if row is None:
        raise Refused("unknown_token", "There is no such token. Check that all of it was copied.")
    if row.revoked_at is not None or not row.user.is_active:
        raise Refused("token_revoked", "This token was revoked. Ask for another one.")
    if row.expires_on is not None and row.expires_on < today:
        raise Refused("token_expired", f"This token expired on {date_text(row.expires_on)}. Ask for another one.")
    return row


def roles() -> list[Role]:
    """All roles that can be given, by name."""
    return list(Role.objects.filter(removed=False).order_by("name"))


def people_by_role() -> dict[int, int]:
    """How many people have each role, by its key in the database; a role that nobody has is left out."""
    return dict(User.objects.order_by().values_list("role").annotate(Count("pk")))


def how_many_have(role: Role) -> int:
    """How many people have a role, those who left included."""
    return User.objects.filter(role=role).count()
