"""Every read of invoices, credit notes and tax rates."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from counterfoil.billing.charging import Charged, LineTax
from counterfoil.billing.models import (
    Charge,
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    RecurringInvoice,
    TaxRate,
)
from counterfoil.billing.rules import released_minor
from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible, theirs
from counterfoil.kernel.digests import digest
from counterfoil.ledger.models import Posting
from counterfoil.ledger.rules import DEFERRED
from counterfoil.operator import numbering
from counterfoil.platform import fulltext
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.receivables.models import Dispute
from counterfoil.receivables.queries import disputed_now
from counterfoil.subscriptions.models import Service

declare_view("billing.view", "See invoices and credit notes")


def invoices_of(customer: Customer) -> QuerySet[Invoice]:
    """A customer's invoices, newest first, drafts on top; discarded drafts are left out.

    With what was credited of each (`credited_minor`) and what of it is in dispute (`disputed_minor`).
    """
    rows = with_settled(Invoice.objects.filter(theirs(customer)).exclude(state=Invoice.State.DISCARDED))
    return rows.select_related("item", "customer").order_by("-on", "-pk")


def with_settled(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """With what was credited of each (`credited_minor`) and what of it is in dispute (`disputed_minor`)."""
    return invoices.annotate(credited_minor=_credited_minor(), disputed_minor=disputed_now("item"))


def _credited_minor() -> Coalesce:
    notes = CreditNote.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
    return Coalesce(Subquery(notes.annotate(total=Sum("total_minor")).values("total")), 0)


def recurring_of(customer: Customer) -> QuerySet[RecurringInvoice]:
    """A customer's recurring invoices, those that come next first; those that are over last."""
    rows = RecurringInvoice.objects.filter(theirs(customer)).annotate(comes=Exists(_coming(pk=OuterRef("pk"))))
    found = rows.select_related("invoice", "customer", "agreement", "subscription")
    return found.order_by("-comes", F("next_on").asc(nulls_last=True), "-pk")


def recurs(row: RecurringInvoice) -> bool:
    """Whether a draft is still to come of a recurring invoice."""
    return bool(getattr(row, "comes", row.next_on is not None))


def recurring_due(day: dt.date) -> list[RecurringInvoice]:
    """Recurring invoices with a draft to make."""
    return list(_coming(next_on__lte=day).order_by("next_on", "pk"))


def comes_again(customer: Customer) -> RecurringInvoice | None:
    """A recurring invoice of this account with a draft to come, if there is one."""
    return _coming(customer=customer).select_related("invoice").first()


def _coming(**of: Any) -> QuerySet[RecurringInvoice]:
    """Those with a draft to come: their agreement holds on its day, or something of their subscription goes on."""
    goes_on = Exists(Service.objects.filter(subscription=OuterRef("subscription"), end=""))
    return RecurringInvoice.objects.filter(
        Q(agreement=None) | Q(agreement__ends__gt=F("next_on")),
        Q(subscription=None) | goes_on,
        next_on__isnull=False,
        **of,
    )


def credit_notes_of(customer: Customer) -> QuerySet[CreditNote]:
    """A customer's credit notes, newest first."""
    return CreditNote.objects.filter(theirs(customer)).select_related("invoice", "item").order_by("-on", "-pk")


def drafts(caller: Caller) -> QuerySet[Invoice]:
    """Invoices that wait to be issued, oldest first."""
    rows = of_visible(caller, Invoice.objects.filter(state=Invoice.State.DRAFT))
    return rows.select_related("customer").order_by("on", "pk")


def drafts_by_currency(caller: Caller) -> dict[str, tuple[int, int]]:
    """How many invoices wait to be issued in each currency, and what they come to in its minor units."""
    rows = drafts(caller).order_by().values_list("currency").annotate(Count("pk"), Sum("total_minor"))
    return {code: (count, minor) for code, count, minor in rows}


def has_drafts(customer: Customer) -> bool:
    """Whether invoices of the customer's own account wait to be issued."""
    return Invoice.objects.filter(customer=customer, state=Invoice.State.DRAFT).exists()


def document_of_item(item_id: int) -> Invoice | CreditNote | None:
    """The invoice or credit note behind an open item."""
    return Invoice.objects.filter(item=item_id).first() or CreditNote.objects.filter(item=item_id).first()


