"""When a job is done and by whom: nobody is at two places at once."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.utils import timezone

from counterfoil.jobs import queries, rules
from counterfoil.jobs.models import FieldJob, Technician
from counterfoil.jobs.operations.shared import held, refuse_over
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Near, Says
from counterfoil.platform.words import Reason

State = FieldJob.State
# By some years ahead or back, a day is a slip of the pen.
_Day = Annotated[dt.date, Near(400)]
_At = Annotated[str, Says("Start", "As 09:00, by the operator’s clock.", most=5)]


@verb(label="Schedule job")
def schedule_job(
    op: Operation,
    *,
    job: FieldJob,
    technician: Technician,
    on: _Day,
    at: _At,
    minutes: Annotated[int, Says("Minutes", "0: as long as it is planned, or its type says.", least=0)] = 0,
) -> FieldJob:  # fmt: skip
    """The technician does the job at this time, or at another than before. Overlaps are refused, with the other job.

    Once it is under way its start stays, and only the expected completion moves.
    """
    row = held(job)
    refuse_over(row)
    length = dt.timedelta(minutes=minutes) if minutes else queries.length_of(row)
    refuse_if(not 5 <= length.total_seconds() / 60 <= rules.MOST_MINUTES, "absurd_number",
              f"A visit takes from 5 to {rules.MOST_MINUTES} minutes.", field="minutes")  # fmt: skip
    start = _instant(on, at)
    if row.state == State.UNDER_WAY:
        same = technician.pk == row.technician_id and start == row.starts_at
        refuse_if(not same, "under_way", f"{row.number} is under way: only its expected completion can move.",
                  field="at")  # fmt: skip
    _place(op, row, technician, start, start + length)
    return row


def _instant(on: dt.date, at: str) -> dt.datetime:
    minute = rules.minute_of(at)
    if minute is None or minute == rules.DAY_MINUTES:
        raise Refused("bad_hour", "Give a time such as 09:00.", field="at")
    start = rules.instant(on, minute, timezone.get_current_timezone())
    if start is None:
        raise Refused("no_such_time", f"There is no {rules.clock_text(minute)} on that day: the clocks go forward. "
                      "Choose a later time.", field="at")  # fmt: skip
    return start


@verb(right=schedule_job, label="Assign job")
def assign_job(op: Operation, *, job: FieldJob, technician: Technician) -> FieldJob:
    """Another technician does the scheduled job, at the same time."""
    row = held(job)
    refuse_over(row)
    if row.starts_at is None or row.ends_at is None:
        raise Refused("no_time", f"{row.number} has no time yet. Schedule it.", field="technician")
    refuse_if(row.state == State.UNDER_WAY, "under_way", f"{row.number} is under way with {row.technician}.")
    _place(op, row, technician, row.starts_at, row.ends_at)
    return row


def _place(op: Operation, row: FieldJob, technician: Technician, start: dt.datetime, end: dt.datetime) -> None:
    # Behind this lock, what another dispatcher did a moment ago is seen.
    person = Technician.objects.select_for_update(of=("self",)).select_related("user").get(pk=technician.pk)
    gone = person.retired_on is not None or not person.user.is_active
    refuse_if(gone, "not_here", f"{person} does no jobs any more. Choose somebody else.", field="technician")
    missing = rules.lacking(row.job_type.skills, person.skills)
    refuse_if(bool(missing), "no_skill", f"{person} does not have: {', '.join(missing)}. Choose somebody else.",
              field="technician")  # fmt: skip
    same = (row.technician_id, row.starts_at, row.ends_at) == (person.pk, start, end)
    refuse_if(same, "no_change", f"{row.number} is there already.", field="at")
    other = queries.in_the_way(row, person, start, end)
    taken = f"{other.number} then: {queries.when_text(other)}" if other else ""
    refuse_if(other is not None, "double_booked", f"{person} has {taken}. Choose another time or technician.",
              field="at")  # fmt: skip
    before = f"{row.technician}, {queries.when_text(row)}" if row.technician else ""
    row.technician, row.starts_at, row.ends_at = person, start, end
    row.first_ends_at = row.first_ends_at or end
    if row.state == State.UNASSIGNED:
        row.state = State.SCHEDULED
    row.save(update_fields=["technician", "starts_at", "ends_at", "first_ends_at", "state"])
    slip = rules.slip_text(row.slip_minutes)
    if before:
        op.record(
            "field_job.moved", row, customer_id=row.customer_id, number=row.number, technician=str(person),
            when=queries.when_text(row), before=before, slip=f", {slip}" if slip else "",
        )  # fmt: skip
        return
    op.record(
        "field_job.scheduled", row, customer_id=row.customer_id, number=row.number, technician=str(person),
        when=queries.when_text(row),
    )  # fmt: skip


@verb(right=schedule_job, label="Take job off the schedule")
def unschedule_job(op: Operation, *, job: FieldJob, reason: Reason) -> FieldJob:
    """The job waits for a technician and a time again; what was first agreed is remembered."""
    row = held(job)
    refuse_if(row.state != State.SCHEDULED, "not_scheduled", f"{row.number} is {row.get_state_display().lower()}.")
    before = f"{row.technician}, {queries.when_text(row)}"
    row.state, row.technician, row.starts_at, row.ends_at = State.UNASSIGNED, None, None, None
    row.save(update_fields=["state", "technician", "starts_at", "ends_at"])
    op.record(
        "field_job.unscheduled", row, customer_id=row.customer_id, number=row.number, before=before,
        reason=f": {reason}",
    )  # fmt: skip
    return row
