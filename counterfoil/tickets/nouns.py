"""What there is to read about tickets."""

from __future__ import annotations

import datetime as dt

from counterfoil.platform.showing import Noun
from counterfoil.tickets.models import (
    CannedAnswer,
    IncomingMail,
    Mailbox,
    OfficeHours,
    ServiceTarget,
    Ticket,
    TicketLink,
    TicketMessage,
    TicketPolicy,
)

TONES = {"open": "info", "pending": "", "resolved": "ok", "closed": ""}


def _state(row: Ticket, day: dt.date) -> tuple[str, str]:
    return row.short_state, "warn" if row.waits_since and row.state == Ticket.State.OPEN else TONES[row.state]


def _urgency(row: Ticket, day: dt.date) -> tuple[str, str] | None:
    tone = {"urgent": "bad", "high": "warn"}.get(row.priority)
    return (str(row.get_priority_display()), tone) if tone else None


TICKET = Noun(
    Ticket, path="tickets", by="number", sees="tickets.view", section="messages#tickets", page="ticket",
    related=("customer", "department", "category", "flagged_to", "merged_into"), sorts=("opened_at", "due_at"),
    badges=(_state, _urgency), portal=False,
    search=lambda rows, text: rows.filter(subject__icontains=text),
    labels={"channel": "Came by", "contact_name": "Who asks", "contact_email": "Answers go to",
            "merged_into": "Goes on as", "ended_at": "Over since"},
    shows=(
        "customer", "number", "subject", "department", "flagged_to", "category", "priority", "state", "channel",
        "contact_name", "contact_email", "opened_at", "opened_by", "last_at", "waits_since", "answered_at", "ended_at",
        "first_due_at", "solve_due_at", "due_at", "merged_into", "rating", "rating_note",
    ),
    parts={"messages": ("kind", "author", "channel", "text", "at")},
    one=lambda rows: rows.prefetch_related("messages"),
)  # fmt: skip
TICKET_MESSAGE = Noun(
    TicketMessage, path="ticket-messages", sees="tickets.view", whose=("ticket", "customer"),
    related=("ticket__customer",), word="message of a ticket", section="messages#tickets",
    shows=("ticket", "kind", "author", "channel", "text", "at"),
)  # fmt: skip
TICKET_LINK = Noun(
    TicketLink, path="ticket-links", sees="tickets.view", whose=("ticket", "customer"), section="messages#tickets",
    related=("ticket__customer", "item", "subscription"), word="link of a ticket",
    shows=("ticket", "item", "subscription", "at"),
)  # fmt: skip
MAIL = Noun(
    IncomingMail, path="incoming-mail", sees="tickets.view", whose=("ticket", "customer"), called=("mail",),
    related=("ticket__customer",), word="e-mail", sorts=("at",),
    labels={"why": "Why it waits", "at": "Came in", "sender_name": "Name"},
    shows=("sender", "sender_name", "subject", "kind", "state", "why", "text", "ticket", "at"),
)  # fmt: skip
CANNED_ANSWER = Noun(
    CannedAnswer, path="canned-answers", sees="tickets.view", whose=(), called=("answer",), word="standard answer",
    shows=("name", "text", "retired_on"),
)  # fmt: skip
MAILBOX = Noun(
    Mailbox, path="ticket-mailbox", sees="tickets.view", whose=(), word="mailbox",
    shows=("address", "host", "port", "security", "user", "folder", "plus", "read_at", "trouble"),
)  # fmt: skip
SERVICE_TARGET = Noun(
    ServiceTarget, path="service-targets", sees="tickets.view", whose=(), word="service level",
    shows=("priority", "first_minutes", "solve_minutes"),
)  # fmt: skip
OFFICE_HOURS = Noun(
    OfficeHours, path="office-hours", sees="tickets.view", whose=(), word="business hours",
    shows=("weekday", "opens", "closes"),
)  # fmt: skip
TICKET_POLICY = Noun(
    TicketPolicy, path="ticket-policies", sees="tickets.view", whose=(), word="policy of tickets",
    shows=("reopen_days", "in_portal", "at", "author"),
)  # fmt: skip
