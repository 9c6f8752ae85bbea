"""Whether the line is up, what goes over it, and who comes when: sessions, data usage and visits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from counterfoil.jobs.queries import all_jobs_of, coming_visits, when_text
from counterfoil.jobs.queries import late as late_jobs
from counterfoil.jobs.queries import listed as jobs_seen
from counterfoil.jobs.rules import OVER
from counterfoil.jobs.tables import FUTURE_JOBS, JOBS_OF_CUSTOMER, jobs_table
from counterfoil.kernel.periods import date_text
from counterfoil.network.queries import accounts_of, online_of, sessions, sessions_of, used_by_day
from counterfoil.network.rules import size
from counterfoil.network.tables import SESSIONS, sessions_table
from counterfoil.platform.tables import Column, Table
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.questions.answers import Answer, Asked, counted, listed
from counterfoil.questions.scope import of_place, place_of


def _when(at: dt.datetime, today: dt.date) -> str:
    local = timezone.localtime(at)
    return f"{local:%H:%M}" if local.date() == today else f"{date_text(local.date(), today=today)}, {local:%H:%M}"


def online(asked: Asked) -> Answer:
    """Whether the line is up now, since when, and at which address."""
    place = (asked.section("services", "access", "Network access"),)
    if not accounts_of(asked.customer).exists():
        return Answer("They have no network access, so nothing is known about their line.", sources=place, figure="")
    rows = online_of(asked.customer)
    if rows:
        said = [
            f"{row.user_name} since {_when(row.started_at, asked.today)}{f' at {row.address}' if row.address else ''}, "
            f"last report {_when(row.last_at, asked.today)}"
            for row in rows
        ]
        walled = " The walled garden holds them: they are suspended." if any(row.walled for row in rows) else ""
        return Answer(f"On line: {listed(said)}.{walled}", SESSIONS, rows, place, figure="online")
    last = sessions_of(asked.customer).first()
    if last is None or last.ended_at is None:
        return Answer("Off line: no session was ever reported.", SESSIONS, [], place, figure="offline")
    ended = f"the last session ended {_when(last.ended_at, asked.today)}"
    return Answer(f"Off line: {ended}.", SESSIONS, [last], place, figure="offline")


def last_sessions(asked: Asked) -> Answer:
    """The sessions of the days asked about, the newest of all otherwise."""
    rows = sessions_of(asked.customer)
    if asked.days:
        rows = rows.filter(started_at__date__gte=asked.days.first, started_at__date__lte=asked.days.last)
    place = (asked.section("services", "sessions", "Sessions"),)
    when = f" {asked.said()}" if asked.days else ""
    many = rows.count()
    return Answer(f"{counted(many, 'session')}{when or ' on record'}.", SESSIONS, rows, place, figure=many)


DATA = Table(
    key="answer-data-usage",
    title="Data usage",
    columns=(
        Column("day", "Day", lambda row: row.when, "date"),
        Column("service", "Service", lambda row: row.service),
        Column("down", "Down", lambda row: size(row.down)),
        Column("up", "Up", lambda row: size(row.up), low=True),
        Column("all", "Both", lambda row: size(row.octets)),
    ),
    empty=("Nothing was used", "Days with data usage appear here."),
)


def data_by_sessions(asked: Asked) -> Answer | None:
    """How much data went over the line in the days asked about, this month otherwise; none without network access."""
    if not asked.caller.may("network.view") or not accounts_of(asked.customer).exists():
        return None
    days = asked.period(asked.this_month)
    since = max(days.first, dt.date(2000, 1, 1))
    rows = [row for row in used_by_day(asked.customer, since=since) if row.when <= days.last]
    octets = sum(row.octets for row in rows)
    place = (asked.section("services", "data-usage", "Data usage"),)
    down = sum(row.down for row in rows)
    said = f"They used {size(octets)} of data {asked.said(days)}, {size(down)} of it down."
    return Answer(said if rows else f"No data was used {asked.said(days)}.", DATA, rows, place, figure=octets)


# ------------------------------------------------------------------ visits


def _jobs(asked: Asked) -> Any:
    return asked.section("jobs", "jobs", "Jobs")


def next_visit(asked: Asked) -> Answer:
    """When somebody comes next, and who."""
    rows = coming_visits(asked.customer, asked.caller.now)
    row = rows.first()
    if row is None:
        return Answer("No visit is planned.", FUTURE_JOBS, [], (_jobs(asked),), figure="")
    who = str(row.technician) if row.technician else "nobody yet"
    return Answer(
        f"The next visit is {when_text(row)}, by {who}: {row.number} {row.summary}.",
        FUTURE_JOBS,
        rows,
        (_jobs(asked),),
        figure=row.number,
    )


def last_visit(asked: Asked) -> Answer:
    """The newest job that was completed."""
    row = all_jobs_of(asked.customer).filter(state="completed").order_by("-starts_at", "-pk").first()
    if row is None:
        return Answer("No technician has been there yet.", JOBS_OF_CUSTOMER, [], (_jobs(asked),), figure="")
    who = str(row.technician) if row.technician else "nobody named"
    said = f"The last visit was {when_text(row)}, by {who}: {row.number} {row.summary}."
    return Answer(said, JOBS_OF_CUSTOMER, [row], (_jobs(asked),), figure=row.number)


def jobs(asked: Asked) -> Answer:
    """Jobs that are not over, or all that were opened in the days asked about."""
    rows = all_jobs_of(asked.customer)
    if asked.days:
        rows = rows.filter(starts_at__date__gte=asked.days.first, starts_at__date__lte=asked.days.last)
        return Answer(
            f"{counted(rows.count(), 'visit')} {asked.said()}.", JOBS_OF_CUSTOMER, rows, (_jobs(asked),),
            figure=rows.count(),
        )  # fmt: skip
    rows = rows.exclude(state__in=OVER)
    said = [f"{row.number} {row.summary}" for row in rows]
    text = f"{plural(len(said), 'job')} not completed: {listed(said, 3)}." if said else "All jobs are completed."
    return Answer(text, JOBS_OF_CUSTOMER, rows, (_jobs(asked),), figure=len(said))


def all_online(asked: Asked) -> Answer:
    """Who is on line now."""
    rows = of_place(asked, sessions(asked.caller), "account__service__subscription__customer").filter(ended_at=None)
    many = rows.count()
    return Answer(f"{counted(many, 'session')}{place_of(asked)} {'is' if many == 1 else 'are'} on line.",
                  sessions_table(asked.caller), rows, (asked.page("sessions", "Sessions"),), figure=many)  # fmt: skip


def all_jobs(asked: Asked) -> Answer:
    """Jobs that are not completed; those that are late, or of the days asked about, where that is asked."""
    rows = of_place(asked, jobs_seen(asked.caller)).exclude(state__in=OVER)
    what = "not completed"
    if asked.reading.has("overdue"):
        rows, what = rows.filter(late_jobs(asked.caller.now)), "late"
    if asked.days:
        rows = rows.filter(starts_at__date__gte=asked.days.first, starts_at__date__lte=asked.days.last)
    many, when = rows.count(), f" {asked.said()}" if asked.days else ""
    return Answer(f"{counted(many, 'job')}{place_of(asked)} {'is' if many == 1 else 'are'} {what}{when}.",
                  jobs_table(asked.caller), rows, (asked.page("field-jobs", "Jobs"),), figure=many)  # fmt: skip
