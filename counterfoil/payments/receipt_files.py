"""A receipt on paper: what was received, and what it paid."""

from __future__ import annotations

from typing import Any

from counterfoil.customers.queries import letterhead_of
from counterfoil.documents.logos import letterhead_view
from counterfoil.documents.parties import amounts_in, words_of
from counterfoil.documents.rendering import render_pdf
from counterfoil.documents.speech import Speech
from counterfoil.payments.models import Receipt, ReceiptReversal
from counterfoil.receivables.models import Allocation
from counterfoil.receivables.queries import party_of


def receipt_pdf(receipt: Receipt) -> bytes:
    """The receipt as PDF."""
    return render_pdf("receipt", receipt_view(receipt))


def receipt_view(receipt: Receipt) -> dict[str, Any]:
    """Everything a receipt says, in finished words."""
    operator = letterhead_of(receipt.customer)
    speech, say = operator.speech, operator.speech.say
    customer = party_of(receipt.customer, speech)
    currency = receipt.currency
    reversal = ReceiptReversal.objects.filter(receipt=receipt).first()
    foot = f"{say('Receipt')} {receipt.number}, {speech.long_date(receipt.on)}"
    second = [{"label": say("Receipt number"), "lines": [receipt.number]}]
    if receipt.reference:
        second.append({"label": say("Your reference"), "lines": [receipt.reference]})
    view: dict[str, Any] = {
        "title": f"{foot}, {operator.name}",
        "foot": foot,
        "author": operator.name,
        "heading": say("Receipt"),
        "mark": say("Reversed") if reversal else "",
        "lang": operator.language,
        "words": words_of(operator),
        "date": [receipt.on.year, receipt.on.month, receipt.on.day],
        "operator": letterhead_view(operator),
        "facts": [
            [{"label": say("Received from"), "lines": [customer.name, *customer.address.splitlines()], "strong": True}],
            second,
            [
                {"label": say("Received on"), "lines": [speech.long_date(receipt.on)]},
                {"label": say("Account number"), "lines": [customer.number]},
            ],
        ],
        "figures": [
            {
                "label": say("Amount received"),
                "value": speech.money(receipt.amount_minor, currency),
                "note": amounts_in(operator, currency, taxed=False),
                "tone": "ink" if reversal else "green",
            },
            {"label": say("Paid by"), "value": say(receipt.method_name), "note": "", "tone": "ink"},
        ],
        "lines": _lines(receipt, speech),
        "closing": say("Thank you for your payment."),
    }
    if reversal:
        view["closing"] = say(
            "This payment was reversed on {day}: {reason}. It no longer counts.",
            day=speech.long_date(reversal.on), reason=reversal.reason,
        )  # fmt: skip
    return view


def _lines(receipt: Receipt, speech: Speech) -> dict[str, Any]:
    """What it paid, debit by debit, and what stays on the account; together the amount received."""
    currency, say = receipt.currency, speech.say
    paid: dict[int, int] = {}
    debits = {}
    for row in Allocation.objects.filter(credit=receipt.item_id).select_related("debit").order_by("pk"):
        paid[row.debit_id] = paid.get(row.debit_id, 0) + row.amount_minor
        debits[row.debit_id] = row.debit
    rows: list[list[Any]] = [
        [
            speech.date(debit.on, today=receipt.on),
            debit.number,
            debit.text or say(debit.get_kind_display()),
            speech.figure(paid[pk], currency),
        ]
        for pk, debit in debits.items()
        if paid[pk]
    ]
    left = receipt.amount_minor - sum(paid.values())
    if left:
        rows.append(["", "", {"text": say("On account"), "tone": "soft"}, speech.figure(left, currency)])
    columns = [
        (say("Date"), "left"), (say("Reference"), "left"), (say("Description"), "left"), (say("Paid"), "right"),
    ]  # fmt: skip
    return {
        "heading": say("Allocated to"),
        "columns": [
            {"label": label, "align": align, "width": "rest" if label == say("Description") else "auto"}
            for label, align in columns
        ],
        "rows": rows,
        "total": {
            "label": say("Received"),
            "span": 3,
            "values": [speech.figure(receipt.amount_minor, currency)],
        },
    }
