"""Book checks of billing: documents match their lines, their items, and their numbers."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from counterfoil.billing import queries
from counterfoil.billing.models import (
    BillRun,
    Charge,
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    RecurringInvoice,
)
from counterfoil.billing.rules import next_in_series
from counterfoil.billing.run_queries import added_up, run_figures
from counterfoil.ledger.models import Posting
from counterfoil.ledger.rules import DEFERRED, TAX
from counterfoil.operator import numbering
from counterfoil.platform import bulk
from counterfoil.platform.checks import book_check
from counterfoil.receivables.models import OpenItem
from counterfoil.sales.models import Agreement
from counterfoil.subscriptions.models import OneTimeCharge
from counterfoil.trail.models import Event


@book_check
def documents_match_their_lines() -> Iterable[str]:
    """Net and tax of every invoice and credit note are the sums of its lines."""
    for model in (Invoice, CreditNote):
        wrong = model.objects.annotate(
            n=Count("lines"), net=Sum("lines__net_minor"), tax=Sum("lines__tax_minor")
        ).exclude(net=F("net_minor"), tax=F("tax_minor"), n__gte=1)
        for row in wrong[:20]:
            yield f"{row} says {row.net_minor} and {row.tax_minor} tax; its lines say {row.net} and {row.tax}."


@book_check
def issued_documents_match_their_items() -> Iterable[str]:
    """Every issued document has an open item of its number, customer, day and amount; every such item a document."""
    pairs: tuple[tuple[Any, str], ...] = ((Invoice, "invoice"), (CreditNote, "credit_note"))
    for model, kind in pairs:
        issued: Any = model.objects.filter(state="issued") if model is Invoice else model.objects.all()
        wrong = issued.exclude(
            item__kind=kind, item__number=F("number"), item__customer=F("customer"), item__on=F("on"),
            item__amount_minor=F("total_minor"), item__currency=F("currency"),
            item__reference=F("reference" if model is Invoice else "invoice__number"),
        )  # fmt: skip
        for row in wrong[:20]:
            yield f"{row} and its open item differ."
        orphans = OpenItem.objects.filter(kind=kind).exclude(pk__in=issued.values("item"))
        for item in orphans[:20]:
            yield f"Item {item.number} has no {kind.replace('_', ' ')} behind it."
    for row in Invoice.objects.exclude(state="issued").filter(item__isnull=False)[:20]:
        yield f"{row} is not issued and yet has an open item."


@book_check
def documents_match_their_postings() -> Iterable[str]:
    """The tax of each document is what was posted as tax, and an invoice is due when its item is."""
    tax = Q(item__entry__postings__account__code=TAX)
    posted = Coalesce(Sum("item__entry__postings__amount_minor", filter=tax), 0)
    invoices = Invoice.objects.filter(state="issued").annotate(posted=posted)
    notes = CreditNote.objects.annotate(posted=posted)
    wrong: list[Any] = [*invoices.exclude(posted=-F("tax_minor"))[:20], *notes.exclude(posted=F("tax_minor"))[:20]]
    for row in wrong:
        yield f"{row} has {row.tax_minor} tax; its entry posts {row.posted}."
    for invoice in invoices.exclude(item__due_on=F("due_on"))[:20]:
        yield f"{invoice} and its open item are due on different days."


@book_check
def credits_are_within_their_invoice() -> Iterable[str]:
    """The credit notes of a line never exceed it, in net or in tax; a line credited in full is credited exactly."""
    sums = InvoiceLine.objects.annotate(
        net=Sum("credits__net_minor"), tax=Sum("credits__tax_minor"), total=Sum("credits__total_minor")
    ).filter(total__isnull=False)
    for line in sums.filter(Q(total__gt=F("total_minor")) | Q(tax__gt=F("tax_minor")))[:20]:
        yield f"Line {line.pk} ({line.text[:40]}) is credited with more than it has."
    for line in sums.filter(total=F("total_minor")).exclude(tax=F("tax_minor"))[:20]:
        yield f"Line {line.pk} ({line.text[:40]}) is credited in full, but its tax is not."
    for row in CreditNoteLine.objects.exclude(invoice_line=None).exclude(
        invoice_line__invoice=F("credit_note__invoice")
    )[:20]:
        yield f"Credit note line {row.pk} takes back a line of another invoice."


@book_check
def billing_numbers_are_gapless() -> Iterable[str]:
    """Invoices and credit notes use every number of their sequence once."""
    yield from numbering.gaps("invoice", Invoice.objects.all())
    yield from numbering.gaps("credit_note", CreditNote.objects.all())


@book_check
def issued_documents_are_as_they_were_issued() -> Iterable[str]:
    """Every issued document is there; those of before say what their event has a digest of, the others are kept.

    Until decision 0024 the digest was of names, lines, tax and dates alone.
    """
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("invoice.issued", Invoice.objects.filter(state="issued"), queries.invoice_digests),
        ("invoice.credited", CreditNote.objects.all(), queries.credit_note_digests),
    )
    for kind, documents, digests in pairs:
        events = Event.objects.filter(kind=kind).order_by("pk").values_list("subject_id", "data__digest")
        issued = 0
        for batch in bulk.chunks(events.iterator(chunk_size=2000), 2000):
            issued += len(batch)
            now = digests([pk for pk, then in batch if then is not None])
            for pk, then in batch:
                if then is not None and now.get(pk) != then:
                    yield f"{documents.model.__name__} {pk} is not as it was issued."
        if issued != (there := documents.count()):
            yield f"{issued} documents of the kind {kind} were issued; {there} are there."


@book_check
def charges_match_their_lines() -> Iterable[str]:
    """Every line of a bill charges what its charges say, net and total; so does every credit of services."""
    for model, sign in ((InvoiceLine, 1), (CreditNoteLine, -1)):
        rows: Any = model._default_manager.annotate(net=Sum("charges__net_minor"), total=Sum("charges__total_minor"))
        wrong = rows.filter(total__isnull=False).exclude(net=sign * F("net_minor"), total=sign * F("total_minor"))
        for row in wrong[:20]:
            yield f"{model.__name__} {row.pk} ({row.text[:40]}) and its charges differ."
    bills: Any = InvoiceLine.objects.filter(invoice__source="recurring").annotate(n=Count("charges"))
    for row in bills.filter(n=0)[:20]:
        yield f"Line {row.pk} ({row.text[:40]}) of a bill charges nothing that is known."


@book_check
def one_time_charges_are_charged_once() -> Iterable[str]:
    """What is marked as billed once has a charge that counts, and what is not marked has none."""
    sums = Charge.objects.filter(one_time=OuterRef("pk")).values("one_time").annotate(s=Sum("total_minor")).values("s")
    rows = OneTimeCharge.objects.annotate(charged=Coalesce(Subquery(sums), 0)).filter(price__gt=0)
    by_hand = CreditNoteLine.objects.filter(invoice_line__charges__one_time__isnull=False)
    for row in rows.filter(Q(billed_on=None) & ~Q(charged=0)).exclude(
        pk__in=by_hand.values("invoice_line__charges__one_time")
    )[:20]:
        yield f"One-time charge {row.pk} ({row}) is charged and not marked as billed."
    charged = Charge.objects.filter(one_time__isnull=False).values("one_time")
    for row in rows.filter(billed_on__isnull=False).exclude(pk__in=charged)[:20]:
        yield f"One-time charge {row.pk} ({row}) is marked as billed and never was."


@book_check
def what_was_charged_in_vain_was_taken_back() -> Iterable[str]:
    """Charges without a line take back those of a discarded draft, each exactly."""
    loose = Q(line__isnull=True, credit_line__isnull=True) | Q(line__invoice__state=Invoice.State.DISCARDED)
    same = ("service", "one_time", "period_start", "period_end", "starts", "ends", "product", "unit_price", "quantity",
            "percent_off", "part", "whole")  # fmt: skip
    sums = Charge.objects.filter(loose).values(*same).annotate(total=Sum("total_minor"), net=Sum("net_minor"))
    for row in sums.exclude(total=0, net=0).order_by()[:20]:
        what = f"Service {row['service']}" if row["service"] else f"One-time charge {row['one_time']}"
        yield f"{what} has charges from {row['starts']} that belong to no line and take back no draft."


@book_check
def runs_come_to_what_is_kept() -> Iterable[str]:
    """What is kept of a bill run that nobody works on is what its rows add up to."""
    for run in BillRun.objects.filter(figures__isnull=False):
        if run_figures(run) != added_up(run):
            yield f"What is kept of the bill run “{run}” is not what its rows add up to."


@book_check
def no_service_is_charged_more_than_its_periods() -> Iterable[str]:
    """What was charged for a service and a period never adds up to less than nothing.

    A draft discarded after a later bill credited some of it is charged again by the next bill, which looks for it.
    """
    charges = Charge.objects.filter(service__isnull=False, service__changed_from__isnull=True)
    sums = charges.values("service", "period_start").annotate(s=Sum("total_minor"))
    for row in sums.filter(s__lt=0).order_by()[:20]:
        yield f"Service {row['service']} has more credited than charged from {row['period_start']}."
    ours = Charge.objects.filter(credit_line__isnull=False).values("credit_line")
    by_hand = CreditNoteLine.objects.exclude(pk__in=ours).values("invoice_line")
    services = (
        Charge.objects.filter(service__isnull=False, line__in=by_hand).values_list("service", flat=True).distinct()
    )
    for some in bulk.chunks(services.order_by("service").iterator(), 2000):
        charged = Charge.objects.filter(bulk.among("service", some)).values_list("service", "period_start")
        sums_of = {(service, start): total for service, start, total in charged.annotate(Sum("total_minor")).order_by()}
        for (service, start), total in queries.credited_by_hand(some).items():
            if total > max(sums_of[service, start], 0):
                yield f"Service {service} has more credited, by hand too, than charged from {start}."


@book_check
def recurring_invoices_are_drafted_on_their_days() -> Iterable[str]:
    """Drafts are of days of the series, each once and none from the end on; the next day is the one that follows."""
    rows = RecurringInvoice.objects.select_related("invoice", "agreement").prefetch_related("drafts")
    for row in rows.iterator(chunk_size=2000):
        first, days = row.invoice.on, sorted(draft.on for draft in row.drafts.all())
        for draft in row.drafts.all():
            if draft.on != next_in_series(first, row.frequency, draft.on):
                yield f"Recurring invoice {row.pk} ({row}) has a draft of {draft.on}, which is no day of it."
        ends = row.ends_on
        if row.agreement is not None and row.agreement.state != Agreement.State.TERMINATED:
            # One that was terminated for a day in the past had its drafts by then.
            ends = row.agreement.ends
        if ends is not None and any(day >= ends for day in [*days, row.ends_on and row.next_on] if day):
            yield f"Recurring invoice {row.pk} ({row}) ends on {ends} and has a draft of that day or later."
        if row.next_on is None:
            if row.stopped_on is None and row.ends_on is None:
                yield f"Recurring invoice {row.pk} ({row}) goes on and has no next day."
        elif days and row.next_on != next_in_series(first, row.frequency, _follows(row, days[-1])):
            yield f"Recurring invoice {row.pk} ({row}) comes next on {row.next_on}, which does not follow {days[-1]}."
        elif row.next_on != next_in_series(first, row.frequency, row.next_on):
            yield f"Recurring invoice {row.pk} ({row}) comes next on {row.next_on}, which is no day of it."


def _follows(row: RecurringInvoice, last: dt.date) -> dt.date:
    """The day from which the next draft is looked for. Days on which nothing of its subscription went on are passed."""
    after = last + dt.timedelta(days=1)
    return max(after, row.next_on) if row.next_on and row.subscription_id is not None else after


@book_check
def what_is_billed_in_advance_is_what_the_ledger_holds() -> Iterable[str]:
    """Of all that was billed for days, what was not released yet is what stands in the ledger, in each currency."""
    stands = queries.deferred_balances(dt.date.max)
    moved = Posting.objects.filter(entry__source="revenue", account__code=DEFERRED)
    released = dict(moved.values_list("entry__currency").annotate(sum=Sum("amount_minor")).order_by())
    billed = queries.net_billed_for_days()
    for currency in sorted({*stands, *billed}):
        if stands.get(currency, 0) != billed.get(currency, 0) - released.get(currency, 0):
            yield (
                f"In {currency} {billed.get(currency, 0)} was billed for days and {released.get(currency, 0)} of it "
                f"released; the ledger holds {stands.get(currency, 0)}."
            )
