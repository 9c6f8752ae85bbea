"""What suspension offers to the customer page and its lists: stages with amounts, what comes next, and the network."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from counterfoil.customers.models import Customer
from counterfoil.kernel.money import Money, money_text
from counterfoil.kernel.periods import deadline_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Panel
from counterfoil.platform.tables import Column, Table
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.suspension import doors, queries, rules
from counterfoil.suspension.models import Command, Pause, Suspension
from counterfoil.suspension.nouns import COMMAND

RESET, END, PAUSE, SUSPEND_NOW = doors.RESET.action, doors.END.action, doors.PAUSE.action, doors.SUSPEND_NOW.action
STOP, APPROVE_FAMILY = doors.STOP.action, doors.APPROVE_FAMILY.action
NEVER_SUSPEND, ALLOW_SUSPENSION = doors.NEVER_SUSPEND.action, doors.ALLOW_SUSPENSION.action

TONES = {
    rules.OVERDUE: "warn", rules.APPROVED: "warn", rules.FIRST: "warn", rules.SECOND: "warn",
    rules.SUSPENDED: "bad", rules.PAUSED: "info", rules.RESET: "ok", rules.CLEARED: "",
}  # fmt: skip
# What a step does, in words before its day.
STEPS = {
    rules.OVERDUE: "Listed", rules.FIRST: "First warning", rules.SECOND: "Second warning",
    rules.SUSPENDED: "Suspended", rules.CLEARED: "Cleared", rules.RESET: "Switched on again", rules.CLOSE: "Closed",
}  # fmt: skip


def next_words(row: Suspension) -> str:
    """What comes next, of an account under way: `Second warning`, or what it waits for."""
    if row.ended_on is not None:
        return ""
    if row.next_on is not None:
        return STEPS.get(row.next_step, "")
    if row.state == rules.OVERDUE:
        return "Waits for approval"
    if row.next_step == rules.RESET:
        return "Paid: switch on again"
    return "Until it is paid" if row.state == rules.SUSPENDED else "Suspension is switched off"


def why(row: Suspension, day: dt.date) -> str:
    """Why an account is where it is, and why its next step is on its day: `41 days overdue, not on weekends`."""
    days = (day - row.oldest_due_on).days if row.oldest_due_on else 0
    parts = [f"{days} {'day' if days == 1 else 'days'} overdue" if days > 0 else "", row.because]
    if row.by_hand:
        parts.append(f"by hand: {row.reason}")
    if row.unreached:
        parts.append("no e-mail address for warnings")
    return ", ".join(part for part in parts if part)


def badge(customer: Customer, day: dt.date) -> tuple[str, str] | None:
    """What is said beside a customer's name: suspended, paused, or when it will be suspended."""
    known = queries.at_hand(customer)
    if (row := known.row) is None:
        return None
    if row.state == rules.SUSPENDED:
        return "Suspended", "bad"
    if row.state == rules.PAUSED and row.paused_until:
        last = row.paused_until - dt.timedelta(days=1)
        return f"Paused up to {deadline_text(last, today=day)}", "warn"
    on = known.suspends_on(day)
    return (f"Suspends {deadline_text(on, today=day)}", "warn") if on else None


def _commands() -> Table:
    tones = {Command.State.DONE: "ok", Command.State.WAITING: "warn", Command.State.SENDING: "info"}
    return Table(
        key="network",
        title="Network",
        columns=(
            Column("at", "Asked", lambda row: row.at, "when", sort="at", href=COMMAND.url),
            Column("wanted", "What", lambda row: row.get_wanted_display()),
            Column("state", "Status", lambda row: row.get_state_display(), "badge",
                   tone=lambda row: tones.get(row.state, "")),
            Column("attempts", "Tries", lambda row: row.attempts, "number", low=True),
            Column("said", "The network said", lambda row: row.said, low=True),
        ),
        order="-at",
        empty=("No commands yet", "What switches the service off and on appears here."),
    )  # fmt: skip


@dataclass(frozen=True)
class _Step:
    """A line of the process on the customer page: what happened or will, on which day, and a word beside it."""

    what: str
    on: dt.date | None
    note: str = ""
    is_next: bool = False


def _paused(pause: Pause, day: dt.date) -> str:
    last = deadline_text(pause.until - dt.timedelta(days=1), today=day)
    return f"for {plural(pause.days, 'day')}, up to {last}, by {pause.author}"


def _steps(row: Suspension, day: dt.date) -> list[_Step]:
    done = [
        _Step("Listed", row.listed_on if not row.by_hand else None),
        _Step("Approved", row.approved_on, f"by {row.approved_by}"),
        _Step("First warning", row.first_warned_on),
        _Step("Second warning", row.second_warned_on),
        _Step("Suspended", row.suspended_on, row.reason),
        *(_Step("Paused", pause.on, _paused(pause, day)) for pause in row.pauses.all()),
    ]
    found = [step for step in done if step.on is not None]
    if row.ended_on is not None:
        return [*found, _Step(row.get_state_display(), row.ended_on)]
    return [*found, _Step(next_words(row), row.next_on, row.because, is_next=True)]


def _shown(caller: Caller, customer: Customer) -> dict[str, Any]:
    rows = list(queries.suspensions_of(customer).prefetch_related("pauses")[:10])
    return {
        "processes": [
            {"row": row, "tone": TONES[row.state], "why": why(row, caller.today) if row.ended_on is None else "",
             "amount": money_text(row.amount_minor, row.currency) if row.amount_minor else "",
             "steps": _steps(row, caller.today)}
            for row in rows
        ],
        "exclusion": queries.at_hand(customer).exclusion,
    }  # fmt: skip


SUSPENSION_PANEL = Panel(
    "suspension", "Suspension", "suspension.view", _shown, template="suspension/panels/suspension.html",
    actions=(RESET, END, PAUSE, APPROVE_FAMILY, STOP, SUSPEND_NOW, NEVER_SUSPEND, ALLOW_SUSPENSION),
    words="suspended suspend warnings cut off reconnect paused never", queries=5,
)  # fmt: skip
COMMANDS_PANEL = Panel(
    "network", "Network", "suspension.view", lambda caller, customer: queries.commands_of(customer), table=_commands(),
    words="provisioning radius switch off on commands", queries=3,
)  # fmt: skip


def money_of(row: Any) -> Money:
    """The amount of a row in its own currency."""
    return Money(row.amount_minor, row.currency)
