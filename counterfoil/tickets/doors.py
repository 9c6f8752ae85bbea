"""How people meet tickets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse

from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.queries import contacts_of
from counterfoil.messaging.queries import waits_sentence
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved
from counterfoil.platform.plain import Door, Offer
from counterfoil.platform.signatures import Says
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.tickets import operations, queries, rules
from counterfoil.tickets.forms import AssignForm, MailboxForm
from counterfoil.tickets.models import IncomingMail, OfficeHours, ServiceTarget, Ticket, TicketMessage
from counterfoil.tickets.nouns import CANNED_ANSWER, MAIL, TICKET

State = Ticket.State


def _departments(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(one, one.name) for one in queries.departments(caller.today)]


def _categories(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(None, "None"), *((one, one.name) for one in queries.categories(caller.today))]


def _people(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(None, "Nobody"), *((one, one.name) for one in queries.people())]


_FLAGGED = {"flagged_to": Says("Flagged to", "Whose work it is. Nobody: it waits in the department.")}
_ROUTED: Mapping[str, Offer] = {"department": _departments, "flagged_to": _people}


def _whole(row: Ticket) -> str:
    return f"{row.number}, {row.customer.name}"


def _home(row: Ticket) -> str:
    return TICKET.url(row)


def _is_there(row: Ticket, day: dt.date) -> bool:
    return row.merged_into_id is None


def _starts(caller: Caller, row: Customer) -> dict[str, Any]:
    first = next(iter(contacts_of(row)), None)
    emails = [point.value for point in first.points.all() if point.kind == "email"] if first else []
    return {
        "department": next(iter(queries.departments(caller.today)), None), "priority": "normal", "channel": "phone",
        "contact_name": first.name if first else row.name, "contact_email": emails[0] if emails else "",
    }  # fmt: skip


OPEN_TICKET = Door(
    operations.open_ticket, CUSTOMER, "new-ticket", "Open ticket", caption="New ticket", icon="message-square", key="t",
    words="helpdesk request complaint case support", offers={**_ROUTED, "category": _categories}, start=_starts,
    fields=_FLAGGED,
    done=lambda made, row: Saved(f"Ticket {made.number} opened for {made.department}.", TICKET.url(made)),
)  # fmt: skip
# From the list, where the customer is named by the number of the account.
OPEN_FOR = Door(
    operations.open_ticket, None, "new", "Open ticket", name="open-ticket-for", caption="New ticket", form=AssignForm,
    under="open-ticket", offers={**_ROUTED, "category": _categories}, fields=_FLAGGED,
    start=lambda caller, row: {"priority": "normal", "channel": "phone"}, home=lambda row: reverse("tickets"),
    done=lambda made, row: Saved(f"Ticket {made.number} opened for {made.department}.", TICKET.url(made)),
)  # fmt: skip
ROUTE_TICKET = Door(
    operations.route_ticket, TICKET, "route", "Send", caption="Send to a department or person", icon="arrow-right",
    offers=_ROUTED, offered=_is_there, about=_whole, home=_home, fields=_FLAGGED,
    order=("department", "flagged_to", "reason"),
    start=lambda caller, row: {"department": row.department, "flagged_to": row.flagged_to},
    done=lambda made, row: f"{made.number} is with {made.department}"
                           f"{f', flagged to {made.flagged_to.name}' if made.flagged_to else ', flagged to nobody'}.",
)  # fmt: skip
TAKE_TICKET = Door(
    operations.take_ticket, TICKET, "take", "Flag to me", caption="Flag to me", icon="flag", at_once=True,
    offered=lambda row, day: _is_there(row, day) and not row.is_over,
    done=lambda made, row: f"{made.number} is flagged to you.",
)  # fmt: skip
CHANGE_TICKET = Door(
    operations.change_ticket, TICKET, "change", "Save", caption="Edit ticket", icon="square-pen",
    offers={"category": _categories}, offered=_is_there, about=_whole, home=_home,
    start=lambda caller, row: {"subject": row.subject, "priority": row.priority, "category": row.category},
    done=lambda made, row: f"{made.number} changed.",
)  # fmt: skip


def _moving(state: str, slug: str, words: str, icon: str, done: str, *of: str) -> Door:
    return Door(
        operations.set_ticket_state, TICKET, slug, words, name=f"ticket-{slug}", caption=words, icon=icon, at_once=True,
        given={"state": lambda caller, row: state, "reason": lambda caller, row: ""},
        offered=lambda row, day: _is_there(row, day) and row.state in of,
        done=lambda made, row: f"{made.number} {done}.",
    )  # fmt: skip


WAIT = _moving(
    "pending", "wait", "Wait for customer", "pause", "waits for the customer; its clock stands still", "open"
)
RESOLVE = _moving("resolved", "resolve", "Resolve", "check", "resolved", "open", "pending")
CLOSE = _moving("closed", "close", "Close", "circle-check", "closed", "open", "pending", "resolved")
REOPEN = _moving("open", "reopen", "Reopen", "repeat", "is open again", "pending", "resolved", "closed")
SET_STATE = Door(
    operations.set_ticket_state, TICKET, "state", "Save", caption="Change state with a reason", icon="repeat",
    offered=_is_there, about=_whole, home=_home, start=lambda caller, row: {"state": row.state},
    done=lambda made, row: f"{made.number}: {made.get_state_display().lower()}.",
)  # fmt: skip


def _answered(made: TicketMessage, row: Ticket) -> Saved:
    assert made.sent is not None
    to = made.sent.deliveries.count()
    said = f"Answer sent to {plural(to, 'address', 'addresses')}."
    if waits := waits_sentence():
        said = f"Answer not sent yet. {waits}"
    return Saved(said, TICKET.url(row), reverse("cancel-message", args=[made.sent.pk]))


ANSWER_TICKET = Door(
    operations.answer_ticket, TICKET, "answer", "Send answer", caption="Answer", icon="send", about=_whole, home=_home,
    offered=_is_there,
    start=lambda caller, row: {"then": "pending", "addresses": queries.addresses_to_answer(row)},
    done=_answered,
)  # fmt: skip
ADD_NOTE = Door(
    operations.add_ticket_note, TICKET, "note", "Add note", caption="Internal note", icon="sticky-note", about=_whole,
    home=_home, offered=_is_there, done=lambda made, row: Saved("Internal note added.", TICKET.url(row)),
)  # fmt: skip
LINK_TICKET = Door(
    operations.link_ticket, TICKET, "link", "Link", caption="Link a document", icon="link", offered=_is_there,
    about=_whole, home=_home, done=lambda made, row: f"{made} linked.",
)  # fmt: skip


def _others(row: Ticket) -> str:
    others = [f"{one.number}, {one.subject}" for one in queries.open_tickets_of(row.customer) if one.pk != row.pk]
    return f"Open tickets of {row.customer.name}: {'; '.join(others[:5]) or 'no other'}."


MERGE_TICKETS = Door(
    operations.merge_tickets, TICKET, "merge", "Merge", caption="Merge with another ticket", icon="git-merge",
    offered=_is_there, about=_whole, home=_home, lead=_others,
    done=lambda made, row: Saved(f"{row.number} goes on as {made.number}.", TICKET.url(made)),
)  # fmt: skip

# ------------------------------------------------------------------ mail


def _from(row: IncomingMail) -> str:
    return f"{row.subject or 'No subject'}, {row.sender or 'nobody'}"


def _waits(row: IncomingMail, day: dt.date) -> bool:
    return row.state == IncomingMail.State.WAITING


def _mails(row: Any) -> str:
    return reverse("mail-without-customer")


def _opened(made: Ticket, row: IncomingMail) -> Saved:
    return Saved(f"Ticket {made.number} of {made.customer.name}.", TICKET.url(made))


ASSIGN_MAIL = Door(
    operations.assign_mail, MAIL, "assign", "Open ticket", caption="Whose is it?", icon="users", about=_from,
    home=_mails, form=AssignForm, offered=_waits, done=_opened,
    lead=lambda row: f"{row.why} It becomes a ticket of the customer, and answers go to {row.sender or 'nobody'}.",
)  # fmt: skip
JOIN_MAIL = Door(
    operations.join_mail, MAIL, "join", "Add to ticket", caption="Add to a ticket", icon="link", about=_from,
    home=_mails, offered=_waits, done=_opened,
)  # fmt: skip
DISCARD_MAIL = Door(
    operations.discard_mail, MAIL, "discard", "Discard", caption="Discard", icon="ban", danger=True, about=_from,
    home=_mails, offered=_waits, lead=lambda row: "Its text and files are erased; that it came stays on record.",
    done=lambda made, row: Saved("E-mail discarded.", _mails(made)),
)  # fmt: skip

# ------------------------------------------------------------------ settings


def settings_url(row: Any = None) -> str:
    """The page of what holds for tickets."""
    return reverse("ticket-settings")


def _settings(**more: Any) -> dict[str, Any]:
    return {"under": "settings/tickets", "home": settings_url, **more}


TICKET_POLICY = Door(
    operations.set_ticket_policy, None, "policy", "Save", name="ticket-policy", caption="Change ticket rules",
    start=lambda caller, row: {"reopen_days": queries.policy().reopen_days, "in_portal": queries.policy().in_portal},
    done=lambda made, _: "Tickets are handled like this from now on.", **_settings(),
)  # fmt: skip
ADD_CANNED = Door(
    operations.add_canned_answer, None, "add-answer", "Add", caption="New standard answer",
    done=lambda made, _: f"{made.name} added.", **_settings(),
    lead=lambda row: "Fields are filled in: {first_name}, {customer_name}, {account_number}, {balance}, "
                     "{ticket_number}, {my_name}.",
)  # fmt: skip
CHANGE_CANNED = Door(
    operations.change_canned_answer, CANNED_ANSWER, "change", "Save", caption="Standard answer", about=str,
    start=lambda caller, row: {"name": row.name, "text": row.text}, offered=lambda row, day: row.retired_on is None,
    done=lambda made, _: f"{made.name} changed.", **_settings(),
)  # fmt: skip
RETIRE_CANNED = Door(
    operations.retire_canned_answer, CANNED_ANSWER, "retire", "Stop using", caption="Stop using", danger=True,
    about=str, offered=lambda row, day: row.retired_on is None, lead=lambda row: "What was sent stays as it is.",
    done=lambda made, _: f"{made.name} is not offered any more.", **_settings(),
)  # fmt: skip


def _target(priority: str) -> Callable[[Caller, Any], dict[str, Any]]:
    def start(caller: Caller, row: Any) -> dict[str, Any]:
        first, solve = queries.targets()[priority]
        return {"priority": priority, "first_minutes": first, "solve_minutes": solve}

    return start


def _said_target(made: ServiceTarget, _: Any) -> str:
    first, solve = rules.hours_text(made.first_minutes), rules.hours_text(made.solve_minutes)
    return f"{made} tickets are answered within {first} and solved within {solve} of business hours."


def _said_hours(made: OfficeHours, _: Any) -> str:
    if made.opens == made.closes:
        return f"Closed on {made}."
    return f"{made}: {rules.clock_text(made.opens)} to {rules.clock_text(made.closes)}."


def _mailbox(caller: Caller, row: Any) -> dict[str, Any]:
    now = queries.mailbox()
    if now is None:
        return {"port": 993, "security": "tls", "folder": "INBOX"}
    return {name: getattr(now, name) for name in ("host", "port", "security", "user", "folder", "address", "plus")}


MAILBOX = Door(
    operations.set_mailbox, None, "mailbox", "Save mailbox", caption="Mailbox of tickets", form=MailboxForm,
    start=_mailbox, lead=lambda row: "It is read every minute, by IMAP. Nothing is changed or deleted there.",
    done=lambda made, _: f"{made} is read from now on." if made.host else "No mailbox is read any more.", **_settings(),
)  # fmt: skip
SERVICE_LEVEL = Door(
    operations.set_service_target, None, "service-level", "Save", caption="Service level", start=_target("normal"),
    done=_said_target, **_settings(),
)  # fmt: skip
HOURS = Door(
    operations.set_office_hours, None, "hours", "Save", caption="Business hours", done=_said_hours,
    start=lambda caller, row: {"weekday": "0", "opens": "08:00", "closes": "17:00"}, **_settings(),
)  # fmt: skip
