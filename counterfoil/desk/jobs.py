"""What the desk does in the background: long exports, and statements to many."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from django.http import HttpResponse, QueryDict
from django.urls import resolve
from django_htmx.middleware import HtmxDetails

from counterfoil.billing.invoice_files import credit_note_pdf, invoice_pdf
from counterfoil.billing.models import Invoice
from counterfoil.billing.nouns import CREDIT_NOTE, INVOICE
from counterfoil.billing.sending import InvoiceEmail, send_invoices
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import visible
from counterfoil.customers.reaching import addresses_of
from counterfoil.desk.exporting import Again, ListingResponse, file_name_of
from counterfoil.documents.rendering import joined
from counterfoil.kernel.errors import NotFound
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.exports import MIME, csv_steps, xlsx_steps
from counterfoil.platform.jobs import Done, Made, job_kind, settle_items, work_in_chunks
from counterfoil.platform.models import Job, JobItem
from counterfoil.receivables.operations import StatementEmail, send_statements
from counterfoil.receivables.queries import default_statement_periods, statement_of
from counterfoil.receivables.statement_files import statement_pdf


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


@job_kind("print")
def printing(caller: Caller, job: Job) -> Iterator[Done]:
    """One PDF of the documents that were chosen, each as it is by itself. What its person may not see fails the job."""
    made = []
    for kind, keys in job.arguments.items():
        for pk in keys:
            made.append(_document(caller, kind, pk))
            yield 1
    yield Made(f"documents-{caller.today.isoformat()}.pdf", MIME["pdf"], joined(made))


def _document(caller: Caller, kind: str, pk: int) -> bytes:
    try:
        if kind == "invoice":
            return invoice_pdf(INVOICE.get(caller, pk))
        if kind == "credit_note":
            return credit_note_pdf(CREDIT_NOTE.get(caller, pk))
        caller.must("receivables.view")
        customer = visible(caller).get(pk=pk)
        period = default_statement_periods([pk], caller.today)[pk]
        return statement_pdf(statement_of(customer, period, "balance_forward", caller.today))
    except Customer.DoesNotExist as error:
        raise NotFound("There is no such customer, or you may not see it any more.") from error


# Pausing and cancelling wait for so many documents at most, which is a few seconds.
SENT_AT_ONCE = 120


@job_kind("statements")
def statements(caller: Caller, job: Job) -> Iterator[Done]:
    """The usual statement to each customer of the job, at their own addresses, a chunk at a time."""
    system = Caller.system("job")

    def some(items: list[JobItem]) -> int:
        wanted = [item.subject_id for item in items]
        seen = {row.pk: row for row in visible(caller).filter(among("pk", wanted))}
        addresses = addresses_of(list(seen), "statement")
        periods = default_statement_periods(list(seen), caller.today)
        reached = [item for item in items if addresses.get(item.subject_id)]
        emails = [
            StatementEmail(seen[pk], periods[pk], [one.email for one in addresses[pk]], key=f"job:{job.pk}:{key}")
            for pk, key in ((item.subject_id, item.pk) for item in reached)
        ]
        posted = send_statements(caller, statements=emails, style="balance_forward") if emails else []
        said = {item.pk: one.said for item, one in zip(reached, posted, strict=True) if not one.waits}
        said |= {item.pk: _unsent(seen.get(item.subject_id)) for item in items if item not in reached}
        settle_items(system, said=said)
        return len(said)

    yield from work_in_chunks(job, some, SENT_AT_ONCE)


@job_kind("invoices")
def invoices(caller: Caller, job: Job) -> Iterator[Done]:
    """Each invoice of the job to its customer's own addresses, a chunk at a time."""
    system = Caller.system("job")

    def some(items: list[JobItem]) -> int:
        rows = INVOICE.visible(caller).filter(among("pk", [item.subject_id for item in items]))
        seen = {row.pk: row for row in rows}
        addresses = addresses_of([row.customer_id for row in seen.values()], "invoice")
        reached = [
            (item, row) for item in items if (row := seen.get(item.subject_id)) and addresses.get(row.customer_id)
        ]
        emails = [
            InvoiceEmail(row, [one.email for one in addresses[row.customer_id]], key=f"job:{job.pk}:{item.pk}")
            for item, row in reached
        ]
        posted = send_invoices(caller, invoices=emails) if emails else []
        said = {item.pk: one.said for (item, _), one in zip(reached, posted, strict=True) if not one.waits}
        tried = {item.pk for item, _ in reached}
        said |= {item.pk: _no_invoice(seen.get(item.subject_id)) for item in items if item.pk not in tried}
        settle_items(system, said=said)
        return len(said)

    yield from work_in_chunks(job, some, SENT_AT_ONCE)


def _no_invoice(row: Invoice | None) -> str:
    if row is None:
        return "There is no such invoice, or you may not see it any more."
    return "No e-mail address for invoices. Add one to a contact."


def _unsent(customer: Customer | None) -> str:
    if customer is None:
        return "There is no such customer, or you may not see it any more."
    return "No e-mail address for statements. Add one to a contact."
