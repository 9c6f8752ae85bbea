"""How much of the data that a package includes is used in the billing period, read for many services at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Max, Q, Sum

from counterfoil.network import rules
from counterfoil.network.models import AccessSession, DataMark, DataWatch, DayUsage, IncludedData, SessionReport
from counterfoil.subscriptions.models import Service, Span
from counterfoil.subscriptions.queries import term_dates
from counterfoil.subscriptions.rules import billing_periods

Beyond = IncludedData.Beyond
_HALF = 1 << 32
# So many reports are looked at twice: one that was numbered before another may be stored after it.
_OVERLAP = 2000
# No billing period is longer.
_LONGEST = dt.timedelta(days=370)


def sums(way: str) -> dict[str, Sum]:
    """Octets added up in two halves: a sum of many absurd ones is more than 64 bits hold, which SQLite refuses."""
    return {f"{way}_high": Sum(F(way) / _HALF), f"{way}_low": Sum(F(way) % _HALF)}


def total(row: Mapping[str, Any], way: str) -> int:
    """What `sums` come to."""
    return int(row[f"{way}_high"]) * _HALF + int(row[f"{way}_low"])


@dataclass(frozen=True)
class DataState:
    """What a service has used of what is included in the billing period of a day, in octets."""

    service: Service
    policy: IncludedData
    start: dt.date
    # The day after its last.
    end: dt.date
    used: int

    @property
    def included(self) -> int:
        return self.policy.gigabytes * rules.GIGABYTE

    @property
    def is_used_up(self) -> bool:
        return self.used >= self.included

    @property
    def is_slow(self) -> bool:
        """Whether the lower speed holds."""
        return self.is_used_up and self.policy.beyond == Beyond.SLOWER

    @property
    def is_stopped(self) -> bool:
        """Whether nobody is let in until the period is over."""
        return self.is_used_up and self.policy.beyond == Beyond.STOP

    @property
    def last_day(self) -> dt.date:
        return self.end - dt.timedelta(days=1)

    @property
    def percent(self) -> int:
        return self.used * 100 // self.included

    @property
    def marks(self) -> list[int]:
        """The percentages that are reached."""
        return rules.reached(self.used, self.included, rules.percents(self.policy.warns_at) or [])

    @property
    def told(self) -> list[int]:
        """Those of them that the customer is told of."""
        return [mark for mark in self.marks if mark in (rules.percents(self.policy.warns_at) or [])]

    @property
    def words(self) -> str:
        """`62 GB of 100 GB, until 15 Dec`."""
        return f"{self.amount}, until {self.last_day:%-d %b}"

    @property
    def amount(self) -> str:
        return f"{rules.size(self.used)} of {self.policy.gigabytes:,} GB"

    @property
    def badge(self) -> tuple[str, str]:
        """How it stands, in words with their tone."""
        if not self.is_used_up:
            return (f"{self.percent} % used", "warn" if self.told else "ok")
        if self.is_slow:
            return f"Used up: {rules.speed_words(self.policy.down_kbit, self.policy.up_kbit)}", "warn"
        return ("Used up: no access", "bad") if self.is_stopped else ("Used up", "warn")


def states(services: Sequence[Service], today: dt.date) -> dict[int, DataState]:
    """How each service whose package includes so much data stands on a day; the others are not there.

    All of it is included in each billing period, a short one too. Data that another account used before a change of
    account is not counted.
    """
    policies = {row.product_id: row for row in IncludedData.objects.filter(gigabytes__gte=1).select_related("product")}
    if not policies or not services:
        return {}
    known = {row.pk: row for row in services}
    spans = Span.objects.filter(service__in=known, product__in=policies, state=Span.State.EFFECTIVE).filter(
        Q(ends=None) | Q(ends__gt=today), starts__lte=today
    )  # fmt: skip
    having = {pk: policies[product] for pk, product in spans.values_list("service_id", "product_id")}
    terms = term_dates(sorted({known[pk].subscription_id for pk in having})) if having else {}
    tomorrow = today + dt.timedelta(days=1)
    periods: dict[tuple[dt.date, dt.date], list[int]] = defaultdict(list)
    for pk in having:
        period = next(billing_periods(terms[known[pk].subscription_id], today, tomorrow), None)
        if period is not None and period.start <= today:
            periods[period.start, period.end].append(pk)
    found: dict[int, DataState] = {}
    for (start, end), pks in periods.items():
        rows = DayUsage.objects.filter(account__service__in=pks, day__gte=start, day__lt=end).order_by()
        used = {
            row["account__service"]: total(row, "up") + total(row, "down")
            for row in rows.values("account__service").annotate(**sums("up"), **sums("down"))
        }
        for pk in pks:
            found[pk] = DataState(known[pk], having[pk], start, end, used.get(pk, 0))
    return found


def state_of(service: Service, today: dt.date) -> DataState | None:
    """How one service stands; none where its package has no limit."""
    return states([service], today).get(service.pk)


def to_look_at() -> tuple[list[int], int]:
    """The keys of services that were reported of since it was last looked, and whose package includes so much data; and
    up to which report that is. What its NAS says of the time is no matter."""
    seen = DataWatch.objects.values_list("report", flat=True).first() or 0
    last = SessionReport.objects.aggregate(last=Max("pk"))["last"] or 0
    limited = IncludedData.objects.filter(gigabytes__gte=1).values("product")
    rows = SessionReport.objects.filter(
        pk__gt=seen - _OVERLAP, pk__lte=last, row__account__service__product__in=limited
    )
    return sorted(set(rows.order_by().values_list("row__account__service", flat=True))), last


def new_marks(found: Iterable[DataState]) -> list[tuple[DataState, list[int], int]]:
    """Which percentages each service has reached in its period that are not noted yet, and the highest that is."""
    rows = [state for state in found if state.marks]
    if not rows:
        return []
    known: dict[tuple[int, dt.date, int], set[int]] = defaultdict(set)
    noted = DataMark.objects.filter(service__in=[state.service.pk for state in rows])
    for pk, start, gigabytes, percent in noted.values_list("service_id", "period_from", "gigabytes", "percent"):
        known[pk, start, gigabytes].add(percent)
    told = []
    for state in rows:
        before = known[state.service.pk, state.start, state.policy.gigabytes]
        if new := [mark for mark in state.marks if mark not in before]:
            told.append((state, new, max(before, default=0)))
    return told


def maybe_wrong(today: dt.date) -> list[int]:
    """The keys of open sessions that may be at another speed than their service should be."""
    used_up = DataMark.objects.filter(percent=100, period_from__gte=today - _LONGEST).values("service")
    rows = AccessSession.objects.filter(Q(slowed=True) | Q(account__service__in=used_up), ended_at=None, walled=False)
    return list(rows.exclude(account=None).values_list("pk", flat=True))


def wrong_speed(rows: Sequence[AccessSession], today: dt.date) -> list[AccessSession]:
    """Those of these sessions that are slow and should not be, or the other way round, or should not be there."""
    services = {row.account.service_id: row.account.service for row in rows if row.account is not None}
    known = states(list(services.values()), today)
    return [row for row in rows if row.account is not None and _is_wrong(row, known.get(row.account.service_id))]


def _is_wrong(row: AccessSession, state: DataState | None) -> bool:
    return (state is not None and state.is_stopped) or row.slowed is not (state is not None and state.is_slow)
