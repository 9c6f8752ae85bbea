"""A document to each of many customers: whose cannot leave is told so, and stops no other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import NewMessage, check_message, queue_messages
from counterfoil.platform.operations import Operation, step
from counterfoil.platform.repeats import first_time

logger = logging.getLogger(__name__)
T = TypeVar("T")
# So long documents are made for one chunk of letters: whoever waits for the job hears of it within a minute.
_WRITING_SECONDS = 20
_DOCUMENT_FAILED = "The PDF could not be made. What went wrong is in the log of the server."


@dataclass(frozen=True)
class Letter:
    """One of many messages, ready to leave, or why it cannot. With a `key` it leaves once, whoever sends it again."""

    customer: Customer
    message: NewMessage | None = None
    refusal: Refused | None = None
    key: str = ""


@dataclass(frozen=True)
class Posted:
    """What became of one of many: its message, or why there is none (`code`, `said`), or `repeated`: it left before.

    None of these: there was no time for it, and it waits for the next call.
    """

    message: Message | None = None
    code: str = ""
    said: str = ""
    repeated: bool = False

    @property
    def has_left(self) -> bool:
        """Whether it was handed to the post, now or before."""
        return self.message is not None or self.repeated

    @property
    def waits(self) -> bool:
        return not self.has_left and not self.code


def write_letters(items: Sequence[T], write: Callable[[T], Letter]) -> list[Letter]:
    """The letters of as many of the items as can be written in good time, at least of one.

    Whose document cannot be made is told so and stops no other.
    """
    letters: list[Letter] = []
    until = time.monotonic() + _WRITING_SECONDS
    for item in items:
        if letters and time.monotonic() > until:
            break
        letters.append(write(item))
    return letters


def letter(customer: Customer, key: str, make: Callable[[], NewMessage]) -> Letter:
    """The message that is made, checked; or why it cannot be."""
    try:
        return Letter(customer, check_message(make()), key=key)
    except Refused as refusal:
        return Letter(customer, refusal=refusal)
    except Exception:
        logger.exception("A document for %s could not be made", customer.number)
        return Letter(customer, refusal=Refused("document_failed", _DOCUMENT_FAILED))


@step
def post_letters(op: Operation, *, letters: Sequence[Letter]) -> list[Posted]:
    """The letters that can leave are queued; of each, in order, what became of it. A key is used by what leaves alone.

    Who was erased since a letter was written is sent nothing.
    """
    now = lock({row.customer.pk for row in letters if row.message is not None})
    found = [_refused(row, now.get(row.customer.pk)) for row in letters]
    ready = [row for row, refusal in zip(letters, found, strict=True) if refusal is None]
    # Of two with the same key the first leaves.
    unused, fresh = first_time(op, [row.key for row in ready if row.key]), []
    for row in ready:
        if not row.key or row.key in unused:
            unused.discard(row.key)
            fresh.append(row)
    made = queue_messages(op, messages=[row.message for row in fresh if row.message is not None])
    messages = {id(row): message for row, message in zip(fresh, made, strict=True)}
    return [
        Posted(code=refusal.code, said=refusal.sentence)
        if refusal is not None
        else Posted(message=messages.get(id(row)), repeated=id(row) not in messages)
        for row, refusal in zip(letters, found, strict=True)
    ]


def _refused(row: Letter, now: Customer | None) -> Refused | None:
    if row.refusal is not None:
        return row.refusal
    erased = Customer.Status.ERASED
    if now is None or (now.status == erased and row.customer.status != erased):
        return Refused("erased", "The personal data of this customer was erased.")
    return None
