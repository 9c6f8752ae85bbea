"""A receipt on paper: what was received, and what it paid."""

from __future__ import annotations

from typing import Any

from counterfoil.documents.logos import letterhead_view
from counterfoil.documents.parties import currency_name, day_text
from counterfoil.documents.rendering import render_pdf
from counterfoil.kernel.money import figure_text, money_text
from counterfoil.kernel.periods import long_date_text
from counterfoil.operator.queries import letterhead
from counterfoil.payments.models import Receipt, ReceiptReversal
from counterfoil.receivables.models import Allocation
from counterfoil.receivables.queries import party_of


def receipt_pdf(receipt: Receipt) -> bytes:
    """The receipt as an A4 document."""
    return render_pdf("receipt", receipt_view(receipt))


def receipt_view(receipt: Receipt) -> dict[str, Any]:
    """Everything a receipt says, in finished words."""
    customer, operator = party_of(receipt.customer), letterhead(receipt.customer.brand_id)
    currency = receipt.currency
    reversal = ReceiptReversal.objects.filter(receipt=receipt).first()
    foot = f"Receipt {receipt.number}, {long_date_text(receipt.on)}"
    second = [{"label": "Receipt number", "lines": [receipt.number]}]
    if receipt.reference:
        second.append({"label": "Your reference", "lines": [receipt.reference]})
    view: dict[str, Any] = {
        "title": f"{foot}, {operator.name}",
        "foot": foot,
        "author": operator.name,
        "heading": "Receipt",
        "mark": "Reversed" if reversal else "",
        "lang": "en",
        "date": [receipt.on.year, receipt.on.month, receipt.on.day],
        "operator": letterhead_view(operator),
        "facts": [
            [{"label": "Received from", "lines": [customer.name, *customer.address.splitlines()], "strong": True}],
            second,
            [
                {"label": "Received on", "lines": [long_date_text(receipt.on)]},
                {"label": "Account number", "lines": [customer.number]},
            ],
        ],
        "figures": [
            {
                "label": "Amount received",
                "value": money_text(receipt.amount_minor, currency),
                "note": f"All amounts in {currency_name(currency)}",
                "tone": "ink" if reversal else "green",
            },
            {"label": "Paid by", "value": receipt.get_method_display(), "note": "", "tone": "ink"},
        ],
        "lines": _lines(receipt),
        "closing": "Thank you for your payment.",
    }
    if reversal:
        view["closing"] = (
            f"This payment was reversed on {long_date_text(reversal.on)}: {reversal.reason}. It no longer counts."
        )
    return view


def _lines(receipt: Receipt) -> dict[str, Any]:
    """What it paid, debit by debit, and what stays on the account; together the amount received."""
    currency = receipt.currency
    paid: dict[int, int] = {}
    debits = {}
    for row in Allocation.objects.filter(credit=receipt.item_id).select_related("debit").order_by("pk"):
        paid[row.debit_id] = paid.get(row.debit_id, 0) + row.amount_minor
        debits[row.debit_id] = row.debit
    rows: list[list[Any]] = [
        [
            day_text(debit.on, today=receipt.on),
            debit.number,
            debit.text or debit.get_kind_display(),
            figure_text(paid[pk], currency),
        ]
        for pk, debit in debits.items()
        if paid[pk]
    ]
    left = receipt.amount_minor - sum(paid.values())
    if left:
        rows.append(["", "", {"text": "On account", "tone": "soft"}, figure_text(left, currency)])
    columns = [("Date", "left"), ("Reference", "left"), ("Description", "left"), ("Paid", "right")]
    return {
        "heading": "Allocated to",
        "columns": [
            {"label": label, "align": align, "width": "rest" if label == "Description" else "auto"}
            for label, align in columns
        ],
        "rows": rows,
        "total": {
            "label": "Received",
            "span": 3,
            "values": [figure_text(receipt.amount_minor, currency)],
        },
    }
