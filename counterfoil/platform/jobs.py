"""Work that runs long, with a page of its own: progress, pause, cancel, failures, and another try for those.

A kind of job is a generator: it does a little and yields how much. Between two steps the job may be paused or
cancelled, and is heard of. A process that dies is noticed by its silence and the job goes on elsewhere: what is already
done is known by the items, or is only read and read again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q

from counterfoil.kernel.clock import SKEW, is_over
from counterfoil.kernel.errors import NotFound, Refused, refuse_if
from counterfoil.platform import bulk
from counterfoil.platform.callers import Caller
from counterfoil.platform.joints import joint
from counterfoil.platform.models import Job, JobFile, JobItem
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.tasks import JOBS, task

logger = logging.getLogger(__name__)
# How often a running job is heard of, and after how long a silence somebody else takes it over.
_BEAT_SECONDS = 0.5
SILENT = dt.timedelta(seconds=60)
_KEEP = dt.timedelta(days=7)


@dataclass(frozen=True)
class Made:
    """The file that a job made."""

    name: str
    mime: str
    content: bytes


Done = int | Made
Work = Callable[[Caller, Job], Iterator[Done]]
KINDS: dict[str, Work] = {}


def job_kind(name: str) -> Callable[[Work], Work]:
    """Register the function that does a kind of job: it yields how much it did, or the file it made."""

    def register(work: Work) -> Work:
        KINDS[name] = work
        return work

    return register


@joint
def caller_of(user_id: int | None, /) -> Caller:
    """One is asked: who a job runs for as they are now, so that its verbs are what they may do by then and no more."""
    raise NotImplementedError


# ------------------------------------------------------------------ asking for it


@step
def start_job(
    op: Operation,
    *,
    kind: str,
    title: str,
    unit: str = "rows",
    total: int | None = None,
    arguments: dict[str, Any] | None = None,
    items: Iterable[tuple[int, str]] = (),
) -> Job:
    """The job waits for a worker. Items are (id, label) of what is done one by one."""
    assert kind in KINDS, f"There is no job of the kind {kind}."
    job = Job.objects.create(
        kind=kind, title=title[:200], unit=unit, total=total, arguments=arguments or {}, user_id=op.caller.user_id,
        user_name=op.caller.name[:120], at=op.now,
    )  # fmt: skip
    rows = [JobItem(job=job, subject_id=subject, label=label[:200]) for subject, label in dict(items).items()]
    if rows:
        JobItem.objects.bulk_create(rows, batch_size=1000)
        job.total = len(rows)
        job.save(update_fields=["total"])
    op.record("job.started", job, title=job.title)
    run_job.enqueue(job_id=job.pk)
    return job


def _sees_all(caller: Caller) -> bool:
    # A file of somebody who sees more is not for somebody who sees less.
    return caller.may("platform.any_job") and not caller.is_scoped


def _own(op: Operation, job: Job) -> Job:
    row = Job.objects.select_for_update().get(pk=job.pk)
    if row.user_id != op.caller.user_id and not _sees_all(op.caller):
        raise NotFound("There is no such job, or you may not see it.")
    return row


@verb(own=True)
def pause_job(op: Operation, *, job: Job) -> Job:
    """The job stops after the step under way, and can go on later."""
    row = _own(op, job)
    refuse_if(row.state not in ("waiting", "running"), "not_running", f"The job is {row.get_state_display().lower()}.")
    row.state = Job.State.PAUSED
    row.save(update_fields=["state"])
    op.record("job.paused", row, title=row.title, done=row.done)
    return row


@verb(own=True)
def resume_job(op: Operation, *, job: Job) -> Job:
    """A paused job goes on."""
    row = _own(op, job)
    refuse_if(row.state != Job.State.PAUSED, "not_paused", f"The job is {row.get_state_display().lower()}.")
    _wake(row)
    op.record("job.resumed", row, title=row.title)
    return row


@verb(own=True)
def cancel_job(op: Operation, *, job: Job) -> Job:
    """The job ends after the step under way. What is done stays done."""
    row = _own(op, job)
    refuse_if(row.is_over, "is_over", f"The job is {row.get_state_display().lower()}.")
    row.state, row.finished_at = Job.State.CANCELLED, op.now
    row.save(update_fields=["state", "finished_at"])
    op.record("job.cancelled", row, title=row.title, done=row.done)
    return row


@verb(label="Retry what failed", own=True)
def retry_job(op: Operation, *, job: Job) -> Job:
    """What failed waits again, and only that; a job that broke off goes on where it was."""
    row = _own(op, job)
    again = JobItem.objects.filter(job=row, state=JobItem.State.FAILED)
    failed = again.count()
    refuse_if(not row.is_over or not (failed or row.state == Job.State.FAILED), "nothing_failed", "Nothing failed.")
    again.update(state=JobItem.State.WAITING, said="")
    row.done -= min(failed, row.done)
    row.save(update_fields=["done"])
    _wake(row)
    op.record("job.resumed", row, title=row.title)
    return row


def _wake(row: Job) -> None:
    row.state, row.finished_at, row.beat_at, row.said = Job.State.WAITING, None, None, ""
    row.save(update_fields=["state", "finished_at", "beat_at", "said"])
    run_job.enqueue(job_id=row.pk)


# ------------------------------------------------------------------ doing it


@step
def claim_job(op: Operation, *, job_id: int) -> Job | None:
    """The job is this process's, unless it is over, paused, or somebody else was heard of a moment ago."""
    row = Job.objects.select_for_update().filter(pk=job_id).first()
    if row is None:
        return None
    silent = row.state == Job.State.RUNNING and (row.beat_at is None or is_over(row.beat_at, SILENT, op.now))
    if row.state != Job.State.WAITING and not silent:
        return None
    # Only what is counted by items can go on in the middle; the rest starts again.
    settled = JobItem.objects.filter(job=row).exclude(state=JobItem.State.WAITING).count()
    row.state, row.beat_at, row.done = Job.State.RUNNING, op.now, settled
    row.started_at = row.started_at or op.now
    row.save(update_fields=["state", "beat_at", "done", "started_at"])
    return row


