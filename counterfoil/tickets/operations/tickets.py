"""What becomes of a ticket: opened, routed, changed, merged, linked and over."""

from __future__ import annotations

from typing import Annotated

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock, theirs
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.operator import numbering
from counterfoil.operator.models import Lookup
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import OneOf, Says
from counterfoil.platform.words import Reason
from counterfoil.receivables.models import OpenItem
from counterfoil.staff.models import User
from counterfoil.subscriptions.models import Subscription
from counterfoil.tickets import queries
from counterfoil.tickets.models import Channel, Priority, Ticket, TicketLink, TicketMessage
from counterfoil.tickets.operations.shared import (
    MOST_TEXT,
    SEQUENCE,
    chosen,
    enter,
    held,
    one_line,
    opened,
    say,
    set_clock,
    works_here,
)

State = Ticket.State
_Subject = Annotated[str, Says(most=200)]


@step
def set_up_tickets(op: Operation) -> None:
    """The number sequence of tickets exists."""
    numbering.define(op, *SEQUENCE)


@verb(label="Open ticket")
def open_ticket(
    op: Operation,
    *,
    customer: Customer,
    subject: _Subject,
    text: Annotated[str, Says("What they asked", most=MOST_TEXT)],
    department: Lookup | None = None,
    flagged_to: User | None = None,
    category: Lookup | None = None,
    priority: Annotated[str, OneOf(Priority)] = "normal",
    channel: Annotated[str, OneOf(Channel), Says("Came by")] = "phone",
    contact_name: Annotated[str, Says("Who asks", most=120)] = "",
    contact_email: Annotated[str, Says("Answers go to", "Blank: the customer’s first address.", most=254)] = "",
) -> Ticket:  # fmt: skip
    """The customer has a ticket with the next number, and waits for an answer. Without a department it is the first
    one's."""
    owner = lock([customer.pk])[customer.pk]
    gone = owner.status in (Customer.Status.MERGED, Customer.Status.ERASED)
    refuse_if(gone, "account_closed", f"{owner.number} was {owner.get_status_display().lower()}.", field="customer")
    _check(op, department, category, flagged_to)
    refuse_if(bool(contact_email) and "@" not in contact_email, "bad_address",
              f"“{contact_email[:60]}” is not an e-mail address.", field="contact_email")  # fmt: skip
    row = opened(
        op, owner, subject=subject, channel=channel, department=department, category=category, flagged_to=flagged_to,
        priority=priority, name=contact_name, email=contact_email,
    )  # fmt: skip
    say(op, row, TicketMessage.Kind.CUSTOMER, text, author=contact_name or owner.name, channel=channel)
    record_opened(op, row)
    return row


def record_opened(op: Operation, row: Ticket) -> None:
    """That the ticket was opened, and whose work it is, is on record."""
    op.record(
        "ticket.opened", row, customer_id=row.customer_id, number=row.number, title=row.subject,
        department=row.department.name, flagged=_name(row.flagged_to),
    )  # fmt: skip


def _check(op: Operation, department: Lookup | None, category: Lookup | None, flagged_to: User | None) -> None:
    chosen(op, department, queries.DEPARTMENTS, "department")
    chosen(op, category, queries.CATEGORIES, "category")
    works_here(flagged_to)


def _name(person: User | None) -> str:
    return person.name if person else "nobody"


@verb(label="Route ticket")
def route_ticket(
    op: Operation, *, ticket: Ticket, department: Lookup, reason: Reason,
    flagged_to: User | None = None,
) -> Ticket:  # fmt: skip
    """The ticket is this department's, flagged to a person or to nobody; where it was, and why it moved, stays on
    record."""
    row = held(ticket)
    if department.pk != row.department_id:
        chosen(op, department, queries.DEPARTMENTS, "department")
    works_here(flagged_to)
    same = department.pk == row.department_id and (flagged_to.pk if flagged_to else None) == row.flagged_to_id
    refuse_if(same, "no_change", f"{row.number} is there already.", field="department")
    _route(op, row, department, flagged_to, reason)
    return row


def _route(op: Operation, row: Ticket, department: Lookup, flagged_to: User | None, reason: str) -> None:
    before = f"{row.department.name}, {_name(row.flagged_to)}"
    row.department, row.flagged_to = department, flagged_to
    row.save(update_fields=["department", "flagged_to"])
    op.record(
        "ticket.routed", row, customer_id=row.customer_id, number=row.number, before=before,
        department=department.name, flagged=_name(flagged_to), reason=reason,
    )  # fmt: skip


@verb(right=route_ticket, label="Flag ticket to me")
def take_ticket(op: Operation, *, ticket: Ticket) -> Ticket:
    """The ticket is flagged to whoever asks."""
    row = held(ticket)
    me = User.objects.filter(pk=op.caller.user_id or 0, kind="person").first()
    if me is None:
        raise Refused("no_person", "A ticket is flagged to people who sign in.")
    refuse_if(row.flagged_to_id == me.pk, "no_change", f"{row.number} is flagged to you already.")
    _route(op, row, row.department, me, "Taken")
    return row


