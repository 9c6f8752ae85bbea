"""Invoices, credit notes, payments and statements: as lists, as pages, as PDF."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.safestring import SafeString

from counterfoil.access.sessions import Visit
from counterfoil.billing.invoice_files import credit_note_pdf, invoice_pdf, invoice_view
from counterfoil.billing.nouns import CREDIT_NOTE
from counterfoil.cards import queries as cards
from counterfoil.documents.parties import file_name
from counterfoil.kernel.errors import Refused
from counterfoil.payments.nouns import RECEIPT
from counterfoil.payments.receipt_files import receipt_pdf
from counterfoil.platform.downloads import file_response
from counterfoil.platform.tables import Listing, Table
from counterfoil.portal import queries, tables
from counterfoil.portal.pages import page, speech_of
from counterfoil.receivables import statement_files as files


def listing_of(request: Visit, table: Table, rows: Any, *, brief: int = 0) -> Listing:
    """Rows as a list of the portal."""
    visitor = request.visitor
    params = {} if brief else request.GET
    currency, today = visitor.customer.currency, visitor.caller.today
    return tables.spoken(table, speech_of(request), currency, today).listing(
        rows, params, request.path, currency=currency, today=today, brief=brief
    )


def pdf(content: bytes, name: str) -> HttpResponse:
    """A document to look at."""
    return file_response(content, name, "application/pdf", inline=True)


def invoices(request: Visit) -> HttpResponse:
    """Invoices and credit notes."""
    visitor = request.visitor
    table = tables.invoices_table(queries.standing(visitor), visitor.caller.today, speech_of(request))
    notes = queries.credit_notes(visitor)
    context = {
        "invoices": listing_of(request, table, queries.invoices(visitor)),
        "credit_notes": tables.spoken(
            tables.CREDIT_NOTES, speech_of(request), visitor.customer.currency, visitor.caller.today
        ).listing(
            notes[:200], {}, request.path, currency=visitor.customer.currency, today=visitor.caller.today
        ) if notes else None,
    }  # fmt: skip
    return page(request, "portal/invoices.html", context)


def invoice(request: Visit, pk: int) -> HttpResponse:
    """One invoice, line by line, and how it stands."""
    visitor = request.visitor
    found = queries.invoice(visitor, pk)
    standing = queries.standing(visitor)
    words, tone = tables.invoice_status(found, standing, visitor.caller.today)
    item = standing.get(found.item_id or 0)
    open_minor = item.open_minor if item else 0
    disputed = item.disputed_minor if item else 0
    context = {
        "invoice": found, "sheet": invoice_view(found), "words": speech_of(request).say(words), "tone": tone,
        "to_pay": open_minor - disputed,
        "disputed_minor": disputed, "by_card": cards.gateway() is not None,
        "settled_minor": found.total_minor - open_minor, "notes": list(found.credit_notes.all()),
    }  # fmt: skip
    return page(request, "portal/invoice.html", context)


def invoice_file(request: Visit, pk: int) -> HttpResponse:
    found = queries.invoice(request.visitor, pk)
    return pdf(invoice_pdf(found), file_name("Invoice", found.number or "", "pdf", found.on))


def credit_note_file(request: Visit, pk: int) -> HttpResponse:
    found = CREDIT_NOTE.get(request.visitor.caller, pk)
    return pdf(credit_note_pdf(found), file_name("Credit note", found.number, "pdf", found.on))


def payments(request: Visit) -> HttpResponse:
    """What was paid."""
    visitor = request.visitor
    rows = queries.receipts(visitor)
    return page(
        request,
        "portal/payments.html",
        {"payments": listing_of(request, tables.payments_table(speech_of(request)), rows)},
    )


def usage(request: Visit) -> HttpResponse:
    """What was used of services that are charged by usage: by billing period, and record by record."""
    visitor = request.visitor
    context = {
        "data_now": listing_of(request, tables.data_now_table(speech_of(request)), queries.data_now(visitor), brief=12),
        "data": listing_of(request, tables.data_table(speech_of(request)), queries.data_used(visitor), brief=12),
        # The pages are those of the records.
        "periods": listing_of(request, tables.usage_table(speech_of(request)), queries.usage_now(visitor), brief=20),
        "records": listing_of(request, tables.usage_records_table(speech_of(request)), queries.usage_records(visitor)),
    }
    return page(request, "portal/usage.html", context)


def receipt_file(request: Visit, pk: int) -> HttpResponse:
    found = RECEIPT.get(request.visitor.caller, pk)
    return pdf(receipt_pdf(found), file_name("Receipt", found.number, "pdf", found.on))


def statements(request: Visit) -> HttpResponse:
    """A statement of any period, as a page or as PDF."""
    visitor = request.visitor
    sent = {"from": request.GET.get("from", ""), "to": request.GET.get("to", "")}
    problem, status = None, 200
    try:
        period = queries.read_period(visitor, sent["from"], sent["to"])
    except Refused as refusal:
        problem, status = refusal, 422
        period = queries.read_period(visitor, "", "")
    made = queries.statement(visitor, period)
    if problem is None and request.GET.get("format") == "pdf":
        return pdf(files.statement_pdf(made), file_name("Statement", visitor.customer.number, "pdf", period.last))
    context = {
        # Markup of the statement's own template, which escapes what it prints.
        "sheet": "" if problem else SafeString(files.statement_html(made)),
        "period": period, "problem": problem, "sent": sent, "periods": queries.usual_periods(visitor),
    }  # fmt: skip
    return page(request, "portal/statements.html", context, status=status)
