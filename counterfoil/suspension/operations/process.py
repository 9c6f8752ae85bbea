"""The process of one account: each step locks the customer, reads again, decides by the rules, writes and records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Annotated

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text, days_before
from counterfoil.messaging.operations import queue_messages
from counterfoil.messaging.operations.wording import Wording
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import Reason
from counterfoil.suspension import queries, rules, warnings
from counterfoil.suspension.models import Command, Exclusion, Pause, Suspension
from counterfoil.suspension.operations.network import want
from counterfoil.trail.models import Event

State = Suspension.State


class _Now:
    """Everything that decides, read under the customers' locks."""

    def __init__(self, op: Operation, customers: Collection[int]) -> None:
        self.customers = lock(customers)
        self.at = queries.moment(op.now)
        self.policies, self.holidays = queries.policies(), queries.holidays()
        self.accounts = queries.accounts_of(list(self.customers), self.at.day)
        self.rows = queries.under_way(list(self.customers))

    def rule(self, customer: int) -> rules.Policy:
        return self.policies.of(self.accounts[customer])

    def next_of(self, customer: int) -> rules.Step | None:
        row = self.rows.get(customer)
        process = row.process if row else None
        return rules.next_step(self.rule(customer), process, self.accounts[customer], self.at, self.holidays)

    def minor(self, row: Suspension) -> int:
        return rules.what_counts(self.rule(row.customer_id), row.process, self.accounts[row.customer_id], self.at.day)


@step
def advance(op: Operation, *, customers: list[int]) -> list[Suspension]:
    """Each of these accounts has taken the step that is due now, if there is any; run again, nothing happens.

    Who paid meanwhile is neither warned nor suspended: what is owed is read under the lock.
    """
    now = _Now(op, customers)
    return [row for pk in sorted(now.customers) if (row := _advance(op, now, pk)) is not None]


def _advance(op: Operation, now: _Now, customer: int) -> Suspension | None:
    """The process of an account after the step that is due now, or as it was; none where there is none."""
    found = now.next_of(customer)
    row = now.rows.get(customer)
    if found is not None and rules.is_now(now.rule(customer), found, now.at):
        row = _take(op, now, now.customers[customer], row, found)
    if row is not None and row.ended_on is None:
        now.rows[customer] = row
        _keep_figures(now, row)
    return row


def _take(op: Operation, now: _Now, customer: Customer, row: Suspension | None, found: rules.Step) -> Suspension:
    amount = money_text(found.minor, customer.currency)
    if row is None:
        account = now.accounts[customer.pk]
        oldest = min(debt.due_on for debt in account.debts)
        row = Suspension.objects.create(
            customer=customer, stepped_on=op.today, listed_on=op.today, amount_minor=found.minor, oldest_due_on=oldest
        )
        op.record("suspension.listed", row, customer_id=customer.pk, amount=amount, due=oldest)
        return row
    match found.to:
        case rules.CLEARED:
            return _end(op, row, State.CLEARED, _why_over(now, row))
        case rules.CLOSE:
            return _end(op, row, State.CLEARED, "the account is closed", quietly=True)
        case rules.RESET:
            return _end(op, row, State.RESET, _why_over(now, row))
        case rules.FIRST | rules.SECOND:
            _warn(op, now, row, found)
        case rules.SUSPENDED:
            _suspend(op, row, found.minor, approved=True)
    return row


def _why_over(now: _Now, row: Suspension) -> str:
    account = now.accounts[row.customer_id]
    if account.excluded:
        return f"never to be suspended, {account.excluded}"
    left = rules.counted(account, now.at.day, 1)
    return "nothing is overdue any more" if not left else "what is overdue does not count"


def _warn(op: Operation, now: _Now, row: Suspension, found: rules.Step) -> None:
    first = found.to == rules.FIRST
    row.state, row.stepped_on = found.to, op.today
    if first:
        row.first_warned_on = op.today
    else:
        row.second_warned_on = op.today
    on = _suspends_on(now, row)
    row.announced_on = None if first else on
    wording = warnings.FIRST_WARNING if first else warnings.SECOND_WARNING
    reached = _tell(op, row, wording, found.minor, on)
    row.unreached = row.unreached or not reached
    row.save()
    op.record(
        "suspension.warned", row, customer_id=row.customer_id, which="First" if first else "Second",
        amount=money_text(found.minor, row.currency),
        reached="Sent by e-mail" if reached else "Not sent: no e-mail address",
    )  # fmt: skip


def _suspends_on(now: _Now, row: Suspension) -> dt.date | None:
    """The day on which the account is suspended, if nothing is paid or agreed before."""
    far = dt.date(now.at.day.year + 5, 1, 1)
    steps = rules.foreseen(
        now.rule(row.customer_id), row.process, now.accounts[row.customer_id], now.at, far, now.holidays
    )
    return next((step.on for step in steps if step.to == rules.SUSPEND), None)


def _tell(op: Operation, row: Suspension, wording: Wording, minor: int, on: dt.date | None = None) -> bool:
    """The customer gets such a message; False where there is no address for it."""
    message = warnings.warning(wording, row.customer, minor, on, op.today)
    if message is not None:
        queue_messages(op, messages=[message])
    return message is not None