def credited_by_line(invoice: Invoice) -> dict[int, int]:
    """How much of each line was credited, in minor units with tax."""
    rows = CreditNoteLine.objects.filter(invoice_line__invoice=invoice).values_list("invoice_line_id")
    return dict(rows.annotate(total=Sum("total_minor")).order_by())


def left_to_credit(invoice: Invoice, amounts: Mapping[int, int] | None = None) -> dict[int, int]:
    """What is left to credit by hand of each line, in minor units with tax: never more than its period still costs.

    Lines of one period share what is left of that, in their order; `amounts` is what is taken of each, else all of it.
    """
    credited, periods = credited_by_line(invoice), left_of_periods(invoice)
    left = {row.pk: row.total_minor - credited.get(row.pk, 0) for row in invoice.lines.all()}
    shared = dict(periods.values())
    for pk, (period, _) in periods.items():
        left[pk] = min(left[pk], shared[period])
        shared[period] -= left[pk] if amounts is None else min(left[pk], amounts.get(pk, 0))
    return left


def lifetime_value(customer: Customer, on: dt.date) -> int:
    """Invoiced excluding tax, less credit notes, up to a day (domain 11.2)."""
    billed = Invoice.objects.filter(theirs(customer), state=Invoice.State.ISSUED, on__lte=on)
    credited = CreditNote.objects.filter(theirs(customer), on__lte=on)
    return (billed.aggregate(s=Sum("net_minor"))["s"] or 0) - (credited.aggregate(s=Sum("net_minor"))["s"] or 0)


def is_valid_on(rate: TaxRate, on: dt.date) -> bool:
    """Whether a version of a rate holds on a day (half-open)."""
    return rate.valid_from <= on and (rate.valid_to is None or on < rate.valid_to)


def tax_rates_on(on: dt.date) -> list[TaxRate]:
    """The rates that may be chosen on a day, the usual one first."""
    rows = TaxRate.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on), valid_from__lte=on)
    return list(rows.order_by("-is_default", "-percent", "name"))


def tax_versions_on(on: dt.date) -> dict[str, str]:
    """The id of each version of a rate, with that of the version of the same rate which holds on a day, as texts."""
    holding = {rate.code: str(rate.pk) for rate in tax_rates_on(on)}
    rows = TaxRate.objects.values_list("pk", "code")
    return {str(pk): holding[code] for pk, code in rows if code in holding}


def tax_to_add(products: Iterable[Product], on: dt.date) -> dict[int, Decimal]:
    """The percentage that a day adds to the prices of each product; nothing where they have the tax in them."""
    percents = {rate.code: rate.percent for rate in tax_rates_on(on)}
    return {row.pk: percents.get(row.tax_code, Decimal(0)) for row in products if not row.prices_include_tax}


def credit_notes_numbered(caller: Caller, text: str, limit: int) -> list[CreditNote]:
    """Credit notes whose number starts with the text, the last one first."""
    rows = of_visible(caller, CreditNote.objects.filter(fulltext.starting("number", text.upper())))
    return list(rows.select_related("customer").order_by("-pk")[:limit])


def invoices_numbered(caller: Caller, text: str, limit: int) -> list[Invoice]:
    """Issued invoices whose number starts with the text, or is that number of our series, the last one first."""
    here = fulltext.starting("number", text.upper())
    if text.isdecimal() and len(text) < 18:
        here |= Q(number__in=numbering.written(int(text))) | fulltext.starting("number", text)
    rows = of_visible(caller, Invoice.objects.filter(here))
    return list(rows.select_related("customer").order_by("-pk")[:limit])


def brought_numbers(kind: str, form: str) -> list[str]:
    """Numbers of invoices that another system gave, those that match the regular expression."""
    if kind != "invoice":
        return []
    rows = Invoice.objects.filter(state="issued", sequence_no=None, number__regex=form)
    return [number for number in rows.values_list("number", flat=True) if number]


_HEAD = ("pk", "number", "customer_id", "currency", "on", "net_minor", "tax_minor", "total_minor", "copy")
_LINE = ("position", "text", "tax_name", "tax_percent", "net_minor", "tax_minor", "total_minor")


