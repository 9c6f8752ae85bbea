"""Sending a statement: the copy that leaves is stored as it is and never changes."""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.access.queries import portal_link
from counterfoil.customers.models import Customer
from counterfoil.documents.parties import file_name
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import Period
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import queue_message
from counterfoil.platform.operations import Operation, operation
from counterfoil.receivables import queries
from counterfoil.receivables.rules import Style
from counterfoil.receivables.statement_email import statement_email
from counterfoil.receivables.statement_files import statement_pdf


@operation(label="Email a statement")
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
    statement = queries.statement_of(customer, period, style, op.today)
    open_items = statement if style == "open_item" else queries.statement_of(customer, period, "open_item", op.today)
    email = statement_email(
        statement, open_lines=open_items.lines, text=text, related=related, portal=portal_link(customer)
    )
    name = file_name("Statement", customer.number, "pdf", period.last)
    message = queue_message(
        op,
        customer=customer,
        kind="statement",
        subject=email.subject,
        body_text=email.text,
        body_html=email.html,
        addresses=addresses,
        files=[(name, "application/pdf", statement_pdf(statement))],
        related=related,
    )
    op.record(
        "statement.sent",
        message,
        customer_id=customer.pk,
        period=f"{period.start.isoformat()} to {period.last.isoformat()}",
        style=style,
        balance=money_text(statement.closing_minor, statement.currency),
    )
    return message
