"""Invoices and credit notes on paper, from the frozen copy: printed again in ten years, they say the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from counterfoil.billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from counterfoil.customers.queries import letterhead_of
from counterfoil.documents.logos import letterhead_view
from counterfoil.documents.parties import Letterhead, Party, amounts_in, payment_view, words_of
from counterfoil.documents.rendering import render_page, render_pdf
from counterfoil.documents.speech import Speech
from counterfoil.kernel.money import MINUS, money_text, places
from counterfoil.platform.joints import joint
from counterfoil.receivables.queries import party_of

_LEFT, _RIGHT = "left", "right"


@joint
def paid_online(invoices: Sequence[Invoice], /) -> dict[int, str]:
    """One is asked: where each of these issued invoices is paid by card, by key; nothing where cards are not taken."""
    raise NotImplementedError


def online_addresses(invoices: Sequence[Invoice]) -> dict[int, str]:
    """The same for who prints or sends them."""
    (found,) = paid_online(invoices)
    return found


def invoice_pdf(invoice: Invoice, online: str | None = None) -> bytes:
    """The invoice as PDF; a draft says so. `online` is where it is paid by card, where that is known."""
    return render_pdf("invoice", invoice_view(invoice, online))


def invoice_page(invoice: Invoice) -> bytes:
    """Its first page as a picture."""
    return render_page("invoice", invoice_view(invoice))


def credit_note_pdf(note: CreditNote) -> bytes:
    """The credit note as PDF."""
    return render_pdf("credit_note", credit_note_view(note))


def invoice_view(invoice: Invoice, online: str | None = None) -> dict[str, Any]:
    """Everything an invoice says, in finished words. Where it is paid by card is where it is now."""
    customer, operator = _parties(invoice)
    issued, speech = invoice.state == Invoice.State.ISSUED, operator.speech
    say = speech.say
    kind = say("Tax invoice") if operator.tax_number else say("Invoice")
    number = invoice.number or say("not numbered yet")
    lines = list(invoice.lines.all())
    settled = settled_at_issue(invoice)
    to_pay = invoice.total_minor - settled
    second = [_fact(say("Invoice number"), number), _fact(say("Account number"), customer.number)]
    third = [_fact(say("Invoice date"), speech.long_date(invoice.on)), _fact(say("Terms"), customer.terms)]
    if invoice.reference:
        second.append(_fact(say("Your reference"), invoice.reference))
    view = _sheet(invoice, operator, kind, number if issued else say("draft {number}", number=invoice.pk))
    view |= {
        "mark": "" if issued else say("Draft"),
        "facts": [[_address(say("Bill to"), customer, operator)], second, [fact for fact in third if fact["lines"][0]]],
        "figures": [
            _figure(say("Amount to pay"), speech.money(to_pay, invoice.currency), _words(operator, invoice)),
            _figure(say("Please pay by"), speech.long_date(invoice.due_on), customer.terms)
            if to_pay
            else _figure(say("Please pay"), say("Nothing"), say("Settled from account credit")),
        ],
        # What is said by its only line is not said twice.
        "text": "" if [line.text for line in lines] == [invoice.text] else invoice.text,
        "lines": _invoice_lines(invoice, lines, operator),
        "tax": _tax_summary(lines, invoice.currency, operator),
        "note": operator.invoice_text,
    }
    if settled:
        total, paid = (speech.money(minor, invoice.currency) for minor in (invoice.total_minor, settled))
        view["closing"] = say(
            "{paid} of {total} was settled from your account credit when this invoice was issued.",
            paid=paid,
            total=total,
        )
    if issued and to_pay > 0:
        euro = to_pay if invoice.currency == "EUR" else 0
        online = online_addresses([invoice]).get(invoice.pk, "") if online is None else online
        if pay := payment_view(operator, customer.number, euro_minor=euro, online=online):
            view["pay"] = pay
    if not issued:
        view["closing"] = say("This is a draft, not an invoice. No payment is due.")
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
    lines, speech = list(note.lines.order_by("position")), operator.speech
    say, tax = speech.say, operator.tax_name
    view = _sheet(note, operator, say("Credit note"), note.number)
    view |= {
        "facts": [
            [_address(say("Credit to"), customer, operator)],
            [_fact(say("Credit note number"), note.number), _fact(say("Account number"), customer.number)],
            [_fact(say("Date"), speech.long_date(note.on)), _fact(say("For invoice"), note.invoice.number or "")],
        ],
        "figures": [
            _figure(say("Amount credited"), speech.money(note.total_minor, note.currency), _words(operator, note)),
            _figure(say("Reason"), note.reason, "")
            if len(note.reason) <= 24
            else _figure(say("For invoice"), note.invoice.number or "", ""),
        ],
        "text": "" if len(note.reason) <= 24 else say("Reason: {reason}", reason=note.reason),
        "lines": {
            "heading": say("Credited items"),
            "columns": _columns((say("Description"), _LEFT), (tax, _RIGHT), (say("Amount"), _RIGHT)),
            "rows": [
                [line.text, *(speech.figure(minor, note.currency) for minor in (line.tax_minor, line.total_minor))]
                for line in lines
            ],
            "total": _total(
                say("Total credited, {tax} included", tax=tax), 2, speech.figure(note.total_minor, note.currency)
            ),
        },
        "tax": _tax_summary(lines, note.currency, operator),
        "note": operator.credit_note_text,
        "closing": say(
            "This amount has been credited to your account {number}. You don't need to do anything.",
            number=customer.number,
        ),
    }
    return view


def _parties(document: Invoice | CreditNote) -> tuple[Party, Letterhead]:
    """Customer and operator as they were when the document was issued; for a draft, as they are."""
    copy = document.copy or {}
    known, row = copy.get("customer"), document.customer
    operator = Letterhead(**head) if (head := copy.get("operator")) else letterhead_of(row)
    return Party(**known) if known else party_of(row, operator.speech), operator


def _sheet(document: Invoice | CreditNote, operator: Letterhead, kind: str, number: str) -> dict[str, Any]:
    foot = f"{kind} {number}, {operator.speech.long_date(document.on)}"
    return {
        "title": f"{foot}, {operator.name}",
        "foot": foot,
        "author": operator.name,
        "heading": kind,
        "lang": operator.language,
        "words": words_of(operator),
        "date": [document.on.year, document.on.month, document.on.day],
        "operator": letterhead_view(operator),
    }


def _invoice_lines(invoice: Invoice, lines: list[InvoiceLine], operator: Letterhead) -> dict[str, Any]:
    """Prices as they were entered: with tax in them, or without."""
    currency, tax, speech = invoice.currency, operator.tax_name, operator.speech
    included, say = invoice.prices_include_tax, operator.speech.say
    amount = say("Amount, {tax} included", tax=tax) if included else say("Amount, {tax} excluded", tax=tax)
    total = say("Total, {tax} included", tax=tax) if included else say("Total, {tax} excluded", tax=tax)
    return {
        "heading": say("Details"),
        "columns": _columns(
            (say("Description"), _LEFT),
            (say("Quantity"), _RIGHT),
            (say("Unit price"), _RIGHT),
            (tax, _RIGHT),
            (amount, _RIGHT),
        ),
        "rows": [
            [
                line.text,
                speech.number(_decimal_text(line.quantity, 0)),
                speech.number(_decimal_text(line.unit_price, places(currency))),
                _rate_text(line, speech),
                speech.figure(line.total_minor if included else line.net_minor, currency),
            ]
            for line in lines
        ],
        "total": _total(total, 4, speech.figure(invoice.total_minor if included else invoice.net_minor, currency)),
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
    say, tax, figure = operator.speech.say, operator.tax_name, operator.speech.figure
    return {
        "heading": say("{tax} by rate", tax=tax),
        "columns": _columns(
            (say("Rate"), _LEFT), (say("Net"), _RIGHT), (tax, _RIGHT), (say("{tax} included", tax=tax), _RIGHT)
        ),
        "rows": [
            [name or say("No {tax}", tax=tax), *(figure(minor, currency) for minor in entry)]
            for (_, name), entry in ordered
        ],
        "total": {"label": say("Total"), "span": 1, "values": [figure(minor, currency) for minor in whole]},
    }


def _rate_text(line: InvoiceLine, speech: Speech) -> str:
    percent = speech.number(_decimal_text(line.tax_percent, 0))
    return f"{percent} %" if line.tax_percent else line.tax_name or speech.say("none")


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


def _total(label: str, span: int, figure: str) -> dict[str, Any]:
    return {"label": label, "span": span, "values": [figure]}


def _fact(label: str, value: str) -> dict[str, Any]:
    return {"label": label, "lines": [value]}


def _address(label: str, customer: Party, operator: Letterhead) -> dict[str, Any]:
    tax = [f"{operator.tax_name} {customer.tax_number}"] if customer.tax_number else []
    address = [line for line in customer.address.splitlines() if line.strip()]
    return {"label": label, "lines": [customer.name, *address, *tax], "strong": True}


def _figure(label: str, value: str, note: str) -> dict[str, str]:
    return {"label": label, "value": value, "note": note, "tone": "ink"}


def _words(operator: Letterhead, document: Invoice | CreditNote) -> str:
    return amounts_in(operator, document.currency, taxed=bool(document.tax_minor))
