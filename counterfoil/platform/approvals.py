"""Four eyes: an operation is asked for by one person, and done when another approves (decision 0012).

ask_approval(caller, operation=issue_credit.name, arguments={"customer": zara, "amount_minor": 85000, ...})
approve(somebody_else, approval=row)     # does it, in the same transaction
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Q, QuerySet

from counterfoil.kernel.errors import NotFound, Refused, refuse_if
from counterfoil.kernel.money import Money
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.platform.models import Approval
from counterfoil.platform.operations import RENAMED, VERBS, Operation, Verb, step, verb
from counterfoil.platform.wire import Unreadable, keep_arguments, kept_arguments
from counterfoil.trail.kinds import sentence

MOST_TEXT = 300

declare_view("platform.view", "See requests for approval")


@dataclass(frozen=True)
class Outcome:
    """A decided request, and what was done, in words."""

    approval: Approval
    said: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        return self.approval.state == Approval.State.APPROVED


@verb
def ask_approval(
    op: Operation,
    *,
    operation: str,
    arguments: Mapping[str, Any],
    reason: str = "",
    label: str = "",
    customer_id: int | None = None,
) -> Approval:
    """The operation waits for somebody else to approve it. Refused where it could not be done now anyway."""
    wanted = registered(operation)
    refuse_if(not op.caller.may(wanted), "not_allowed", f"{op.caller.name} may not ask for “{wanted.label}”.")
    try:
        _attempt(op, wanted, arguments, keep=False)
    except Refused as refusal:
        # That is what is asked for.
        if refusal.code != "needs_approval":
            raise
    amount = wanted.amount(arguments)
    row = Approval.objects.create(
        operation=wanted.name, arguments=keep_arguments(wanted.function, arguments), reason=_text(reason),
        customer_id=customer_id,
        label=_cut(label or " ".join(str(part) for part in (wanted.label, amount) if part)),
        amount_minor=amount.minor if amount else None, currency=amount.currency if amount else "",
        asked_by_id=op.caller.user_id, asked_by=op.caller.name[:120], door=op.caller.door, asked_at=op.now,
    )  # fmt: skip
    op.record("approval.asked", row, customer_id=customer_id, label=row.label, reason=row.reason)
    return row


@verb
def approve(op: Operation, *, approval: Approval, note: str = "") -> Outcome:
    """What was asked for is done now, by the approver. Where that is not possible any more, the request says so."""
    row = _take(approval)
    if why := why_not(op.caller, row):
        raise why
    if row.operation not in VERBS and row.operation not in RENAMED:
        raise _unreadable()
    wanted = registered(row.operation)
    try:
        arguments = kept_arguments(wanted.function, row.arguments)
        op.caller.check_scope(arguments)
        # The amount as it is today: what is left to credit of an invoice may have changed.
        _refuse_above_limit(op.caller, wanted, wanted.amount(arguments))
        said = _attempt(op, wanted, arguments, keep=True)
    except Unreadable as error:
        raise _unreadable() from error
    except ObjectDoesNotExist:
        return _fail(op, row, note, "The record no longer exists.")
    except Refused as refusal:
        if refusal.code in ("needs_approval", "not_found"):
            raise
        return _fail(op, row, note, refusal.sentence)
    _decide(op, row, Approval.State.APPROVED, note)
    op.record("approval.given", row, customer_id=row.customer_id, label=row.label, asker=row.asked_by)
    return Outcome(row, said)


@verb(label="Refuse a request")
def refuse_approval(op: Operation, *, approval: Approval, note: str) -> Outcome:
    """What was asked for will not be done; the note says why."""
    row = _take(approval)
    if why := why_not(op.caller, row):
        raise why
    refuse_if(not note.strip(), "required", "Give a reason for whoever asked.", field="note")
    _decide(op, row, Approval.State.REFUSED, note)
    told = {"label": row.label, "asker": row.asked_by, "note": row.note}
    op.record("approval.refused", row, customer_id=row.customer_id, **told)
    return Outcome(row)


@verb(label="Withdraw a request")
def withdraw_approval(op: Operation, *, approval: Approval) -> Outcome:
    """The one who asked does not want it any more."""
    row = _take(approval)
    refuse_if(not _is_own(op.caller, row), "not_yours", f"Only {row.asked_by} can withdraw this request.")
    _decide(op, row, Approval.State.WITHDRAWN, "")
    op.record("approval.withdrawn", row, customer_id=row.customer_id, label=row.label)
    return Outcome(row)


# ------------------------------------------------------------------ reads


def registered(name: str) -> Verb[Any, Any]:
    """The operation that has this name, or had it."""
    if (found := VERBS.get(name) or RENAMED.get(name)) is None:
        raise NotFound(f"There is no operation {name[:80]}.")
    return found


def unreadable(row: Approval) -> Refused | None:
    """That what was asked for cannot be read any more, so that nobody can do it; None when it can be."""
    try:
        kept_arguments(registered(row.operation).function, row.arguments)
    except (NotFound, Unreadable):
        return _unreadable()
    except ObjectDoesNotExist:
        return None
    return None


def _unreadable() -> Refused:
    return Refused(
        "unreadable",
        "What was asked for cannot be read any more: it is from an older version. It can be withdrawn or refused; "
        "ask again if it is still wanted.",
    )


def why_not(caller: Caller, row: Approval) -> Refused | None:
    """Why this caller may not decide a request; None when he may."""
    if _is_own(caller, row):
        return Refused("own_request", "You can't decide your own request.")
    if row.operation not in VERBS and row.operation not in RENAMED:
        # Nobody can do it any more; whoever may do everything of what it belonged to can refuse it.
        return None if caller.may(row.operation) else Refused("not_allowed", f"{caller.name} may not decide this.")
    wanted = registered(row.operation)
    if not caller.may(wanted):
        return Refused("not_allowed", f"{caller.name} may not {wanted.label[:1].lower()}{wanted.label[1:]}.")
    amount = None if row.amount_minor is None else Money(row.amount_minor, row.currency)
    return None if caller.covers(wanted, amount) else _above_limit(caller, wanted, amount)


def approvals(caller: Caller) -> QuerySet[Approval]:
    """The requests this caller may see: his own, and those for what he may do himself. Newest first."""
    if not caller.may("platform.view"):
        return Approval.objects.none()
    may_do = [name for verb in VERBS.values() if caller.may(verb) for name in verb.names]
    all_of = Q(pk__in=[])
    for grant in caller.grants:
        # What they may do everything of, they see also by names that nothing has any more.
        if grant.endswith("*"):
            all_of |= Q(operation__startswith=grant[:-1])
    rows = Approval.objects.filter(
        Q(operation__in=may_do) | all_of | Q(asked_by_id=caller.user_id, asked_by=caller.name)
    )
    return rows.order_by("-id")


def to_decide(caller: Caller, rows: QuerySet[Approval]) -> list[Approval]:
    """Those of the requests that wait for this caller's decision."""
    if not caller.may(approve):
        return []
    waiting = rows.filter(state=Approval.State.WAITING).defer("arguments")
    return [row for row in waiting if why_not(caller, row) is None]


