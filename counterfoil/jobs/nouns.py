"""What there is to read about jobs."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from counterfoil.jobs import queries, rules
from counterfoil.jobs.models import (
    FieldJob,
    JobCharge,
    JobEntry,
    JobFile,
    JobPolicy,
    JobType,
    Technician,
    WorkingHours,
)
from counterfoil.platform.showing import Noun, Shown

TONES = {"unassigned": "warn", "scheduled": "info", "under_way": "info", "completed": "ok", "cancelled": ""}


def _state(row: FieldJob, day: dt.date) -> tuple[str, str]:
    return str(row.get_state_display()), TONES[row.state]


def _late(row: FieldJob, day: dt.date) -> tuple[str, str] | None:
    is_late = row.state in rules.TAKES_TIME and row.ends_at is not None and row.ends_at < timezone.now()
    return ("Late", "bad") if is_late else None


def _slip(row: FieldJob, day: dt.date) -> tuple[str, str] | None:
    said = rules.slip_text(row.slip_minutes)
    return (said.capitalize(), "warn" if row.slip_minutes > 0 else "") if said and not row.is_over else None


FIELD_JOB = Noun(
    FieldJob, path="field-jobs", by="number", sees="jobs.view", section="jobs#jobs", page="field-job", called=("job",),
    related=("customer", "job_type", "site", "service", "ticket", "technician__user"), word="job",
    sorts=("opened_at", "starts_at"), badges=(_state, _late, _slip),
    search=lambda rows, text: rows.filter(summary__icontains=text),
    labels={"job_type": "Type", "starts_at": "Start", "ends_at": "Expected completion",
            "first_ends_at": "Completion first agreed", "contact_name": "Who is called", "contact_phone": "Phone"},
    shows=(
        "customer", "number", "job_type", "summary", "state", "site", "service", "ticket", "technician", "starts_at",
        "ends_at", "first_ends_at", Shown("slip_minutes", lambda row: row.slip_minutes, int), "contact_name",
        "contact_phone", "opened_at", "opened_by", "started_at", "completed_at", "cancelled_at", "reason",
    ),
    parts={"checks": ("text", "done"), "entries": ("kind", "text", "value", "author", "at"),
           "charges": ("product", "one_time", "invoice")},
    one=lambda rows: queries.complete(rows).prefetch_related("checks", "entries", "charges__product"),
)  # fmt: skip
JOB_ENTRY = Noun(
    JobEntry, path="job-entries", sees="jobs.view", whose=("job", "customer"), related=("job__customer",),
    word="entry of a job", section="jobs#jobs", shows=("job", "kind", "text", "value", "author", "at"),
)  # fmt: skip
JOB_FILE = Noun(
    JobFile, path="job-files", sees="jobs.view", whose=("job", "customer"), related=("job__customer", "attachment"),
    word="file of a job", section="jobs#jobs", shows=("job", "attachment"),
)  # fmt: skip
JOB_CHARGE = Noun(
    JobCharge, path="job-charges", sees="jobs.view", whose=("job", "customer"), section="jobs#jobs",
    related=("job__customer", "product", "one_time", "invoice"), word="charge of a job",
    shows=("job", "product", "one_time", "invoice"),
)  # fmt: skip
JOB_TYPE = Noun(
    JobType, path="job-types", sees="jobs.view", whose=(),
    shows=("name", "minutes", "skills", "checklist", "starts_service", "retired_on"),
    parts={"products": ("product",)},
)  # fmt: skip
TECHNICIAN = Noun(
    Technician, path="technicians", sees="jobs.view", whose=(), related=("user",),
    shows=("user", "skills", "retired_on"),
)  # fmt: skip
WORKING_HOURS = Noun(
    WorkingHours, path="working-hours", sees="jobs.view", whose=(), related=("technician__user",),
    word="working hours", shows=("technician", "weekday", "opens", "closes"),
)  # fmt: skip
JOB_POLICY = Noun(
    JobPolicy, path="job-policies", sees="jobs.view", whose=(), word="policy of jobs",
    shows=("reminds", "in_portal", "at", "author"),
)  # fmt: skip
