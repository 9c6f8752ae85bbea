"""What billing does in the background: a bill run's preview, issuing, and sending. Each may be paused and resumed.

The verbs are done as the person who asked, with the rights they have now; the steps by the product on their behalf.
"""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.billing import run_queries
from counterfoil.billing.operations import runs
from counterfoil.billing.sending import send_invoice
from counterfoil.customers.queries import addresses_for
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import long_date_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.jobs import Done, job_kind, work_through
from counterfoil.platform.models import Job, JobItem


@job_kind("bill_run_preview")
def preview(caller: Caller, job: Job) -> Iterator[Done]:
    """What every bill of a run will come to."""
    run = run_queries.get_bill_run(caller, job.arguments["run"])
    catalogue = runs.catalogue_of(run)
    system = Caller.system("job", behalf=caller)
    while done := runs.preview_chunk(system, run=run, catalogue=catalogue):
        yield done.total()
    runs.finish_preview(system, run=run)


@job_kind("bill_run_issue")
def issue(caller: Caller, job: Job) -> Iterator[Done]:
    """The invoices of a run; several of these jobs work on one run, each takes what the others leave."""
    run = run_queries.get_bill_run(caller, job.arguments["run"])
    catalogue = runs.catalogue_of(run)
    system = Caller.system("job", behalf=caller)
    while done := runs.issue_chunk(system, run=run, catalogue=catalogue):
        yield done.total()
    runs.finish_issuing(system, run=run)


@job_kind("bill_run_send")
def send(caller: Caller, job: Job) -> Iterator[Done]:
    """The invoice of each customer to their own addresses."""
    system = Caller.system("job", behalf=caller)

    def one(item: JobItem, key: str) -> None:
        row = run_queries.get_bill_run_item(caller, item.subject_id)
        assert row.invoice is not None
        if row.sent:
            return
        addresses = [address.email for address in addresses_for(row.customer, "invoice")]
        if not addresses:
            raise Refused("no_addresses", "No e-mail address for invoices. Add one to a contact.")
        text = f"Good day, your invoice of {long_date_text(row.invoice.on)} is attached."
        # By the customer of the run, not by the job: a second job of the run sends nothing twice.
        send_invoice(caller.with_key(f"bill-run-item:{row.pk}"), invoice=row.invoice, addresses=addresses, text=text)
        runs.mark_sent(system, item=row)

    yield from work_through(job, one)
    runs.finish_sending(system, run=run_queries.get_bill_run(caller, job.arguments["run"]))
