"""A real SMTP server on a free port of this machine, which can be told whom to refuse."""

from __future__ import annotations

import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """Takes mail; answers a recipient with the given lines, once each, before it accepts."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.refuse: dict[str, list[str]] = {}
        self.after_data: list[str] = []
        self.ids: list[tuple[str, str]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if waiting := self.refuse.get(address):
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.ids.append((envelope.rcpt_tos[0], str(mail["Message-ID"])))
        if self.after_data:
            answer = self.after_data.pop(0)
            if answer == "hang up":
                # Taken, but the answer is lost.
                self.mails.append((envelope.rcpt_tos[0], mail))
                server.transport.close()
            return answer
        self.mails.append((envelope.rcpt_tos[0], mail))
        return "250 Taken"

    @property
    def recipients(self) -> list[str]:
        return [to for to, _ in self.mails]


def controller(mailbox: Mailbox) -> Controller:
    """A server for the mailbox on a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Controller(mailbox, hostname="127.0.0.1", port=port)
