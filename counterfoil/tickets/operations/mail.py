"""What comes in by mail: it continues a ticket, opens one, says how a message fared, or waits for a person."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.conf import settings

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.customers.reaching import whose_address
from counterfoil.documents.operations import MOST_BYTES, erase_files, store_file
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.messaging.inbound import Inbound, read
from counterfoil.messaging.models import Delivery
from counterfoil.messaging.operations import report_delivery
from counterfoil.messaging.rules import storable
from counterfoil.messaging.sending import delivery_called
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.repeats import first_time
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import Reason
from counterfoil.tickets import queries, rules
from counterfoil.tickets.models import Channel, IncomingMail, Ticket, TicketMessage
from counterfoil.tickets.operations.messages import guessed, heard
from counterfoil.tickets.operations.shared import (
    MOST_FILES,
    File,
    held,
    one_line,
    opened,
    say,
    within_reopening,
)
from counterfoil.tickets.operations.tickets import record_opened

State = IncomingMail.State
# More from one address within an hour is a loop, or somebody who must be looked at.
MOST_AN_HOUR = 20
_OURS = re.compile(rb"<\d{1,18}\.\d{1,18}\.[0-9a-f]{20}@[^<>@\s]{1,253}>")
_MOST_REPORTED = 50


@dataclass(frozen=True)
class Place:
    """Where an e-mail belongs: to a ticket, to a customer without one, or to nobody for a reason."""

    ticket: Ticket | None = None
    customer: Customer | None = None
    why: str = ""


def take_in(system: System, content: bytes) -> IncomingMail:
    """An e-mail is read, outside any transaction, and then filed; refused where it is none.

    What cannot be filed where it belongs waits for a person, and says why: nothing that came is lost.
    """
    found = read(content)
    try:
        return file_mail(system, content=content, found=found)
    except Refused as refusal:
        return set_mail_aside(system, content=content, found=found, why=refusal.sentence)


def _key(found: Inbound, content: bytes) -> str:
    """By which an e-mail is known again. Others choose a Message-ID, and one of somebody else's is another e-mail."""
    who = "\0".join((found.message_id, found.sender.casefold(), found.subject))
    return hashlib.sha256(who.encode(errors="replace") if found.message_id else content).hexdigest()


@step
def set_mail_aside(op: Operation, *, content: bytes, found: Inbound, why: str) -> IncomingMail:
    """The e-mail is stored as it came and waits for a person."""
    key = _key(found, content)
    known = queries.known_mail(key)
    return known or _keep(op, key, content, found, State.WAITING, why)


@step
def file_mail(op: Operation, *, content: bytes, found: Inbound) -> IncomingMail:
    """The e-mail is stored as it came, and continues a ticket, opens one, or waits for a person.

    The same e-mail again, by its Message-ID, adds nothing. A reply to another customer's ticket never joins it.
    """
    key = _key(found, content)
    # Two at once wait for each other here; long afterwards the row itself says that it was filed.
    first = first_time(op, [f"mail:{key}"])
    if (known := queries.known_mail(key)) is not None:
        return known
    assert first, "What was filed is there."
    if found.kind in ("bounce", "feedback"):
        return _report(op, key, content, found)
    place = _place(op, found)
    if place.ticket is not None:
        return _join(op, key, content, found, place.ticket)
    if place.customer is not None:
        lock([place.customer.pk])
        mail = _keep(op, key, content, found, State.TICKET)
        return _begin(op, mail, place.customer, _files(found), found.text, found.whole)
    return _keep(op, key, content, found, State.WAITING, place.why)


def _place(op: Operation, found: Inbound) -> Place:
    if found.kind == "automatic" or not found.answerable:
        return Place(why="A program wrote it: an automatic answer or report.")
    if not found.sender:
        return Place(why="It says nothing of who sent it.")
    if queries.came_lately(found.sender, op.now) >= MOST_AN_HOUR:
        return Place(why=f"More than {MOST_AN_HOUR} e-mails came from this address within an hour.")
    owners = whose_address(found.sender)
    ticket, certain = _named(found)
    if ticket is not None:
        asked = found.sender.casefold() == ticket.contact_email.casefold()
        known = ticket.customer in owners or (asked and not owners)
        # Who is known by another account writes about that, whatever they quote.
        if (known or (certain and not owners)) and within_reopening(ticket, op.now):
            return Place(ticket=ticket)
        if known:
            return Place(customer=ticket.customer)
        if not owners:
            return Place(why=f"It names {ticket.number}, and the address is not known there.")
    if len(owners) == 1:
        return Place(customer=owners[0])
    if not owners:
        return Place(why="No customer is known by this address.")
    return Place(why=f"Several customers have this address: {', '.join(one.number for one in owners[:5])}.")