@step
def beat_job(op: Operation, *, job: Job, done: int) -> Job | None:
    """So much more of the job is done, and its process is alive. Returns the job as it is now, paused perhaps.

    None when it is somebody else's by now: it was paused and resumed, or this process was silent for too long.
    """
    mine = Job.objects.filter(pk=job.pk, beat_at=job.beat_at).update(done=F("done") + done, beat_at=op.now)
    return Job.objects.get(pk=job.pk) if mine else None


@step
def settle_items(op: Operation, *, said: Mapping[int, str]) -> None:
    """Some pieces, by key, are done, or have failed for the reason that is said."""
    done = [pk for pk, reason in said.items() if not reason]
    JobItem.objects.filter(pk__in=done).update(state=JobItem.State.DONE, said="")
    failed = [(JobItem.State.FAILED, reason[:300], pk) for pk, reason in said.items() if reason]
    if failed:
        bulk.update_rows(JobItem, ("state", "said"), failed)


@step
def finish_job(op: Operation, *, job: Job, done: int, made: Made | None = None) -> Job:
    """The job is over, unless it is somebody else's by now; whoever asked for it is told."""
    row = Job.objects.select_for_update().get(pk=job.pk)
    if row.beat_at != job.beat_at:
        return row
    row.done += done
    if row.state == Job.State.RUNNING:
        failed = JobItem.objects.filter(job=row, state=JobItem.State.FAILED).count()
        well = row.done - failed
        unit = row.unit.removesuffix("s") if well == 1 else row.unit
        row.said = f"{well:,} {unit}" + (f", {failed:,} failed" if failed else "")
        row.state, row.finished_at = Job.State.DONE, op.now
        if made is not None:
            JobFile.objects.update_or_create(
                job=row, defaults={"name": made.name, "mime": made.mime, "content": made.content}
            )
        op.record("job.finished", row, title=row.title, said=row.said, user_id=row.user_id)
    row.save(update_fields=["done", "state", "finished_at", "said"])
    return row


@step
def fail_job(op: Operation, *, job: Job, reason: str) -> Job:
    """The job broke off for a reason, and can be tried again; unless it is somebody else's by now."""
    row = Job.objects.select_for_update().get(pk=job.pk)
    if row.beat_at != job.beat_at:
        return row
    row.state, row.finished_at, row.said = Job.State.FAILED, op.now, reason[:300]
    row.save(update_fields=["state", "finished_at", "said"])
    op.record("job.failed", row, title=row.title, said=row.said, user_id=row.user_id)
    return row