def _suspend(op: Operation, row: Suspension, minor: int, *, approved: bool) -> None:
    """The account is suspended from today, again or for the first time; the network and the customer are told."""
    row.state, row.stepped_on, row.paused_until = State.SUSPENDED, op.today, None
    row.suspended_on = row.suspended_on or op.today
    row.save()
    if approved:
        amount = money_text(minor, row.currency)
        op.record("suspension.suspended", row, customer_id=row.customer_id, amount=amount)
    want(op, row, Command.Wanted.OFF)
    _tell(op, row, warnings.SERVICE_OFF, minor)


def _end(op: Operation, row: Suspension, state: str, why: str, *, quietly: bool = False) -> Suspension:
    row.state, row.stepped_on, row.paused_until, row.ended_on = state, op.today, None, op.today
    row.amount_minor, row.oldest_due_on, row.next_step, row.next_on, row.because = 0, None, "", None, ""
    row.save()
    kind = "suspension.reset" if state == State.RESET else "suspension.cleared"
    op.record(kind, row, customer_id=row.customer_id, why=why)
    if not quietly:
        _switch_on(op, row.customer_id)
    return row


def _switch_on(op: Operation, customer: int) -> None:
    """The network is told "on" where it was told "off" last, and the customer with it."""
    last = queries.told_off().filter(customer=customer).select_related("suspension__customer").first()
    if last is not None:
        want(op, last.suspension, Command.Wanted.ON)
        _tell(op, last.suspension, warnings.SERVICE_ON, 0)


def follow_reactivation(op: Operation, customer: Customer) -> None:
    """Who was off when the account was closed is switched on, unless a suspension is under way.

    The caller holds the customer's lock.
    """
    if not queries.under_way([customer.pk]):
        _switch_on(op, customer.pk)


def _keep_figures(now: _Now, row: Suspension) -> None:
    """What lists are ordered by is as of now. It is worked out, so no event speaks of it."""
    found = queries.figures(
        now.rule(row.customer_id), row, now.accounts[row.customer_id], now.next_of(row.customer_id), now.at
    )
    if found != queries.kept_figures(row):
        row.amount_minor, row.oldest_due_on, row.next_step, row.next_on, row.because = found
        row.save(update_fields=["amount_minor", "oldest_due_on", "next_step", "next_on", "because"])


# ------------------------------------------------------------------ what follows what settles


@step
def reconsider(op: Operation, *, events: list[int]) -> int:
    """Of the accounts that these events are about, those with a process have taken the step that is due now.

    Who paid is switched on again; returns how many were looked at.
    """
    customers = {pk for pk in Event.objects.filter(pk__in=events).values_list("customer_id", flat=True) if pk}
    busy = list(queries.under_way(customers))
    return len(advance(op, customers=busy)) if busy else 0


# ------------------------------------------------------------------ what people decide


@verb(label="Approve suspensions")
def approve_suspensions(op: Operation, *, suspensions: Sequence[Suspension]) -> list[Suspension]:
    """The listed accounts are warned from now on and suspended when their day comes. Those that paid are cleared.

    Who was approved before stays as they are.
    """
    refuse_if(not suspensions, "nothing_chosen", "Nothing is selected. Tick accounts in the list first.")
    return _approve(op, {row.customer_id for row in suspensions})


@verb(right=approve_suspensions, label="Approve with all accounts below")
def approve_family(op: Operation, *, customer: Customer) -> list[Suspension]:
    """The same for an account and all accounts that have it as their parent, as far as they are listed."""
    customers = set(queries.family_of(op.caller, customer))
    approved = _approve(op, customers)
    refuse_if(not approved, "nothing_listed", "None of these accounts waits for approval.")
    return approved


def _approve(op: Operation, customers: Collection[int]) -> list[Suspension]:
    now, approved = _Now(op, customers), []
    for pk in sorted(now.customers):
        row = now.rows.get(pk)
        if row is None or row.state != State.OVERDUE:
            continue
        if not (minor := now.minor(row)):
            _advance(op, now, pk)
            continue
        row.state, row.stepped_on = State.APPROVED, op.today
        row.approved_on, row.approved_by = op.today, op.caller.name[:120]
        row.save()
        op.record("suspension.approved", row, customer_id=pk, amount=money_text(minor, row.currency))
        approved.append(_advance(op, now, pk) or row)
    return approved


@verb(label="Pause a suspension")
def pause_suspension(op: Operation, *, suspension: Suspension, days: Annotated[int, Says(least=1)]) -> Suspension:
    """The service is on for so many days, so that the customer can pay; unpaid then, it is suspended again.

    A pause of one that is paused makes it longer.
    """
    now, row = _locked(op, suspension)
    refuse_if(
        row.state not in (State.SUSPENDED, State.PAUSED), "not_suspended", "It is not suspended, so there is no pause."
    )
    earlier = list(row.pauses.order_by("pk").values_list("days", flat=True))
    until = rules.pause_end(now.rule(row.customer_id), row.process, op.today, days, earlier)
    was_off = row.state == State.SUSPENDED
    Pause.objects.create(suspension=row, on=op.today, days=days, until=until, author=op.caller.name[:120])
    row.state, row.stepped_on, row.paused_until = State.PAUSED, op.today, until
    row.save()
    op.record("suspension.paused", row, customer_id=row.customer_id, days=days, last=days_before(until, 1))
    if was_off:
        want(op, row, Command.Wanted.ON)
    _keep_figures(now, row)
    return row


