"""What a technician does on a job: starts it, ticks its lines, notes, reads, photographs, completes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import draft_invoice
from counterfoil.billing.queries import tax_rates_on
from counterfoil.billing.rules import LineInput
from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Attachment
from counterfoil.customers.operations import write_attachment
from counterfoil.customers.queries import speeches_of
from counterfoil.documents.inspection import inspect
from counterfoil.jobs import queries, rules
from counterfoil.jobs.models import FieldJob, JobCharge, JobEntry, JobFile
from counterfoil.jobs.operations.shared import held, one_line, refuse_over, write_entry
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import OneOf, Says
from counterfoil.subscriptions.models import OneTimeCharge, Span, Subscription
from counterfoil.subscriptions.operations import add_one_time_charge, change_services
from counterfoil.subscriptions.queries import timelines
from counterfoil.subscriptions.rules import Change

State, Kind = FieldJob.State, JobEntry.Kind
_MOST_LINES, _MOST_VALUE = 40, 120
_Readings = Annotated[Sequence[str], Says("Readings and serial numbers", "One per line: Serial number: ABC123.")]
_Done = Annotated[Sequence[str], Says("Checklist", "Tick what is done.")]


@verb(label="Start job")
def start_job(op: Operation, *, job: FieldJob) -> FieldJob:
    """The technician works on the job from now on. One thing at a time: refused while they are at another one."""
    row = held(job)
    refuse_if(row.state != State.SCHEDULED, "not_scheduled",
              f"{row.number} is {row.get_state_display().lower()}; what is scheduled can be started.")  # fmt: skip
    # One that is late can begin on any day; one of a later day would leave that time taken.
    day = queries.local_day(row.visit[0])
    refuse_if(day > op.today, "not_today", f"{row.number} is planned for {date_text(day)}. Move it to today first.")
    other = FieldJob.objects.filter(technician=row.technician, state=State.UNDER_WAY).first()
    refuse_if(other is not None, "double_booked",
              f"{row.technician} is still at {other.number if other else ''}. Complete that first.")  # fmt: skip
    row.state, row.started_at = State.UNDER_WAY, op.now
    row.save(update_fields=["state", "started_at"])
    op.record("field_job.started", row, customer_id=row.customer_id, number=row.number, technician=str(row.technician))
    return row


@verb(right=start_job, label="Tick checklist of job")
def tick_job(op: Operation, *, job: FieldJob, done: _Done) -> FieldJob:
    """These lines of the checklist are done, the others are not."""
    row = held(job)
    refuse_over(row)
    changed = _tick(row, done)
    refuse_if(not changed, "no_change", "Nothing was ticked or taken back.", field="done")
    now = [one.done for one in row.checks.all()]
    op.record("field_job.ticked", row, customer_id=row.customer_id, number=row.number, done=sum(now), of=len(now))
    return row


def _tick(row: FieldJob, done: Sequence[str]) -> bool:
    """Whether any line changed; refused where a line is not on the list."""
    checks = list(row.checks.all())
    known = {one.text for one in checks}
    strange = [line for line in done if line not in known]
    refuse_if(bool(strange), "no_such_line", f"“{strange[0][:60] if strange else ''}” is not on the checklist.",
              field="done")  # fmt: skip
    changed = [one for one in checks if one.done != (one.text in done)]
    for one in changed:
        one.done = one.text in done
        one.save(update_fields=["done"])
    return bool(changed)


@verb(right=start_job, label="Add note to job")
def add_job_note(op: Operation, *, job: FieldJob, text: Annotated[str, Says("Note", most=2000)]) -> JobEntry:
    """The note stands on the job; the customer does not see it."""
    row = held(job)
    made = write_entry(op, row, Kind.NOTE, text)
    op.record("field_job.noted", row, customer_id=row.customer_id, number=row.number)
    return made


@verb(right=start_job, label="Add reading to job")
def add_job_reading(
    op: Operation, *, job: FieldJob,
    what: Annotated[str, Says("What", "Serial number of the router, light in dBm.", most=120)],
    value: Annotated[str, Says("Value", most=120)],
) -> JobEntry:  # fmt: skip
    """A reading or serial number stands on the job under its name."""
    row = held(job)
    made = write_entry(op, row, Kind.READING, one_line(what), value)
    op.record("field_job.read", row, customer_id=row.customer_id, number=row.number, what=made.text)
    return made


def _look(caller: Caller, *, content: bytes, **more: Any) -> str:
    return inspect(content)


@verb(right=start_job, label="Attach a file to job", before=_look)
def attach_job_file(
    op: Operation, *, job: FieldJob, kind: Annotated[str, OneOf(Attachment.Kind)], name: str, content: bytes
) -> JobFile:  # fmt: skip
    """The file is an attachment of the customer, and stands on the job."""
    row = held(job)
    mime: str = op.ready
    attachment = write_attachment(op, row.customer, kind=kind, name=name, content=content, mime=mime)
    made = JobFile.objects.create(job=row, attachment=attachment)
    op.record("field_job.file_added", row, customer_id=row.customer_id, number=row.number)
    return made


@verb(label="Complete job")
def complete_job(
    op: Operation,
    *,
    job: FieldJob,
    done: _Done = (),
    readings: _Readings = (),
    note: Annotated[str, Says("Note", "Why a line was left out; what the next one should know.", most=2000)] = "",
) -> FieldJob:  # fmt: skip
    """The job is done: each one-time product of its type is charged once; its service starts where the type says so.

    Charged is the next bill of the service's subscription, else of the customer's first one; where there is none, a
    draft invoice. Lines that are not ticked need a note. A product without a price is refused, and nothing happens.
    """
    row = held(job)
    refuse_over(row)
    refuse_if(row.state == State.UNASSIGNED, "not_scheduled", f"{row.number} has no technician yet. Schedule it first.")
    ticked = {*done, *row.checks.filter(done=True).values_list("text", flat=True)}
    _tick(row, sorted(ticked))
    left = rules.skipped(list(row.checks.values_list("text", flat=True)), ticked)
    refuse_if(bool(left) and not note.strip(), "not_ticked",
              f"Not ticked: {'; '.join(left)[:300]}. Tick it, or say in the note why not.", field="done")  # fmt: skip
    for line in readings:
        what, colon, value = one_line(line).partition(":")
        refuse_if(not colon or not value.strip(), "bad_reading",
                  f"“{line[:60]}” is no reading. Write what, a colon and the value.", field="readings")  # fmt: skip
        long = max(len(one_line(what)), len(one_line(value))) > _MOST_VALUE
        refuse_if(long, "too_long", f"“{line[:60]}…” is longer than {_MOST_VALUE} characters. Shorten it, or write a "
                  "note.", field="readings")  # fmt: skip
        write_entry(op, row, Kind.READING, what, value.strip())
    refuse_if(len(readings) > _MOST_LINES, "too_many", f"Give {_MOST_LINES} readings at most.", field="readings")
    if note.strip():
        write_entry(op, row, Kind.NOTE, note)
    charged = _charge(op, row)
    started = _start_service(op, row)
    row.state, row.completed_at = State.COMPLETED, op.now
    row.started_at = row.started_at or op.now
    row.save(update_fields=["state", "completed_at", "started_at"])
    op.record(
        "field_job.completed", row, customer_id=row.customer_id, number=row.number,
        charged=f", charging {', '.join(map(str, charged))}" if charged else "",
        started=f"; {row.service} started" if started else "",
    )  # fmt: skip
    return row


def _charge(op: Operation, row: FieldJob) -> list[Product]:
    """Each product of the type that this job did not charge yet is charged now; which they were."""
    before = set(row.charges.values_list("product", flat=True))
    products = [one.product for one in row.job_type.products.select_related("product").order_by("pk")]
    products = [product for product in products if product.pk not in before]
    if not products:
        return []
    subscription = queries.subscription_for(row)
    # A subscription keeps the currency it began with.
    currency = subscription.currency if subscription else row.customer.currency
    prices = queries.prices_once(products, currency, op.today)
    for product in products:
        refuse_if(product.pk not in prices, "no_price", f"{product} has no one-time price in {currency}. "
                  "Set one in the catalogue, or take it off the job type.")  # fmt: skip
    if subscription is not None:
        for product in products:
            one = _on_next_bill(op, row, subscription, product, Decimal(str(prices[product.pk])))
            JobCharge.objects.create(job=row, product=product, one_time=one)
        return products
    for inclusive in (True, False):
        some = [product for product in products if product.prices_include_tax is inclusive]
        if some:
            made = _draft(op, row, some, prices, inclusive=inclusive)
            JobCharge.objects.bulk_create(JobCharge(job=row, product=product, invoice=made) for product in some)
    return products


def _on_next_bill(
    op: Operation, row: FieldJob, subscription: Subscription, product: Product, price: Decimal
) -> OneTimeCharge:  # fmt: skip
    speech = speeches_of([subscription.customer])[subscription.customer_id]
    text = speech.say("{what}, job {number}", what=product, number=row.number)[:200]
    return add_one_time_charge(
        op, subscription=subscription, text=text, price=price, on=op.today,
        tax_code=product.tax_code, prices_include_tax=product.prices_include_tax,
    )  # fmt: skip


def _draft(
    op: Operation, row: FieldJob, products: Sequence[Product], prices: dict[int, object], *, inclusive: bool
) -> Invoice:  # fmt: skip
    rates = {rate.code: rate.pk for rate in tax_rates_on(op.today)}
    lines = [
        LineInput(f"{product}, job {row.number}"[:200], Decimal(1), Decimal(str(prices[product.pk])),
                  rates.get(product.tax_code))
        for product in products
    ]  # fmt: skip
    return draft_invoice(
        op, customer=row.customer, lines=lines, on=op.today, prices_include_tax=inclusive, reference=row.number
    )


def _start_service(op: Operation, row: FieldJob) -> bool:
    """Whether the service that the job is about began by it: a draft, where the type says so."""
    if not row.job_type.starts_service or row.service is None:
        return False
    states = {stretch.state for stretch in timelines([row.service.pk])[row.service.pk] if stretch.ends is None}
    if states != {Span.State.DRAFT}:
        return False
    try:
        change_services(op, services=[row.service], change=Change("start", op.today), reason=f"Job {row.number}")
    except Refused as refusal:
        raise Refused(refusal.code, f"{row.service} cannot start: {refusal.sentence}") from refusal
    return True
