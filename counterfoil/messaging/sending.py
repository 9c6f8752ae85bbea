"""Sends what is due: claim in one short transaction, send outside any transaction, record the result in another."""

from __future__ import annotations

import hashlib
import logging
import secrets
from email.utils import formataddr
from urllib.parse import urlsplit

from django.conf import settings

from counterfoil.messaging import operations
from counterfoil.messaging.interfaces import Accepted, Attachment, Channel, Outgoing, Rejected, TryLater
from counterfoil.messaging.models import Delivery, Message
from counterfoil.platform.connectors import connector
from counterfoil.platform.operations import Caller
from counterfoil.staff.models import Operator
from counterfoil.staff.queries import operator

logger = logging.getLogger(__name__)


def send_due(caller: Caller, *, channel: Channel | None = None, limit: int = 200) -> int:
    """Send deliveries that are due, one after the other; returns how many were tried.

    A delivery is claimed just before it is sent, so that a crash leaves at most one in doubt.
    """
    operations.fail_interrupted_deliveries(caller)
    for count in range(limit):
        delivery = operations.claim_delivery(caller)
        if delivery is None:
            return count
        try:
            door = channel or connector("MESSAGE_CHANNELS", delivery.message.channel)
            outcome = door.send(outgoing_of(delivery))
        except Exception:  # noqa: BLE001 - a mistake with one message must not stop the others
            # Nobody knows how far it came. It stays as it is and is given up as interrupted, never sent twice.
            logger.exception("Sending delivery %s broke off", delivery.pk)
            continue
        operations.record_delivery(caller, delivery=delivery, outcome=outcome)
    return limit


def send_unkept(*, to: str, subject: str, text: str, html: str) -> Accepted | Rejected | TryLater:
    """Send at once what only the addressee may read, such as a sign-in link: no copy is kept, and no second try."""
    letterhead = operator()
    host, sender = _sender(letterhead)
    channel: Channel = connector("MESSAGE_CHANNELS", "email")
    return channel.send(
        Outgoing(
            id=f"<{secrets.token_hex(12)}@{host}>",
            to=to,
            sender=formataddr((" ".join(letterhead.name.split()), sender)),
            reply_to=letterhead.email,
            subject=" ".join(subject.split()),
            text=text,
            html=html,
            attachments=(),
        )
    )


def _sender(letterhead: Operator) -> tuple[str, str]:
    """The host that messages come from, and the address."""
    host = letterhead.email.rpartition("@")[2] or urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return host, letterhead.email or f"no-reply@{host}"


def outgoing_of(delivery: Delivery) -> Outgoing:
    """The message for one address, complete, from what was stored when it was queued."""
    message, letterhead = delivery.message, operator()
    host, sender = _sender(letterhead)
    return Outgoing(
        id=message_id(message, delivery, host),
        to=delivery.address,
        sender=formataddr((" ".join(letterhead.name.split()), sender)),
        reply_to=letterhead.email,
        subject=message.subject,
        text=message.body_text,
        html=message.body_html,
        attachments=tuple(
            Attachment(row.name, row.file.mime, bytes(row.file.content))
            for row in message.files.select_related("file").order_by("pk")
            if row.file is not None
        ),
    )


def message_id(message: Message, delivery: Delivery, host: str) -> str:
    """The same for every try of one delivery, so that a mailbox can tell a repeat; different in every installation."""
    key = hashlib.sha256(f"{settings.SECRET_KEY}:{delivery.pk}:{message.at.isoformat()}".encode()).hexdigest()[:20]
    return f"<{message.pk}.{delivery.pk}.{key}@{host}>"
