"""Long work, and requests that wait for somebody."""

from __future__ import annotations

from counterfoil.platform.approvals import approvals
from counterfoil.platform.jobs import jobs_of
from counterfoil.platform.models import Approval, Job
from counterfoil.platform.showing import Noun

JOB = Noun(
    Job, path="jobs", sees="desk.view", whose=(), page="job", shows=(
        "title", "kind", "state", "done", "total", "unit", "user_name", "at", "started_at", "finished_at", "said",
    ),
    rows=lambda caller, rows: jobs_of(caller).order_by(),
)  # fmt: skip
APPROVAL = Noun(
    Approval, path="approvals", sees="platform.view",
    whose=(), page="approval",
    shows=(
        "label", "operation", "state", "amount_minor", "reason", "asked_by", "asked_at", "decided_by", "decided_at",
        "note", "error",
    ),
    rows=lambda caller, rows: approvals(caller).order_by(),
)  # fmt: skip
