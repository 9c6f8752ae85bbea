"""A message as an e-mail: text, the same in HTML, and the attachments."""

from __future__ import annotations

from django.core.mail import EmailMultiAlternatives

from counterfoil.messaging.interfaces import Outgoing


def email_of(message: Outgoing) -> EmailMultiAlternatives:
    """The e-mail, with a Message-ID that is the same for every try. Django refuses line breaks in any header."""
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=message.sender,
        to=[message.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=_headers(message),
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for attachment in message.attachments:
        mail.attach(attachment.name, attachment.content, attachment.mime)
    return mail


def _headers(message: Outgoing) -> dict[str, str]:
    """Which message it is, whether a person wrote it, and which messages it goes on from (RFC 5322, 3.6.4)."""
    headers = {"Message-ID": message.id, "Auto-Submitted": "no" if message.written else "auto-generated"}
    if message.references:
        headers |= {"In-Reply-To": message.references[-1], "References": " ".join(message.references)}
    return headers


def as_bytes(mail: EmailMultiAlternatives) -> bytes:
    """The e-mail as it goes over a line, and as a file."""
    content: bytes = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's messages take it
    return content
