"""A message as an e-mail: text, the same in HTML, and the attachments."""

from __future__ import annotations

from email.message import Message
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart

from django.core.mail import EmailMultiAlternatives

from counterfoil.messaging.interfaces import Attachment, Outgoing


class _Mail(EmailMultiAlternatives):
    """With pictures in its HTML: they and it are one part (RFC 2387), beside the text and the attachments."""

    inline: tuple[Attachment, ...] = ()

    def message(self) -> Message:  # type: ignore[override]  # what Django makes is one
        made: Message = super().message()
        if not self.inline:
            return made
        # The first is ours; one further in is of an e-mail that is attached.
        choice = next(part for part in made.walk() if part.get_content_subtype() == "alternative")
        held = choice.get_payload()
        assert isinstance(held, list)
        *texts, html = held
        related = MIMEMultipart("related", type="text/html")
        related.attach(html)
        for picture in self.inline:
            image = MIMEImage(picture.content, picture.mime.partition("/")[2])
            image.add_header("Content-ID", f"<{picture.name}>")
            image.add_header("Content-Disposition", "inline", filename="logo.png")
            related.attach(image)
        choice.set_payload([*texts, related])
        return made


def email_of(message: Outgoing) -> EmailMultiAlternatives:
    """The e-mail, with a Message-ID that is the same for every try. Django refuses line breaks in any header."""
    mail = _Mail(
        subject=message.subject,
        body=message.text,
        from_email=message.sender,
        to=[message.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=_headers(message),
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
        mail.inline = message.inline
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
