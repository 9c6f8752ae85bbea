"""What the verbs about jobs have in common: the lock, and what is refused."""

from __future__ import annotations

from counterfoil.customers.models import Customer, Site
from counterfoil.customers.queries import lock
from counterfoil.jobs.models import FieldJob, JobEntry
from counterfoil.kernel.errors import NotFound, refuse_if
from counterfoil.messaging.rules import storable
from counterfoil.platform.operations import Operation
from counterfoil.subscriptions.models import Service
from counterfoil.tickets.models import Ticket

SEQUENCE = ("job", "J-{number:06}")
MOST_TEXT = 5_000


def held(job: FieldJob) -> FieldJob:
    """The job as it is now, with its customer locked."""
    known = FieldJob.objects.filter(pk=job.pk).values_list("customer_id", flat=True).first()
    if known is None:
        raise NotFound()
    lock([known])
    rows = FieldJob.objects.select_for_update(of=("self",))
    row = rows.select_related(
        "customer", "job_type", "technician__user", "site", "service__subscription", "service__product", "ticket"
    ).get(pk=job.pk)
    refuse_if(row.customer_id != known, "changed", "The job has moved to another account meanwhile. Look again.")
    owner = row.customer
    gone = owner.status in (Customer.Status.MERGED, Customer.Status.ERASED)
    refuse_if(gone, "account_closed", f"{owner.number} was {owner.get_status_display().lower()}.")
    return row


def refuse_over(row: FieldJob) -> None:
    """Refuses what is completed or cancelled."""
    refuse_if(row.is_over, "over", f"{row.number} was {row.get_state_display().lower()}. Open it again first.")


def refuse_others(owner: Customer, site: Site | None, service: Service | None, ticket: Ticket | None) -> None:
    """Refuses what belongs to another customer, or to none of theirs (domain 13)."""
    own = {owner.pk, *Customer.objects.filter(merged_into=owner.pk).values_list("pk", flat=True)}
    whose = (
        ("site", "address", site and site.customer_id),
        ("service", "service", service and Service.objects.filter(pk=service.pk).values_list(
            "subscription__customer", flat=True).get()),
        ("ticket", "ticket", ticket and ticket.customer_id),
    )  # fmt: skip
    for field, word, customer_id in whose:
        other = customer_id is not None and customer_id not in own
        refuse_if(other, "other_customer", f"That {word} is another customer’s.", field=field)


def one_line(text: str) -> str:
    """The text on one line, as it can be stored."""
    return " ".join(storable(text).split())


def write_entry(op: Operation, row: FieldJob, kind: str, text: str, value: str = "") -> JobEntry:
    """Something more is noted on the job."""
    return JobEntry.objects.create(
        job=row, kind=kind, text=storable(text).strip()[:MOST_TEXT], value=one_line(value)[:120],
        author=op.caller.name[:120], at=op.now,
    )  # fmt: skip
