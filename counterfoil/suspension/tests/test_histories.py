"""Random histories beside an oracle that keeps its own books: the same stages on the same days, and what was foreseen.

Every account pays in parts, bounces, disputes, promises, is approved, paused and switched on by hand; weekends,
holidays and the hour move suspensions. Nobody is warned twice in a process, and nobody is off whom the oracle has on.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import reverse_receipt
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.operations import close_dispute, open_dispute
from counterfoil.suspension import queries
from counterfoil.suspension.models import Command, Suspension
from counterfoil.suspension.operations import (
    add_holidays,
    approve_suspensions,
    pause_suspension,
    reconsider,
    reset_suspension,
    take_all_steps,
)
from counterfoil.suspension.tests.helpers import D, at, runs, system
from counterfoil.testing.world import World
from counterfoil.trail.models import Event

FIRST_DAY = D("2026-04-01")
OVER = ("none", "cleared", "reset")


@dataclass
class Owed:
    """A debt as the oracle has it, and which receipts settled how much of it."""

    due: dt.date
    minor: int
    paid: dict[int, int] = field(default_factory=dict)
    disputed: int = 0

    @property
    def open(self) -> int:
        return self.minor - sum(self.paid.values())


@dataclass
class Mirror:
    """An account as the oracle has it."""

    name: str
    debts: list[Owed]
    rule: dict[str, Any]
    holidays: set[dt.date]
    stage: str = "none"
    since: dt.date = FIRST_DAY
    until: dt.date | None = None
    promise: dt.date | None = None
    told: str = "on"
    announced: dt.date | None = None
    pauses: list[int] = field(default_factory=list)
    warned: Counter[str] = field(default_factory=Counter)

    def owes(self, day: dt.date) -> bool:
        least = 1 if self.stage in ("suspended", "paused") else self.rule["overdue_days"]
        late = [debt for debt in self.debts if (day - debt.due).days >= least]
        return sum(debt.open - min(debt.disputed, debt.open) for debt in late) > self.rule["floor_minor"]

    def cuts(self, day: dt.date, hour: int) -> bool:
        weekend = day.weekday() > 4 and not self.rule["on_weekends"]
        holiday = day in self.holidays and not self.rule["on_holidays"]
        return not weekend and not holiday and 8 <= hour < 12

    def goes_on(self, day: dt.date, hour: int) -> str:
        """Take what is due at this hour; what it came to, if anything."""
        if self.stage in OVER:
            return ""
        waited = (day - self.since).days
        held = self.promise is not None and day <= self.promise
        if not self.owes(day):
            return self.becomes("reset" if self.stage in ("suspended", "paused") else "cleared", day)
        if held or hour < 8:
            return ""
        if self.stage == "approved":
            return self.becomes("first_warning", day)
        if self.stage == "first_warning" and waited >= self.rule["second_days"]:
            self.becomes("second_warning", day)
            self.announced = day + dt.timedelta(days=self.rule["suspend_days"])
            while not self.cuts(self.announced, 9):
                self.announced += dt.timedelta(days=1)
            return "second_warning"
        if self.stage == "second_warning" and self.announced and day >= self.announced and self.cuts(day, hour):
            return self.becomes("suspended", day)
        if self.stage == "paused" and self.until and day >= self.until and self.cuts(day, hour):
            return self.becomes("suspended", day)
        return ""

    def is_listed(self, day: dt.date) -> str:
        held = self.promise is not None and day <= self.promise
        if self.stage not in OVER:
            return ""
        before, self.stage = self.stage, "none"
        if not self.owes(day) or held:
            self.stage = before
            return ""
        self.pauses, self.warned, self.announced = [], Counter(), None
        return self.becomes("overdue", day)

    def becomes(self, stage: str, day: dt.date) -> str:
        self.stage, self.since = stage, day
        self.warned[stage] += 1
        if stage == "suspended":
            self.told = "off"
        if stage in ("reset", "paused"):
            self.told = "on"
        return stage


class History:
    """Some accounts, a clock that goes forward, and everything that happens to them."""

    def __init__(self, world: World, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.pick = world, random.Random(seed)
        world.today = D("2026-03-01")
        self.rule: dict[str, Any] = {
            "overdue_days": self.pick.randint(1, 4), "second_days": self.pick.randint(1, 5),
            "suspend_days": self.pick.randint(1, 5), "floor_minor": self.pick.choice([0, 5000]),
            "on_weekends": self.pick.random() < 0.3, "on_holidays": self.pick.random() < 0.3,
            "most_pauses": 2, "longest_pause": 6, "pause_days": 2,
        }  # fmt: skip
        runs(world, **self.rule)
        free = {FIRST_DAY + dt.timedelta(days=self.pick.randint(0, 50)) for _ in range(6)}
        add_holidays(world.caller(), days="\n".join(day.isoformat() for day in free))
        self.mirrors: dict[int, Mirror] = {}
        for n in range(6):
            dues = sorted(
                FIRST_DAY + dt.timedelta(days=self.pick.randint(-15, 25)) for _ in range(self.pick.randint(2, 4))
            )
            debts = [Owed(due, self.pick.randint(30, 200) * 100) for due in dues]
            customer = world.customer(f"Customer {n}")
            for debt in debts:
                world.invoice(customer, f"{debt.minor // 100}.00", on="2026-03-01", due_on=debt.due.isoformat())
            self.mirrors[customer.pk] = Mirror(customer.name, debts, self.rule, free)
        self.receipts: list[tuple[int, Receipt]] = []
        self.day = FIRST_DAY
        monkeypatch.setattr(queries, "promised", self.promised)

    def promised(self, customers: Any, day: dt.date) -> dict[int, dt.date]:
        held = {pk: self.mirrors[pk].promise for pk in customers}
        return {pk: until for pk, until in held.items() if until is not None and day <= until}

    def row(self, pk: int) -> Suspension | None:
        return Suspension.objects.filter(customer=pk, ended_on__isnull=True).first()

    def reacts(self, kind: str, pk: int) -> None:
        event = Event.objects.filter(kind=kind, customer_id=pk).order_by("-pk")[0]
        reconsider(system(self.day, 13), events=[event.pk])
        self.mirrors[pk].goes_on(self.day, 13)

    # ------------------------------------------------------------------ what happens in an afternoon

    def pays(self, pk: int) -> None:
        mirror = self.mirrors[pk]
        total = sum(debt.open for debt in mirror.debts)
        if not total:
            return
        minor = total if self.pick.random() < 0.2 else self.pick.randint(1, total)
        receipt = self.world.pays(self.customer(pk), f"{minor // 100}.{minor % 100:02d}")
        left = minor
        for debt in sorted(mirror.debts, key=lambda each: each.due):
            share = min(left, debt.open)
            if share:
                debt.paid[receipt.pk] = share
                left -= share
        self.receipts.append((pk, receipt))
        self.reacts("receipt.recorded", pk)

    def bounces(self, pk: int) -> None:
        mine = [one for one in self.receipts if one[0] == pk]
        if not mine:
            return
        found = self.pick.choice(mine)
        self.receipts.remove(found)
        reverse_receipt(self.world.caller(), receipt=found[1], reason="Bounced", on=self.day)
        for debt in self.mirrors[pk].debts:
            debt.paid.pop(found[1].pk, None)

    def disputes(self, pk: int) -> None:
        items = list(OpenItem.objects.filter(customer=pk, kind="invoice").order_by("pk"))
        place = self.pick.randrange(len(items))
        item, debt = items[place], self.mirrors[pk].debts[place]
        standing = Dispute.objects.filter(item=item, closed_on__isnull=True).first()
        if standing is not None:
            close_dispute(self.world.caller(), dispute=standing, outcome="Explained")
            debt.disputed = 0
        elif debt.open:
            debt.disputed = debt.open if self.pick.random() < 0.5 else self.pick.randint(1, debt.open)
            open_dispute(self.world.caller(), item=item, amount_minor=debt.disputed, reason="Not mine")
            self.reacts("dispute.opened", pk)

    def promises(self, pk: int) -> None:
        self.mirrors[pk].promise = self.day + dt.timedelta(days=self.pick.randint(0, 6))

    def is_approved(self, pk: int) -> None:
        if (row := self.row(pk)) and row.state == "overdue":
            approve_suspensions(self.world.caller(), suspensions=[row])
            mirror = self.mirrors[pk]
            if mirror.owes(self.day):
                mirror.becomes("approved", self.day)
            mirror.goes_on(self.day, 12)

    def is_paused(self, pk: int) -> None:
        if (row := self.row(pk)) and row.state in ("suspended", "paused"):
            days, mirror = self.pick.randint(1, 4), self.mirrors[pk]
            allowed = len(mirror.pauses) < 2 and sum(mirror.pauses) + days <= 6
            try:
                pause_suspension(self.world.caller(), suspension=row, days=days)
                assert allowed
            except Refused:
                assert not allowed
                return
            running = mirror.until if mirror.stage == "paused" and mirror.until else self.day
            mirror.until = max(running, self.day) + dt.timedelta(days=days)
            mirror.pauses.append(days)
            mirror.becomes("paused", self.day)

    def is_reset(self, pk: int) -> None:
        if row := self.row(pk):
            reset_suspension(self.world.caller(), suspension=row, reason="Agreed")
            off = self.mirrors[pk].stage in ("suspended", "paused")
            self.mirrors[pk].becomes("reset" if off else "cleared", self.day)

    def customer(self, pk: int) -> Any:
        return queries.Customer.objects.get(pk=pk)

    # ------------------------------------------------------------------ a day

    def morning(self) -> Counter[tuple[int, str]]:
        """The pass, compared with the oracle; what it did to whom."""
        take_all_steps(system(self.day, 9))
        take_all_steps(system(self.day, 11))
        done = Counter[tuple[int, str]]()
        for pk, mirror in self.mirrors.items():
            was_over = mirror.stage in OVER
            for step in (mirror.goes_on(self.day, 9) if not was_over else "", mirror.is_listed(self.day)):
                if step:
                    done[pk, step] += 1
            self.compare(pk)
        return done

    def compare(self, pk: int) -> None:
        mirror, row = self.mirrors[pk], Suspension.objects.filter(customer=pk).order_by("-pk").first()
        assert (row.state if row else "none") == mirror.stage, (self.day, mirror.name, self.rule)
        last = Command.objects.filter(customer=pk).order_by("-pk").first()
        assert (last.wanted if last else "on") == mirror.told
        assert max(mirror.warned["first_warning"], mirror.warned["second_warning"]) <= 1

    def afternoon(self) -> None:
        happens = (
            (self.pays, 3), (self.bounces, 3), (self.disputes, 4), (self.promises, 1), (self.is_paused, 4),
            (self.is_reset, 0.5),
        )  # fmt: skip
        for pk in self.mirrors:
            if self.pick.random() < 0.7:
                self.is_approved(pk)
                self.compare(pk)
            if self.pick.random() < 0.3:
                (call,) = self.pick.choices([one for one, _ in happens], [weight for _, weight in happens])
                call(pk)
                self.compare(pk)


@pytest.mark.parametrize("seed", [4, *(pytest.param(n, marks=pytest.mark.hostile) for n in (0, 1, 2, 3, 5))])
def test_histories_go_as_the_oracle_and_as_foreseen(world: World, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    history = History(world, seed, monkeypatch)
    while history.day < D("2026-05-20"):
        quiet = history.pick.randint(1, 4)
        days = [history.day + dt.timedelta(days=n) for n in range(quiet)]
        with world.on(history.day):
            caller = world.caller()
        morning = replace(caller, at=at(history.day, 7))
        seen = {day: Counter((one.customer.pk, one.step.to) for one in queries.foreseen(morning, day)) for day in days}
        for day in days:
            history.day = day
            done = history.morning()
            assert done == seen[day], (day, history.rule)
        with world.on(history.day):
            history.afternoon()
        history.day += dt.timedelta(days=1)
