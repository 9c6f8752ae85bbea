"""Every read of invoices, credit notes and tax rates."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet, Sum

from counterfoil.billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, TaxRate
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import theirs, visible
from counterfoil.kernel.digests import digest
from counterfoil.kernel.errors import NotFound
from counterfoil.platform import fulltext
from counterfoil.platform.grants import declare_view
from counterfoil.platform.operations import Caller

declare_view("billing.view", "See invoices and credit notes")


def invoices_of(customer: Customer) -> QuerySet[Invoice]:
    """A customer's invoices, newest first, drafts on top; discarded drafts are left out."""
    rows = Invoice.objects.filter(theirs(customer)).exclude(state=Invoice.State.DISCARDED)
    return rows.select_related("item", "customer").order_by("-on", "-pk")


def credit_notes_of(customer: Customer) -> QuerySet[CreditNote]:
    """A customer's credit notes, newest first."""
    return CreditNote.objects.filter(theirs(customer)).select_related("invoice", "item").order_by("-on", "-pk")


def get_invoice(caller: Caller, pk: int) -> Invoice:
    """An invoice the caller may see."""
    caller.must_see("billing.view")
    rows = Invoice.objects.filter(pk=pk, customer__in=visible(caller)).select_related("customer", "item", "site")
    found = rows.prefetch_related("lines", "credit_notes").first()
    if found is None:
        raise NotFound("There is no such invoice, or you may not see it.")
    return found


def get_credit_note(caller: Caller, pk: int) -> CreditNote:
    """A credit note the caller may see."""
    caller.must_see("billing.view")
    rows = CreditNote.objects.filter(pk=pk, customer__in=visible(caller)).select_related("customer", "item", "invoice")
    found = rows.prefetch_related("lines").first()
    if found is None:
        raise NotFound("There is no such credit note, or you may not see it.")
    return found


def drafts(caller: Caller) -> QuerySet[Invoice]:
    """Invoices that wait to be issued, oldest first."""
    rows = Invoice.objects.filter(state=Invoice.State.DRAFT, customer__in=visible(caller))
    return rows.select_related("customer").order_by("on", "pk")


def document_of_item(item_id: int) -> Invoice | CreditNote | None:
    """The invoice or credit note behind an open item."""
    return Invoice.objects.filter(item=item_id).first() or CreditNote.objects.filter(item=item_id).first()


def credited_by_line(invoice: Invoice) -> dict[int, int]:
    """How much of each line was credited, in minor units with tax."""
    sums: dict[int, int] = defaultdict(int)
    for line, total in CreditNoteLine.objects.filter(credit_note__invoice=invoice).values_list(
        "invoice_line_id", "total_minor"
    ):
        sums[line] += total
    return dict(sums)


def lifetime_value(customer: Customer, on: dt.date) -> int:
    """Invoiced excluding tax, less credit notes, up to a day (domain 21.2)."""
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


def invoices_numbered(caller: Caller, text: str, limit: int) -> list[Invoice]:
    """Issued invoices whose number starts with the text, or is that number of our series, newest first."""
    here = fulltext.starting("number", text.upper())
    if text.isdecimal() and len(text) < 18:
        here |= Q(sequence_no=int(text)) | fulltext.starting("number", text)
    rows = Invoice.objects.filter(here, customer__in=visible(caller))
    return list(rows.select_related("customer").order_by("-on", "-pk")[:limit])


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
