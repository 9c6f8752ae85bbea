"""The verb. Each business write is a function decorated `@operation`, and from that one definition come the
transaction, the permission, the audit events, safe retry, preview by rollback, the form and the button.

    issue_invoices(caller, invoices=[draft])               # for real
    issue_invoices(caller.previewing(), invoices=[draft])  # the same code, rolled back, result returned
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from django.db import DataError, OperationalError, connection, models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.kernel.money import Money
from counterfoil.platform import bulk, kept, limits, logs, metrics, write_guard
from counterfoil.platform.stored import load, plain, store
from counterfoil.trail.kinds import KINDS, PERSON, sealable
from counterfoil.trail.models import Event, Replay

logger = logging.getLogger("counterfoil.operation")
P = ParamSpec("P")
R = TypeVar("R")

OPERATIONS: dict[str, RegisteredOperation[Any, Any]] = {}
# What follows what: event kind to operations that take `events=`. Filled once by site/reactions.py.
REACTIONS: dict[str, list[RegisteredOperation[Any, Any]]] = {}
# Raise `NotFound` when arguments speak of what the caller is not limited to. Installed by the floor that knows owners.
SCOPE_CHECKS: list[Callable[[Caller, Any], None]] = []
_TRIES = 3
_CANNOT_BE_STORED = (
    "Something that was entered cannot be stored: a number or a day that is too large, a text that is too long, or "
    "characters that are none. Correct it and try again; nothing was changed."
)
_here = threading.local()
# A bulk operation writes its events in pieces, so that its memory does not grow with them.
_EVENTS_HELD = 5000


@dataclass(frozen=True)
class Caller:
    """Who asks, through which door, with what right. The explicit first argument of every operation and read."""

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
    preview: bool = False
    # When set, all this caller ever sees lies within these rows (by id): somebody who looks at their own affairs.
    only: frozenset[int] | None = None
    # Only the demonstration and the tests set the time; None is the real clock.
    at: dt.datetime | None = None

    @classmethod
    def system(cls, door: str, *, name: str = "Counterfoil", at: dt.datetime | None = None) -> Caller:
        """The product itself or its operator at the console: may do everything, and is recorded by name."""
        return cls(name=name, grants=frozenset({"*"}), door=door, at=at)

    def may(self, what: str | RegisteredOperation[Any, Any]) -> bool:
        """Whether the grants cover an operation or a view: exactly, by `app.*`, or by `*`."""
        name = what if isinstance(what, str) else what.name
        return bool(self.grants & {name, f"{name.partition('.')[0]}.*", "*"})

    def must(self, what: str) -> None:
        """Refuse as if the thing did not exist, unless the grants cover it."""
        if not self.may(what):
            raise NotFound()

    def must_see(self, view: str) -> None:
        """The same for reading; who looks at their own affairs alone needs no role for that."""
        if self.only is None:
            self.must(view)

    def covers(self, what: RegisteredOperation[Any, Any], amount: Money | None) -> bool:
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
            assert SCOPE_CHECKS, "Nothing holds a caller to a scope."
            for check in SCOPE_CHECKS:
                check(self, arguments)

    def previewing(self) -> Caller:
        """The same caller, whose operations are computed in full and then rolled back."""
        return dataclasses.replace(self, preview=True, key=None)

    def with_key(self, key: str | None) -> Caller:
        """The same caller with an idempotency key: a second call with the key returns the first answer."""
        # A key from a form may be of any length; the column is not.
        long = key is not None and len(key) > 150
        return dataclasses.replace(self, key=hashlib.sha256(str(key).encode()).hexdigest() if long else key)

    @property
    def now(self) -> dt.datetime:
        return self.at or timezone.now()

    @property
    def today(self) -> dt.date:
        """The business day: the date now in the operator's time zone."""
        return timezone.localdate(self.now)