@verb(label="Change ticket")
def change_ticket(
    op: Operation, *, ticket: Ticket, subject: _Subject, priority: Annotated[str, OneOf(Priority)],
    category: Lookup | None = None,
) -> Ticket:  # fmt: skip
    """The ticket is about this, and as urgent as this: what is due is worked out anew from when it was opened."""
    row = held(ticket)
    if category is not None and category.pk != row.category_id:
        chosen(op, category, queries.CATEGORIES, "category")
    now = {"subject": one_line(subject), "priority": priority, "category": category.name if category else "none"}
    before = {
        "subject": row.subject,
        "priority": row.priority,
        "category": row.category.name if row.category else "none",
    }
    changes = {name: [before[name], value] for name, value in now.items() if before[name] != value}
    refuse_if(not changes, "no_change", "Nothing was changed.")
    row.subject, row.priority, row.category = now["subject"], priority, category
    set_clock(row)
    row.save()
    op.record("ticket.changed", row, customer_id=row.customer_id, number=row.number, changes=changes)
    return row


@verb(label="Change state of ticket")
def set_ticket_state(
    op: Operation, *, ticket: Ticket, state: Annotated[str, OneOf(State)],
    reason: Annotated[str, Says("Reason", most=200, optional=True)] = "",
) -> Ticket:  # fmt: skip
    """The ticket is open, waits for the customer, is resolved or closed. The clock counts while it is open."""
    row = held(ticket)
    refuse_if(row.state == state, "no_change", f"{row.number} is {row.get_state_display().lower()} already.",
              field="state")  # fmt: skip
    move(op, row, state, reason)
    return row


def move(op: Operation, row: Ticket, state: str, reason: str = "") -> None:
    """The ticket is in another state, saved and on record."""
    before = str(row.get_state_display())
    enter(op, row, state)
    row.save()
    op.record(
        "ticket.moved", row, customer_id=row.customer_id, number=row.number, before=before,
        state=str(row.get_state_display()), reason=f": {reason}" if reason else "",
    )  # fmt: skip


@verb(label="Link ticket")
def link_ticket(
    op: Operation, *, ticket: Ticket,
    number: Annotated[str, Says("Number", "Of an invoice, payment or subscription of this customer.", most=60)],
) -> TicketLink:  # fmt: skip
    """The ticket is about this document or subscription too. Another customer's is refused."""
    row = held(ticket)
    wanted = number.strip()
    own = theirs(row.customer)
    items = OpenItem.objects.filter(number__iexact=wanted)
    subscriptions = Subscription.objects.filter(number__iexact=wanted)
    item, subscription = items.filter(own).first(), subscriptions.filter(own).first()
    none = item is None and subscription is None
    others = none and (items.exists() or subscriptions.exists())
    refuse_if(others, "other_customer", f"{wanted[:40]} is not {row.customer.name}’s.", field="number")
    refuse_if(none, "nothing_numbered", f"There is no document {wanted[:40]}.", field="number")
    given = {"item": item} if item is not None else {"subscription": subscription}
    refuse_if(TicketLink.objects.filter(ticket=row, **given).exists(), "no_change", f"{wanted} is linked already.",
              field="number")  # fmt: skip
    made = TicketLink.objects.create(ticket=row, at=op.now, **given)
    op.record("ticket.linked", row, customer_id=row.customer_id, number=row.number, what=str(made))
    return made


@verb(label="Merge ticket")
def merge_tickets(
    op: Operation, *, ticket: Ticket, into: Annotated[str, Says("Goes on as", "Number of the other ticket.", most=60)],
    reason: Annotated[str, Says("Reason", most=200, optional=True)] = "",
) -> Ticket:  # fmt: skip
    """What was said on the ticket is read on the other one of the same customer, and its number leads there."""
    row = held(ticket)
    found = queries.ticket_numbered(into)
    if found is None:
        raise Refused("no_such_ticket", f"There is no ticket {into.strip()[:60]}.", field="into")
    refuse_if(found.pk == row.pk, "itself", "A ticket cannot be merged into itself.", field="into")
    refuse_if(found.customer_id != row.customer_id, "other_customer", f"{found.number} is another customer’s.",
              field="into")  # fmt: skip
    target = held(found)
    move(op, row, State.CLOSED, f"merged into {target.number}")
    row.merged_into = target
    row.save(update_fields=["merged_into"])
    why = f": {reason}" if reason else ""
    op.record("ticket.merged", row, customer_id=row.customer_id, number=row.number, into=target.number, reason=why)
    target.last_at = max(target.last_at, row.last_at)
    if target.state == State.OPEN and row.waits_since:
        target.waits_since = target.waits_since or row.waits_since
    target.save(update_fields=["last_at", "waits_since"])
    op.record("ticket.joined", target, customer_id=row.customer_id, number=target.number, other=row.number)
    return target


def follow_merge(op: Operation, customer: Customer, duplicate: Customer) -> None:
    """Tickets of an account that is merged are the other's."""
    for row in Ticket.objects.select_for_update().filter(customer=duplicate).order_by("pk"):
        row.customer = customer
        row.save(update_fields=["customer"])
        op.keep(row, customer_id=customer.pk)
