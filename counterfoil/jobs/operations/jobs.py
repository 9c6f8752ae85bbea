"""What becomes of a job besides its time and its work: opened, changed, cancelled, opened again; and its customer."""

from __future__ import annotations

from typing import Annotated

from counterfoil.customers.models import Customer, Site
from counterfoil.customers.queries import lock
from counterfoil.jobs import notices, queries, rules
from counterfoil.jobs.models import FieldJob, JobCheck, JobEntry, JobType
from counterfoil.jobs.operations.shared import SEQUENCE, held, one_line, refuse_others, refuse_over, write_entry
from counterfoil.kernel.errors import refuse_if
from counterfoil.messaging.operations import queue_messages
from counterfoil.operator import numbering
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import Reason
from counterfoil.subscriptions.models import Service
from counterfoil.tickets.models import Ticket

State = FieldJob.State
_Summary = Annotated[str, Says("What is to be done", most=200)]
_Name = Annotated[str, Says("Who is called", most=120)]
_Phone = Annotated[str, Says("Phone", most=40)]


@step
def set_up_jobs(op: Operation) -> None:
    """The number sequence of jobs exists."""
    numbering.define(op, *SEQUENCE)


@verb(label="Open job")
def open_job(
    op: Operation,
    *,
    customer: Customer,
    job_type: JobType,
    summary: _Summary,
    site: Site | None = None,
    service: Service | None = None,
    ticket: Ticket | None = None,
    contact_name: _Name = "",
    contact_phone: _Phone = "",
    note: Annotated[str, Says("Note", "What the technician should know.", most=2000)] = "",
) -> FieldJob:  # fmt: skip
    """The customer has a job with the next number, which waits for a technician and a time.

    Its checklist is that of its type now. An address, service or ticket of another customer is refused.
    """
    owner = lock([customer.pk])[customer.pk]
    gone = owner.status in (Customer.Status.MERGED, Customer.Status.ERASED)
    refuse_if(gone, "account_closed", f"{owner.number} was {owner.get_status_display().lower()}.", field="customer")
    fresh = JobType.objects.get(pk=job_type.pk)
    refuse_if(fresh.retired_on is not None, "not_offered", f"{fresh.name} is not offered any more. Choose another.",
              field="job_type")  # fmt: skip
    refuse_others(owner, site, service, ticket)
    if site is None and service is not None:
        # Where the service is.
        site = Service.objects.select_related("subscription__site").get(pk=service.pk).subscription.site
    row = FieldJob(
        customer=owner, job_type=fresh, summary=one_line(summary)[:200], site=site, service=service, ticket=ticket,
        contact_name=one_line(contact_name), contact_phone=one_line(contact_phone), opened_at=op.now,
        opened_by=op.caller.name[:120],
    )  # fmt: skip
    number = numbering.take(SEQUENCE[0], [numbering.For(op.today, owner.brand_id)])[0]
    row.number, row.sequence_no = number.text, number.place
    row.save(force_insert=True)
    JobCheck.objects.bulk_create(
        JobCheck(job=row, place=place, text=line[:200]) for place, line in enumerate(fresh.checklist, 1)
    )
    if note:
        write_entry(op, row, JobEntry.Kind.NOTE, note)
    op.record(
        "field_job.opened", row, customer_id=row.customer_id, number=row.number, job_type=fresh.name, title=row.summary
    )
    return row


@verb(label="Change job")
def change_job(
    op: Operation, *, job: FieldJob, summary: _Summary, site: Site | None = None, service: Service | None = None,
    contact_name: _Name = "", contact_phone: _Phone = "",
) -> FieldJob:  # fmt: skip
    """The job is about this, at this address, and this person is called before the visit."""
    row = held(job)
    refuse_over(row)
    refuse_others(row.customer, site, service, None)
    now = {
        "summary": one_line(summary)[:200], "address": str(site or "none"), "service": str(service or "none"),
        "who is called": one_line(contact_name) or "nobody", "phone": one_line(contact_phone) or "none",
    }  # fmt: skip
    before = {
        "summary": row.summary, "address": str(row.site or "none"), "service": str(row.service or "none"),
        "who is called": row.contact_name or "nobody", "phone": row.contact_phone or "none",
    }  # fmt: skip
    changes = {name: [before[name], value] for name, value in now.items() if before[name] != value}
    refuse_if(not changes, "no_change", "Nothing was changed.")
    row.summary, row.site, row.service = now["summary"], site, service
    row.contact_name, row.contact_phone = one_line(contact_name), one_line(contact_phone)
    row.save(update_fields=["summary", "site", "service", "contact_name", "contact_phone"])
    op.record("field_job.changed", row, customer_id=row.customer_id, number=row.number, changes=changes)
    return row


