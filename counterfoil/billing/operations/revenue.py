"""Revenue: what was billed for days is earned as they pass, and posted by the month."""

from __future__ import annotations

import datetime as dt

from counterfoil.billing import queries
from counterfoil.billing.models import BillRun
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text, month_of
from counterfoil.ledger.models import Entry
from counterfoil.ledger.operations import NewEntry, post_entries
from counterfoil.ledger.rules import DEFERRED, REVENUE, Leg
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb


@verb(label="Release revenue", whole=True)
def release_revenue(op: Operation, *, up_to: dt.date) -> dict[str, int]:
    """What is billed for days before `up_to` (the first of a month) is sales now; what is for later days stays.

    Posts the difference between what stands in the ledger and what should, by currency, so a second time posts nothing
    and a credit of an old month is caught up. Returns what was released in minor units.
    """
    refuse_if(up_to > op.today, "future_date", "Those days are not over yet.", field="up_to")
    refuse_if(up_to.day != 1, "not_a_month", "Revenue is released up to the first day of a month.", field="up_to")
    return _release(op, up_to)


def _release(op: Operation, up_to: dt.date, *, closing: bool = False) -> dict[str, int]:
    last = up_to - dt.timedelta(days=1)
    stands, should = queries.deferred_balances(last), queries.deferred_schedule(up_to)
    released = {}
    for currency in sorted({*stands, *should}):
        minor = stands.get(currency, 0) - should.get(currency, 0)
        if not minor:
            continue
        released[currency] = minor
        text = f"Earned up to {date_text(last)}"
        legs = (Leg(DEFERRED, minor), Leg(REVENUE, -minor))
        new = NewEntry(last, currency, "revenue", f"{last:%Y-%m}", text, legs)
        (pk,) = post_entries(op, entries=[new], closing=closing)
        op.record("revenue.released", Entry(pk=pk), total=money_text(minor, currency), day=last)
    return released


def release_last_month(caller: Caller) -> int:
    """Release what was earned up to the end of last month, once; run by the clock. Returns how many entries there are.

    The key makes every later minute of the month one lookup.
    """
    first = month_of(caller.today).start
    return len(release_revenue(caller.with_key(f"revenue:{first.isoformat()}"), up_to=first))


def ready_to_close(op: Operation, day: dt.date, /) -> str:
    """What was earned up to the day is posted on it; not while a bill run of it is on its way."""
    run = BillRun.objects.filter(state__in=("approved", "issuing"), on__lte=day).order_by("on", "pk").first()
    if run is not None:
        return f"{run.name} of {date_text(run.on)} is not issued yet. Issue it or discard it first."
    _release(op, day + dt.timedelta(days=1), closing=True)
    return ""
