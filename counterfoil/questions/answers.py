"""What an answer is made of: one sentence with its figure, the rows behind it, and where they come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text, places, round_minor
from counterfoil.kernel.periods import date_text
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Rows
from counterfoil.platform.panels import Panel
from counterfoil.platform.tables import Table
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.questions.periods import Days
from counterfoil.questions.rules import Pattern, Reading

CUSTOMER, EVERYBODY = "customer", "everyone"


@dataclass(frozen=True)
class Source:
    """Where a figure can be looked at: what the place is called, and its address."""

    label: str
    url: str


@dataclass(frozen=True)
class Answer:
    """The sentence, the rows it was read from, in the table of their own screen, and where that screen is."""

    sentence: str
    table: Table | None = None
    rows: Rows = ()
    sources: tuple[Source, ...] = ()
    # How the figure comes about, a line each.
    why: tuple[str, ...] = ()
    # The number of the sentence, as a program reads it: minor units, a count, a day.
    figure: Any = None


@dataclass(frozen=True)
class Asked:
    """Who asks what, about whom."""

    caller: Caller
    reading: Reading
    whose: Customer | None = None

    @property
    def customer(self) -> Customer:
        if self.whose is None:
            raise Refused("which_customer", "Which customer? Ask on the customer's page, or name the account.")
        return self.whose

    @property
    def today(self) -> dt.date:
        return self.caller.today

    @property
    def days(self) -> Days | None:
        return self.reading.days

    def period(self, otherwise: Days) -> Days:
        return self.days or otherwise

    @property
    def this_month(self) -> Days:
        return Days(self.today.replace(day=1), self.today)

    @property
    def this_year(self) -> Days:
        return Days(self.today.replace(month=1, day=1), self.today)

    @property
    def on(self) -> dt.date:
        """The day that a figure is as of: the last of those asked about, at most today."""
        return min(self.days.last, self.today) if self.days else self.today

    def said(self, days: Days | None = None) -> str:
        """The days as the sentence says them; nothing where none were asked."""
        days = days or self.days
        return days.words(self.today) if days else ""

    def money(self, minor: int, currency: str = "") -> str:
        return money_text(minor, currency or self.customer.currency)

    @property
    def minor(self) -> int:
        """The amount that was asked about, in minor units; refused where it is in another currency."""
        currency = self.whose.currency if self.whose else operator_currency()
        said = self.reading.currency
        other = bool(said) and said != currency
        refuse_if(other, "other_currency", f"Amounts here are in {currency}. Ask for one in {currency}.")
        return round_minor((self.reading.amount or Decimal(0)).scaleb(places(currency)))

    def day(self, day: dt.date) -> str:
        return date_text(day, today=self.today)

    def section(self, tab: str, key: str, label: str) -> Source:
        """A section of the customer's page."""
        return Source(label, f"{reverse('customer-tab', args=[self.customer.number, tab])}#{key}")

    def page(self, name: str, label: str, *args: Any, **query: str) -> Source:
        address = reverse(name, args=args)
        return Source(label, f"{address}?{urlencode(query)}" if query else address)

    def rows_of(self, panel: Panel) -> Any:
        """What a section of the customer's page shows."""
        return panel.read(self.caller, self.customer)


@dataclass(frozen=True)
class Kind:
    """A question there is: its name, how people put it, what it says, who may ask, and how it is answered."""

    name: str
    ask: str
    says: Pattern
    # The views that show the figures, all of which are needed.
    sees: str
    answer: Callable[[Asked], Answer]
    about: str = CUSTOMER
    # Parameters it has a use for: days, amount, top, days_late, codes, product, area, brand; `ahead` is days to come.
    takes: frozenset[str] = field(default_factory=frozenset)
    # Those without which there is no such question.
    wants: frozenset[str] = field(default_factory=frozenset)

    @property
    def wants_names(self) -> bool:
        """Whether it cannot be asked in its own words, because it names a document or a product there may not be."""
        return bool(self.wants & {"codes", "product"})

    def may_ask(self, caller: Caller) -> bool:
        """Whether the caller sees every figure that the answer has."""
        return all(caller.may(view) for view in self.sees.split())

    def fits(self, reading: Reading, today: dt.date) -> bool:
        """Whether everything that the question says besides its words is of use here."""
        given = reading.given
        if reading.days and reading.days.first == reading.days.last == today and "days" not in self.takes:
            # “Today” is when everything is asked.
            given = given - {"days"}
        if reading.days and reading.days.first > today and "ahead" not in self.takes:
            # What will be is asked of few kinds; the others would answer with today.
            return False
        return given <= self.takes | self.wants and self.wants <= given


def local_day(at: dt.datetime) -> dt.date:
    """The day of a moment by the operator's clock."""
    return timezone.localdate(at)


def within(rows: Any, days: Days | None, key: str = "on") -> Any:
    """The rows of the days asked about, of a query or of a list."""
    if days is None:
        return rows
    if isinstance(rows, QuerySet):
        return rows.filter(**{f"{key}__gte": days.first, f"{key}__lte": days.last})
    return [row for row in rows if days.first <= getattr(row, key) <= days.last]


def sums(rows: Iterable[Any], minor: Callable[[Any], int]) -> dict[str, int]:
    """What rows add up to, by currency."""
    found: dict[str, int] = {}
    for row in rows:
        found[row.currency] = found.get(row.currency, 0) + minor(row)
    return found


def sums_text(found: Mapping[str, int], otherwise: str) -> str:
    """Amounts in each currency, as a sentence has them."""
    some = [money_text(minor, code) for code, minor in sorted(found.items())]
    return " and ".join(some) if some else otherwise


def listed(texts: Sequence[str], most: int = 4) -> str:
    """“a, b and c”; of many, how many more there are."""
    some = list(texts[:most])
    if len(texts) > most:
        return f"{', '.join(some)} and {len(texts) - most} more"
    return " and ".join(filter(None, (", ".join(some[:-1]), some[-1]))) if some else ""


def counted(number: int, noun: str, none: str = "No") -> str:
    """“3 invoices”, “1 invoice”, “No invoices”, to begin a sentence with."""
    return f"{none} {noun}s" if not number else plural(number, noun)
