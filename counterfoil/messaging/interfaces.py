"""What messaging needs from the outside: something that takes a message to an address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Protocol


@dataclass(frozen=True)
class Server:
    """The mail server that messages leave by, and who they say they are from."""

    host: str
    port: int
    security: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    # Empty: those of the company.
    from_name: str = ""
    from_address: str = ""
    reply_to: str = ""


@dataclass(frozen=True)
class Attachment:
    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Outgoing:
    """A message for one address, complete."""

    id: str
    to: str
    sender: str
    reply_to: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    # Message-IDs that it goes on from, the one that it answers last.
    references: tuple[str, ...] = ()
    # A person wrote it: programs that are away may say so.
    written: bool = False
    # Pictures in the HTML, which has each as `cid:` and its name.
    inline: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Accepted:
    """The next server took responsibility for it."""

    answer: str = ""


@dataclass(frozen=True)
class Rejected:
    """It will never arrive at this address."""

    reason: str
    # What is wrong in plain words, where the server's answer is not; for whoever sets it up.
    why: str = field(default="", compare=False)


@dataclass(frozen=True)
class TryLater:
    """Nothing was handed over; trying again may help."""

    reason: str
    # The server said nothing: it fell silent or broke off, which may be its own trouble and not this message's.
    broke_off: bool = False
    why: str = field(default="", compare=False)


@dataclass(frozen=True)
class Unreachable:
    """The server did not even listen to what it was about: no fault of this message, which waits until it does."""

    reason: str
    why: str = field(default="", compare=False)


@dataclass(frozen=True)
class Unsure:
    """All of it was handed over and no answer came: it may have arrived, so it is not sent again."""

    reason: str


Outcome = Accepted | Rejected | TryLater | Unreachable | Unsure


class Channel(Protocol):
    """E-mail, later SMS and others."""

    # Messages wait until a server is set up.
    needs_server: ClassVar[bool]

    def send(self, message: Outgoing) -> Outcome: ...


class FakeChannel:
    """Delivers to a list. Shared by all its instances, because each use makes a new one; tests clear it."""

    needs_server: ClassVar[bool] = False

    sent: ClassVar[list[Outgoing]] = []
    # What to answer for an address, once each, in order; anything else is accepted.
    answers: ClassVar[dict[str, list[Accepted | Rejected | TryLater]]] = {}

    def send(self, message: Outgoing) -> Accepted | Rejected | TryLater:
        waiting = self.answers.get(message.to)
        answer = waiting.pop(0) if waiting else Accepted()
        if isinstance(answer, Accepted):
            self.sent.append(message)
        return answer