def _named(found: Inbound) -> tuple[Ticket | None, bool]:
    """The ticket that an e-mail is about, and whether nobody could have guessed how it says so."""
    key = rules.addressed([*found.to, *found.cc], settings.SECRET_KEY)
    row = Ticket.objects.filter(pk=key).first() if key is not None else None
    if row is not None:
        return queries.leading(row), True
    for message_id in [found.in_reply_to, *reversed(found.references)][:50]:
        delivery = delivery_called(message_id) if message_id else None
        number = rules.number_of(delivery.message.related) if delivery else ""
        if number and (row := queries.ticket_numbered(number)) is not None:
            return row, True
    number = rules.marked(found.subject)
    return (queries.ticket_numbered(number), False) if number else (None, False)


def _keep(
    op: Operation, key: str, content: bytes, found: Inbound, state: str, why: str = "", ticket: Ticket | None = None
) -> IncomingMail:
    """The e-mail as it came; one that is larger than a file may be is kept as it was read."""
    too_large = len(content) > MOST_BYTES
    original = None if too_large else store_file(op, content=content, mime="message/rfc822")
    mail = IncomingMail.objects.create(
        key=key, message_id=_header_id(found.message_id), kind=found.kind, state=state, sender=found.sender[:254],
        sender_name=one_line(found.sender_name)[:120], subject=one_line(found.subject)[:200],
        text=storable(found.text)[:50_000], why=why[:200], original=original, ticket=ticket, at=op.now,
    )  # fmt: skip
    if state != State.TICKET:
        # Nothing of who wrote it, or of whom a report is: it may turn out to be a customer's, and is erased with them.
        op.record("mail.came", mail, why=mail.why if state == State.WAITING else found.kind)
    return mail


def _header_id(message_id: str) -> str:
    """A Message-ID that may stand in a header of ours; nothing where it is none."""
    return message_id if re.fullmatch(r"<[!-;=?-~]{1,400}>", message_id) else ""


def _files(found: Inbound) -> list[File]:
    kept = [(one.name or "File", one.type, one.content) for one in found.attachments if len(one.content) <= MOST_BYTES]
    return kept[:MOST_FILES]


def _author(mail: IncomingMail) -> str:
    return mail.sender_name or mail.sender


def _join(op: Operation, key: str, content: bytes, found: Inbound, ticket: Ticket) -> IncomingMail:
    row = held(ticket)
    mail = _keep(op, key, content, found, State.TICKET, ticket=row)
    heard(op, row, found.text or found.subject, author=_author(mail), channel=Channel.EMAIL, whole=found.whole,
          mail=mail, files=_files(found))  # fmt: skip
    op.keep(mail, customer_id=row.customer_id)
    return mail


def _begin(
    op: Operation, mail: IncomingMail, customer: Customer, files: Sequence[File], text: str, whole: str
) -> IncomingMail:
    """A new ticket of a customer who is locked, of an e-mail."""
    subject = rules.without_mark(mail.subject)
    row = opened(
        op, customer, subject=subject, channel=Channel.EMAIL, category=guessed(op, subject), name=_author(mail),
        email=mail.sender,
    )  # fmt: skip
    say(op, row, TicketMessage.Kind.CUSTOMER, text or subject, author=_author(mail), channel=Channel.EMAIL, whole=whole,
        mail=mail, files=files)  # fmt: skip
    record_opened(op, row)
    mail.state, mail.ticket, mail.why = State.TICKET, row, ""
    mail.save(update_fields=["state", "ticket", "why"])
    op.keep(mail, customer_id=customer.pk)
    return mail


