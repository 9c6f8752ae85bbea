"""E-mail over SMTP. It knows at each step whether the message can have been handed over."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable
from email.utils import parseaddr
from typing import ClassVar

from django.conf import settings
from django.core.mail.message import sanitize_address

from counterfoil.connectors.mail import as_bytes, email_of
from counterfoil.connectors.smtp.line import Line, connected
from counterfoil.connectors.smtp.plainly import no_sender, plainly
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.words import heard
from counterfoil.messaging.interfaces import Accepted, Outcome, Outgoing, Rejected, TryLater, Unreachable, Unsure
from counterfoil.messaging.queries import mail_server

_NOT_SET_UP = "No mail server is set up."
_UNSURE = "The connection broke after the message was handed over; it may have arrived."
# A large message may take as long as a slow line needs for it, in bytes a second.
_SLOWEST = 50_000
# Not an SMTP answer, a broken line, or something that is no answer at all, such as a challenge that is no base64.
_TROUBLE = (smtplib.SMTPException, OSError, ValueError)


class SmtpChannel:
    """Hands each message to the mail server, one recipient at a time, so that each gets a result of its own."""

    needs_server: ClassVar[bool] = True

    def send(self, message: Outgoing) -> Outcome:
        mail = email_of(message)
        body = as_bytes(mail)
        encoding = mail.encoding or "utf-8"
        try:
            sender = sanitize_address(parseaddr(message.sender)[1], encoding)
            recipient = sanitize_address(message.to, encoding)
        except ValueError:
            return Rejected("This is not an address that a mail server takes.")
        try:
            server = mail_server()
        except Refused as refusal:
            return Unreachable(refusal.sentence, refusal.sentence)
        if server is None:
            return Unreachable(_NOT_SET_UP, _NOT_SET_UP)
        met = False
        try:
            with connected(server, settings.EMAIL_MESSAGE_SECONDS + len(body) / _SLOWEST) as line:
                met = True
                return _hand_over(line, sender, recipient, body)
        except _TROUBLE as error:
            # Also a refused log-in: that is our own fault, and mending it will help.
            said = f"The mail server {'broke off' if met else 'could not be reached'}: {_words(error)}"
            why = plainly(error, server)
            return TryLater(said, broke_off=True, why=why) if met else Unreachable(said, why)


def _hand_over(line: Line, sender: str, recipient: str, body: bytes) -> Outcome:
    """Everything raised here happens before the end of the text is sent: nothing was accepted."""
    steps: tuple[tuple[Callable[[], tuple[int, bytes]], tuple[int, ...]], ...] = (
        (lambda: line.mail(sender), (250,)),
        (lambda: line.rcpt(recipient), (250, 251)),
        (lambda: line.docmd("DATA"), (354,)),
    )
    for ask, good in steps:
        code, answer = ask()
        if code not in good:
            refused = _refused(code, answer)
            if ask is not steps[0][0]:
                return refused
            # Whom it may be from is our own doing, as a log-in is: once that is mended the message can still leave.
            broke_off = isinstance(refused, TryLater) and refused.broke_off
            return TryLater(refused.reason, broke_off=broke_off, why=no_sender(sender, refused.reason))
    line.send_text(_as_data(body))
    if line.speaks():
        # It had enough before the end.
        return _refused(*line.getreply())
    line.send(b".\r\n")
    return _answer_to_all(line)


def _answer_to_all(line: Line) -> Outcome:
    """From here on the server may have the message, and without its answer nobody knows."""
    assert line.sock is not None
    try:
        line.sock.settimeout(settings.EMAIL_ACCEPT_TIMEOUT)
        code, answer = line.getreply()
    except _TROUBLE:
        return Unsure(_UNSURE)
    if 200 <= code <= 299:
        return Accepted(_said(code, answer))
    if 400 <= code <= 599:
        return _refused(code, answer)
    return Unsure(f"The mail server answered what is no answer; it may have arrived. {_said(code, answer)}")


def _refused(code: int, answer: bytes | str) -> Rejected | TryLater:
    """5xx is for good, everything else may pass (RFC 5321, 4.2.1); what is no refusal at all is no answer either."""
    said = _said(code, answer)
    return Rejected(said) if 500 <= code <= 599 else TryLater(said, broke_off=not 400 <= code <= 499)


def _as_data(body: bytes) -> bytes:
    """A message as DATA takes it: dots at the start of a line doubled, and a line break at its end."""
    doubled = re.sub(rb"(?m)^\.", b"..", body)
    return doubled if doubled.endswith(b"\r\n") else doubled + b"\r\n"


def _said(code: int, answer: bytes | str) -> str:
    text = heard(answer)
    return f"{code} {text}".strip() if code > 0 else text


def _words(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    return heard(str(error)) or type(error).__name__
