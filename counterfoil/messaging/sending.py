"""Sends what is due: claim in one short transaction, send outside any transaction, record the result in another."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import logging
import re
import time
from dataclasses import dataclass
from email.utils import formataddr
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from counterfoil.documents.logos import PNG, logo_png
from counterfoil.documents.rendering import DocumentFailed
from counterfoil.kernel.errors import Refused
from counterfoil.messaging import operations, rules
from counterfoil.messaging.interfaces import Attachment, Channel, Outcome, Outgoing, Rejected
from counterfoil.messaging.models import Delivery, PrivateMail
from counterfoil.messaging.queries import anything_due, mail_server, sends_mail
from counterfoil.operator.queries import face
from counterfoil.platform import secrets
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.connectors import connector

logger = logging.getLogger(__name__)
# Where the frame of e-mails says the name. What anybody entered is escaped and cannot look like it.
_NAME = re.compile(r"<!--name-->\s*(.*?)\s*<!--/name-->", re.DOTALL)
_STYLE = "display: block; border: 0; max-width: 100%; height: auto"


def send_due(system: System, *, channel: Channel | None = None, limit: int = 200, seconds: float = 5) -> int:
    """Send what is due, one after the other, for at most so long; returns how many were tried.

    Each is claimed just before it is sent, so that a crash leaves at most one in doubt. What only its addressee may
    read comes first: somebody sits and waits for it.
    """
    operations.fail_interrupted_deliveries(system)
    operations.tidy_private_mail(system)
    ends = time.monotonic() + seconds
    if channel is None and not sends_mail():
        return 0
    for count in range(limit):
        if time.monotonic() >= ends or not anything_due(system.now):
            return count
        row = operations.claim_private_mail(system) or operations.claim_delivery(system)
        if row is None:
            return count
        _send(system, row, channel)
    return limit


def _send(system: System, row: PrivateMail | Delivery, channel: Channel | None) -> None:
    try:
        outgoing = _private(row) if isinstance(row, PrivateMail) else outgoing_of(row)
    except Exception as error:  # noqa: BLE001 - a mistake with one message must not stop the others
        logger.exception("%s cannot be put together", row)
        said = error.sentence if isinstance(error, Refused) else "The message could not be put together."
        _record(system, row, Rejected(said))
        return
    try:
        outcome = (channel or connector("MESSAGE_CHANNELS", "email")).send(outgoing)
    except Exception:  # noqa: BLE001 - as above
        # Nobody knows how far it came. It stays as it is and is given up as interrupted, never sent twice.
        logger.exception("Sending %s broke off", row.pk)
        return
    _record(system, row, outcome)


def _record(system: System, row: PrivateMail | Delivery, outcome: Outcome) -> None:
    if isinstance(row, PrivateMail):
        operations.record_private_mail(system, mail=row, outcome=outcome)
    else:
        operations.record_delivery(system, delivery=row, outcome=outcome)


@dataclass(frozen=True)
class _Sender:
    """Who messages are from, as their headers say."""

    host: str
    address: str
    shown: str
    reply_to: str
    # The hash of the logo of who writes.
    logo: str = ""


def _sender(brand: int | None) -> _Sender:
    """A brand with an address of its own writes from it; else messages are from whom the mail server's settings say."""
    house, letterhead, server = face(None), face(brand), mail_server()
    name, address, reply_to = (server.from_name, server.from_address, server.reply_to) if server else ("", "", "")
    if letterhead.email != house.email:
        address = reply_to = letterhead.email
    address, reply_to = address or house.email, reply_to or house.email
    host = address.rpartition("@")[2] or urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    address = address or f"no-reply@{host}"
    shown = letterhead.name if letterhead.name != house.name else name or house.name
    return _Sender(host, address, formataddr((" ".join(shown.split()), address)), reply_to, letterhead.logo)


def _private(mail: PrivateMail) -> Outgoing:
    """The e-mail that only its addressee may read, from what was encrypted when it was queued."""
    sender = _sender(mail.customer.brand_id if mail.customer else None)
    text, html = json.loads(secrets.decrypt(mail.sealed))
    html, inline = with_logo(html, sender.logo)
    return Outgoing(
        id=message_id("private", mail.pk, mail.at, sender.host),
        to=mail.address,
        sender=sender.shown,
        reply_to=sender.reply_to,
        subject=mail.subject,
        text=text,
        html=html,
        attachments=(),
        inline=inline,
    )