def _report(op: Operation, key: str, content: bytes, found: Inbound) -> IncomingMail:
    """How messages of ours fared stands with their deliveries."""
    told, about = [], None
    for bounce in found.bounces:
        for delivery in _reported(content, {bounce.recipient.casefold(), bounce.original.casefold()} - {""}):
            action = "failed" if found.kind == "feedback" or bounce.action == "failed" else bounce.action
            if action in ("failed", "delayed"):
                words = bounce.words or bounce.status or "The recipient complained."
                report_delivery(op, delivery=delivery, action=action, hard=bounce.hard, words=words[:300])
                told.append(delivery.address)
                about = delivery.message.customer_id
    why = f"About {', '.join(dict.fromkeys(told))}." if told else "It names no message of ours."
    mail = _keep(op, key, content, found, State.REPORT, why)
    if about is not None:
        mail.customer_id = about
        mail.save(update_fields=["customer"])
        op.keep(mail, customer_id=about)
    return mail


def _reported(content: bytes, recipients: set[str]) -> Iterator[Delivery]:
    """The deliveries of ours that a report quotes, of the recipients it is about; of a redirected one, the only one."""
    quoted = dict.fromkeys(one.decode() for one in _OURS.findall(content)[:_MOST_REPORTED])
    ours = [row for one in quoted if (row := delivery_called(one)) is not None]
    matching = [row for row in ours if row.address.casefold() in recipients]
    yield from matching or (ours if len(ours) == 1 else [])


# ------------------------------------------------------------------ what people do with what waits


def _waiting(mail: IncomingMail) -> IncomingMail:
    row = IncomingMail.objects.select_for_update(of=("self",)).get(pk=mail.pk)
    decided = row.state != State.WAITING
    refuse_if(decided, "decided", f"That e-mail is {row.get_state_display().lower()} already.")
    return row


def _again(caller: Caller, *, mail: IncomingMail, **more: Any) -> Inbound | None:
    """What waits, read anew from its original before anybody waits for us; none where that is gone."""
    row = IncomingMail.objects.select_related("original").filter(pk=mail.pk).first()
    if row is None or row.original is None or not row.original.size:
        return None
    return read(bytes(row.original.content))


@verb(label="Assign mail to a customer", whole=True, before=_again)
def assign_mail(op: Operation, *, mail: IncomingMail, customer: Customer) -> Ticket:
    """The e-mail opens a ticket of the customer, and answers go to who sent it."""
    owner = lock([customer.pk])[customer.pk]
    gone = owner.status in (Customer.Status.MERGED, Customer.Status.ERASED)
    refuse_if(gone, "account_closed", f"{owner.number} was {owner.get_status_display().lower()}.", field="customer")
    row = _waiting(mail)
    found: Inbound | None = op.ready
    text, whole = (found.text, found.whole) if found else (row.text, "")
    _begin(op, row, owner, _files(found) if found else (), text, whole)
    assert row.ticket is not None
    return row.ticket


@verb(right=assign_mail, label="Add mail to a ticket", whole=True, before=_again)
def join_mail(
    op: Operation, *, mail: IncomingMail, number: Annotated[str, Says("Ticket", "Its number.", most=60)]
) -> Ticket:
    """The e-mail is what the customer of the ticket said, which goes on."""
    ticket = queries.ticket_numbered(number)
    if ticket is None:
        raise Refused("no_such_ticket", f"There is no ticket {number.strip()[:60]}.", field="number")
    target = held(ticket)
    row = _waiting(mail)
    found: Inbound | None = op.ready
    row.state, row.ticket, row.why = State.TICKET, target, ""
    row.save(update_fields=["state", "ticket", "why"])
    text, whole = (found.text, found.whole) if found else (row.text, "")
    heard(op, target, text or row.subject, author=_author(row), channel=Channel.EMAIL, whole=whole, mail=row,
          files=_files(found) if found else ())  # fmt: skip
    op.keep(row, customer_id=target.customer_id)
    return target


@verb(label="Discard mail", whole=True)
def discard_mail(op: Operation, *, mail: IncomingMail, reason: Reason) -> IncomingMail:
    """The e-mail is nobody's; that it came, from whom and why it was discarded stays, its text and files do not."""
    row = _waiting(mail)
    gone = row.original_id
    row.state, row.why, row.text, row.original = State.DISCARDED, reason[:200], "", None
    row.save(update_fields=["state", "why", "text", "original"])
    op.record("mail.discarded", row, reason=reason)
    if gone:
        erase_files(op, files=[gone])
    return row
