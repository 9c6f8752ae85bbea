"""Who is warned and suspended, and on which day: from values and a moment (domain 17). No clock, no database."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import deadline_text, read_date

# The stages of a process under way, in order, and those of one that is over.
OVERDUE, APPROVED, FIRST, SECOND, SUSPENDED, PAUSED = (
    "overdue", "approved", "first_warning", "second_warning", "suspended", "paused",
)  # fmt: skip
CLEARED, RESET = "cleared", "reset"
UNDER_WAY = (OVERDUE, APPROVED, FIRST, SECOND, SUSPENDED, PAUSED)
# Steps, each named by what the account is afterwards.
LIST, WARN_FIRST, WARN_SECOND, SUSPEND = OVERDUE, FIRST, SECOND, SUSPENDED
CLOSE = "closed"
# What a step may wait for.
APPROVAL, PERSON = "approval", "person"

MOST_DAYS = 365
_SATURDAY = 5


@dataclass(frozen=True)
class Policy:
    """When an account is warned and suspended. Each number of days counts from the step before."""

    enabled: bool = False
    # After the due day until an item counts and the account is listed.
    overdue_days: int = 3
    second_days: int = 4
    suspend_days: int = 3
    # How long a pause is unless somebody says otherwise; how many one process may have, and how long all together.
    pause_days: int = 2
    most_pauses: int = 3
    longest_pause: int = 7
    # What is owed must be more than this.
    floor_minor: int = 0
    on_weekends: bool = False
    on_holidays: bool = False
    # Warnings leave from the first hour on; services are suspended between the two.
    from_hour: int = 8
    until_hour: int = 12
    resets: bool = True
    promise_holds: bool = True
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Debt:
    """What is open of a debit, less what is in dispute of it."""

    due_on: dt.date
    minor: int


@dataclass(frozen=True)
class Account:
    """What there is to know of an account."""

    debts: tuple[Debt, ...] = ()
    # Account credit that is not set aside.
    credit_minor: int = 0
    active: bool = True
    group: str = ""
    # The class whose policy holds for it, by key.
    profile_class: int | None = None
    # Why somebody said that it is never suspended.
    excluded: str = ""
    # The day up to which there is an open promise.
    promised_until: dt.date | None = None


@dataclass(frozen=True)
class Process:
    """Where an account stands, and since when."""

    stage: str
    stepped_on: dt.date
    # Suspended by a person, above the policy.
    by_hand: bool = False
    # The first day without the pause.
    paused_until: dt.date | None = None
    # The day that the customer was told of: the service is not switched off before it.
    announced_on: dt.date | None = None


@dataclass(frozen=True)
class Moment:
    """A day and an hour of it, in the operator's time zone."""

    day: dt.date
    hour: int


@dataclass(frozen=True)
class Step:
    """What happens next: what the account is afterwards, on which day, what counts then, and what it waits for."""

    to: str
    on: dt.date
    minor: int = 0
    waits: str = ""
    # Why it is not on the day that the policy's numbers say.
    because: str = ""


def counted(account: Account, day: dt.date, after_days: int) -> int:
    """What counts on a day, in minor units: due so many days before or more, less account credit.

    Due today is not overdue.
    """
    late = sum(debt.minor for debt in account.debts if (day - debt.due_on).days >= max(after_days, 1))
    return max(late - account.credit_minor, 0)


def what_counts(policy: Policy, process: Process | None, account: Account, day: dt.date) -> int:
    """The same for an account where it stands; nothing when it is not above the floor, or the account is excluded.

    Before the suspension what is overdue by the policy's days counts; then all that is overdue (domain 17.2).
    """
    by_hand = process is not None and process.by_hand
    if account.excluded or (account.group in policy.groups and account.group and not by_hand):
        return 0
    off = process is not None and process.stage in (SUSPENDED, PAUSED)
    minor = counted(account, day, 1 if off else policy.overdue_days)
    return minor if minor > (0 if by_hand else policy.floor_minor) else 0


def next_step(
    policy: Policy, process: Process | None, account: Account, now: Moment, holidays: Collection[dt.date] = ()
) -> Step | None:
    """What happens to the account next, as things stand; none when nothing does."""
    if not account.active:
        return Step(CLOSE, now.day) if process else None
    if process is None:
        return _listing(policy, account, now)
    minor = what_counts(policy, process, account, now.day)
    if not minor:
        off = process.stage == SUSPENDED
        return Step(RESET if off or process.stage == PAUSED else CLEARED, now.day,
                    waits=PERSON if off and not policy.resets else "")  # fmt: skip
    if process.stage == SUSPENDED or not (policy.enabled or process.by_hand):
        return None
    since = process.stepped_on
    match process.stage:
        case "overdue":
            step = Step(WARN_FIRST, since, waits=APPROVAL)
        case "approved":
            step = Step(WARN_FIRST, since)
        case "first_warning":
            step = Step(WARN_SECOND, _later(since, policy.second_days))
        case "second_warning":
            step = Step(SUSPEND, _later(since, policy.suspend_days))
        case _:
            step = Step(SUSPEND, process.paused_until or since)
    step = _held(policy, account, step, now)
    if step.to == SUSPEND:
        step = _when_allowed(policy, step, now, holidays)
        told = process.announced_on
        if told is not None and process.stage == SECOND and step.on < told:
            step = _when_allowed(policy, replace(step, on=told, because="as announced"), now, holidays)
    return replace(step, minor=what_counts(policy, process, account, step.on))


