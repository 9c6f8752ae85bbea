"""The arithmetic of suspension: what counts, which step is next, on which day, and what a pause may be."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterfoil.kernel.errors import Refused
from counterfoil.suspension import rules
from counterfoil.suspension.rules import Account, Debt, Moment, Policy, Process, Step

pytestmark = pytest.mark.once
D = dt.date.fromisoformat
EVERY_DAY = Policy(enabled=True, on_weekends=True, on_holidays=True)
WORKDAYS = Policy(enabled=True)
# 1 April 2026 is a Wednesday, the 11th a Saturday.
OWES = Account(debts=(Debt(D("2026-04-01"), 149800),))


def steps(policy: Policy, process: Process | None, account: Account, day: str, to: str, **more: object) -> list[str]:
    found = rules.foreseen(policy, process, account, Moment(D(day), 9), D(to), **more)  # type: ignore[arg-type]
    return [f"{step.to} {step.on}" for step in found]


def test_the_example_of_the_domain_to_the_day() -> None:
    assert steps(EVERY_DAY, None, OWES, "2026-04-01", "2026-04-30") == ["overdue 2026-04-04"]
    approved = Process("approved", D("2026-04-04"))
    assert steps(EVERY_DAY, approved, OWES, "2026-04-04", "2026-04-30") == [
        "first_warning 2026-04-04", "second_warning 2026-04-08", "suspended 2026-04-11",
    ]  # fmt: skip
    paused = Process("paused", D("2026-04-12"), paused_until=D("2026-04-14"))
    assert steps(EVERY_DAY, paused, OWES, "2026-04-12", "2026-04-30") == ["suspended 2026-04-14"]


def test_each_number_counts_from_the_step_before_also_when_that_was_late() -> None:
    approved = Process("approved", D("2026-04-06"))
    assert steps(EVERY_DAY, approved, OWES, "2026-04-06", "2026-04-30") == [
        "first_warning 2026-04-06", "second_warning 2026-04-10", "suspended 2026-04-13",
    ]  # fmt: skip


def test_a_suspension_moves_over_a_weekend_a_holiday_and_noon() -> None:
    warned = Process("second_warning", D("2026-04-08"))
    step = rules.next_step(WORKDAYS, warned, OWES, Moment(D("2026-04-08"), 9))
    assert step == Step("suspended", D("2026-04-13"), 149800, because="not on weekends")
    holiday = {D("2026-04-13")}
    step = rules.next_step(WORKDAYS, warned, OWES, Moment(D("2026-04-13"), 9), holiday)
    assert step == Step("suspended", D("2026-04-14"), 149800, because="not on holidays")
    step = rules.next_step(WORKDAYS, warned, OWES, Moment(D("2026-04-14"), 12), holiday)
    assert step == Step("suspended", D("2026-04-15"), 149800, because="not after 12:00")
    step = rules.next_step(WORKDAYS, warned, OWES, Moment(D("2026-04-14"), 11), holiday)
    assert step == Step("suspended", D("2026-04-14"), 149800)
    assert rules.is_now(WORKDAYS, step, Moment(D("2026-04-14"), 11))


def test_a_clock_an_hour_off_reaches_nobody_on_the_wrong_day() -> None:
    warned = Process("second_warning", D("2026-04-07"))
    step = Step("suspended", D("2026-04-10"))
    # It says 00:30 on the 10th; it is 23:30 on the 9th.
    now = Moment(D("2026-04-10"), 0)
    assert rules.next_step(WORKDAYS, warned, OWES, now) == Step("suspended", D("2026-04-10"), 149800)
    assert not rules.is_now(WORKDAYS, step, now)
    assert not rules.is_now(WORKDAYS, Step("first_warning", D("2026-04-10")), now)
    assert rules.is_now(WORKDAYS, Step("overdue", D("2026-04-10")), now)
    assert rules.is_now(WORKDAYS, step, Moment(D("2026-04-10"), 8))


@pytest.mark.parametrize(
    ("account", "day", "minor"),
    [
        (OWES, "2026-04-03", 0),
        (OWES, "2026-04-04", 149800),
        (Account(debts=OWES.debts, credit_minor=149800), "2026-04-04", 0),
        (Account(debts=OWES.debts, credit_minor=149799), "2026-04-04", 1),
        (Account(debts=(*OWES.debts, Debt(D("2026-04-03"), 500))), "2026-04-05", 149800),
        (Account(debts=(*OWES.debts, Debt(D("2026-04-03"), 500))), "2026-04-06", 150300),
        (Account(debts=OWES.debts, excluded="A hospital"), "2026-04-30", 0),
        (Account(), "2026-04-30", 0),
    ],
)
def test_what_counts(account: Account, day: str, minor: int) -> None:
    assert rules.what_counts(EVERY_DAY, None, account, D(day)) == minor


def test_what_is_owed_must_be_above_the_floor() -> None:
    policy = Policy(enabled=True, floor_minor=149800)
    assert rules.what_counts(policy, None, OWES, D("2026-04-30")) == 0
    assert rules.what_counts(Policy(enabled=True, floor_minor=149799), None, OWES, D("2026-04-30")) == 149800
    # By hand is above the policy, and above its groups.
    by_hand = Process("suspended", D("2026-04-04"), by_hand=True)
    assert rules.what_counts(policy, by_hand, OWES, D("2026-04-30")) == 149800


def test_once_suspended_all_that_is_overdue_counts() -> None:
    newer = Account(debts=(Debt(D("2026-04-10"), 9900),))
    now = Moment(D("2026-04-11"), 9)
    warned, off = Process("second_warning", D("2026-04-08")), Process("suspended", D("2026-04-11"))
    assert rules.next_step(EVERY_DAY, warned, newer, now) == Step("cleared", D("2026-04-11"))
    assert rules.next_step(EVERY_DAY, off, newer, now) is None
    # Due today is not overdue.
    due_today = Account(debts=(Debt(D("2026-04-11"), 9900),))
    assert rules.next_step(EVERY_DAY, off, due_today, now) == Step("reset", D("2026-04-11"))


def test_a_group_that_is_excluded_and_an_account_that_is_closed() -> None:
    policy = Policy(enabled=True, groups=("Schools",))
    school = Account(debts=OWES.debts, group="Schools")
    now = Moment(D("2026-04-30"), 9)
    assert rules.next_step(policy, None, school, now) is None
    assert rules.next_step(policy, Process("first_warning", D("2026-04-29")), school, now) == Step("cleared", now.day)
    closed = Account(debts=OWES.debts, active=False)
    assert rules.next_step(policy, None, closed, now) is None
    assert rules.next_step(policy, Process("suspended", D("2026-04-29")), closed, now) == Step("closed", now.day)


def test_a_promise_holds_every_step_until_its_day_is_over() -> None:
    promised = Account(debts=OWES.debts, promised_until=D("2026-04-20"))
    because = "payment is promised by Mon 20 Apr"
    for process, to in (
        (None, "overdue"), (Process("approved", D("2026-04-04")), "first_warning"),
        (Process("first_warning", D("2026-04-04")), "second_warning"),
        (Process("second_warning", D("2026-04-08")), "suspended"),
        (Process("paused", D("2026-04-12"), paused_until=D("2026-04-14")), "suspended"),
    ):  # fmt: skip
        step = rules.next_step(WORKDAYS, process, promised, Moment(D("2026-04-20"), 9))
        assert step == Step(to, D("2026-04-21"), 149800, because=because)
        step = rules.next_step(WORKDAYS, process, promised, Moment(D("2026-04-21"), 9))
        assert step == Step(to, D("2026-04-21"), 149800)
    policy = Policy(enabled=True, promise_holds=False)
    assert rules.next_step(policy, None, promised, Moment(D("2026-04-20"), 9)) == Step(
        "overdue", D("2026-04-20"), 149800
    )


def test_a_suspension_is_never_before_the_day_that_was_announced() -> None:
    warned = Process("second_warning", D("2026-04-08"), announced_on=D("2026-04-11"))
    shorter = Policy(enabled=True, on_weekends=True, on_holidays=True, suspend_days=1)
    step = rules.next_step(shorter, warned, OWES, Moment(D("2026-04-09"), 9))
    assert step == Step("suspended", D("2026-04-11"), 149800, because="as announced")


def test_without_automatic_reset_somebody_switches_on_but_nobody_is_cut_off_again() -> None:
    policy = Policy(enabled=True, resets=False)
    now = Moment(D("2026-04-15"), 9)
    step = rules.next_step(policy, Process("suspended", D("2026-04-11")), Account(), now)
    assert step == Step("reset", now.day, waits="person")
    paused = Process("paused", D("2026-04-12"), paused_until=D("2026-04-14"))
    assert rules.next_step(policy, paused, Account(), now) == Step("reset", now.day)
    assert rules.next_step(policy, Process("first_warning", D("2026-04-04")), Account(), now) == Step(
        "cleared", now.day
    )


def test_switched_off_nothing_goes_on_but_what_is_paid_is_over() -> None:
    off = Policy()
    now = Moment(D("2026-04-30"), 9)
    assert rules.next_step(off, None, OWES, now) is None
    assert rules.next_step(off, Process("second_warning", D("2026-04-08")), OWES, now) is None
    assert rules.next_step(off, Process("suspended", D("2026-04-08")), Account(), now) == Step("reset", now.day)
    # A pause of what was suspended by hand still ends.
    by_hand = Process("paused", D("2026-04-12"), by_hand=True, paused_until=D("2026-04-14"))
    assert rules.next_step(off, by_hand, OWES, now) == Step("suspended", now.day, 149800)


def test_pauses_extend_each_other_and_have_an_end() -> None:
    off, now = Process("suspended", D("2026-04-11")), D("2026-04-12")
    assert rules.pause_end(EVERY_DAY, off, now, 2, []) == D("2026-04-14")
    paused = Process("paused", now, paused_until=D("2026-04-14"))
    assert rules.pause_end(EVERY_DAY, paused, D("2026-04-13"), 3, [2]) == D("2026-04-17")
    # Its end passed on a weekend: another counts from today.
    assert rules.pause_end(EVERY_DAY, paused, D("2026-04-15"), 1, [2]) == D("2026-04-16")
    for days, before, code in ((0, [], "no_days"), (1, [1, 1, 1], "too_many_pauses"), (6, [2], "pause_too_long")):
        with pytest.raises(Refused) as refusal:
            rules.pause_end(EVERY_DAY, off, now, days, before)
        assert refusal.value.code == code


def test_holidays_are_read_as_people_paste_them() -> None:
    found = rules.read_holidays(
        "2026-12-25 Christmas Day\n\n26 dec 2026, Day of Goodwill\n1 jan 2027\n", today=D("2026-11-27")
    )
    assert found == {
        D("2026-12-25"): "Christmas Day", D("2026-12-26"): "Day of Goodwill", D("2027-01-01"): "",
    }  # fmt: skip
    for text in ("", "\n", "Christmas", "2026-13-01"):
        with pytest.raises(Refused):
            rules.read_holidays(text, today=D("2026-11-27"))


# ------------------------------------------------------------------ an oracle that walks day by day and hour by hour

_days = st.integers(0, 40)
_accounts = st.builds(
    Account,
    debts=st.lists(
        st.builds(Debt, _days.map(lambda n: D("2026-03-20") + dt.timedelta(days=n)), st.integers(1, 900)), max_size=4
    ).map(tuple),
    credit_minor=st.integers(0, 900),
    promised_until=st.none() | _days.map(lambda n: D("2026-04-01") + dt.timedelta(days=n)),
)
_policies = st.builds(
    Policy, enabled=st.just(True), overdue_days=st.integers(1, 9), second_days=st.integers(1, 9),
    suspend_days=st.integers(1, 9), floor_minor=st.sampled_from([0, 200]), on_weekends=st.booleans(),
    on_holidays=st.booleans(), promise_holds=st.booleans(), from_hour=st.just(8), until_hour=st.sampled_from([10, 12]),
)  # fmt: skip
_processes = st.sampled_from([
    None, Process("approved", D("2026-04-01")), Process("first_warning", D("2026-03-30")),
    Process("second_warning", D("2026-03-30")), Process("paused", D("2026-03-30"), paused_until=D("2026-04-03")),
])  # fmt: skip


def walked(policy: Policy, process: Process | None, account: Account, start: Moment, last: dt.date,
           holidays: set[dt.date]) -> list[str]:  # fmt: skip
    """What happens, by asking at every hour of every day only whether something is to be done right now."""
    found: list[str] = []
    stage, since = (process.stage, process.stepped_on) if process else ("none", start.day)
    pause = process.paused_until if process else None
    day, hour = start.day, start.hour
    while day <= last and stage not in ("over", "overdue", "suspended"):
        plain = stage == "paused"
        owed = -account.credit_minor
        for debt in account.debts:
            late = (day - debt.due_on).days
            if late > 0 and (plain or late >= policy.overdue_days):
                owed += debt.minor
        owes = owed > policy.floor_minor
        held = policy.promise_holds and account.promised_until is not None and day <= account.promised_until
        open_day = (policy.on_weekends or day.isoweekday() < 6) and (policy.on_holidays or day not in holidays)
        cuts = open_day and policy.from_hour <= hour < policy.until_hour
        waited = (day - since).days
        to = ""
        if stage == "none":
            to = "overdue" if owes and not held else ""
        elif not owes:
            to = "reset" if plain else "cleared"
        elif not held and stage == "approved" and hour >= policy.from_hour:
            to = "first_warning"
        elif not held and stage == "first_warning" and waited >= policy.second_days and hour >= policy.from_hour:
            to = "second_warning"
        elif not held and cuts:
            ripe = stage == "second_warning" and waited >= policy.suspend_days
            to = "suspended" if ripe or (stage == "paused" and pause is not None and day >= pause) else ""
        if to:
            found.append(f"{to} {day}")
            stage, since = ("over" if to in ("cleared", "reset") else to), day
            continue
        hour += 1
        if hour == 24:
            day, hour = day + dt.timedelta(days=1), 0
    return found


# On a busy machine the examples are slow to make.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_policies, _processes, _accounts, st.integers(0, 23), st.integers(0, 60), st.sets(_days, max_size=6))
def test_what_is_foreseen_is_what_happens_hour_by_hour(
    policy: Policy, process: Process | None, account: Account, hour: int, days: int, free: set[int]
) -> None:
    now = Moment(D("2026-04-01"), hour)
    last = now.day + dt.timedelta(days=days)
    holidays = {D("2026-04-01") + dt.timedelta(days=n) for n in free}
    found = rules.foreseen(policy, process, account, now, last, holidays)
    assert [f"{step.to} {step.on}" for step in found] == walked(policy, process, account, now, last, holidays)
