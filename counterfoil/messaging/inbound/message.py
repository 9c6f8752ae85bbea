"""What is read from an e-mail."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Attachment:
    """A file of a message. `name` is empty when the message gives none; a message inside is named by its subject."""

    name: str
    type: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True)
class Bounce:
    """How a message of ours fared with one recipient.

    `recipient` is whom a server could not deliver to, `original` whom we wrote to where that was redirected; either
    is empty when not said. `action` is failed, delayed, delivered, relayed or expanded (RFC 3464, 2.3.3), `status` as
    in RFC 3463 (its first figure: 4 for now, 5 for good), `words` what the server said. `hard` means that the address
    is no good and is not to be written to again: a status of 5 alone does not say that.
    """

    recipient: str
    status: str
    hard: bool
    action: str = "failed"
    original: str = ""
    words: str = ""


@dataclass(frozen=True)
class Inbound:
    """A message as it came in.

    `kind` is message (somebody wrote), bounce, automatic (a machine answered or reports) or feedback (a recipient
    complained). `text` is what its writer wrote, `whole` the same with quotation and signature. `sender` is an
    address, or empty. `bounces` has one for each recipient of a bounce; of feedback, whom it is about. `answerable`
    is false when an answer could go round in circles (RFC 3834, 2). `said` are sentences about what could not be read.
    """

    kind: str
    sender: str
    sender_name: str
    subject: str
    text: str
    whole: str
    attachments: tuple[Attachment, ...] = ()
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    date: dt.datetime | None = None
    bounces: tuple[Bounce, ...] = ()
    answerable: bool = True
    said: tuple[str, ...] = field(default=())

    @property
    def bounce(self) -> Bounce | None:
        """The recipient the message is mostly about: one that failed before one that waits."""
        order = {"failed": 0, "delayed": 1}
        return min(self.bounces, key=lambda one: (not one.hard, order.get(one.action, 2)), default=None)
