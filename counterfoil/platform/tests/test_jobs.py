"""Work that runs long: it can be paused, cancelled and taken over, and no piece of it is done twice."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

import pytest

from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.platform import jobs
from counterfoil.platform.callers import Caller
from counterfoil.platform.jobs import KINDS, Done, Made, cancel_job, pause_job, resume_job, retry_job, start_job
from counterfoil.platform.models import Job, JobFile, JobItem
from counterfoil.testing.world import World
from counterfoil.trail.models import Event


class Bench:
    """A kind of job that notes what it does, and refuses what it is told to."""

    def __init__(self) -> None:
        self.did: list[tuple[int, str]] = []
        self.refuses: set[int] = set()
        self.size = 1
        self.before_each = lambda subject: None

    def work(self, caller: Caller, job: Job) -> Iterator[Done]:
        def do(items: list[JobItem]) -> int:
            for item in items:
                self.before_each(item.subject_id)
            if refused := [item for item in items if item.subject_id in self.refuses]:
                raise Refused("no", f"Not {refused[0].label}.")
            self.did += [(item.subject_id, f"job:{job.pk}:{item.pk}") for item in items]
            jobs.settle_items(Caller.system("job"), said=dict.fromkeys([item.pk for item in items], ""))
            return len(items)

        yield from jobs.work_in_chunks(job, do, self.size)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench()
    monkeypatch.setitem(KINDS, "bench", made.work)
    # Every step is a look at whether to go on, so that a test need not wait for one.
    monkeypatch.setattr(jobs, "_BEAT_SECONDS", 0)
    return made


def start(world: World, count: int = 3) -> Job:
    return start_job(
        world.system(), kind="bench", title="Three things", items=[(n, f"Thing {n}") for n in range(count)]
    )


def now(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_each_piece_is_done_once_and_the_job_says_how_many(world: World, bench: Bench) -> None:
    job = start(world)
    assert (job.state, job.total, job.done) == ("waiting", 3, 0)
    jobs.run(job.pk)
    jobs.run(job.pk)
    assert [subject for subject, _ in bench.did] == [0, 1, 2]
    assert (now(job).state, now(job).done, now(job).said) == ("done", 3, "3 rows")
    told = Event.objects.filter(kind__startswith="job.").order_by("pk").values_list("kind", flat=True)
    assert list(told) == ["job.started", "job.finished"]


def test_a_failure_stops_nobody_else_and_only_it_is_tried_again(world: World, bench: Bench) -> None:
    bench.refuses = {1}
    job = start(world)
    jobs.run(job.pk)
    assert (now(job).state, now(job).said) == ("done", "2 rows, 1 failed")
    assert [(item.label, item.said) for item in jobs.failures_of(job)] == [("Thing 1", "Not Thing 1.")]
    bench.refuses = set()
    retry_job(world.clerk, job=job)
    jobs.run(job.pk)
    assert [subject for subject, _ in bench.did] == [0, 2, 1]
    assert (now(job).state, now(job).done, now(job).said) == ("done", 3, "3 rows")
    with pytest.raises(Refused, match="Nothing failed"):
        retry_job(world.clerk, job=job)


def test_pausing_stops_after_the_step_and_resuming_goes_on(world: World, bench: Bench) -> None:
    job = start(world)
    bench.before_each = lambda subject: pause_job(world.clerk, job=job) if subject == 1 else None
    jobs.run(job.pk)
    assert (now(job).state, now(job).done) == ("paused", 2)
    jobs.run(job.pk)  # a task that was delivered twice
    assert now(job).state == "paused"
    bench.before_each = lambda subject: None
    resume_job(world.clerk, job=job)
    jobs.run(job.pk)
    assert [subject for subject, _ in bench.did] == [0, 1, 2]
    assert (now(job).state, now(job).done) == ("done", 3)


def test_who_was_paused_does_not_go_on_beside_whoever_resumed(world: World, bench: Bench) -> None:
    """Paused and resumed within one step: it runs for another worker, and not for this one any more."""
    job = start(world)

    def paused_and_resumed(subject: int) -> None:
        if subject == 1:
            bench.before_each = lambda subject: None
            pause_job(world.clerk, job=job)
            resume_job(world.clerk, job=job)
            assert jobs.claim_job(Caller.system("another worker"), job_id=job.pk) is not None

    bench.before_each = paused_and_resumed
    jobs.run(job.pk)
    assert [subject for subject, _ in bench.did] == [0, 1]
    assert (now(job).state, now(job).said) == ("running", "")


def test_cancelling_keeps_what_is_done(world: World, bench: Bench) -> None:
    job = start(world)
    bench.before_each = lambda subject: cancel_job(world.clerk, job=job) if subject == 0 else None
    jobs.run(job.pk)
    assert (now(job).state, [subject for subject, _ in bench.did]) == ("cancelled", [0])
    with pytest.raises(Refused, match="cancelled"):
        cancel_job(world.clerk, job=job)
    with pytest.raises(Refused):
        resume_job(world.clerk, job=job)


def test_a_job_whose_process_fell_silent_is_taken_over_with_the_same_keys(world: World, bench: Bench) -> None:
    job = start(world)

    def die(subject: int) -> None:
        if subject == 1:
            raise KeyboardInterrupt

    bench.before_each = die
    with pytest.raises(KeyboardInterrupt):
        jobs.run(job.pk)
    assert now(job).state == "running"
    jobs.run(job.pk)
    assert len(bench.did) == 1  # heard of a moment ago: somebody else has it
    later = dataclasses.replace(Caller.system("schedule"), at=now(job).beat_at + dt.timedelta(seconds=61))
    assert jobs.wake_jobs(later) == 1
    bench.before_each = lambda subject: None
    assert jobs.claim_job(later, job_id=job.pk) is not None
    list(bench.work(world.clerk, now(job)))
    assert bench.did == [(n, f"job:{job.pk}:{JobItem.objects.get(subject_id=n).pk}") for n in range(3)]


def test_a_mistake_ends_the_job_in_words_and_it_can_be_tried_again(world: World, bench: Bench) -> None:
    job = start(world)

    def fail(subject: int) -> None:
        raise ZeroDivisionError

    bench.before_each = fail
    with pytest.raises(ZeroDivisionError):
        jobs.run(job.pk)
    assert now(job).state == "failed"
    assert "Something failed" in now(job).said
    bench.before_each = lambda subject: None
    retry_job(world.clerk, job=job)
    jobs.run(job.pk)
    assert now(job).state == "done"


def test_somebody_elses_job_is_not_there(world: World, bench: Bench) -> None:
    mine = dataclasses.replace(world.agent, user_id=7)
    job = start_job(dataclasses.replace(world.system(), user_id=8), kind="bench", title="Theirs", items=[(1, "x")])
    for verb in (pause_job, cancel_job):
        with pytest.raises(NotFound):
            verb(mine, job=job)
    with pytest.raises(NotFound):
        jobs.get_job(mine, job.pk)
    assert now(job).state == "waiting"
    assert jobs.get_job(world.caller("administrator"), job.pk) == job


def test_a_file_is_kept_for_a_week(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(caller: Caller, job: Job) -> Iterator[Done]:
        yield 2
        yield Made("list.csv", "text/csv", b"a,b\n")

    monkeypatch.setitem(KINDS, "file", work)
    job = start_job(world.system(), kind="file", title="A list", total=2)
    jobs.run(job.pk)
    file = jobs.file_of(job)
    assert file is not None
    assert (file.name, bytes(file.content)) == ("list.csv", b"a,b\n")
    over = now(job).finished_at
    jobs.prune_job_files(Caller.system("schedule", at=over + dt.timedelta(days=6)))
    assert JobFile.objects.count() == 1
    jobs.prune_job_files(Caller.system("schedule", at=over + dt.timedelta(days=8)))
    assert JobFile.objects.count() == 0


def test_a_chunk_that_is_refused_is_done_one_by_one(world: World, bench: Bench) -> None:
    job = start(world, 5)
    bench.size, bench.refuses = 3, {1}
    jobs.run(job.pk)
    assert [subject for subject, _ in bench.did] == [0, 2, 3, 4]
    assert [(row.label, row.said) for row in jobs.failures_of(job)] == [("Thing 1", "Not Thing 1.")]
    assert (now(job).state, now(job).done, now(job).said) == ("done", 5, "4 rows, 1 failed")
