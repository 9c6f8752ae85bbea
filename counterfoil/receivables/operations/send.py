"""Sending a statement: the copy that leaves is stored as it is and never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil.access.queries import portal_link
from counterfoil.customers.models import Customer
from counterfoil.documents.parties import file_name
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import Period
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import queue_message
from counterfoil.platform import bulk
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb
from counterfoil.receivables import queries
from counterfoil.receivables.rules import Statement, Style
from counterfoil.receivables.statement_email import Email, statement_email
from counterfoil.receivables.statement_files import statement_pdf


@dataclass(frozen=True)
class _Ready:
    """A statement as it will leave."""

    statement: Statement
    email: Email
    pdf: bytes


def _make(caller: Caller, *, customer: Customer, period: Period, style: Style, **more: Any) -> _Ready:
    with bulk.one_moment():
        statement = queries.statement_of(customer, period, style, caller.today)
        open_items = (
            statement if style == "open_item" else queries.statement_of(customer, period, "open_item", caller.today)
        )
        email = statement_email(
            statement, open_lines=open_items.lines, text=more.get("text", ""), related=more.get("related", ""),
            portal=portal_link(customer),
        )  # fmt: skip
    return _Ready(statement, email, statement_pdf(statement))


@verb(label="Email a statement", before=_make)
def send_statement(
    op: Operation,
    *,
    customer: Customer,
    period: Period,
    style: Style,
    addresses: Sequence[str],
    text: str = "",
    related: str = "",
) -> Message:
    """The statement leaves as PDF to each address after some seconds. The customer's own addresses stay as they are."""
    refuse_if(period.last > op.today, "future_statement", "A statement cannot end after today.", field="to")
    ready: _Ready = op.ready
    name = file_name("Statement", customer.number, "pdf", period.last)
    message = queue_message(
        op,
        customer=customer,
        kind="statement",
        subject=ready.email.subject,
        body_text=ready.email.text,
        body_html=ready.email.html,
        addresses=addresses,
        files=[(name, "application/pdf", ready.pdf)],
        related=related,
    )
    op.record(
        "statement.sent",
        message,
        customer_id=customer.pk,
        period=f"{period.start.isoformat()} to {period.last.isoformat()}",
        style=style,
        balance=money_text(ready.statement.closing_minor, ready.statement.currency),
    )
    return message
