"""Book checks of the network."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import F, Q, Sum
from django.utils import timezone

from counterfoil.network import rules
from counterfoil.network.models import AccessAccount, AccessSession, DayUsage, NasRestart, SessionReport
from counterfoil.platform.bulk import chunks
from counterfoil.platform.checks import book_check

_SHOWN = 20


@book_check
def sessions_come_to_what_was_reported() -> Iterable[str]:
    """A session's octets, its end and what it used on each day are those of its reports."""
    zone = timezone.get_default_timezone()
    restarts: dict[str, list] = defaultdict(list)
    for address, at in NasRestart.objects.values_list("nas_address", "at"):
        restarts[address].append(at)
    found = 0
    rows = AccessSession.objects.filter(forgotten_on=None).order_by("pk")
    for pks in chunks(rows.values_list("pk", flat=True).iterator(), 500):
        told: dict[int, list[rules.Report]] = defaultdict(list)
        for report in SessionReport.objects.filter(row__in=pks):
            told[report.row_id].append(report.report)
        days: dict[int, dict] = defaultdict(dict)
        for day in DayUsage.objects.filter(row__in=pks):
            days[day.row_id][day.day] = (day.up, day.down)
        for row in AccessSession.objects.filter(pk__in=pks):
            wrong = _wrong(row, told[row.pk], restarts[row.nas_address], days[row.pk], zone)
            if wrong and found < _SHOWN:
                found += 1
                yield f"The session {row.key} of {row.user_name or 'nobody'} {wrong}."


def _wrong(row: AccessSession, told: list[rules.Report], restarts: list, days: dict, zone: object) -> str:
    if not told:
        return "is there, and no report of it"
    facts = rules.facts(told, restarts, zone)  # type: ignore[arg-type]
    if (row.up, row.down) != (facts.up, facts.down):
        return f"has {row.up} octets up and {row.down} down, and its reports say {facts.up} and {facts.down}"
    if days != facts.days:
        return "used something else on its days than its reports say"
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
