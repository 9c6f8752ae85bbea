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
        headers={"Message-ID": message.id, "Auto-Submitted": "auto-generated"},
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for attachment in message.attachments:
        mail.attach(attachment.name, attachment.content, attachment.mime)
    return mail


def as_bytes(mail: EmailMultiAlternatives) -> bytes:
    """The e-mail as it goes over a line, and as a file."""
    content: bytes = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's messages take it
    return content
