"""What cards need of a gateway: a page where people pay, a card that is kept there, and what became of both.

No number of a card is in any of this: people type it on the gateway's page, and we hold a token of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Kind = Literal[
    "paid", "failed", "expired", "refunded", "disputed", "dispute_won", "dispute_lost", "saved", "paid_out", "other"
]


@dataclass(frozen=True)
class Keys:
    """How we are known to a gateway, and how its events are known to be its own."""

    public: str
    secret: str = field(repr=False)
    signing: str = field(repr=False)
    live: bool = False


@dataclass(frozen=True)
class AskedPayment:
    """What the page of the gateway asks for. `reference` is ours; asked twice with it, nothing is made twice."""

    reference: str
    amount_minor: int
    currency: str
    what: str
    back: str
    cancel: str
    email: str = ""


@dataclass(frozen=True)
class AskedCard:
    """A card to be kept for a customer: the page asks for it, and nothing is charged."""

    reference: str
    name: str
    currency: str
    back: str
    cancel: str
    email: str = ""


@dataclass(frozen=True)
class AskedCharge:
    """So much of a card that is kept, while the customer is not there. Asked twice with a key, it is charged once."""

    reference: str
    key: str
    amount_minor: int
    currency: str
    what: str
    payer: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Page:
    """Where the customer is sent to, and what the gateway calls it."""

    session: str
    url: str


@dataclass(frozen=True)
class KeptCard:
    """All that is known here of a card that the gateway keeps. `reference` is that of the page it was entered on."""

    payer: str
    token: str = field(repr=False)
    brand: str = ""
    last4: str = ""
    exp_month: int = 0
    exp_year: int = 0
    reference: str = ""


@dataclass(frozen=True)
class Told:
    """One thing that a gateway says, as an event or as an answer. Amounts are minor units of the currency."""

    id: str
    kind: Kind
    name: str
    at: dt.datetime
    live: bool = False
    reference: str = ""
    intent: str = ""
    session: str = ""
    charge: str = ""
    amount_minor: int = 0
    currency: str = ""
    # The number of the invoice that was paid, where that is all that is said.
    invoice: str = ""
    brand: str = ""
    last4: str = ""
    # Of refunds: all of them so far.
    refunded_minor: int = 0
    dispute: str = ""
    # Why a payment failed, as the gateway codes it; or why it is disputed.
    code: str = ""
    # The page on which a card was entered.
    setup: str = ""


class Trouble(Exception):
    """The gateway did not do it. `again`: trying again may help; `unsure`: it may have been done all the same."""

    def __init__(self, sentence: str, *, again: bool = True, unsure: bool = False) -> None:
        super().__init__(sentence)
        self.sentence, self.again, self.unsure = sentence, again, unsure


class Forged(Exception):
    """What arrived was not signed by the gateway, or not now. `code`: `unsigned`, `forged` or `old`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


class Gateway(Protocol):
    """A gateway, reached outside of any transaction. Each call has an end, and raises `Trouble`."""

    # Where the pages are that people are sent to: browsers are told that a form may lead there.
    pages: tuple[str, ...]

    def check(self, keys: Keys) -> str:
        """Whom the keys belong to, in a few words."""

    def start_payment(self, keys: Keys, asked: AskedPayment) -> Page: ...

    def start_setup(self, keys: Keys, asked: AskedCard) -> Page: ...

    def charge(self, keys: Keys, asked: AskedCharge) -> bytes:
        """What the gateway says of the charge, for `read`; a card that was declined is an answer too."""

    def look_up(self, keys: Keys, session: str) -> bytes:
        """What the gateway says of a page now, for `read`."""

    def kept_card(self, keys: Keys, setup: str) -> KeptCard: ...

    def forget_card(self, keys: Keys, token: str) -> None: ...

    def refund(self, keys: Keys, intent: str, amount_minor: int, currency: str, key: str) -> None:
        """So much goes back to the card. An event says when it has."""

    def verify(self, keys: Keys, body: bytes, headers: Mapping[str, str], now: dt.datetime) -> None:
        """Raises `Forged` unless the gateway signed this body within the last minutes."""

    def read(self, body: bytes) -> Told:
        """What an event or an answer says. Raises `ValueError` where it is none."""