def mail_error(subject: str, text: str) -> None:
    """An error is mailed to whoever runs the machine; at once, without another try, when the database takes nothing."""
    now = timezone.now()
    for _, address in settings.ADMINS:
        try:
            operations.queue_private_mail(
                Caller.system("log"), address=address, subject=subject, text=text, useless_at=now + rules.PRIVATE_FOR
            )
        except DatabaseError:
            channel: Channel = connector("MESSAGE_CHANNELS", "email")
            host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
            error_id = message_id("error", 0, now, host)
            channel.send(Outgoing(error_id, address, f"no-reply@{host}", "", subject, text, "", ()))


def outgoing_of(delivery: Delivery) -> Outgoing:
    """The message for one address, complete, from what was stored when it was queued."""
    message, sender = delivery.message, _sender(delivery.message.customer.brand_id)
    html, inline = with_logo(message.body_html, sender.logo)
    return Outgoing(
        id=message_id(str(message.pk), delivery.pk, message.at, sender.host),
        to=delivery.address,
        sender=sender.shown,
        reply_to=message.reply_to or sender.reply_to,
        subject=message.subject,
        text=message.body_text,
        html=html,
        inline=inline,
        references=tuple(message.follows.split()),
        written=message.written,
        attachments=tuple(
            Attachment(row.name, row.file.mime, bytes(row.file.content))
            for row in message.files.select_related("file").order_by("pk")
            if row.file is not None
        ),
    )


def with_logo(html: str, logo: str) -> tuple[str, tuple[Attachment, ...]]:
    """The HTML with the logo of this hash in place of the name, and the picture that goes with it.

    What is stored of a message says the name; the logo takes its place as the message leaves, so that the same picture
    is not kept with each of a hundred thousand messages, and nothing is fetched when somebody reads one.
    Without a logo, without a place for it, or when it cannot be drawn: the HTML as it is, which says the name.
    """
    found = _NAME.search(html) if logo else None
    if found is None:
        return html, ()
    try:
        picture, wide, high = logo_png(logo)
    except (DocumentFailed, Refused):
        logger.exception("The logo %s could not be drawn for an e-mail", logo)
        return html, ()
    name = f"logo.{logo[:16]}@counterfoil"
    # Sizes as attributes too: Outlook reads no style.
    image = f'<img src="cid:{name}" alt="{found[1]}" width="{wide}" height="{high}" style="{_STYLE}">'
    return html[: found.start()] + image + html[found.end() :], (Attachment(name, PNG, picture),)


def trial_of(address: str, now: dt.datetime) -> Outgoing:
    """A message that says nothing but that it arrived."""
    sender, house = _sender(None), face(None)
    text = f"This is a test from {house.name}. Messages to customers leave the same way.\n"
    key = message_id("test", 0, now, sender.host)
    return Outgoing(key, address, sender.shown, sender.reply_to, f"Test from {house.name}", text, "", ())


_OURS = re.compile(r"<(\d{1,18})\.(\d{1,18})\.([0-9a-f]{20})@[^<>@]+>")


def delivery_called(message_id: str) -> Delivery | None:
    """The delivery of ours that has this Message-ID; none where it is not one that we gave."""
    found = _OURS.fullmatch(message_id.strip())
    if found is None:
        return None
    of, pk, key = found.groups()
    row = Delivery.objects.select_related("message__customer").filter(pk=int(pk), message=int(of)).first()
    return row if row is not None and hmac.compare_digest(_key(of, row.pk, row.message.at), key) else None


def called(delivery: Delivery) -> str:
    """The Message-ID that a delivery has, or will have."""
    message = delivery.message
    return message_id(str(message.pk), delivery.pk, message.at, _sender(message.customer.brand_id).host)


def message_id(of: str, pk: int, at: dt.datetime, host: str) -> str:
    """The same for every try of one delivery, so that a mailbox can tell a repeat; different in every installation."""
    return f"<{of}.{pk}.{_key(of, pk, at)}@{host}>"


def _key(of: str, pk: int, at: dt.datetime) -> str:
    return hashlib.sha256(f"{settings.SECRET_KEY}:{of}:{pk}:{at.isoformat()}".encode()).hexdigest()[:20]
