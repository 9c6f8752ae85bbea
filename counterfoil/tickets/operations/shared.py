"""What the verbs about tickets have in common: the lock, the clock, and what is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.documents.operations import store_files
from counterfoil.kernel.errors import NotFound, refuse_if
from counterfoil.messaging.models import Message
from counterfoil.messaging.rules import storable
from counterfoil.operator import numbering
from counterfoil.operator.models import Lookup
from counterfoil.platform.operations import Operation
from counterfoil.staff.models import User
from counterfoil.tickets import queries, rules
from counterfoil.tickets.models import IncomingMail, Ticket, TicketFile, TicketMessage

SEQUENCE = ("ticket", "T-{number:06}")
MOST_TEXT = 50_000
MOST_FILES = 20
# What a file that came with something is, and its bytes.
File = tuple[str, str, bytes]


def held(ticket: Ticket) -> Ticket:
    """The ticket as it is now, with its customer locked; refused where it was merged into another."""
    known = Ticket.objects.filter(pk=ticket.pk).values_list("customer_id", flat=True).first()
    if known is None:
        raise NotFound()
    lock([known])
    row = Ticket.objects.select_for_update(of=("self",)).select_related(
        "customer", "department", "category", "flagged_to", "merged_into"
    ).get(pk=ticket.pk)  # fmt: skip
    refuse_if(row.customer_id != known, "changed", "The ticket has moved to another account meanwhile. Look again.")
    goes_on = row.merged_into
    refuse_if(goes_on is not None, "merged", f"{row.number} was merged into {goes_on.number if goes_on else ''}.")
    return row


def chosen(op: Operation, row: Lookup | None, kind: str, field: str) -> None:
    """Refuses a choice that is of another list, or not offered any more."""
    if row is None:
        return
    fresh = Lookup.objects.get(pk=row.pk)
    refuse_if(fresh.kind != kind, "wrong_list", f"{fresh.name} is no {field}.", field=field)
    refuse_if(not fresh.is_offered(op.today), "not_offered", f"{fresh.name} is not offered any more. Choose another.",
              field=field)  # fmt: skip


def works_here(person: User | None) -> None:
    """Refuses somebody who does not work here any more."""
    if person is not None:
        fresh = User.objects.get(pk=person.pk)
        refuse_if(not fresh.is_active or fresh.kind != "person", "not_here", f"{fresh.name} does not work here.",
                  field="flagged_to")  # fmt: skip


def set_clock(row: Ticket) -> None:
    """What is due when, of its priority and of how long the clock stood still; not saved."""
    calendar, (first, solve) = queries.calendar(), queries.targets()[row.priority]
    if row.answered_at is None:
        row.first_due_at = rules.after(calendar, row.opened_at, first + row.paused_minutes)
    row.solve_due_at = rules.after(calendar, row.opened_at, solve + row.paused_minutes)
    counting = row.solve_due_at if row.answered_at is not None else row.first_due_at
    row.due_at = None if row.paused_at is not None else counting


def enter(op: Operation, row: Ticket, state: str) -> None:
    """The ticket is in a state from now on: the clock stands still or goes on; not saved."""
    stood, stands = row.state in rules.STANDING_STILL, state in rules.STANDING_STILL
    if stood and not stands and row.paused_at is not None:
        row.paused_minutes += rules.between(queries.calendar(), row.paused_at, op.now)
        row.paused_at = None
    elif stands and not stood:
        row.paused_at = op.now
    row.state = state
    if state in rules.OVER:
        row.ended_at = row.ended_at or op.now
        row.waits_since = None
    else:
        row.ended_at = None
    set_clock(row)


def opened(
    op: Operation, customer: Customer, *, subject: str, channel: str, department: Lookup | None = None,
    category: Lookup | None = None, flagged_to: User | None = None, priority: str = "normal", name: str = "",
    email: str = "",
) -> Ticket:  # fmt: skip
    """A new ticket of a customer who is locked, with the next number; its event is left to the caller."""
    department = department or next(iter(queries.departments(op.today)), None)
    refuse_if(department is None, "no_department", "There is no department. Add one in Settings, under choices.",
              field="department")  # fmt: skip
    assert department is not None
    row = Ticket(
        customer=customer, subject=one_line(subject)[:200] or "No subject", department=department, category=category,
        flagged_to=flagged_to, priority=priority, channel=channel, contact_name=name[:120], contact_email=email[:254],
        opened_at=op.now, opened_by=op.caller.name[:120], last_at=op.now, waits_since=op.now,
    )  # fmt: skip
    set_clock(row)
    number = numbering.take(SEQUENCE[0], [numbering.For(op.today, customer.brand_id)])[0]
    row.number, row.sequence_no = number.text, number.place
    row.save(force_insert=True)
    return row


def one_line(text: str) -> str:
    """The text on one line, without what no header takes."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def say(
    op: Operation, row: Ticket, kind: str, text: str, *, author: str, channel: str = "", whole: str = "",
    sent: Message | None = None, mail: IncomingMail | None = None, files: Sequence[File] = (),
) -> TicketMessage:  # fmt: skip
    """Something more was said about the ticket, with its files."""
    text = storable(text).strip()[:MOST_TEXT]
    whole = storable(whole).strip()[:MOST_TEXT]
    made = TicketMessage.objects.create(
        ticket=row, kind=kind, author=author[:254], channel=channel, text=text, whole=whole if whole != text else "",
        at=op.now, sent=sent, mail=mail,
    )  # fmt: skip
    if files:
        stored = store_files(op, files=[(content, mime[:80]) for _, mime, content in files])
        TicketFile.objects.bulk_create(
            TicketFile(message=made, file=file, name=one_line(name)[-200:] or f"File {place}")
            for place, ((name, _, _), file) in enumerate(zip(files, stored, strict=True), 1)
        )
    row.last_at = op.now
    return made


def heard_again(op: Operation, row: Ticket) -> bool:
    """The customer said something: they wait for us, and what waited for them or was over goes on. Whether it was over.

    Not saved.
    """
    over = row.is_over
    if row.state != Ticket.State.OPEN:
        enter(op, row, Ticket.State.OPEN)
    row.waits_since = row.waits_since or op.now
    return over


def within_reopening(row: Ticket, now: dt.datetime) -> bool:
    """Whether a customer's answer still belongs to this ticket, and not to a new one."""
    if row.ended_at is None:
        return True
    return now - row.ended_at <= dt.timedelta(days=queries.policy().reopen_days)