def _listing(policy: Policy, account: Account, now: Moment) -> Step | None:
    if not policy.enabled:
        return None
    for debt in sorted(account.debts, key=lambda each: each.due_on):
        day = max(_later(debt.due_on, policy.overdue_days), now.day)
        if what_counts(policy, None, account, day):
            held = _held(policy, account, Step(LIST, day), now)
            return replace(held, minor=what_counts(policy, None, account, held.on))
    return None


def _held(policy: Policy, account: Account, step: Step, now: Moment) -> Step:
    """The step on the day from which no promise holds it, today at the earliest."""
    on = max(step.on, now.day)
    until = account.promised_until
    if policy.promise_holds and until is not None and on <= until:
        return replace(
            step, on=_later(until, 1), because=f"payment is promised by {deadline_text(until, today=now.day)}"
        )
    return replace(step, on=on)


def _when_allowed(policy: Policy, step: Step, now: Moment, holidays: Collection[dt.date]) -> Step:
    """The suspension on the first day from then on that is allowed, before the last hour."""
    on, because = step.on, step.because
    if on == now.day and now.hour >= policy.until_hour:
        on, because = _later(on, 1), f"not after {policy.until_hour}:00"
    while why := forbidden(policy, on, holidays):
        on, because = _later(on, 1), why
    return replace(step, on=on, because=because)


def forbidden(policy: Policy, day: dt.date, holidays: Collection[dt.date]) -> str:
    """Why nobody is suspended on this day; empty when it is allowed."""
    if not policy.on_weekends and day.weekday() >= _SATURDAY:
        return "not on weekends"
    return "not on holidays" if not policy.on_holidays and day in holidays else ""


def is_now(policy: Policy, step: Step, now: Moment) -> bool:
    """Whether the step is taken at this moment."""
    if step.waits or step.on > now.day:
        return False
    # The night reaches nobody, so that a clock an hour off warns and suspends nobody on the wrong day.
    return step.to not in (WARN_FIRST, WARN_SECOND, SUSPEND) or now.hour >= policy.from_hour


def after(process: Process | None, step: Step) -> Process | None:
    """Where the account stands once a step is taken; none when it is over."""
    if step.to in (CLEARED, RESET, CLOSE):
        return None
    return Process(step.to, step.on, process is not None and process.by_hand)


def foreseen(
    policy: Policy, process: Process | None, account: Account, now: Moment, day: dt.date,
    holidays: Collection[dt.date] = (),
) -> list[Step]:  # fmt: skip
    """Every step up to and on a day, if nothing is paid, approved or agreed meanwhile."""
    steps: list[Step] = []
    while (step := next_step(policy, process, account, now, holidays)) and not step.waits and step.on <= day:
        if not is_now(policy, step, now):
            now = Moment(step.on, policy.from_hour)
        steps.append(step)
        process = after(process, step)
        if process is None:
            break
    return steps


def pause_end(policy: Policy, process: Process, day: dt.date, days: int, pauses: Sequence[int]) -> dt.date:
    """The first day without the pause; refused where the policy does not allow it. `pauses`: of earlier ones."""
    if days < 1:
        raise Refused("no_days", "A pause is of at least one day.", field="days")
    if len(pauses) >= policy.most_pauses:
        times = "once" if policy.most_pauses == 1 else f"{policy.most_pauses} times"
        said = f"It may be paused {times}." if policy.most_pauses else "Suspensions may not be paused."
        raise Refused("too_many_pauses", said, field="days")
    if sum(pauses) + days > policy.longest_pause:
        left = max(policy.longest_pause - sum(pauses), 0)
        raise Refused("pause_too_long", f"At most {policy.longest_pause} days in all; {left} are left.", field="days")
    running = process.paused_until if process.stage == PAUSED else None
    return _later(max(running or day, day), days)


def _later(day: dt.date, days: int) -> dt.date:
    try:
        return day + dt.timedelta(days=days)
    except OverflowError:
        return dt.date.max


# ------------------------------------------------------------------ holidays


def read_holidays(text: str, *, today: dt.date) -> dict[dt.date, str]:
    """The days that people type or paste, one on each line, each with its name after it."""
    found: dict[dt.date, str] = {}
    for line in text.splitlines():
        words = re.split(r"[\s,;]+", line.strip())
        if words == [""]:
            continue
        for size in (3, 2, 1):
            try:
                day = read_date(" ".join(words[:size]), today=today, field="days")
            except Refused:
                if size == 1:
                    raise
                continue
            found[day] = " ".join(words[size:])[:80]
            break
    if not found:
        raise Refused("required", "Type at least one day.", field="days")
    return found


def read_groups(texts: Iterable[str]) -> tuple[str, ...]:
    """Names of groups, each once, without what surrounds them."""
    return tuple(dict.fromkeys(name for text in texts if (name := text.strip())))
