"""E-mail over SMTP, with Django's settings. It knows at each step whether the message can have been handed over."""

from __future__ import annotations

import smtplib
from email.utils import parseaddr

from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from counterfoil.connectors.mail import email_of
from counterfoil.messaging.interfaces import Accepted, Outgoing, Rejected, TryLater

_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
_BROKE_OFF = "The connection broke while the message was handed over; it may have arrived."


class SmtpChannel:
    """Hands each message to the mail server, one recipient at a time, so that each gets a result of its own."""

    def send(self, message: Outgoing) -> Accepted | Rejected | TryLater:
        mail = email_of(message)
        body = mail.message().as_bytes(linesep="\r\n")
        backend = get_connection(_BACKEND, fail_silently=False)
        assert isinstance(backend, EmailBackend)
        try:
            backend.open()
        except (smtplib.SMTPException, OSError) as error:
            # Also a refused log-in: that is our own fault, and mending it will help.
            return TryLater(f"The mail server could not be reached: {_words(error)}")
        assert backend.connection is not None
        try:
            return self._hand_over(backend.connection, message, mail.encoding or "utf-8", body)
        finally:
            self._close(backend.connection)

    def _hand_over(
        self, server: smtplib.SMTP, message: Outgoing, encoding: str, body: bytes
    ) -> Accepted | Rejected | TryLater:
        try:
            server.ehlo_or_helo_if_needed()
            for code, answer in (
                server.mail(sanitize_address(parseaddr(message.sender)[1], encoding)),
                server.rcpt(sanitize_address(message.to, encoding)),
            ):
                if code not in (250, 251):
                    return _judged(code, answer)
        except (smtplib.SMTPException, OSError) as error:
            return TryLater(f"The mail server broke off: {_words(error)}")
        try:
            code, answer = server.data(body)
        except smtplib.SMTPDataError as error:
            return _judged(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError):
            # Perhaps it has the message and only its answer was lost. Sending again could send it twice.
            return Rejected(_BROKE_OFF)
        return Accepted(_line(code, answer)) if code == 250 else _judged(code, answer)

    def _close(self, server: smtplib.SMTP) -> None:
        try:
            server.quit()
        except (smtplib.SMTPException, OSError):
            server.close()


def _judged(code: int, answer: bytes | str) -> Rejected | TryLater:
    """5xx is for good, everything else may pass (RFC 5321, 4.2.1)."""
    line = _line(code, answer)
    return Rejected(line) if 500 <= code <= 599 else TryLater(line)


def _line(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(f"{code} {text}".split())[:250]


def _words(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _line(error.smtp_code, error.smtp_error)
    return " ".join(str(error).split())[:200] or type(error).__name__