def run(job_id: int) -> None:
    """Do a job, unless somebody else does."""
    system = Caller.system("job")
    job = claim_job(system, job_id=job_id)
    if job is None:
        return
    try:
        (person,) = caller_of(job.user_id)
        caller = dataclasses.replace(person, door="job")
        made, pending, beat = None, 0, time.monotonic()
        for step in KINDS[job.kind](caller, job):
            if isinstance(step, Made):
                made = step
                continue
            pending += step
            if time.monotonic() - beat >= _BEAT_SECONDS:
                still = beat_job(system, job=job, done=pending)
                pending, beat = 0, time.monotonic()
                if still is None or still.state != Job.State.RUNNING:
                    return
                job = still
        finish_job(system, job=job, done=pending, made=made)
    except Refused as refusal:
        fail_job(system, job=job, reason=refusal.sentence)
    except Exception:
        logger.exception("Job %s broke off", job_id)
        fail_job(system, job=job, reason="Something failed on the server. What was done stays done; try again.")
        raise


def work_in_chunks(job: Job, do: Callable[[list[JobItem]], int], size: int) -> Iterator[int]:
    """Do the waiting items, some at a time. `do` settles those it has done (`settle_items`) and says how many.

    What it leaves comes again in the next chunk. What it refuses is one item's failure; where it refuses a whole chunk,
    its items are done one by one.
    """
    while items := list(JobItem.objects.filter(job=job, state=JobItem.State.WAITING).order_by("pk")[:size]):
        if (done := _some(do, items)) is None:
            for item in items:
                _some(do, [item])
                yield 1
        else:
            assert done, "A chunk of which nothing is done would come again for ever."
            yield done


def _some(do: Callable[[list[JobItem]], int], items: list[JobItem]) -> int | None:
    """How many were done or have failed; None where many were refused and each has to be done by itself."""
    try:
        return do(items)
    except Refused as refusal:
        if len(items) > 1:
            return None
        settle_items(Caller.system("job"), said={items[0].pk: refusal.sentence})
        return 1


def wake_jobs(caller: Caller) -> int:
    """Jobs that wait, or whose process has fallen silent, get a worker; returns how many. Run by the clock."""
    before, ahead = caller.now - SILENT, caller.now + SKEW
    waiting = Job.objects.filter(Q(at__lt=before) | Q(at__gt=ahead), state=Job.State.WAITING)
    silent = Job.objects.filter(Q(beat_at__lt=before) | Q(beat_at__gt=ahead), state=Job.State.RUNNING)
    ids = [*waiting.values_list("pk", flat=True), *silent.values_list("pk", flat=True)]
    for pk in ids:
        run_job.enqueue(job_id=pk)
    return len(ids)


@step
def prune_job_files(op: Operation) -> int:
    """Files of jobs that ended more than a week ago are gone; they can be made again."""
    deleted, _ = JobFile.objects.filter(job__finished_at__lt=op.now - _KEEP).delete()
    return deleted


# ------------------------------------------------------------------ reading


def jobs_of(caller: Caller) -> Any:
    """The jobs this caller may see, newest first."""
    rows = Job.objects.order_by("-at", "-pk")
    return rows if _sees_all(caller) else rows.filter(user_id=caller.user_id)


def jobs_under_way(caller: Caller) -> list[Job]:
    """Those of them that are not over, and the failed ones of the last day."""
    recent = Q(state=Job.State.FAILED, finished_at__gte=caller.now - dt.timedelta(days=1))
    return list(jobs_of(caller).filter(recent | Q(finished_at__isnull=True))[:10])


def how_many_wait() -> int:
    """How many jobs wait for a worker or are under way."""
    return Job.objects.filter(state__in=(Job.State.WAITING, Job.State.RUNNING)).count()


def get_job(caller: Caller, pk: int) -> Job:
    """A job this caller may see."""
    found: Job | None = jobs_of(caller).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such job, or you may not see it.")
    return found


def failures_of(job: Job) -> list[JobItem]:
    """What failed, with the reason of each."""
    return list(JobItem.objects.filter(job=job, state=JobItem.State.FAILED).order_by("pk")[:500])


def file_of(job: Job) -> JobFile | None:
    """The file the job made, while it is kept."""
    return JobFile.objects.filter(job=job).first()


@task(queue_name=JOBS)
def run_job(job_id: int) -> None:
    """Run a job; a second delivery of the task finds it taken."""
    run(job_id)
