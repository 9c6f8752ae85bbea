"""Who asks: a person through a door, or the product itself. The explicit first argument of every operation and read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from django.utils import timezone

from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.kernel.money import Money
from counterfoil.platform.joints import joint

if TYPE_CHECKING:
    from counterfoil.platform.operations import Verb

# Verbs of everybody's own affairs, by name: any member of staff may do them, and no role says so.
OWN_AFFAIRS: set[str] = set()


@joint
def out_of_scope(caller: Caller, arguments: Any, /) -> None:
    """One is asked, who knows owners: it raises `NotFound` when arguments speak of what lies outside the scope."""
    raise NotImplementedError


@dataclass(frozen=True)
class Caller:
    """Who asks, through which door, with what right."""

    name: str
    grants: frozenset[str]
    user_id: int | None = None
    # What the trail calls the caller for ever, where the name is personal and may have to be erased one day.
    alias: str = ""
    # The most the caller may do alone, by operation name; an operation without an entry has no limit.
    limits: Mapping[str, Money] = field(default_factory=dict)
    # What the caller is limited to: ids by the name of what a customer belongs to (area, brand). Empty is no limit.
    scope: Mapping[str, frozenset[int]] = field(default_factory=dict)
    door: str = "desk"
    key: str | None = None
    # What was asked for under the key, in the words it was asked in; empty: the arguments say it.
    asked: str = field(default="", repr=False)
    preview: bool = False
    # When set, all this caller ever sees lies within these rows (by id): somebody who looks at their own affairs.
    only: frozenset[int] | None = None
    # Only the demonstration and the tests set the time; None is the real clock.
    at: dt.datetime | None = None

    @staticmethod
    def system(door: str, *, name: str = "", at: dt.datetime | None = None, behalf: Caller | None = None) -> System:
        """The product itself or its operator at the console: may do everything, and is recorded by name.

        On behalf of a person, what is written carries the person's name, and the trail says who did it for whom.
        """
        if behalf is None:
            return System(name=name or _PRODUCT, grants=_ALL, door=door, at=at)
        return System(
            name=name or behalf.name, grants=_ALL, user_id=behalf.user_id, alias=behalf.alias, door=door,
            at=at or behalf.at, preview=behalf.preview, for_somebody=True,
        )  # fmt: skip

    @property
    def actor(self) -> str:
        """What the trail calls the caller for ever."""
        return self.alias or self.name

    def may(self, what: str | Verb[Any, Any]) -> bool:
        """Whether the grants cover a verb or a view: exactly, by `app.*`, or by `*`; one's own affairs need none.

        What concerns the whole company is nobody's who sees a part of it.
        """
        if not isinstance(what, str) and what.whole and self.is_scoped:
            return False
        name = what if isinstance(what, str) else what.right
        if name in OWN_AFFAIRS and self.only is None:
            return True
        return bool(self.grants & {name, f"{name.partition('.')[0]}.*", "*"})

    def why_not(self, what: Verb[Any, Any], said: str = "") -> Refused:
        """Why the caller may not do it; of what the role does not include, in these words."""
        if self.may(what.right):
            everybody = f"“{what.label}” concerns everybody: it needs access to all areas and brands."
            return Refused("whole_only", everybody)
        return Refused("not_allowed", said or f"{self.name} may not {what.label[:1].lower()}{what.label[1:]}.")

    def must(self, what: str) -> None:
        """Refuse as if the thing did not exist, unless the grants cover it."""
        if not self.may(what):
            raise NotFound()

    def must_see(self, view: str) -> None:
        """The same for reading; who looks at their own affairs alone needs no role for that."""
        if self.only is None:
            self.must(view)

    def covers(self, what: Verb[Any, Any], amount: Money | None) -> bool:
        """Whether the amount is within the caller's limit. A limit says nothing of other currencies, so none are."""
        limit = self.limits.get(what.name)
        if limit is None or amount is None:
            return True
        return limit.currency == amount.currency and abs(amount.minor) <= limit.minor

    @property
    def is_scoped(self) -> bool:
        """Whether there is anything that the caller does not see."""
        return bool(self.scope) or self.only is not None

    def check_scope(self, arguments: Any) -> None:
        """Refuse, as if they did not exist, arguments that speak of what lies outside the caller's scope."""
        if self.is_scoped:
            out_of_scope(self, arguments)

    def previewing(self) -> Self:
        """The same caller, whose operations are computed in full and then rolled back."""
        return dataclasses.replace(self, preview=True, key=None, asked="")

    def with_key(self, key: str | None, asked: str = "") -> Self:
        """The same caller with an idempotency key: a second call with the key returns the first answer.

        Whether it is the same call its arguments say; or `asked`, which speaks of rows that may be gone by then.
        """
        # A key from a form may be of any length; the column is not.
        long = key is not None and len(key) > 150
        kept = hashlib.sha256(str(key).encode()).hexdigest() if long else key
        return dataclasses.replace(self, key=kept, asked=asked if key else "")

    @property
    def now(self) -> dt.datetime:
        return self.at or timezone.now()

    @property
    def today(self) -> dt.date:
        """The business day: the date now in the operator's time zone."""
        return timezone.localdate(self.now)


@dataclass(frozen=True)
class System(Caller):
    """The product itself: its clock, workers, set-up and sign-in pages. Nobody else does a step (decision 0031)."""

    for_somebody: bool = False

    @property
    def actor(self) -> str:
        return f"{_PRODUCT} for {super().actor}" if self.for_somebody else super().actor


_PRODUCT = "Counterfoil"
_ALL = frozenset({"*"})