def invoice_digests(ids: Sequence[int]) -> dict[int, str]:
    """What each issued invoice says, lines and printed copy included, as a digest: its event keeps it."""
    heads = Invoice.objects.filter(pk__in=ids).values_list(*_HEAD, "due_on", "reference", "text")
    lines = InvoiceLine.objects.filter(invoice__in=ids).order_by("position", "pk")
    return _digests(heads, lines.values_list("invoice_id", *_LINE, "quantity", "unit_price"))


def credit_note_digests(ids: Sequence[int]) -> dict[int, str]:
    """The same for credit notes."""
    heads = CreditNote.objects.filter(pk__in=ids).values_list(*_HEAD, "invoice_id", "reason", "author")
    lines = CreditNoteLine.objects.filter(credit_note__in=ids).order_by("position", "pk")
    return _digests(heads, lines.values_list("credit_note_id", *_LINE, "invoice_line_id"))


def _digests(heads: Iterable[tuple[Any, ...]], lines: Iterable[tuple[Any, ...]]) -> dict[int, str]:
    by_document: dict[int, list[list[Any]]] = defaultdict(list)
    for document, *line in lines:
        by_document[document].append(line)
    return {head[0]: digest([list(head), *by_document[head[0]]]) for head in heads}


# What is earned day by day: services, but not their usage.
FOR_DAYS = Q(service__isnull=False, used__isnull=True)
_CHARGE = (
    "service_id", "one_time_id", "period_start", "period_end", "number", "product_id", "unit_price", "quantity",
    "percent_off", "starts", "ends", "part", "whole",
)  # fmt: skip
# What a charge came to, and the tax of the line that says so; it is that of a document that counts.
_CAME_TO = (
    "prices_include_tax", "total_minor", "net_minor", "used", "included", "line__invoice__state",
    "line__tax_rate_id", "line__tax_name", "line__tax_percent",
    "credit_line__invoice_line__tax_rate_id", "credit_line__tax_rate_id", "credit_line__tax_name",
    "credit_line__tax_percent",
)  # fmt: skip


def _charged(row: Sequence[Any]) -> Charged:
    facts: Sequence[Any] = row[: len(_CHARGE)]
    inclusive, total, net, used, included, state, *taxes = row[len(_CHARGE) :]
    tax = None
    if state is not None and state != Invoice.State.DISCARDED:
        tax = LineTax(*taxes[:3])
    elif taxes[6] is not None:
        tax = LineTax(taxes[3] or taxes[4], *taxes[5:])
    came_to: tuple[Any, ...] = (total if inclusive else net, inclusive, tax, total - net, used, included)
    return Charged(*facts, *came_to)


def charges_of(invoice: Invoice) -> list[tuple[Charged, int]]:
    """What an invoice charged for services, each with the id of its line."""
    rows = Charge.objects.filter(line__invoice=invoice).order_by("pk").values_list("line_id", *_CHARGE, *_CAME_TO)
    return [(_charged(row), line) for line, *row in rows]


def charges_of_services(services: Sequence[int]) -> list[Charged]:
    """Everything charged of these services, in order."""
    if not services:
        return []
    rows = Charge.objects.filter(among("service", services)).order_by("pk")
    return [_charged(row) for row in rows.values_list(*_CHARGE, *_CAME_TO)]


def charges_ahead(billed_to: Mapping[int, dt.date]) -> list[Charged]:
    """Charges of periods that services (by id) are not billed to: taken back, they still have their numbers."""
    if not billed_to:
        return []
    # From one day on, by the index: asking each service's own day reads everything that was ever charged of it.
    rows = Charge.objects.filter(among("service", billed_to), period_start__gte=min(billed_to.values())).order_by("pk")
    found = [_charged(row) for row in rows.values_list(*_CHARGE, *_CAME_TO)]
    return [charge for charge in found if charge.period_start >= billed_to[charge.service_id or 0]]


# A service, and the first day of a billing period of it.
_Key = tuple[int, dt.date]


