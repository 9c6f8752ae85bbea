"""What billing does in the background: a bill run's preview, issuing, and sending. Each may be paused and resumed.

The verbs are done as the person who asked, with the rights they have now; the steps by the product on their behalf.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from counterfoil.billing import run_queries
from counterfoil.billing.models import BillRunItem
from counterfoil.billing.nouns import BILL_RUN
from counterfoil.billing.operations import runs
from counterfoil.billing.sending import InvoiceEmail, send_invoices
from counterfoil.customers.reaching import Address, addresses_of
from counterfoil.messaging.letters import Posted
from counterfoil.platform.callers import Caller
from counterfoil.platform.jobs import Done, job_kind, work_in_chunks
from counterfoil.platform.models import Job, JobItem

# Pausing and cancelling wait for so many documents at most, which is a few seconds.
SENT_AT_ONCE = 120


@job_kind("bill_run_preview")
def preview(caller: Caller, job: Job) -> Iterator[Done]:
    """What every bill of a run will come to."""
    run = BILL_RUN.get(caller, job.arguments["run"])
    catalogue = runs.catalogue_of(run)
    system = Caller.system("job", behalf=caller)
    while done := runs.preview_chunk(system, run=run, catalogue=catalogue):
        yield done.total()
    runs.finish_preview(system, run=run)


@job_kind("bill_run_issue")
def issue(caller: Caller, job: Job) -> Iterator[Done]:
    """The invoices of a run; several of these jobs work on one run, each takes what the others leave."""
    run = BILL_RUN.get(caller, job.arguments["run"])
    catalogue = runs.catalogue_of(run)
    system = Caller.system("job", behalf=caller)
    while done := runs.issue_chunk(system, run=run, catalogue=catalogue):
        yield done.total()
    runs.finish_issuing(system, run=run)


@job_kind("bill_run_send")
def send(caller: Caller, job: Job) -> Iterator[Done]:
    """The invoice of each customer to their own addresses, a chunk at a time."""
    system = Caller.system("job", behalf=caller)
    run = BILL_RUN.get(caller, job.arguments["run"])

    def some(items: list[JobItem]) -> int:
        rows = run_queries.bill_run_items(caller, run, [item.subject_id for item in items])
        unsent = [row for row in rows.values() if not row.sent]
        found = addresses_of([row.customer_id for row in unsent], "invoice")
        reached = [row for row in unsent if found[row.customer_id]]
        emails = [_email(row, found[row.customer_id]) for row in reached]
        made = send_invoices(caller, invoices=emails) if emails else []
        posted = dict(zip([row.pk for row in reached], made, strict=True))
        said = {
            item.pk: _said(rows.get(item.subject_id), posted.get(item.subject_id))
            for item in items
            if item.subject_id not in posted or not posted[item.subject_id].waits
        }
        runs.note_sent(system, run=run, items=[pk for pk, one in posted.items() if one.has_left], said=said)
        return len(said)

    yield from work_in_chunks(job, some, SENT_AT_ONCE)
    runs.finish_sending(system, run=run)


def _email(row: BillRunItem, addresses: Sequence[Address]) -> InvoiceEmail:
    assert row.invoice is not None
    # By the customer of the run, not by the job: a second job of the run sends nothing twice.
    return InvoiceEmail(row.invoice, [one.email for one in addresses], key=f"bill-run-item:{row.pk}")


def _said(row: BillRunItem | None, posted: Posted | None) -> str:
    """Why the invoice of a customer was not sent; nothing where it was."""
    if row is None:
        return "There is no such bill, or you may not see it."
    if posted is not None:
        return posted.said
    return "" if row.sent else "No e-mail address for invoices. Add one to a contact."
