"""What jobs offer to the customer page."""

from __future__ import annotations

from counterfoil.customers.models import Customer
from counterfoil.jobs import doors, queries
from counterfoil.jobs.tables import FUTURE_JOBS, JOBS_OF_CUSTOMER
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Panel

OPEN_JOB = doors.OPEN_JOB.action


def _note(caller: Caller, customer: Customer) -> str:
    count = queries.open_jobs_of(customer)
    return f"{count} not completed" if count else "All completed"


JOBS_PANEL = Panel(
    "jobs", "Jobs", "jobs.view", lambda caller, customer: queries.jobs_of(customer, caller.today, caller.now),
    table=JOBS_OF_CUSTOMER, actions=(OPEN_JOB,), note=_note,
    words="activity activities non completed visits work orders", queries=4,
)  # fmt: skip
FUTURE_JOBS_PANEL = Panel(
    "future-jobs", "Future jobs", "jobs.view", lambda caller, customer: queries.future_jobs_of(customer, caller.today),
    table=FUTURE_JOBS, words="schedule appointments activities upcoming", queries=3,
)  # fmt: skip
