"""Invoices that come again: each time a draft, which a person issues (domain 4.6)."""

from __future__ import annotations

import datetime as dt

from counterfoil.billing import queries
from counterfoil.billing.models import Invoice, RecurringDraft, RecurringInvoice
from counterfoil.billing.operations.invoices import NewInvoice, draft_invoices
from counterfoil.billing.rules import LineInput, next_in_series
from counterfoil.catalogue.models import RECURRING
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.platform.callers import System
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.words import Reason
from counterfoil.sales.models import Agreement
from counterfoil.subscriptions.models import Subscription
from counterfoil.subscriptions.queries import timelines
from counterfoil.subscriptions.rules import stretch_on

# What a draft made of another invoice says of where it comes from.
SOURCE = "repeated"


@verb(label="Make an invoice recurring")
def make_recurring(
    op: Operation,
    *,
    invoice: Invoice,
    frequency: str,
    agreement: Agreement | None = None,
    subscription: Subscription | None = None,
) -> RecurringInvoice:
    """A draft with the lines of this invoice is made each period, counted from its date, until it is stopped.

    It belongs to an agreement, and comes on the days on which that holds: it ends with it, and goes on when it is
    renewed; or to a subscription, and comes while something of that goes on (domain 4.6). Periods before today are not
    made up for. The 29th to the 31st keep their nominal day.
    """
    lock([invoice.customer_id])
    row = Invoice.objects.get(pk=invoice.pk)
    refuse_if(row.state != Invoice.State.ISSUED, "not_issued", "Issue the invoice first, then make it recurring.")
    refuse_if(
        row.source == "recurring", "made_by_billing",
        "Subscription invoices already recur. Change the services instead.",
    )  # fmt: skip
    refuse_if(frequency not in dict(RECURRING), "no_such_frequency", "Choose how often it recurs.", field="frequency")
    refuse_if(
        RecurringInvoice.objects.filter(invoice=row, stopped_on=None).exists(), "already_so",
        f"{row.number} is recurring already. Stop that first.",
    )  # fmt: skip
    begins = agreement.starts if agreement is not None else op.today
    first = next_in_series(row.on, frequency, max(op.today, begins, row.on + dt.timedelta(days=1)))
    _check_owner(row, agreement, subscription, first)
    made = RecurringInvoice.objects.create(
        customer_id=row.customer_id, invoice=row, frequency=frequency, next_on=first, agreement=agreement,
        subscription=subscription,
    )  # fmt: skip
    op.record(
        "invoice.recurs", made, customer_id=row.customer_id, number=row.number,
        often=made.get_frequency_display().lower(), on=first,
    )  # fmt: skip
    return made


def _check_owner(
    invoice: Invoice, agreement: Agreement | None, subscription: Subscription | None, first: dt.date
) -> None:
    owners = [owner for owner in (agreement, subscription) if owner is not None]
    refuse_if(
        len(owners) != 1, "no_owner",
        "Only an agreement or a subscription has recurring invoices. Choose one, or make an agreement first.",
        field="owner",
    )  # fmt: skip
    refuse_if(owners[0].customer_id != invoice.customer_id, "other_customer", "That belongs to another account.",
              field="owner")  # fmt: skip
    if agreement is not None:
        now = Agreement.objects.get(pk=agreement.pk)
        refuse_if(now.state != Agreement.State.ACTIVE, "not_active", f"{now} is {now.get_state_display().lower()}.",
                  field="owner")  # fmt: skip
        refuse_if(
            now.ends <= first, "ends_before",
            f"{now} ends before the first draft, of {date_text(first)}. Renew it first.", field="owner",
        )  # fmt: skip
    if subscription is not None:
        refuse_if(
            not subscription.services.filter(end="").exists(), "not_active",
            f"{subscription} has no active services.", field="owner",
        )  # fmt: skip


