"""Jobs, notices and views of one's own."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from counterfoil.desk import queries
from counterfoil.desk.lists import LISTS
from counterfoil.desk.operations import forget_view, read_notices
from counterfoil.kernel.errors import NotFound
from counterfoil.platform import jobs
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved, act
from counterfoil.platform.downloads import file_response
from counterfoil.platform.requests import Request


def job(request: Request, pk: int) -> HttpResponse:
    """How far a job is. The fragment asks for itself again until the job is over."""
    caller = request.caller
    found = jobs.get_job(caller, pk)
    context = {
        "job": found, "failures": jobs.failures_of(found), "file": jobs.file_of(found) is not None,
        **progress_of(caller, found),
    }  # fmt: skip
    return render(request, "desk/job_state.html" if request.htmx else "desk/job.html", context)


def progress_of(caller: Caller, found: Any) -> dict[str, int | None]:
    """How far a job is in percent, how many a second, and seconds to go once there is enough to tell by."""
    told: dict[str, int | None] = {"share": None, "left": None, "rate": None}
    if found is None or not found.total:
        return told
    told["share"] = min(100 * found.done // found.total, 100)
    if found.state == "running" and found.done * 20 >= found.total:
        gone = (caller.now - found.started_at).total_seconds()
        told["left"] = round(gone * (found.total - found.done) / found.done)
        told["rate"] = round(found.done / gone) if gone >= 1 else None
    return told


def job_file(request: Request, pk: int) -> HttpResponse:
    """The file a job made."""
    file = jobs.file_of(jobs.get_job(request.caller, pk))
    if file is None:
        raise NotFound("The file is not there: it was not made, or a week has passed. Export it again.")
    return file_response(bytes(file.content), file.name, file.mime)


def _act(operation: Any, said: str) -> Any:
    return act(
        operation,
        jobs.get_job,
        lambda caller, job: {"job": job},
        lambda result, job: Saved(said, reverse("job", args=[result.pk])),
    )


pause = _act(jobs.pause_job, "Paused.")
resume = _act(jobs.resume_job, "Resumed.")
cancel = _act(jobs.cancel_job, "Cancelled. What was done stays done.")
retry = _act(jobs.retry_job, "Trying again.")


def notices(request: Request) -> HttpResponse:
    """What this person was told. Looking at it is reading it."""
    caller = request.caller
    found = queries.notices_of(caller)
    if any(notice.read_at is None for notice in found):
        read_notices(caller)
    return render(request, "desk/notices.html", {"notices": found})


def forget(request: Request, pk: int) -> HttpResponse:
    """A view of one's own is gone."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    caller = request.caller
    view = queries.get_view(caller, pk)
    forget_view(caller, view=view)
    return redirect(LISTS[view.list_key])