def waiting_of(caller: Caller, customer_id: int) -> list[Approval]:
    """What waits for approval about a customer, of what the caller may see."""
    return list(approvals(caller).filter(customer_id=customer_id, state=Approval.State.WAITING))


# ------------------------------------------------------------------ shared by the verbs above


def _is_own(caller: Caller, row: Approval) -> bool:
    return caller.user_id == row.asked_by_id and (caller.user_id is not None or caller.name == row.asked_by)


def _above_limit(caller: Caller, wanted: Verb[Any, Any], amount: Money | None) -> Refused:
    limit = caller.limits[wanted.name]
    return Refused("needs_approval", f"{amount} is above what {caller.name} may approve, which is up to {limit}.")


def _refuse_above_limit(caller: Caller, wanted: Verb[Any, Any], amount: Money | None) -> None:
    if not caller.covers(wanted, amount):
        raise _above_limit(caller, wanted, amount)


def _take(approval: Approval) -> Approval:
    """The request, locked; refused when somebody decided it before."""
    row = Approval.objects.select_for_update().get(pk=approval.pk)
    if row.state != Approval.State.WAITING:
        raise Refused(
            "already_decided", f"{row.decided_by} decided this before you: {row.get_state_display().lower()}."
        )
    return row


def _attempt(op: Operation, wanted: Verb[Any, Any], arguments: Mapping[str, Any], *, keep: bool) -> tuple[str, ...]:
    """Do the operation inside this one and say what it did; of one that refuses (or is only tried) nothing stays."""
    # Nothing is recorded yet, so all events are those of the attempt.
    assert not op.events, "An attempt comes before any event."
    kinds, said = dict(op.kinds), len(op.heard.told) if op.heard else 0
    done = False
    try:
        with transaction.atomic():
            wanted(op, **arguments)
            done = keep
            if not keep:
                transaction.set_rollback(True)
        return tuple(sentence(event[2], event[10]) for event in op.events if event[5] is not None)
    finally:
        if not done:
            op.events.clear()
            op.kinds = kinds
            if op.heard:
                del op.heard.told[said:]


def _decide(op: Operation, row: Approval, state: str, note: str, error: str = "") -> None:
    row.state, row.note, row.error = state, _text(note), error[:500]
    row.decided_by_id, row.decided_by, row.decided_at = op.caller.user_id, op.caller.name[:120], op.now
    row.save(update_fields=["state", "note", "error", "decided_by_id", "decided_by", "decided_at"])


def _fail(op: Operation, row: Approval, note: str, error: str) -> Outcome:
    _decide(op, row, Approval.State.FAILED, note, error)
    told = {"label": row.label, "asker": row.asked_by, "error": error}
    op.record("approval.failed", row, customer_id=row.customer_id, **told)
    return Outcome(row)


def _tidy(text: str) -> str:
    return " ".join("".join(ch for ch in text if ch.isprintable() or ch.isspace()).split())


def _cut(text: str) -> str:
    """A label that the product made: what is too long of it (a name of 290 letters) ends in an ellipsis."""
    tidy = _tidy(text)
    return tidy if len(tidy) <= MOST_TEXT else f"{tidy[: MOST_TEXT - 1].rstrip()}…"


def _text(text: str) -> str:
    tidy = _tidy(text)
    refuse_if(len(tidy) > MOST_TEXT, "too_long", f"Use at most {MOST_TEXT} characters.", field="reason")
    return tidy


@step
def erase_approvals(op: Operation, *, customer_id: int) -> int:
    """Nothing is left of what was asked for about a customer, nor can it be done any more; that it was asked stays."""
    rows = Approval.objects.filter(customer_id=customer_id).exclude(label="Erased")
    for row in rows:
        if row.state == Approval.State.WAITING:
            row.state, row.decided_at, row.decided_by = Approval.State.WITHDRAWN, op.now, op.caller.name[:120]
        row.label, row.reason, row.note, row.error, row.arguments = "Erased", "", "", "", {}
        row.asked_by = row.asked_by if row.door == "desk" else "Erased"
        row.save()
        op.keep(row, customer_id=customer_id)
    return len(rows)