@verb(label="Stop a recurring invoice")
def stop_recurring(op: Operation, *, recurring: RecurringInvoice, reason: Reason) -> RecurringInvoice:
    """No draft of it is made any more; those that were made stay."""
    lock([recurring.customer_id])
    row = RecurringInvoice.objects.select_related("invoice").get(pk=recurring.pk)
    refuse_if(row.stopped_on is not None, "already_so", "It is already stopped.")
    row.stopped_on, row.next_on, row.failure = op.today, None, ""
    row.save(update_fields=["stopped_on", "next_on", "failure"])
    op.record(
        "invoice.recurs_no_more", row, customer_id=row.customer_id, number=row.invoice.number,
        reason=reason,
    )  # fmt: skip
    return row


@step
def draft_recurring(op: Operation, *, recurring: RecurringInvoice) -> list[Invoice]:
    """Every draft due up to today is made, one for each day missed, with the tax of its day; again, there is none.

    Days on which nothing of its subscription went on are passed.
    """
    lock([recurring.customer_id])
    rows = RecurringInvoice.objects.select_related("invoice__customer", "invoice__site", "agreement", "subscription")
    row = rows.get(pk=recurring.pk)
    made: list[Invoice] = []
    if row.subscription is not None and not row.subscription.services.filter(end="").exists():
        return made
    # It may have ended, and begun again later.
    lines = timelines(row.subscription.services.values_list("pk", flat=True)).values() if row.subscription else ()
    # The next day stays known when the agreement has ended: renewed, it goes on from there.
    while (
        row.next_on is not None
        and row.next_on <= op.today
        and (row.agreement is None or row.next_on < row.agreement.ends)
    ):
        if row.subscription is None or any(stretch_on(line, row.next_on) for line in lines):
            (draft,) = draft_invoices(op, invoices=[_like(row.invoice, row.next_on)])
            RecurringDraft.objects.create(recurring=row, on=row.next_on, invoice=draft)
            made.append(draft)
        following = next_in_series(row.invoice.on, row.frequency, row.next_on + dt.timedelta(days=1))
        row.next_on = None if row.ends_on is not None and following >= row.ends_on else following
    if made or row.failure or row.next_on != recurring.next_on:
        op.keep(row)
    row.failure = ""
    row.save(update_fields=["next_on", "failure"])
    return made


@step
def fail_recurring(op: Operation, *, recurring: RecurringInvoice, reason: Reason) -> RecurringInvoice:
    """The draft that is due could not be made, and why is known and told; the same again is not told again."""
    lock([recurring.customer_id])
    row = RecurringInvoice.objects.select_related("invoice").get(pk=recurring.pk)
    if row.next_on is not None and row.failure != reason[:300]:
        row.failure = reason[:300]
        row.save(update_fields=["failure"])
        op.record(
            "invoice.not_drafted", row, customer_id=row.customer_id, number=row.invoice.number, on=row.next_on,
            reason=row.failure,
        )  # fmt: skip
    return row


def draft_due_recurring(system: System) -> int:
    """Make the drafts of every recurring invoice that is due; returns how many. Run by the clock."""
    made = 0
    for row in queries.recurring_due(system.today):
        try:
            made += len(draft_recurring(system, recurring=row))
        except Refused as refusal:
            # Something about this one: it stays due, stops no other, and a reaction tells whoever made it recurring.
            fail_recurring(system, recurring=row, reason=refusal.sentence)
    return made


def _like(invoice: Invoice, on: dt.date) -> NewInvoice:
    rates = {rate.code: rate.pk for rate in queries.tax_rates_on(on)}
    lines = tuple(
        LineInput(
            line.text, line.quantity, line.unit_price,
            rates.get(line.tax_rate.code, line.tax_rate.pk) if line.tax_rate else None,
        )
        for line in invoice.lines.select_related("tax_rate")
    )  # fmt: skip
    return NewInvoice(
        customer=invoice.customer, lines=lines, on=on, prices_include_tax=invoice.prices_include_tax,
        reference=invoice.reference, text=invoice.text, site=invoice.site, source=SOURCE,
    )  # fmt: skip


def keeps_open(customer: Customer) -> str:
    """Why an account stays open: an invoice of it comes again."""
    row = queries.comes_again(customer)
    return f"{row.invoice} of {customer.number} is recurring. Stop it first." if row else ""
