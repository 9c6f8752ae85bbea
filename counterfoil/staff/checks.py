"""What must be true of how people sign in. The sign-in package writes its own tables; the trail says what it did."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from counterfoil.platform.checks import book_check
from counterfoil.staff.models import User
from counterfoil.trail.models import Event

# How events call what the package calls otherwise. Recovery codes come and go with the others.
_APP, _PASSKEY, _SIGN_ON = "authenticator app", "passkey", "single sign-on"
_WORDS = {"totp": _APP, "webauthn": _PASSKEY}


@book_check
def ways_to_sign_in_are_those_of_the_trail() -> Iterable[str]:
    """Nobody can sign in, or do so without a second step, in a way that nobody added or took away in the product."""
    told, there = _told(), _there()
    names = dict(User.objects.filter(pk__in={*told, *there}).values_list("pk", "name"))
    for user in sorted({*told, *there}):
        for word in (_APP, _PASSKEY, _SIGN_ON):
            says, has = told[user][word], there[user][word]
            # An app without the key of this installation opens nothing; a passkey and an account elsewhere do.
            more, less = has > says and word != _APP, has < says and word != _SIGN_ON
            if more or less:
                yield (
                    f"User {user} ({names.get(user, '?')}) has {has} × {word}; by the trail it is {says}. Reset their "
                    "second factor or disconnect it, and ask who had access to the database."
                )


def _told() -> dict[int, Counter[str]]:
    """How many of each way people have by the trail."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    kinds = ("user.factor_added", "user.factor_removed", "user.factors_reset", "user.connected")
    events = Event.objects.filter(kind__in=kinds).order_by("pk")
    for kind, user, data in events.values_list("kind", "subject_id", "data").iterator():
        match kind:
            case "user.factors_reset":
                found[user] = Counter({_SIGN_ON: found[user][_SIGN_ON]})
            case "user.connected":
                found[user][_SIGN_ON] += 1
            case "user.factor_added":
                found[user][str(data.get("by"))] += 1
            case _:
                word = str(data.get("by"))
                found[user][word] = max(found[user][word] - 1, 0)
    return found


def _there() -> dict[int, Counter[str]]:
    """How many of each way people have."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for user, kind in Authenticator.objects.filter(type__in=_WORDS).values_list("user_id", "type"):
        found[user][_WORDS[kind]] += 1
    for user in SocialAccount.objects.values_list("user_id", flat=True):
        found[user][_SIGN_ON] += 1
    return found
