"""What is said about a ticket: answers that leave by e-mail, notes, what customers say, and statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from django.db.models import Q
from django.template.loader import render_to_string

from counterfoil.access.queries import portal_links
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import letterhead_of, lock
from counterfoil.documents.operations import erase_files
from counterfoil.kernel.errors import refuse_if
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import NewMessage, queue_messages
from counterfoil.messaging.operations.wording import paragraphs
from counterfoil.messaging.queries import refuse_unless_sendable
from counterfoil.operator.models import Lookup
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import OneOf, Says
from counterfoil.tickets import queries, rules
from counterfoil.tickets.models import Channel, IncomingMail, Then, Ticket, TicketFile, TicketMessage
from counterfoil.tickets.operations.shared import (
    MOST_FILES,
    MOST_TEXT,
    File,
    heard_again,
    held,
    opened,
    say,
    set_clock,
    within_reopening,
)
from counterfoil.tickets.operations.tickets import move, record_opened

Kind = TicketMessage.Kind
KIND = "ticket"
_Text = Annotated[str, Says("Text", most=MOST_TEXT)]


@verb(label="Answer ticket")
def answer_ticket(
    op: Operation, *, ticket: Ticket, text: _Text, then: Annotated[str, OneOf(Then)] = "pending",
    addresses: Sequence[str] = (),
) -> TicketMessage:  # fmt: skip
    """The answer leaves by e-mail for each address after some seconds, and the first one stops the clock of it.

    Without addresses it goes to who asked. An answer from the customer comes back to this ticket.
    """
    refuse_unless_sendable()
    row = held(ticket)
    to = list(addresses) or queries.addresses_to_answer(row)
    refuse_if(not to, "no_address", f"There is no e-mail address of {row.customer.name}. Enter one.", field="addresses")
    (sent,) = queue_messages(op, messages=[_letter(row, text, to)])
    made = say(op, row, Kind.ANSWER, text, author=op.caller.name, channel=Channel.EMAIL, sent=sent)
    answered(op, row, then)
    op.record("ticket.answered", row, customer_id=row.customer_id, number=row.number, addresses=", ".join(to))
    if then != row.state:
        move(op, row, then)
    return made


def _letter(row: Ticket, text: str, to: Sequence[str]) -> NewMessage:
    """The answer as an e-mail: what was written, as it was written, and who it is from."""
    customer = row.customer
    house = letterhead_of(customer)
    subject = f"Re: {row.subject}"[:180]
    shown = {
        "subject": subject, "heading": row.subject, "preheader": "", "operator": house.name, "speech": house.speech,
        "paragraphs": paragraphs(text), "account": f"{customer.name}, {customer.number}", "ticket": row.number,
        "portal": portal_links({customer.pk})[customer.pk] if queries.policy().in_portal else "",
        "small_print": house.small_print, "text": text,
    }  # fmt: skip
    return NewMessage(
        customer=customer, kind=KIND, subject=subject, addresses=to, related=rules.related_of(row.number),
        body_text=render_to_string("tickets/email.txt", shown).strip() + "\n",
        body_html=render_to_string("tickets/email.html", shown), written=True,
    )  # fmt: skip


def answered(op: Operation, row: Ticket, then: str = "") -> None:
    """The customer has an answer, and does not wait for us; saved."""
    if row.answered_at is None:
        row.answered_at = op.now
    row.waits_since = None
    set_clock(row)
    row.save()


@verb(label="Add note to ticket")
def add_ticket_note(op: Operation, *, ticket: Ticket, text: _Text) -> TicketMessage:
    """An internal note stands on the ticket; the customer never sees it."""
    row = held(ticket)
    made = say(op, row, Kind.NOTE, text, author=op.caller.name)
    row.save(update_fields=["last_at"])
    op.record("ticket.noted", row, customer_id=row.customer_id, number=row.number)
    return made


def statement_answers(op: Operation, message: Message) -> None:
    """A statement that was sent for a ticket is an answer to it, with its copy and how it was delivered.

    Refused where the ticket is another customer's: then nothing was sent.
    """
    number = rules.number_of(message.related)
    found = queries.ticket_numbered(number) if number else None
    if found is None:
        return
    mine = queries.request_named(message.customer, found.number)
    refuse_if(not mine, "other_customer", f"{found.number} is another customer’s ticket.", field="related")
    row = held(found)
    words = rules.without_mark(message.subject)
    say(op, row, Kind.ANSWER, words, author=op.caller.name, channel=Channel.EMAIL, sent=message)
    answered(op, row)
    to = ", ".join(message.deliveries.order_by("pk").values_list("address", flat=True))
    op.record("ticket.answered", row, customer_id=row.customer_id, number=row.number, addresses=to)


# ------------------------------------------------------------------ what customers say


@step
def ask_by_customer(
    op: Operation, *, customer: Customer, subject: str, text: str, author: str, email: str = "",
    files: Sequence[File] = (),
) -> Ticket:  # fmt: skip
    """The customer opened a ticket in the portal."""
    owner = lock([customer.pk])[customer.pk]
    _check_said(text, files)
    refuse_if(not subject.strip(), "required", "The subject is missing.", field="subject")
    row = opened(op, owner, subject=subject, channel=Channel.PORTAL, category=guessed(op, subject, text), name=author,
                 email=email)  # fmt: skip
    say(op, row, Kind.CUSTOMER, text, author=author, channel=Channel.PORTAL, files=files)
    record_opened(op, row)
    return row


def guessed(op: Operation, *texts: str) -> Lookup | None:
    """The category that what was said speaks of, where it is plain."""
    if not rules.asks_for_statement(*texts):
        return None
    return next((row for row in queries.categories(op.today) if row.code == "statement_request"), None)


@step
def reply_by_customer(
    op: Operation, *, ticket: Ticket, text: str, author: str, files: Sequence[File] = ()
) -> TicketMessage:  # fmt: skip
    """The customer answered in the portal; what was over goes on, within the days that the operator allows."""
    row = held(ticket)
    _check_said(text, files)
    days = queries.policy().reopen_days
    refuse_if(not within_reopening(row, op.now), "too_long_ago",
              f"This was {row.get_state_display().lower()} more than {days} days ago. Open a new request.")  # fmt: skip
    return heard(op, row, text, author=author, channel=Channel.PORTAL, files=files)


def heard(
    op: Operation, row: Ticket, text: str, *, author: str, channel: str, whole: str = "",
    mail: IncomingMail | None = None, files: Sequence[File] = (),
) -> TicketMessage:  # fmt: skip
    """What the customer said stands on the ticket, which goes on; saved and on record."""
    made = say(op, row, Kind.CUSTOMER, text, author=author, channel=channel, whole=whole, mail=mail, files=files)
    over = heard_again(op, row)
    row.save()
    kind = "ticket.reopened" if over else "ticket.replied"
    op.record(kind, row, customer_id=row.customer_id, number=row.number, author=author)
    return made


@step
def rate_by_customer(op: Operation, *, ticket: Ticket, rating: int, note: str = "") -> Ticket:
    """The customer said how it went, from 1 to 5, once it is over; said again, the last one counts."""
    row = held(ticket)
    refuse_if(not row.is_over, "not_over", "You can rate it once it is resolved.")
    refuse_if(not 1 <= rating <= 5, "absurd_number", "Choose from 1 to 5.", field="rating")
    row.rating, row.rating_note, row.rated_at = rating, note.strip()[:500], op.now
    row.save(update_fields=["rating", "rating_note", "rated_at"])
    op.record("ticket.rated", row, customer_id=row.customer_id, number=row.number, rating=rating)
    return row


def _check_said(text: str, files: Sequence[File]) -> None:
    refuse_if(not text.strip(), "required", "The message is missing.", field="text")
    refuse_if(len(text) > MOST_TEXT, "text_too_long", "The message is too long.", field="text")
    refuse_if(len(files) > MOST_FILES, "too_many_files", f"Attach {MOST_FILES} files at most.", field="files")


# ------------------------------------------------------------------ erasing


@step
def erase_tickets(op: Operation, *, customer: Customer) -> int:
    """Nothing is left of what was said on the customer's tickets; that and when they were opened stays."""
    rows = list(Ticket.objects.select_for_update().filter(customer=customer).order_by("pk"))
    # What waits from an address that only a ticket of theirs told us.
    senders = {row.contact_email for row in rows if row.contact_email}
    for row in rows:
        row.subject, row.contact_name, row.contact_email, row.rating_note = "Erased", "", "", ""
        row.save(update_fields=["subject", "contact_name", "contact_email", "rating_note"])
        row.messages.update(text="Erased", whole="", author="Erased")
        op.keep(row, customer_id=customer.pk)
    files = TicketFile.objects.filter(message__ticket__in=rows, file__isnull=False)
    about = Q(ticket__in=rows) | Q(customer=customer)
    mails = list(IncomingMail.objects.filter(about | Q(state=IncomingMail.State.WAITING, sender__in=senders)))
    gone = {*files.values_list("file_id", flat=True), *(mail.original_id for mail in mails if mail.original_id)}
    files.update(file=None, name="Erased")
    for mail in mails:
        mail.sender = mail.sender_name = mail.subject = mail.text = mail.message_id = mail.why = ""
        if mail.state == IncomingMail.State.WAITING:
            mail.state = IncomingMail.State.DISCARDED
        mail.original = None
        mail.save()
        op.keep(mail, customer_id=customer.pk)
    erase_files(op, files=gone)
    return len(rows)
