"""Book checks of the network."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from itertools import zip_longest

from django.db.models import F, Q, Sum
from django.utils import timezone

from counterfoil.network import counting, queries
from counterfoil.network.models import AccessAccount, AccessSession, DayUsage, NasRestart, SessionReport
from counterfoil.platform.bulk import chunks
from counterfoil.platform.checks import book_check

_SHOWN = 20


@book_check
def sessions_come_to_what_was_reported() -> Iterable[str]:
    """A session's octets, its beginning and end, and what it used on each day and for whom, are by its reports."""
    zone = timezone.get_current_timezone()
    restarts: dict[str, list[dt.datetime]] = defaultdict(list)
    for address, at in NasRestart.objects.values_list("nas_address", "at"):
        restarts[address].append(at)
    found = 0
    keys = AccessSession.objects.filter(forgotten_on=None).order_by("key").values_list("key", flat=True).distinct()
    for some in chunks(keys.iterator(), 500):
        rows: dict[str, list[AccessSession]] = defaultdict(list)
        there = AccessSession.objects.filter(key__in=some, forgotten_on=None)
        for row in there.select_related("account__before", "account__after").order_by("key", "turn"):
            rows[row.key].append(row)
        told: dict[str, list[counting.Report]] = defaultdict(list)
        for report in SessionReport.objects.filter(row__in=there).select_related("row"):
            told[report.row.key].append(report.report)
        days: dict[int, dict[dt.date, tuple[int, int, int | None]]] = defaultdict(dict)
        for day in DayUsage.objects.filter(row__in=there):
            days[day.row_id][day.day] = (day.up, day.down, day.account_id)
        for key, family in rows.items():
            facts = counting.sessions(told[key], restarts[family[0].nas_address], zone, queries.forgotten_until(family))
            for row, one in zip_longest(family, facts):
                wrong = _wrong(row, one, days[row.pk] if row else {})
                if wrong and found < _SHOWN:
                    found += 1
                    yield f"The session {key} of {family[0].user_name or 'nobody'} {wrong}."


def _wrong(row: AccessSession | None, facts: counting.Facts | None, days: dict) -> str:
    if row is None:
        return "was used again by its NAS, and that session is not there"
    if facts is None:
        return "is there, and no report of it" if row.turn == 1 or days or row.up or row.down else ""
    if (row.up, row.down) != (facts.up, facts.down):
        return f"has {row.up} octets up and {row.down} down, and its reports say {facts.up} and {facts.down}"
    line = queries.holders_of(row.account)
    whose = {day: (*used, counting.holder_on(line, day) if line else None) for day, used in facts.days.items()}
    if {day: used[:2] for day, used in days.items()} != facts.days:
        return "used something else on its days than its reports say"
    if days != whose:
        return "counts a day for somebody who did not have the service then"
    if line and row.account_id != counting.holder_of(line, row.ended_at):
        return "is of somebody who did not have the service when it ended"
    if row.started_at != facts.started_at:
        return f"began {row.started_at}, and its reports say {facts.started_at}"
    # What was only taken for ended was not reported.
    if row.end != AccessSession.End.STALE and row.ended_at != facts.ended_at:
        return f"ended {row.ended_at or 'not yet'}, and its reports say {facts.ended_at or 'not yet'}"
    return ""


@book_check
def usage_of_days_is_that_of_sessions() -> Iterable[str]:
    """What a session used on all its days is what it used."""
    rows = AccessSession.objects.annotate(days_up=Sum("days__up"), days_down=Sum("days__down"))
    wrong = rows.exclude(days_up=F("up"), days_down=F("down")).exclude(days_up=None, up=0, down=0)
    for row in wrong.order_by("pk")[:_SHOWN]:
        yield f"The days of session {row.key} come to {row.days_up} up and {row.days_down} down, not its own octets."


@book_check
def access_ends_with_its_service() -> Iterable[str]:
    """No access goes on for longer than a day after its service has ended."""
    today = timezone.localdate()
    rows = AccessAccount.objects.filter(ended_on=None, service__ended_on__lt=today).exclude(service__end="")
    for row in rows.filter(~Q(service__ended_on=None)).select_related("service").order_by("pk")[:_SHOWN]:
        yield f"Access {row} goes on, and {row.service} has ended."
