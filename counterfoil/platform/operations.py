"""Verbs and steps (decision 0031). Each business write is a function decorated `@verb`, and from that one definition
come the transaction, the right, the audit events, safe retry, preview by rollback, the form and the button.

    issue_invoices(caller, invoices=[draft])               # for real
    issue_invoices(caller.previewing(), invoices=[draft])  # the same code, rolled back, result returned

A `@step` is a part of verbs, or work of the product's own clock and workers. It has the same pipeline and no right:

    post_entries(op, entries=rows)                         # joins the operation under way
    preview_chunk(Caller.system("job", behalf=caller), …)  # done by the product for whoever asked
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from django.db import DataError, OperationalError, connection, models, transaction
from django.utils import timezone

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import Money
from counterfoil.platform import bulk, kept, keys, limits, logs, metrics, write_guard
from counterfoil.platform.callers import OWN_AFFAIRS, Caller, System
from counterfoil.platform.hearing import Heard, listener
from counterfoil.platform.signatures import Bounded, bounded, keeps_secret
from counterfoil.platform.wire import keep_answer, plain
from counterfoil.trail.kinds import KINDS, PERSON, sealable, trail_name
from counterfoil.trail.models import Event, Replay

logger = logging.getLogger("counterfoil.operation")
P = ParamSpec("P")
R = TypeVar("R")

VERBS: dict[str, Verb[Any, Any]] = {}
# Verbs by the names that they had before.
RENAMED: dict[str, Verb[Any, Any]] = {}
# What follows what: event kind to steps that take `events=`. Filled once by site/wiring.py.
REACTIONS: dict[str, list[Step[Any, Any]]] = {}
_TRIES = 3
_CANNOT_BE_STORED = (
    "Something that was entered cannot be stored: a number or a day that is too large, a text that is too long, or "
    "characters that are none. Correct it and try again; nothing was changed."
)
_here = threading.local()
# A bulk operation writes its events in pieces, so that its memory does not grow with them.
_EVENTS_HELD = 5000


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
    heard: Heard | None = None

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
        if self.heard is not None:
            self.heard.hear(kind, customer_id is not None, told)
        self.events.append(
            (
                self.id, self.name, kind, trail_name(model), pk, customer_id, caller.user_id,
                caller.actor[:120], caller.door, self.now, told,
            )
        )  # fmt: skip

    def keep(self, *rows: models.Model, customer_id: int | None = None) -> None:
        """These rows changed too: what they are now is kept."""
        for row in rows:
            self.record("row.kept", row, customer_id=customer_id)

    def keep_many(self, model: type[models.Model], pks: Iterable[int]) -> None:
        """The same for many rows that never change again, in few events."""
        for told in kept.in_chunks(kept.nouns()[trail_name(model)], pks):
            if told["ids"]:
                self.record_of("rows.kept", model, told["ids"][0], **told)

    def at_end(self, work: Callable[[Operation, set[int]], None], keys: Iterable[int]) -> None:
        """Do this once for all these keys before the commit: for what follows from rows that change several times."""
        self.ends.setdefault(work, set()).update(keys)

    @contextlib.contextmanager
    def attempting(self) -> Iterator[None]:
        """A part that may be refused by itself: then nothing of it is left, and the operation can go on without it."""
        self._flush()
        kinds, said = dict(self.kinds), len(self.heard.told) if self.heard else 0
        try:
            with transaction.atomic():
                yield
                self._flush()
        except Refused:
            self.events.clear()
            self.kinds = kinds
            if self.heard:
                del self.heard.told[said:]
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


class _Written(Generic[P, R]):
    """What verbs and steps share: the key, the transaction, preview, events and what follows."""

    def __init__(
        self, function: Callable[Concatenate[Operation, P], R], before: Callable[..., Any] | None = None
    ) -> None:
        self.function = function
        # What takes long and writes nothing (hashing, rendering, reading a file): done before the transaction begins.
        self.before = before
        self.app = function.__module__.split(".")[1]
        self.verb = function.__name__
        self.name = f"{self.app}.{self.verb}"
        # Every name it had, the newest first. A key that was used knows it by the oldest.
        self.names: tuple[str, ...] = (self.name,)
        update_wrapper(self, function)  # type: ignore[arg-type]  # it is called like the function, by its heirs

    def _join(self, op: Operation, *args: P.args, **kwargs: P.kwargs) -> R:
        """As a part of the operation under way: same transaction, same id, and the right is the outer verb's."""
        outer, op.ready = op.ready, self._ready(op.caller, kwargs)
        try:
            self._check(op, kwargs)
            return self.function(op, *args, **kwargs)
        finally:
            op.ready = outer

    def _alone(self, caller: Caller, *args: P.args, **kwargs: P.kwargs) -> R:
        """In a transaction of its own."""
        for attempt in range(1, _TRIES + 1):
            try:
                return self._run(caller, *args, **kwargs)
            except OperationalError as error:
                # Two writers crossed. Nothing was written, so the whole operation may simply run again.
                if attempt == _TRIES or connection.in_atomic_block or not _is_conflict(error):
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    def _ready(self, caller: Caller, arguments: Mapping[str, Any]) -> Any:
        with write_guard.reading():  # a preview and a repeated call do this too, so it must not act
            return self.before(caller, **arguments) if self.before else None

    def _run(self, caller: Caller, *args: P.args, **kwargs: P.kwargs) -> R:
        now = caller.now
        op = Operation(caller, self.name, now, timezone.localdate(now), heard=listener())
        if op.heard is not None:
            op.heard.operation, op.heard.told = str(op.id), []
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
                    if op.heard is not None:
                        op.heard.repeated = True
                    remembered: R = keys.answer_of(replay, self.function)
                    if op.heard is not None:
                        op.heard.see(remembered)
                    return remembered
            result = self._perform(op, *args, **kwargs)
            if not caller.preview or (op.heard is not None and op.heard.look):  # else nobody would see it
                for work, pks in op.ends.items():
                    work(op, pks)
            op._flush()
            self._react(op)
            if op.heard is not None:
                op.heard.see(result)
            if replay is not None:
                replay.answer = keep_answer(result)
                replay.save(update_fields=["answer"])
            if caller.preview:
                transaction.set_rollback(True)
            return result

    def _perform(self, op: Operation, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(op, *args, **kwargs)

    def _check(self, op: Operation, arguments: dict[str, Any]) -> None:
        """Arguments are tidied where they are, and refused where they cannot be right."""

    def _claim(self, caller: Caller, now: dt.datetime, args: Any, kwargs: Any) -> tuple[Replay, bool]:
        """Take the key, or wait for whoever has it and find their answer."""
        fingerprint = self.fingerprint(caller, args, kwargs)
        row = Replay.take(str(caller.key), self.name, fingerprint, now)
        keys.refuse_other(row, fingerprint)
        return row, row.answer is not None

    def fingerprint(self, caller: Caller, args: Any = (), kwargs: Any = None) -> str:
        """By which a second call with the same key is known to ask for the same."""
        secret = self.before is not None or keeps_secret(self.function)
        return keys.fingerprint(self.names[-1], self.function, caller, args, kwargs or {}, secret=secret)

    def _react(self, op: Operation) -> None:
        # One task, because each is rows to write, to claim and to forget.
        if REACTIONS.keys() & op.kinds:
            react.enqueue(operation_id=str(op.id))


class Step(_Written[P, R]):
    """A part of verbs, or work of the product's own. It has no right, so it is in no role, approval or address."""

    def __call__(self, by: Operation | System, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if isinstance(by, Operation):
            return self._join(by, *args, **kwargs)
        if not isinstance(by, System):
            raise TypeError(
                f"{self.name} is a step, so a {type(by).__name__} cannot do it: it joins an operation under way, or "
                "the product does it (Caller.system)."
            )
        return self._alone(by, *args, **kwargs)


class Verb(_Written[P, R]):
    """What somebody may do: call it with a `Caller` (its own transaction) or an `Operation` (joins that one)."""

    def __init__(
        self,
        function: Callable[Concatenate[Operation, P], R],
        label: str | None,
        limited: Callable[..., Money] | None = None,
        before: Callable[..., Any] | None = None,
        *,
        own: bool = False,
        whole: bool = False,
        right: Verb[Any, Any] | None = None,
        was: tuple[str, ...] = (),
    ) -> None:
        super().__init__(function, before)
        self.names = (self.name, *was)
        RENAMED.update(dict.fromkeys(was, self))
        assert right is None or right.limited is None, f"{right.name} has a limit, which this would get past."
        # The grant that it needs: its own, or that of the verb it does to many.
        self.right: str = right.right if right is not None else self.name
        label = label or (right.label if right is not None else None)
        self.limited: Callable[..., Money] | None = limited
        self.own, self.whole = own, whole
        if own:
            OWN_AFFAIRS.add(self.name)
        self.label: str = label or self.verb.replace("_", " ").capitalize()
        VERBS[self.name] = self

    def __call__(self, by: Caller | Operation, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if isinstance(by, Operation):
            return self._join(by, *args, **kwargs)
        if not by.may(self):
            raise by.why_not(self)
        by.check_scope([args, kwargs])
        self._check_limit(by, kwargs)
        return self._alone(by, *args, **kwargs)

    def amount(self, arguments: Mapping[str, Any]) -> Money | None:
        """The amount that a role may limit; None for a verb without one."""
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
        return limits.used(self.names, caller, customer_id, currency)

    @cached_property
    def bounds(self) -> list[Bounded]:
        """The arguments that are checked, as their signature says."""
        return bounded(self.function)

    def _check(self, op: Operation, arguments: dict[str, Any]) -> None:
        for row in self.bounds:
            if (value := arguments.get(row.name)) is not None:
                arguments[row.name] = row.check(value, op.today)

    def _perform(self, op: Operation, *args: P.args, **kwargs: P.kwargs) -> R:
        self._check(op, kwargs)
        if self.name not in op.caller.limits or op.caller.preview:
            return self.function(op, *args, **kwargs)
        # Read before it is done: what is left to credit of an invoice is less afterwards.
        amount = self.amount(kwargs)
        result = self.function(op, *args, **kwargs)
        self._count_limit(op, amount, limits.whom(kwargs))
        return result

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
def verb(function: Callable[Concatenate[Operation, P], R], /) -> Verb[P, R]: ...


@overload
def verb(
    *,
    label: str | None = None,
    limited: Callable[..., Money] | None = None,
    before: Callable[..., Any] | None = None,
    own: bool = False,
    whole: bool = False,
    right: Verb[Any, Any] | None = None,
    was: tuple[str, ...] = (),
) -> Callable[[Callable[Concatenate[Operation, P], R]], Verb[P, R]]: ...


def verb(
    function: Any = None,
    /,
    *,
    label: str | None = None,
    limited: Callable[..., Money] | None = None,
    before: Callable[..., Any] | None = None,
    own: bool = False,
    whole: bool = False,
    right: Verb[Any, Any] | None = None,
    was: tuple[str, ...] = (),
) -> Any:
    """Make a function a verb. Use bare, or with the words for it: `@verb(label="Issue invoices")`.

    `limited` reads from the arguments the amount that a role may limit. `before` gets the caller and the arguments and
    does what is slow and writes nothing, while nobody waits; what it returns is the operation's `op.ready`. `own` is
    what every member of staff may do about their own affairs. `whole` concerns everybody: who is limited to areas or
    brands is not offered it. `right` is the verb that this does to many: who may do that one may do this, and no role
    says so twice. `was` is every name that it had, the newest first: what was granted, asked and answered goes on.
    """
    if function is not None:
        return Verb(function, label)
    return lambda inner: Verb(inner, label, limited, before, own=own, whole=whole, right=right, was=was)


@overload
def step(function: Callable[Concatenate[Operation, P], R], /) -> Step[P, R]: ...


@overload
def step(*, before: Callable[..., Any]) -> Callable[[Callable[Concatenate[Operation, P], R]], Step[P, R]]: ...


def step(function: Any = None, /, *, before: Callable[..., Any] | None = None) -> Any:
    """Make a function a step: a part of verbs, or work of the product's own."""
    return Step(function) if function is not None else lambda inner: Step(inner, before)


def _is_conflict(error: OperationalError) -> bool:
    state = getattr(error.__cause__, "sqlstate", None)
    return state in ("40001", "40P01") or "database is locked" in str(error)


from counterfoil.platform.reactions import react  # noqa: E402 - the task needs the names above
