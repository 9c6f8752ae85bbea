"""What went wrong with a mail server, in the words of whoever has to mend it."""

from __future__ import annotations

import smtplib
import socket
import ssl

from counterfoil.kernel.words import heard
from counterfoil.messaging.interfaces import Server

_PORTS = "Port 587 usually takes STARTTLS, port 465 TLS."


def plainly(error: BaseException, server: Server) -> str:
    """Why the server cannot be had, with what it said itself and what to look at."""
    where = f"{server.host}, port {server.port}"
    said = _said(error)
    match error:
        case smtplib.SMTPAuthenticationError():
            return f"The server refused the sign-in of {server.user}. Check user and password. It said: “{said}”"
        case smtplib.SMTPNotSupportedError() if server.security == "starttls" and "STARTTLS" in said:
            return f"{where}, does not offer STARTTLS. {_PORTS}"
        case smtplib.SMTPNotSupportedError() | smtplib.SMTPException() if "auth" in said.lower():
            return f"{where}, offers no sign-in that fits. Check security, or leave user and password empty."
        case ssl.SSLCertVerificationError():
            return (
                f"The certificate of {server.host} is wrong, so nothing was sent: {error.verify_message.rstrip('.')}. "
                "Check the server's name, or ask whoever runs it."
            )
        case ssl.SSLError():
            return f"{where}, does not speak TLS from the start. {_PORTS}"
        case socket.gaierror():
            return f"There is no server named {server.host}. Check the name."
        case TimeoutError():
            return f"{where}, does not answer. Check port and firewall."
        case ConnectionRefusedError():
            return f"Nothing answers at {where}. Check the port."
        case smtplib.SMTPServerDisconnected() if server.security != "tls" and server.port == 465:
            return f"{where}, broke off. {_PORTS}"
        case smtplib.SMTPServerDisconnected():
            return f"{where}, does not answer as a mail server does: {said}. {_PORTS}"
        case _:
            return f"{where}, does not take mail: “{said}”"


def no_sender(sender: str, said: str) -> str:
    """The server refuses whom the message is from."""
    return f"The server refuses {sender} as sender. Use an address it may send for. It said: “{said}”"


def _said(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {heard(error.smtp_error)}".strip()
    return heard(str(error)) or type(error).__name__
