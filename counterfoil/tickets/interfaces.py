"""What tickets need from the outside: a mailbox that is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class MailboxServer:
    """Where a mailbox is, and how it is opened."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(default="", repr=False)
    folder: str = "INBOX"


@dataclass(frozen=True)
class Seen:
    """How far a mailbox was read: an e-mail's number within one life of the folder (RFC 3501, 2.3.1.1)."""

    validity: int = 0
    uid: int = 0


class Unreachable(Exception):
    """The mailbox cannot be had now; what it says is what the server, or the line to it, said."""


class Open(Protocol):
    """A mailbox that is open."""

    def after(self, seen: Seen, most: int) -> Iterator[tuple[Seen, bytes]]:
        """The e-mails that came after some place, the oldest first, at most so many. It changes nothing there.

        Of one that is larger than any that is read there are no bytes. Raises `Unreachable`.
        """
        ...


class Postbox(Protocol):
    """What opens mailboxes."""

    def opened(self, server: MailboxServer) -> AbstractContextManager[Open]:
        """The mailbox, closed in any case. Raises `Unreachable`."""
        ...