@verb(label="Switch on again")
def reset_suspension(op: Operation, *, suspension: Suspension, reason: Reason) -> Suspension:
    """The suspension is over and the service is switched on. If the debt stays, the account is listed again.

    Also before the suspension: then no more warnings are sent.
    """
    _, row = _locked(op, suspension)
    off = row.state in (State.SUSPENDED, State.PAUSED)
    return _end(op, row, State.RESET if off else State.CLEARED, reason)


@verb(label="Suspend now")
def suspend_now(op: Operation, *, customer: Customer, reason: Reason) -> Suspension:
    """The service is switched off at once, whatever the policy says of days, floors, groups and promises.

    Refused where nothing is overdue, and for an account that is never suspended.
    """
    now = _Now(op, [customer.pk])
    account, row = now.accounts[customer.pk], now.rows.get(customer.pk)
    refuse_if(not account.active, "account_closed", "The account is not active.")
    refuse_if(row is not None and row.state == State.SUSPENDED, "suspended_already", "It is suspended already.")
    refuse_if(
        bool(account.excluded), "excluded", f"This account is never suspended: {account.excluded}. Lift that first."
    )
    minor = rules.counted(account, op.today, 1)
    refuse_if(not minor, "nothing_overdue", "Nothing is overdue on this account, less disputes and account credit.")
    if row is None:
        row = Suspension(customer=now.customers[customer.pk], listed_on=op.today, stepped_on=op.today)
    row.by_hand, row.reason = True, reason
    row.approved_on, row.approved_by = row.approved_on or op.today, row.approved_by or op.caller.name[:120]
    _suspend(op, row, minor, approved=False)
    op.record("suspension.by_hand", row, customer_id=customer.pk, amount=money_text(minor, row.currency), reason=reason)
    now.rows[customer.pk] = row
    _keep_figures(now, row)
    return row


@verb(label="Never suspend")
def never_suspend(op: Operation, *, customer: Customer, reason: Reason) -> Exclusion:
    """The account is neither warned nor suspended, until somebody takes that back; a suspension of now is over."""
    lock([customer.pk])
    standing = queries.exclusion_of(customer)
    refuse_if(standing is not None, "excluded_already", f"It is never suspended already: {standing}.")
    made = Exclusion.objects.create(customer=customer, reason=reason, since=op.today, author=op.caller.name[:120])
    op.record("suspension.excluded", made, customer_id=customer.pk, reason=reason)
    now = _Now(op, [customer.pk])
    if (row := now.rows.get(customer.pk)) is not None:
        off = row.state in (State.SUSPENDED, State.PAUSED)
        _end(op, row, State.RESET if off else State.CLEARED, f"never to be suspended, {reason}")
    return made


def follow_merge(op: Operation, customer: Customer, duplicate: Customer) -> None:
    """An account that was never to be suspended is not, whatever it was merged into."""
    standing = queries.exclusion_of(duplicate)
    if standing is not None and queries.exclusion_of(customer) is None:
        never_suspend(op, customer=customer, reason=standing.reason)


@verb(right=never_suspend, label="Allow suspension again")
def allow_suspension(op: Operation, *, customer: Customer) -> Exclusion:
    """The account may be warned and suspended like any other."""
    lock([customer.pk])
    row = queries.exclusion_of(customer)
    refuse_if(row is None, "not_excluded", "It may be suspended already.")
    assert row is not None
    row.ended_on = op.today
    row.save(update_fields=["ended_on"])
    op.record("suspension.included", row, customer_id=customer.pk)
    return row


def _locked(op: Operation, suspension: Suspension) -> tuple[_Now, Suspension]:
    now = _Now(op, [suspension.customer_id])
    row = now.rows.get(suspension.customer_id)
    over = row is None or row.pk != suspension.pk
    refuse_if(over, "over_already", f"It is over since {date_text(_ended(suspension) or op.today)}.")
    assert row is not None
    return now, row


def _ended(suspension: Suspension) -> dt.date | None:
    return Suspension.objects.values_list("ended_on", flat=True).get(pk=suspension.pk)


@step
def erase_suspensions(op: Operation, *, customer: Customer) -> None:
    """Of a customer's suspensions only days and amounts are left. Part of erasing personal data."""
    rows = Suspension.objects.filter(customer=customer).exclude(reason="")
    op.keep(*rows, customer_id=customer.pk)
    rows.update(reason="Erased")
    excluded = Exclusion.objects.filter(customer=customer)
    op.keep(*excluded, customer_id=customer.pk)
    excluded.update(reason="Erased")
