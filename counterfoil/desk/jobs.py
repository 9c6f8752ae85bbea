"""What the desk does in the background: long exports, and statements to many."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from django.http import HttpResponse, QueryDict
from django.urls import resolve
from django_htmx.middleware import HtmxDetails

from counterfoil.customers.queries import addresses_for, visible
from counterfoil.desk.exporting import Again, ListingResponse, file_name_of
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.kernel.periods import long_date_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.exports import MIME, csv_steps, xlsx_steps
from counterfoil.platform.jobs import Done, Made, job_kind, work_through
from counterfoil.platform.models import Job, JobItem
from counterfoil.receivables.operations import send_statement
from counterfoil.receivables.queries import default_statement_period


@job_kind("export")
def export(caller: Caller, job: Job) -> Iterator[Done]:
    """The file of a long list: its address asked again, as the person it is for, so that it is what was on screen."""
    asked = job.arguments
    found = _listing(caller, asked["path"], asked["query"])
    form, listing = asked["form"], found.listing
    steps = csv_steps(listing) if form == "csv" else xlsx_steps(listing, title=found.title, now=caller.now)
    for step in steps:
        if isinstance(step, bytes):
            yield Made(file_name_of(found.title, form, caller.today), MIME[form], step)
        else:
            yield step


def _listing(caller: Caller, path: str, query: str) -> ListingResponse:
    request = Again()
    request.method, request.path, request.path_info = "GET", path, path
    request.GET = QueryDict(f"{query}&format=csv")
    request.caller, request.htmx = dataclasses.replace(caller, door="job"), HtmxDetails(request)
    match = resolve(path)
    answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
    assert isinstance(answer, ListingResponse), f"{path} is no list."
    return answer


@job_kind("statements")
def statements(caller: Caller, job: Job) -> Iterator[Done]:
    """The usual statement to each customer of the job, at their own addresses."""

    def send(item: JobItem, key: str) -> None:
        customer = visible(caller).filter(pk=item.subject_id).first()
        if customer is None:
            raise NotFound("There is no such customer, or you may not see it any more.")
        addresses = [address.email for address in addresses_for(customer, "statement")]
        if not addresses:
            raise Refused("no_addresses", "No e-mail address for statements. Add one to a contact.")
        text = f"Good day, your statement to {long_date_text(caller.today)} is attached."
        send_statement(
            caller.with_key(key), customer=customer, period=default_statement_period(customer, caller.today),
            style="balance_forward", addresses=addresses, text=text,
        )  # fmt: skip

    yield from work_through(job, send)