@verb(label="Cancel job")
def cancel_job(op: Operation, *, job: FieldJob, reason: Reason) -> FieldJob:
    """The job will not be done; its technician's time is free again. Nothing is charged."""
    row = held(job)
    refuse_over(row)
    row.state, row.cancelled_at, row.reason = State.CANCELLED, op.now, reason
    row.save(update_fields=["state", "cancelled_at", "reason"])
    op.record("field_job.cancelled", row, customer_id=row.customer_id, number=row.number, reason=reason)
    return row


@verb(label="Open job again")
def reopen_job(op: Operation, *, job: FieldJob, reason: Reason) -> FieldJob:
    """A job that was completed or cancelled waits for a technician and a time again.

    What completing it charged stays charged, and is not charged a second time.
    """
    row = held(job)
    refuse_if(not row.is_over, "not_over", f"{row.number} is {row.get_state_display().lower()}, not over.")
    row.state, row.reason, row.technician = State.UNASSIGNED, reason, None
    row.starts_at = row.ends_at = row.first_ends_at = row.started_at = row.completed_at = row.cancelled_at = None
    row.reminded_of = row.reminded_at = None
    row.save()
    op.record("field_job.reopened", row, customer_id=row.customer_id, number=row.number, reason=reason)
    return row


# ------------------------------------------------------------------ reminders


@step
def remind_job(op: Operation, *, job: FieldJob) -> bool:
    """The customer is told of the visit, once for each time that it is moved to; whether anybody could be told."""
    row = held(job)
    due = queries.to_remind(op.now).filter(pk=row.pk).exists()
    if not due or row.starts_at is None or row.ends_at is None:
        return False
    row.reminded_of, row.reminded_at = row.starts_at, op.now
    row.save(update_fields=["reminded_of", "reminded_at"])
    letters = notices.of_visit(row)
    if not letters:
        return False
    queue_messages(op, messages=letters)
    op.record(
        "field_job.reminded", row, customer_id=row.customer_id, number=row.number,
        when=queries.visit_text(row.starts_at, row.ends_at),
    )  # fmt: skip
    return True


# ------------------------------------------------------------------ the customer goes


@step
def erase_jobs(op: Operation, *, customer: Customer) -> int:
    """Nothing personal is left on the customer's jobs; that, when and by whom they were done stays."""
    rows = list(FieldJob.objects.select_for_update().filter(customer=customer).order_by("pk"))
    for row in rows:
        row.summary, row.contact_name, row.contact_phone, row.reason = "Erased", "", "", ""
        if not row.is_over:
            # Nobody is sent to somebody whom we do not know any more.
            row.state, row.cancelled_at = State.CANCELLED, op.now
        row.save()
        row.entries.update(text="Erased", value="", author="Erased")
        op.keep(row, customer_id=customer.pk)
    return len(rows)


def take_along(op: Operation, before: Service, after: Service) -> None:
    """A service that goes on under another account takes the jobs along that are not over, to where it is now.

    Whom to call, and the ticket, are of the account before. A job that has charged something stays with who paid it,
    and one with notes, readings or files with whom they are about.
    """
    subscription = after.subscription
    rows = FieldJob.objects.select_for_update(of=("self",)).filter(
        service=before, charges=None, entries=None, files=None
    )
    for row in rows.exclude(state__in=rules.OVER).order_by("pk"):
        old = row.customer_id
        row.customer_id, row.service, row.site_id = subscription.customer_id, after, subscription.site_id
        row.ticket, row.contact_name, row.contact_phone, row.reminded_of = None, "", "", None
        row.save()
        for customer_id in (old, row.customer_id):
            op.record("field_job.followed", row, customer_id=customer_id, number=row.number, service=str(after),
                      to=subscription.customer.number)  # fmt: skip


def follow_merge(op: Operation, customer: Customer, duplicate: Customer) -> None:
    """Jobs of an account that is merged are the other's."""
    for row in FieldJob.objects.select_for_update().filter(customer=duplicate).order_by("pk"):
        row.customer = customer
        row.save(update_fields=["customer"])
        op.keep(row, customer_id=customer.pk)
