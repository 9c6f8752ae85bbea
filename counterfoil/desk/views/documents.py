"""One document at a time: invoice, credit note, payment, open item, statement, message. Each figure leads to why."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString

from counterfoil.billing import queries as billing
from counterfoil.billing.invoice_files import credit_note_pdf, invoice_page, invoice_pdf
from counterfoil.billing.models import Invoice
from counterfoil.billing.nouns import CREDIT_NOTE, INVOICE
from counterfoil.billing.panels import disputed_of, invoice_status
from counterfoil.collections.disputes import told_parts
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.documents.parties import file_name
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period, read_date
from counterfoil.messaging import queries as messaging
from counterfoil.messaging.nouns import MESSAGE
from counterfoil.operator.queries import without_tax
from counterfoil.operator.readiness import what_is_missing
from counterfoil.payments import queries as payments
from counterfoil.payments.nouns import RECEIPT
from counterfoil.payments.receipt_files import receipt_pdf
from counterfoil.platform.downloads import file_response
from counterfoil.platform.requests import Request
from counterfoil.platform.templatetags.counterfoil import lateness
from counterfoil.receivables import queries as receivables
from counterfoil.receivables import statement_files as files
from counterfoil.receivables.lists import disputes_of
from counterfoil.receivables.nouns import ITEM
from counterfoil.receivables.statement_form import STYLES, usual_periods
from counterfoil.trail.queries import events_about

PDF = "application/pdf"


def _why(item: Any) -> dict[str, Any]:
    """What a figure is made of, down to the postings."""
    disputes = disputes_of(item.pk)
    parts = told_parts(disputes)
    for row in disputes:
        row.parts = parts.get(row.pk, [])  # type: ignore[attr-defined]
    return {
        "allocations": receivables.allocations_of(item.pk),
        "disputes": disputes,
        "in_dispute": any(row.closed_on is None for row in disputes),
        "postings": receivables.postings_of(item.pk),
        "set_aside": receivables.set_aside_of(item.pk),
    }


def invoice(request: Request, pk: int) -> HttpResponse:
    """An invoice or draft with its lines, and how it was settled."""
    found = INVOICE.get(request.caller, pk)
    why = _why(found.item) if found.item else {}
    context = {"invoice": found, "customer": found.customer, "item": found.item, **why}
    context["status"], context["disputed"] = invoice_status(found), disputed_of(found)
    if found.source == "recurring":
        context["charges"] = billing.why_of(found)
    context["excl"] = without_tax()
    if found.state == found.State.DRAFT:
        context["missing"] = what_is_missing()
    return render(request, "desk/invoice.html", context)


def invoice_file(request: Request, pk: int) -> HttpResponse:
    found = INVOICE.get(request.caller, pk)
    name = file_name("Invoice", found.number or f"draft {found.pk}", "pdf", found.on)
    return file_response(invoice_pdf(found), name, PDF, inline=True)


def invoice_picture(request: Request, pk: int) -> HttpResponse:
    """Its first page as it is sent, for the page that sends it."""
    found = INVOICE.get(request.caller, pk)
    answer = file_response(invoice_page(found), "page.png", "image/png", inline=True)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def credit_note_file(request: Request, pk: int) -> HttpResponse:
    found = CREDIT_NOTE.get(request.caller, pk)
    name = file_name("Credit note", found.number, "pdf", found.on)
    return file_response(credit_note_pdf(found), name, PDF, inline=True)


def receipt(request: Request, pk: int) -> HttpResponse:
    """A payment and what it settled."""
    found = RECEIPT.get(request.caller, pk)
    reversal = getattr(found, "reversal", None)
    context = {"receipt": found, "customer": found.customer, "item": found.item, "reversal": reversal}
    why = _why(found.item)
    if reversal is not None:
        why["postings"] += receivables.postings_of(reversal.item_id)
    return render(request, "desk/receipt.html", {**context, **why})


def receipt_file(request: Request, pk: int) -> HttpResponse:
    found = RECEIPT.get(request.caller, pk)
    return file_response(receipt_pdf(found), file_name("Receipt", found.number, "pdf", found.on), PDF, inline=True)


def item(request: Request, pk: int) -> HttpResponse:
    """An open item; an invoice or payment has a page of its own."""
    found = ITEM.get(request.caller, pk)
    if found.kind == "receipt" and (paid := payments.receipt_of_item(found.pk)):
        return redirect("receipt", pk=paid.pk)
    document = billing.document_of_item(found.pk)
    if isinstance(document, Invoice):
        return redirect("invoice", pk=document.pk)
    context: dict[str, Any] = {
        "item": found,
        "customer": found.customer,
        "note": document,
        "events": events_about(found)[:5],
    }
    if found.side == "debit":
        context["status"] = lateness(found.due_on, request.caller.today) if found.open_minor else ("Paid", "ok")
    return render(request, "desk/item.html", {**context, **_why(found)})


def _period(request: Request, customer: Any) -> Period:
    today = request.caller.today
    usual = receivables.default_statement_period(customer, today)
    start = read_date(request.GET["from"], today=today) if request.GET.get("from") else usual.start
    end = read_date(request.GET["to"], today=today) if request.GET.get("to") else usual.last
    if end < start or end > today:
        raise Refused("bad_period", "The first day comes before the last, and the last is today or earlier.")
    return Period.through(start, end)


def statement(request: Request, number: str) -> HttpResponse:
    """A statement for any period: as a page, PDF, CSV or Excel, all from the same values."""
    caller = request.caller
    customer = CUSTOMER.get(caller, number)
    caller.must("receivables.view")
    period, style = _period(request, customer), request.GET.get("style", "balance_forward")
    if style not in dict(STYLES):
        raise Refused("unknown_style", "Choose one of the two kinds of statement.")
    made = receivables.statement_of(customer, period, style, caller.today)  # type: ignore[arg-type]
    if form := request.GET.get("format"):
        return _statement_file(made, form, customer.number)
    # Markup of the statement's own template, which escapes what it prints.
    sheet = SafeString(files.statement_html(made))
    query = f"from={period.start.isoformat()}&to={period.last.isoformat()}&style={style}"
    context = {
        "customer": customer, "sheet": sheet, "period": period, "style": style, "styles": STYLES, "query": query,
        "periods": usual_periods(customer, caller.today), "page": reverse("statement", args=[number]),
    }  # fmt: skip
    return render(request, "desk/statement.html", context)


def _statement_file(made: Any, form: str, number: str) -> HttpResponse:
    last = made.period.last
    name = file_name("Statement", number, form, last)
    match form:
        case "pdf":
            return file_response(files.statement_pdf(made), name, PDF)
        case "csv":
            return file_response(files.statement_csv(made).encode(), name, "text/csv; charset=utf-8")
        case "xlsx":
            mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            return file_response(files.statement_xlsx(made), name, mime)
    raise Refused("unknown_format", "Choose pdf, csv or xlsx.")


def message(request: Request, pk: int) -> HttpResponse:
    """A message exactly as it left, and how each delivery went."""
    caller = request.caller
    caller.must("messaging.view")
    found = MESSAGE.get(caller, pk)
    context = {
        "message_sent": found,
        "customer": found.customer,
        "can_take_back": messaging.can_take_back(found),
        "waits": getattr(found, "no_server", False) and messaging.is_waiting(found),
    }
    return render(request, "desk/message.html", context)


def message_file(request: Request, pk: int) -> HttpResponse:
    """An attachment as it was sent."""
    request.caller.must("messaging.view")
    found = messaging.get_message_file(request.caller, pk)
    assert found.file is not None, "What is found has its bytes."
    # Never shown inside the page: whatever it is, it is a file to keep.
    return file_response(bytes(found.file.content), found.name, found.file.mime)