@dataclass
class Operation:
    """An operation under way: its caller, one instant, and the events it has recorded so far."""

    caller: Caller
    name: str
    now: dt.datetime
    today: dt.date
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    kinds: dict[str, None] = field(default_factory=dict)
    # What the operation's `before` returned.
    ready: Any = None
    # Work to do once, when everything else is done, with all the keys that it was asked for.
    ends: dict[Callable[[Operation, set[int]], None], set[int]] = field(default_factory=dict)

    def record(self, kind: str, subject: models.Model, *, customer_id: int | None = None, **data: Any) -> None:
        """Write an event in the operation's transaction. Keys of `data` are those of the kind's sentence."""
        self.record_of(kind, subject._meta.model, subject.pk, customer_id=customer_id, **data)

    def record_of(
        self, kind: str, model: type[models.Model], pk: int, *, customer_id: int | None = None, **data: Any
    ) -> None:
        """The same for a row known by its key only: bulk operations have no instances."""
        assert kind in KINDS, f"{kind} is not declared in any events.py."
        caller = self.caller
        self.kinds[kind] = None
        if len(self.events) >= _EVENTS_HELD:
            self._flush()
        told = {key: plain(value) for key, value in data.items()}
        if caller.alias:
            told[PERSON] = caller.name
        self.events.append(
            (
                self.id, self.name, kind, model._meta.label_lower, pk, customer_id, caller.user_id,
                (caller.alias or caller.name)[:120], caller.door, self.now, told,
            )
        )  # fmt: skip

    def keep(self, *rows: models.Model, customer_id: int | None = None) -> None:
        """These rows changed too: what they are now is kept."""
        for row in rows:
            self.record("row.kept", row, customer_id=customer_id)

    def keep_many(self, model: type[models.Model], pks: Iterable[int]) -> None:
        """The same for many rows that never change again, in few events."""
        for told in kept.in_chunks(kept.nouns()[model._meta.label_lower], pks):
            if told["ids"]:
                self.record_of("rows.kept", model, told["ids"][0], **told)

    def at_end(self, work: Callable[[Operation, set[int]], None], keys: Iterable[int]) -> None:
        """Do this once for all these keys before the commit: for what follows from rows that change several times."""
        self.ends.setdefault(work, set()).update(keys)

    @contextlib.contextmanager
    def attempting(self) -> Iterator[None]:
        """A part that may be refused by itself: then nothing of it is left, and the operation can go on without it."""
        self._flush()
        kinds = dict(self.kinds)
        try:
            with transaction.atomic():
                yield
                self._flush()
        except Refused:
            self.events.clear()
            self.kinds = kinds
            raise

    def _flush(self) -> None:
        columns = (
            "operation_id", "operation", "kind", "subject_type", "subject_id", "customer_id", "actor_id", "actor",
            "door", "at", "data", "sealed", "salt",
        )  # fmt: skip
        if self.events:
            if not self.caller.preview:
                kept.put_into((event[2], event[3], event[4], event[10]) for event in self.events)
            bulk.insert_rows(Event, columns, ((*event, *sealable(event[2], event[10])) for event in self.events))
            self.events.clear()