def credited_by_hand(services: Sequence[int]) -> dict[_Key, int]:
    """What was credited of these services, but not because they changed: by period, in minor units with tax."""
    if not services:
        return {}
    charges = Charge.objects.filter(among("service", services), line__isnull=False)
    keys: dict[int, _Key] = {
        line: (service, start) for line, service, start in charges.values_list("line_id", "service_id", "period_start")
    }
    ours = Charge.objects.filter(among("service", services), credit_line__isnull=False).values("credit_line_id")
    rows = CreditNoteLine.objects.filter(among("invoice_line", keys)).exclude(pk__in=ours)
    found: dict[_Key, int] = defaultdict(int)
    for line, total in rows.values_list("invoice_line_id", "total_minor"):
        found[keys[line]] += total
    return dict(found)


def left_of_periods(invoice: Invoice) -> dict[int, tuple[_Key, int]]:
    """The period that each line of an invoice charged of a service, and what of that was not given back, with tax."""
    charges = Charge.objects.filter(line__invoice=invoice, service__isnull=False, total_minor__gt=0)
    rows = charges.order_by("line__position").values_list("line_id", "service_id", "period_start")
    keys: dict[int, _Key] = {line: (service, start) for line, service, start in rows}
    services = sorted({service for service, _ in keys.values()})
    by_hand = credited_by_hand(services)
    sums = Charge.objects.filter(among("service", services)).values_list("service_id", "period_start")
    charged = {(service, start): total for service, start, total in sums.annotate(Sum("total_minor")).order_by()}
    return {line: (key, max(charged[key] - by_hand.get(key, 0), 0)) for line, key in keys.items()}


def charged_to(services: Sequence[int]) -> dict[int, dt.date]:
    """The end of the last period of each service of which something is charged; those of which nothing is left out."""
    rows = Charge.objects.filter(among("service", services)).values("service_id", "period_start")
    sums = rows.annotate(to=Max("period_end"), sum=Sum("total_minor")).filter(sum__gt=0).order_by()
    found: dict[int, dt.date] = {}
    for service, end in sums.values_list("service_id", "to"):
        found[service] = max(end, found.get(service, end))
    return found


def last_numbers(services: Sequence[int] = (), one_time: Sequence[int] = ()) -> dict[tuple[int, dt.date | None], int]:
    """The highest number given to charges: by service and first day of the period, or by one-time charge and None."""
    found: dict[tuple[int, dt.date | None], int] = {}
    if services:
        rows = Charge.objects.filter(among("service", services)).values_list("service_id", "period_start")
        found |= {(pk, start): last for pk, start, last in rows.annotate(last=Max("number")).order_by()}
    if one_time:
        once = Charge.objects.filter(among("one_time", one_time)).values_list("one_time_id")
        found |= {(pk, None): last for pk, last in once.annotate(last=Max("number")).order_by()}
    return found


def net_for_days(invoices: Sequence[int]) -> dict[int, int]:
    """By invoice, the net of what it charges for days (services), which is earned day by day."""
    rows = Charge.objects.filter(FOR_DAYS, line__invoice__in=invoices)
    return dict(rows.values_list("line__invoice_id").annotate(net=Sum("net_minor")).order_by())


def invoices_charging(credits: Sequence[Charged]) -> list[Invoice]:
    """The issued invoices of what these credits give back, the newest first.

    What a credit note charged beside what it gave back (a bill below zero) counts as charged by its invoice.
    """
    periods = {(charge.service_id, charge.one_time_id, charge.period_start) for charge in credits}
    services = {charge.service_id for charge in credits if charge.service_id is not None}
    once = {charge.one_time_id for charge in credits if charge.one_time_id is not None}
    rows = Charge.objects.filter(
        Q(among("service", services)) | Q(among("one_time", once)), total_minor__gt=0
    ).values_list(
        "service_id", "one_time_id", "period_start", "line__invoice_id", "credit_line__credit_note__invoice_id"
    )
    found = {invoice or credited for *key, invoice, credited in rows if tuple(key) in periods}
    issued = Invoice.objects.filter(pk__in=found, state=Invoice.State.ISSUED)
    return list(issued.select_related("item").order_by("-on", "-pk"))


