"""Every write about jobs."""

from counterfoil.jobs.operations.doing import (
    add_job_note,
    add_job_reading,
    attach_job_file,
    complete_job,
    start_job,
    tick_job,
)
from counterfoil.jobs.operations.jobs import (
    cancel_job,
    change_job,
    erase_jobs,
    follow_merge,
    open_job,
    remind_job,
    reopen_job,
    set_up_jobs,
    take_along,
)
from counterfoil.jobs.operations.policy import (
    add_job_type,
    change_job_type,
    retire_job_type,
    retire_technician,
    revoke_feed,
    set_job_policy,
    set_technician,
    set_working_hours,
)
from counterfoil.jobs.operations.scheduling import assign_job, schedule_job, unschedule_job

__all__ = [
    "add_job_note",
    "add_job_reading",
    "add_job_type",
    "assign_job",
    "attach_job_file",
    "cancel_job",
    "change_job",
    "change_job_type",
    "complete_job",
    "erase_jobs",
    "follow_merge",
    "open_job",
    "remind_job",
    "reopen_job",
    "retire_job_type",
    "retire_technician",
    "revoke_feed",
    "schedule_job",
    "set_job_policy",
    "set_technician",
    "set_up_jobs",
    "set_working_hours",
    "start_job",
    "take_along",
    "tick_job",
    "unschedule_job",
]
