"""What messaging offers to the customer page: what was sent, to whom, and whether it arrived."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.messaging import queries
from counterfoil.messaging.models import Delivery, Message
from counterfoil.platform.panels import Panel
from counterfoil.platform.tables import Column, Table


def delivery_status(row: Message) -> tuple[str, str]:
    """How a message fared at all its addresses: the worst that happened decides."""
    if row.cancelled_at:
        return "Cancelled", ""
    states = {delivery.state for delivery in row.deliveries.all()}
    reports = {report.action for delivery in row.deliveries.all() for report in delivery.reports.all()}
    if Delivery.State.FAILED in states or "failed" in reports:
        return "Not delivered", "bad"
    if states & {Delivery.State.QUEUED, Delivery.State.SENDING}:
        no_server = getattr(row, "no_server", False)
        return ("Waiting: no mail server is set up", "warn") if no_server else ("Waiting to be sent", "info")
    return "Sent", "ok"


SENT = Table(
    key="messages",
    title="Messages sent",
    columns=(
        Column(
            "subject",
            "Subject",
            lambda row: row.subject,
            sort="subject",
            href=lambda row: reverse("message", args=[row.pk]),
        ),
        Column("at", "Sent", lambda row: row.at, "when", sort="at"),
        Column("to", "To", lambda row: ", ".join(delivery.address for delivery in row.deliveries.all()), low=True),
        Column(
            "status", "Status", lambda row: delivery_status(row)[0], "badge", tone=lambda row: delivery_status(row)[1]
        ),
        Column("author", "By", lambda row: row.author, low=True),
    ),
    order="-at",
    empty=("No messages yet", "Statements and invoices sent to this customer appear here."),
)

SENT_PANEL = Panel(
    "messages",
    "Messages sent",
    "messaging.view",
    lambda caller, customer: queries.messages_of(customer),
    table=SENT,
    words="emails sent statements mail delivery",
    queries=5,
)
