"""What calls cost: the price of the longest prefix, whole increments, and one rounding for each call."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from counterfoil.usage.calls.decks import PLACES, Decks, Price
from counterfoil.usage.calls.numbers import Numbers
from counterfoil.usage.calls.records import Call


@dataclass(frozen=True, slots=True)
class Rated:
    """A call and what it costs, in units of the last place that costs are kept to; or no cost, and why."""

    call: Call
    # In E.164, with +; empty where it is none.
    number: str
    price: Price | None
    billed_seconds: int
    cost: int | None
    why: str = ""


class Rater:
    """Rates calls by decks, as they are dialled in a country. Costs are rounded half up to `places` once a call."""

    def __init__(self, decks: Decks, country: str, places: int = 4) -> None:
        self.decks = decks
        self.places = places
        self._numbers = Numbers(country)

    def rate(self, call: Call) -> Rated:
        """The call with its cost. Whoever was not answered talked for no time and pays nothing, connect fee included;
        what has no price has no cost, which is another thing.
        """
        number, why = self._numbers.of(call.dialled)
        why = call.why or why
        if why or call.start is None:
            return Rated(call, number, None, 0, None, why or "The record does not say when the call began.")
        price, why = self.decks.find(number, call.start)
        if price is None:
            return Rated(call, number, None, 0, None, why)
        billed = billed_seconds(call.talk, price.first, price.then)
        return Rated(call, number, price, billed, cost(price, billed, self.places))

    def text(self, cost: int) -> str:
        """A cost as a decimal number: 0.2293."""
        return cost_text(cost, self.places)


def cost_text(cost: int, places: int) -> str:
    return f"{Decimal(cost).scaleb(-places):f}"


def billed_seconds(talk: int, first: int, then: int) -> int:
    """Seconds that are charged: the first increment, then whole further ones up to the talk; none without talk.

    (A2Billing rounds the whole time to the second increment instead, which differs for 45/30 and the like.)
    """
    if talk <= 0:
        return 0
    if talk <= first:
        return first
    return first + -(-(talk - first) // then) * then


def cost(price: Price, billed: int, places: int) -> int:
    """Connect fee and rate x billed / 60, the minimum at the least, half up to `places`; nothing without talk."""
    if not billed or price.rate is None:
        return 0
    exact = max(price.connect * 60 + price.rate * billed, price.minimum * 60)
    unit: int = 60 * 10 ** (PLACES - places)
    return (2 * exact + unit) // (2 * unit)


@dataclass(slots=True)
class Total:
    """What the calls of an account come to. `rated` are those that cost something to have: with talk and a price."""

    calls: int = 0
    rated: int = 0
    unrated: int = 0
    seconds: int = 0
    billed_seconds: int = 0
    cost: int = 0


@dataclass(slots=True)
class Totals:
    """Totals by account, as calls pass."""

    accounts: defaultdict[str, Total] = field(default_factory=lambda: defaultdict(Total))

    def add(self, one: Rated) -> None:
        total = self.accounts[one.call.account]
        total.calls += 1
        total.billed_seconds += one.billed_seconds
        total.cost += one.cost or 0
        if one.cost is None:
            total.unrated += 1
        elif one.call.talk:
            total.rated += 1
            total.seconds += one.call.talk