class RegisteredOperation(Generic[P, R]):
    """A decorated operation: call it with a `Caller` (its own transaction) or an `Operation` (joins that one)."""

    def __init__(
        self,
        function: Callable[Concatenate[Operation, P], R],
        label: str | None,
        limited: Callable[..., Money] | None = None,
        before: Callable[..., Any] | None = None,
    ) -> None:
        self.function = function
        # What takes long and writes nothing (hashing, rendering, reading a file): done before the transaction begins.
        self.before = before
        # How the amount that a role may limit is read from the arguments.
        self.limited = limited
        self.app = function.__module__.split(".")[1]
        self.verb = function.__name__
        self.name = f"{self.app}.{self.verb}"
        self.label = label or self.verb.replace("_", " ").capitalize()
        update_wrapper(self, function)
        OPERATIONS[self.name] = self

    def __call__(self, by: Caller | Operation, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if isinstance(by, Operation):
            # Inner operations join: same transaction, same id, and the permission is the outer verb's.
            outer, by.ready = by.ready, self._ready(by.caller, kwargs)
            try:
                return self.function(by, *args, **kwargs)
            finally:
                by.ready = outer
        if not by.may(self):
            raise Refused("not_allowed", f"{by.name} may not {self.label[:1].lower()}{self.label[1:]}.")
        by.check_scope([args, kwargs])
        self._check_limit(by, kwargs)
        for attempt in range(1, _TRIES + 1):
            try:
                return self._run(by, *args, **kwargs)
            except OperationalError as error:
                # Two writers crossed. Nothing was written, so the whole operation may simply run again.
                if attempt == _TRIES or connection.in_atomic_block or not _is_conflict(error):
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    def _ready(self, caller: Caller, arguments: Mapping[str, Any]) -> Any:
        return self.before(caller, **arguments) if self.before else None

    def amount(self, arguments: Mapping[str, Any]) -> Money | None:
        """The amount that a role may limit; None for an operation without one."""
        return self.limited(**arguments) if self.limited else None

    def _check_limit(self, caller: Caller, arguments: Mapping[str, Any]) -> None:
        # A preview writes nothing, so it may show what approval would be asked for.
        if caller.preview or self.name not in caller.limits:
            return
        amount = self.amount(arguments)
        if not caller.covers(self, amount):
            raise Refused(
                "needs_approval",
                f"{amount} is more than {caller.name} may do alone: “{self.label}” goes up to "
                f"{caller.limits[self.name]}. Ask for approval.",
                field="amount",
            )

    def used_today(self, caller: Caller, customer_id: int | None, currency: str) -> Money:
        """How much of the limit the caller used for this customer today; nothing for who has no limit."""
        if self.name not in caller.limits or customer_id is None:
            return Money(0, currency)
        return limits.used(self.name, caller, customer_id, currency)

    def _count_limit(self, op: Operation, amount: Money | None, customer_id: int | None) -> None:
        """Refuse when what was done today for the same customer is more than the limit in sum.

        After the operation, which locked the customer: nobody gets past by doing two at once.
        """
        if amount is None or customer_id is None:
            return
        caller = op.caller
        before = self.used_today(caller, customer_id, amount.currency)
        if not caller.covers(self, Money(before.minor + abs(amount.minor), amount.currency)):
            raise Refused(
                "needs_approval",
                f"With {before} of today for this customer, {amount} is more than {caller.name} may do alone: "
                f"“{self.label}” goes up to {caller.limits[self.name]} for one customer on one day. Ask for approval.",
                field="amount",
            )
        op.keep(limits.note(self.name, caller, customer_id, amount))

    def _run(self, caller: Caller, *args: P.args, **kwargs: P.kwargs) -> R:
        now = caller.now
        op = Operation(caller, self.name, now, timezone.localdate(now))
        token, outcome, started = logs.operation_id.set(str(op.id)), "failed", time.perf_counter()
        try:
            op.ready = self._ready(caller, kwargs)
            result = self._do(op, *args, **kwargs)
            outcome = "previewed" if caller.preview else "done"
            return result
        except Refused as refusal:
            outcome = f"refused {refusal.code}"
            raise
        except (DataError, OverflowError, UnicodeEncodeError) as error:
            # The last net: whoever checks an argument names it; what nobody checked the database did not take.
            logger.warning("%s was given what cannot be stored", self.name, exc_info=True)
            outcome = "refused cannot_be_stored"
            raise Refused("cannot_be_stored", _CANNOT_BE_STORED) from error
        finally:
            if logger.isEnabledFor(logging.INFO):
                spent = round((time.perf_counter() - started) * 1000, 1)
                logger.info("%s %s", self.name, outcome, extra={"ms": spent, "door": caller.door})
            metrics.OPERATIONS.labels(self.name, outcome.split(" ")[0]).inc()
            logs.operation_id.reset(token)

    def _do(self, op: Operation, *args: P.args, **kwargs: P.kwargs) -> R:
        caller, now = op.caller, op.now
        with write_guard.writing(), _counted(), transaction.atomic():
            replay = None
            if caller.key and not caller.preview:
                replay, answered = self._claim(caller, now, args, kwargs)
                if answered:
                    remembered: R = load(replay.answer)
                    return remembered
            counts = self.name in caller.limits and not caller.preview
            # Read before it is done: what is left to credit of an invoice is less afterwards.
            amount = self.amount(kwargs) if counts else None
            result = self.function(op, *args, **kwargs)
            if counts:
                self._count_limit(op, amount, limits.whom(kwargs))
            if not caller.preview:  # nobody would see it
                for work, keys in op.ends.items():
                    work(op, keys)
            op._flush()
            self._react(op)
            if replay is not None:
                replay.answer = store(result)
                replay.save(update_fields=["answer"])
            if caller.preview:
                transaction.set_rollback(True)
            return result

    def _claim(self, caller: Caller, now: dt.datetime, args: Any, kwargs: Any) -> tuple[Replay, bool]:
        """Take the key, or wait for whoever has it and find their answer."""
        text = json.dumps([self.name, caller.user_id, store(list(args)), store(kwargs)], sort_keys=True)
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        if self.before:
            # A password is among the arguments: without the secret key nobody can try others against the digest.
            fingerprint = salted_hmac("counterfoil.fingerprint", text, algorithm="sha256").hexdigest()
        mine = Replay(key=caller.key or "", operation=self.name, fingerprint=fingerprint, at=now)
        # ON CONFLICT DO NOTHING waits for an unfinished holder of the key, then inserts nothing if it committed.
        Replay.objects.bulk_create([mine], ignore_conflicts=True)
        row = Replay.objects.select_for_update().get(key=caller.key)
        if row.fingerprint != fingerprint:
            raise Refused("key_reused", "This form was already used for something else. Open it again and retry.")
        return row, row.answer is not None

    def _react(self, op: Operation) -> None:
        for kind in op.kinds:
            if kind in REACTIONS:
                react.enqueue(operation_id=str(op.id), kind=kind)


@contextlib.contextmanager
def _counted() -> Iterator[None]:
    _here.depth = getattr(_here, "depth", 0) + 1
    try:
        yield
    finally:
        _here.depth -= 1


def under_way() -> bool:
    """Whether this thread is inside an operation's transaction, so that nothing slow should begin now."""
    return getattr(_here, "depth", 0) > 0


@overload
def operation(function: Callable[Concatenate[Operation, P], R], /) -> RegisteredOperation[P, R]: ...


@overload
def operation(
    *,
    label: str | None = None,
    limited: Callable[..., Money] | None = None,
    before: Callable[..., Any] | None = None,
) -> Callable[[Callable[Concatenate[Operation, P], R]], RegisteredOperation[P, R]]: ...


def operation(
    function: Any = None,
    /,
    *,
    label: str | None = None,
    limited: Callable[..., Money] | None = None,
    before: Callable[..., Any] | None = None,
) -> Any:
    """Make a function an operation. Use bare, or with the words for it: `@operation(label="Issue invoices")`.

    `limited` reads from the arguments the amount that a role may limit. `before` gets the caller and the arguments and
    does what is slow and writes nothing, while nobody waits; what it returns is the operation's `op.ready`.
    """
    if function is not None:
        return RegisteredOperation(function, label)
    return lambda inner: RegisteredOperation(inner, label, limited, before)


def _is_conflict(error: OperationalError) -> bool:
    state = getattr(error.__cause__, "sqlstate", None)
    return state in ("40001", "40P01") or "database is locked" in str(error)


from counterfoil.platform.reactions import react  # noqa: E402 - the task needs the names above
