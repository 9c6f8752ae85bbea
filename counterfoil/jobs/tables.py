"""The lists of jobs."""

from __future__ import annotations

import datetime as dt
from functools import cache

from django.db.models import Q

from counterfoil.jobs import queries, rules
from counterfoil.jobs.models import FieldJob, Technician
from counterfoil.jobs.nouns import FIELD_JOB, TONES
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Column, Filter, Table, View

_OPEN = ~Q(state__in=rules.OVER)


def _is_late(row: FieldJob, now: dt.datetime) -> bool:
    return row.state in rules.TAKES_TIME and row.ends_at is not None and row.ends_at < now


def _where(row: FieldJob) -> str:
    return row.site.text if row.site else ""


def _when(row: FieldJob) -> str:
    return queries.when_text(row) or "No time yet"


def jobs_table(caller: Caller) -> Table:
    """All jobs that this person sees: what is late first, then by the time of the visit."""

    @cache
    def people() -> list[Technician]:
        return queries.technicians()

    now = caller.now
    return Table(
        key="field-jobs",
        title="Jobs",
        columns=(
            Column("job", "Job", lambda row: f"{row.number}, {row.summary}", href=FIELD_JOB.url, sort="number",
                   sub=lambda row: f"{row.customer.name}, {row.customer.number}"),
            Column("when", "Visit", _when, sort="starts_at", sub=lambda row: rules.slip_text(row.slip_minutes)),
            Column("state", "State", lambda row: "Late" if _is_late(row, now) else row.get_state_display(), "badge",
                   tone=lambda row: "bad" if _is_late(row, now) else TONES[row.state]),
            Column("technician", "Technician", lambda row: str(row.technician) if row.technician else "Nobody"),
            Column("type", "Type", lambda row: row.job_type.name, low=True),
            Column("where", "Address", _where, low=True),
            Column("opened", "Opened", lambda row: row.opened_at, "when", sort="opened_at", low=True),
        ),
        views=(
            View("open", "Non-completed", lambda rows: rows.filter(_OPEN)),
            View("mine", "Mine", lambda rows: rows.filter(_OPEN, technician__user=caller.user_id or 0)),
            View("unassigned", "Unassigned", lambda rows: rows.filter(state="unassigned")),
            View("late", "Late", lambda rows: rows.filter(queries.late(now))),
            View("today", "Today", lambda rows: rows.filter(queries.on_day(caller.today))),
            View("completed", "Completed", lambda rows: rows.filter(state="completed")),
            View("all", "All", lambda rows: rows),
        ),
        filters=(
            Filter("technician", "Technician", lambda: [(str(one.pk), str(one)) for one in people()],
                   lambda rows, value: rows.filter(technician=int(value))),
            Filter("type", "Type", lambda: [(str(one.pk), one.name) for one in queries.job_types()],
                   lambda rows, value: rows.filter(job_type=int(value))),
        ),
        search=queries.narrowed, search_label="Summary, customer, number", grows=True, row_id=lambda row: str(row.pk),
        empty=("No jobs here", "A job is opened from a customer, a ticket or a service."),
    )  # fmt: skip


def _of_customer(key: str, title: str, empty: tuple[str, str]) -> Table:
    return Table(
        key=key, title=title, empty=empty,
        columns=(
            Column("job", "Job", lambda row: f"{row.number}, {row.summary}", href=FIELD_JOB.url, sort="number",
                   sub=lambda row: row.job_type.name),
            Column("state", "State", lambda row: row.get_state_display(), "badge", tone=lambda row: TONES[row.state]),
            Column("when", "Visit", _when, sort="starts_at", sub=lambda row: rules.slip_text(row.slip_minutes)),
            Column("technician", "Technician", lambda row: str(row.technician) if row.technician else "Nobody"),
            Column("where", "Address", _where, low=True),
        ),
    )  # fmt: skip


JOBS_OF_CUSTOMER = _of_customer(
    "jobs-of-customer", "Jobs", ("No jobs yet", "Visits to this customer appear here, with what was done.")
)
FUTURE_JOBS = _of_customer("future-jobs", "Future jobs", ("No visit is planned", "Visits of later days appear here."))
