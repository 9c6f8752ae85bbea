"""What tickets offer to the customer page."""

from __future__ import annotations

from counterfoil.platform.panels import Panel
from counterfoil.tickets import doors, queries
from counterfoil.tickets.tables import customer_tickets

OPEN_TICKET = doors.OPEN_TICKET.action
TICKETS_PANEL = Panel(
    "tickets", "Tickets", "tickets.view", lambda caller, customer: queries.tickets_of(customer),
    table=customer_tickets(), actions=(OPEN_TICKET,), words="helpdesk request complaint case support department",
    queries=3,
)  # fmt: skip
