"""Invoices and credit notes on paper, from the frozen copy: printed again in ten years, they say the same."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from counterfoil.billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from counterfoil.documents.logos import letterhead_view
from counterfoil.documents.parties import Letterhead, Party, currency_name, payment_view
from counterfoil.documents.rendering import render_pdf
from counterfoil.kernel.money import MINUS, figure_text, money_text, places
from counterfoil.kernel.periods import long_date_text
from counterfoil.operator.queries import letterhead
from counterfoil.receivables.queries import party_of

_LEFT, _RIGHT = "left", "right"


def invoice_pdf(invoice: Invoice) -> bytes:
    """The invoice as an A4 document; a draft says so."""
    return render_pdf("invoice", invoice_view(invoice))


def credit_note_pdf(note: CreditNote) -> bytes:
    """The credit note as an A4 document."""
    return render_pdf("credit_note", credit_note_view(note))


def invoice_view(invoice: Invoice) -> dict[str, Any]:
    """Everything an invoice says, in finished words."""
    customer, operator = _parties(invoice)
    issued = invoice.state == Invoice.State.ISSUED
    kind = f"{'Tax invoice' if operator.tax_number else 'Invoice'}"
    number = invoice.number or "not numbered yet"
    lines = list(invoice.lines.all())
    settled = settled_at_issue(invoice)
    to_pay = invoice.total_minor - settled
    second = [_fact("Invoice number", number), _fact("Account number", customer.number)]
    third = [_fact("Invoice date", long_date_text(invoice.on)), _fact("Terms", customer.terms)]
    if invoice.reference:
        second.append(_fact("Your reference", invoice.reference))
    view = _sheet(invoice, operator, kind, number if issued else f"draft {invoice.pk}")
    view |= {
        "mark": "" if issued else "Draft",
        "facts": [[_address("Bill to", customer, operator)], second, [fact for fact in third if fact["lines"][0]]],
        "figures": [
            _figure("Amount to pay", to_pay, invoice.currency, _words(operator, invoice)),
            {"label": "Please pay by", "value": long_date_text(invoice.due_on), "note": customer.terms, "tone": "ink"}
            if to_pay
            else {"label": "Please pay", "value": "Nothing", "note": "Settled from account credit", "tone": "ink"},
        ],
        # What is said by its only line is not said twice.
        "text": "" if [line.text for line in lines] == [invoice.text] else invoice.text,
        "lines": _invoice_lines(invoice, lines, operator),
        "tax": _tax_summary(lines, invoice.currency, operator),
        "note": operator.invoice_text,
    }
    if settled:
        total, paid = (money_text(minor, invoice.currency) for minor in (invoice.total_minor, settled))
        view["closing"] = f"{paid} of {total} was settled from your account credit when this invoice was issued."
    if issued and to_pay > 0 and (pay := payment_view(operator, customer.number)):
        view["pay"] = pay
    if not issued:
        view["closing"] = "This is a draft, not an invoice. No payment is due."
    return view


def settled_at_issue(invoice: Invoice) -> int:
    """What account credit settled of an invoice as it was issued, in minor units."""
    return int((invoice.copy or {}).get("settled_minor", 0))


def settled_text(invoice: Invoice) -> str:
    """The same as a sentence to add; empty where there was no account credit."""
    minor = settled_at_issue(invoice)
    return f" {money_text(minor, invoice.currency)} of it is settled from account credit." if minor else ""


def credit_note_view(note: CreditNote) -> dict[str, Any]:
    """Everything a credit note says, in finished words."""
    customer, operator = _parties(note)
    lines = list(note.lines.order_by("position"))
    view = _sheet(note, operator, "Credit note", note.number)
    view |= {
        "facts": [
            [_address("Credit to", customer, operator)],
            [_fact("Credit note number", note.number), _fact("Account number", customer.number)],
            [_fact("Date", long_date_text(note.on)), _fact("For invoice", note.invoice.number or "")],
        ],
        "figures": [
            _figure("Amount credited", note.total_minor, note.currency, _words(operator, note)),
            {"label": "Reason", "value": note.reason, "note": "", "tone": "ink"}
            if len(note.reason) <= 24
            else {"label": "For invoice", "value": note.invoice.number or "", "note": "", "tone": "ink"},
        ],
        "text": "" if len(note.reason) <= 24 else f"Reason: {note.reason}",
        "lines": {
            "heading": "Credited items",
            "columns": _columns(("Description", _LEFT), (operator.tax_name, _RIGHT), ("Amount", _RIGHT)),
            "rows": [
                [line.text, figure_text(line.tax_minor, note.currency), figure_text(line.total_minor, note.currency)]
                for line in lines
            ],
            "total": _total(f"Total credited, {operator.tax_name} included", 2, note.total_minor, note.currency),
        },
        "tax": _tax_summary(lines, note.currency, operator),
        "note": operator.credit_note_text,
        "closing": f"This amount has been credited to your account {customer.number}. You don't need to do anything.",
    }
    return view


def _parties(document: Invoice | CreditNote) -> tuple[Party, Letterhead]:
    """Customer and operator as they were when the document was issued; for a draft, as they are."""
    copy = document.copy or {}
    customer = Party(**copy["customer"]) if copy.get("customer") else party_of(document.customer)
    operator = Letterhead(**copy["operator"]) if copy.get("operator") else letterhead(document.customer.brand_id)
    return customer, operator


def _sheet(document: Invoice | CreditNote, operator: Letterhead, kind: str, number: str) -> dict[str, Any]:
    foot = f"{kind} {number}, {long_date_text(document.on)}"
    return {
        "title": f"{foot}, {operator.name}",
        "foot": foot,
        "author": operator.name,
        "heading": kind,
        "lang": "en",
        "date": [document.on.year, document.on.month, document.on.day],
        "operator": letterhead_view(operator),
    }


def _invoice_lines(invoice: Invoice, lines: list[InvoiceLine], operator: Letterhead) -> dict[str, Any]:
    """Prices as they were entered: with tax in them, or without."""
    currency, tax = invoice.currency, operator.tax_name
    included = invoice.prices_include_tax
    return {
        "heading": "Details",
        "columns": _columns(
            ("Description", _LEFT),
            ("Quantity", _RIGHT),
            ("Unit price", _RIGHT),
            (tax, _RIGHT),
            (f"Amount, {tax} included" if included else f"Amount, {tax} excluded", _RIGHT),
        ),
        "rows": [
            [
                line.text,
                _decimal_text(line.quantity, 0),
                _decimal_text(line.unit_price, places(currency)),
                _rate_text(line),
                figure_text(line.total_minor if included else line.net_minor, currency),
            ]
            for line in lines
        ],
        "total": _total(
            f"Total, {tax} {'included' if included else 'excluded'}",
            4,
            invoice.total_minor if included else invoice.net_minor,
            currency,
        ),
    }


def _tax_summary(lines: Iterable[InvoiceLine | CreditNoteLine], currency: str, operator: Letterhead) -> dict[str, Any]:
    """One row a rate; the columns add up to the document."""
    sums: dict[tuple[Decimal, str], list[int]] = {}
    for line in lines:
        entry = sums.setdefault((line.tax_percent, line.tax_name), [0, 0, 0])
        for index, minor in enumerate((line.net_minor, line.tax_minor, line.total_minor)):
            entry[index] += minor
    ordered = sorted(sums.items(), key=lambda item: (-item[0][0], item[0][1]))
    whole = [sum(entry[index] for _, entry in ordered) for index in range(3)]
    return {
        "heading": f"{operator.tax_name} by rate",
        "columns": _columns(
            ("Rate", _LEFT), ("Net", _RIGHT), (operator.tax_name, _RIGHT), (f"{operator.tax_name} included", _RIGHT)
        ),
        "rows": [
            [name or f"No {operator.tax_name}", *(figure_text(minor, currency) for minor in entry)]
            for (_, name), entry in ordered
        ],
        "total": {"label": "Total", "span": 1, "values": [figure_text(minor, currency) for minor in whole]},
    }


def _rate_text(line: InvoiceLine) -> str:
    return f"{_decimal_text(line.tax_percent, 0)} %" if line.tax_percent else line.tax_name or "none"


def _decimal_text(value: Decimal, least: int) -> str:
    """`1,234.50`: at least so many places, and no more than needed."""
    whole, _, fraction = f"{abs(value):.4f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    text = f"{int(whole):,}" + (f".{fraction}" if fraction else "")
    return f"{MINUS}{text}" if value < 0 else text


def _columns(*heads: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"label": label, "align": align, "width": "rest" if index == 0 else "auto"}
        for index, (label, align) in enumerate(heads)
    ]


def _total(label: str, span: int, minor: int, currency: str) -> dict[str, Any]:
    return {"label": label, "span": span, "values": [figure_text(minor, currency)]}


def _fact(label: str, value: str) -> dict[str, Any]:
    return {"label": label, "lines": [value]}


def _address(label: str, customer: Party, operator: Letterhead) -> dict[str, Any]:
    tax = [f"{operator.tax_name} {customer.tax_number}"] if customer.tax_number else []
    address = [line for line in customer.address.splitlines() if line.strip()]
    return {"label": label, "lines": [customer.name, *address, *tax], "strong": True}


def _figure(label: str, minor: int, currency: str, note: str) -> dict[str, str]:
    return {"label": label, "value": money_text(minor, currency), "note": note, "tone": "ink"}


def _words(operator: Letterhead, document: Invoice | CreditNote) -> str:
    tax = f", {operator.tax_name} included" if document.tax_minor else ""
    return f"All amounts in {currency_name(document.currency)}{tax}"