def newest_bill(customer_id: int) -> Invoice | None:
    """The newest issued bill of services that was not cancelled."""
    bills = Invoice.objects.filter(customer=customer_id, source="recurring", state=Invoice.State.ISSUED)
    cancelled = Charge.objects.filter(credit_line__credit_note__invoice=OuterRef("pk"), number__gt=1)
    credited = CreditNote.objects.filter(invoice=OuterRef("pk"), total_minor=OuterRef("total_minor"))
    return bills.exclude(Exists(cancelled) & Exists(credited)).order_by("-on", "-pk").first()


def is_disputed(invoice: Invoice) -> bool:
    """Whether any of it is in dispute now."""
    return Dispute.objects.filter(item=invoice.item_id, closed_on__isnull=True).exists()


# ------------------------------------------------------------------ what is billed and not yet earned


def deferred_balances(day: dt.date) -> dict[str, int]:
    """What the ledger holds as billed in advance at the end of a day, by currency, in minor units."""
    rows = Posting.objects.filter(account__code=DEFERRED, entry__on__lte=day)
    sums = rows.values_list("entry__currency").annotate(sum=Sum("amount_minor")).order_by()
    return {currency: -(total or 0) for currency, total in sums}


def deferred_schedule(up_to: dt.date) -> dict[str, int]:
    """What of all that was billed before a day is for that day and later: what should stand there, by currency."""
    left: dict[str, int] = defaultdict(int)
    billed = Charge.objects.filter(FOR_DAYS, ends__gt=up_to)
    for path in ("line__invoice", "credit_line__credit_note"):
        rows = billed.filter(**{f"{path}__on__lt": up_to, f"{path}__number__isnull": False})
        for currency, net, starts, ends in rows.values_list(
            f"{path}__currency", "net_minor", "starts", "ends"
        ).iterator(chunk_size=5000):
            left[currency] += net - released_minor(net, starts, ends, up_to)
    return dict(left)


def net_billed_for_days() -> dict[str, int]:
    """Everything ever billed for days, less what was credited of it, by currency in net minor units."""
    found: dict[str, int] = defaultdict(int)
    billed = Charge.objects.filter(FOR_DAYS)
    for path in ("line__invoice", "credit_line__credit_note"):
        rows = billed.filter(**{f"{path}__number__isnull": False}).values_list(f"{path}__currency")
        for currency, net in rows.annotate(net=Sum("net_minor")).order_by():
            found[currency] += net
    return dict(found)


@dataclass(frozen=True)
class Compared:
    """What a service costs on this bill and on the last one, in minor units, and why it differs."""

    name: str
    last_minor: int
    now_minor: int
    why: str

    @property
    def change_minor(self) -> int:
        return self.now_minor - self.last_minor


def compared_with_last(customer: Customer, bill: Invoice | CreditNote) -> list[Compared]:
    """The difference between a bill (also one only previewed) and the last one, service by service."""
    last = newest_bill(customer.pk)
    if last is None or last == bill:
        return []
    before: dict[int | None, int] = defaultdict(int)
    for pk, minor in Charge.objects.filter(line__invoice=last).values_list("service_id", "total_minor"):
        before[pk] += minor
    now: dict[int | None, list[int]] = defaultdict(list)
    for key, _, minor in bill.billed:
        now[key].append(minor)
    wanted = [pk for pk in {*before, *now} if pk]
    names: dict[int | None, str] = {
        row.pk: str(row) for row in Service.objects.filter(pk__in=wanted).select_related("product")
    }
    rows = []
    for service in {**before, **now}:
        old, amounts = before.get(service, 0), now.get(service, [])
        if old != sum(amounts):
            name = names.get(service, "One-time charges")
            rows.append(Compared(name, old, sum(amounts), _why(old, amounts)))
    return rows


def _why(old: int, amounts: Sequence[int]) -> str:
    if not amounts:
        return "not on this bill"
    if min(amounts) < 0:
        return "changed since the last bill"
    if not old:
        return "new on this bill"
    return f"{len(amounts)} periods" if len(amounts) > 1 else "other days, price or quantity"


def why_of(invoice: Invoice) -> list[Charge]:
    """The charges behind an invoice: periods, prices and shares, in the order of its lines."""
    rows = Charge.objects.filter(line__invoice=invoice).select_related("line", "product", "service__subscription")
    return list(rows.order_by("line__position", "pk"))
