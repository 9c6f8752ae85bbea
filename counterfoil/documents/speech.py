"""How a document says things: the language of its labels, and how dates and amounts are written on it.

English words are the keys. What another language has no words for yet is said in English.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, replace

from counterfoil.documents.german import GERMAN, RETURNS, UNITS
from counterfoil.documents.german_portal import PORTAL
from counterfoil.kernel.money import MINUS, figure_text, money_text, symbol
from counterfoil.kernel.periods import date_text, deadline_text, long_date_text

LANGUAGES = {"en": "English", "de": "Deutsch"}
# Empty: as the language writes it.
DATES = {
    "": "As the language writes them",
    "dmy_dots": "27.11.2026",
    "dmy_slashes": "27/11/2026",
    "mdy_slashes": "11/27/2026",
    "ymd": "2026-11-27",
}
NUMBERS = {
    "": "As the language writes them",
    "comma_dot": "1,234.50",
    "dot_comma": "1.234,50",
    "space_comma": "1 234,50",
    "apostrophe_dot": "1’234.50",
}
PAPERS = {"a4": "A4", "us-letter": "Letter", "a5": "A5"}
_PATTERNS = {"dmy_dots": "%d.%m.%Y", "dmy_slashes": "%d/%m/%Y", "mdy_slashes": "%m/%d/%Y", "ymd": "%Y-%m-%d"}
# Between thousands, and before what is less than one; a space that does not break.
_SIGNS = {"comma_dot": ",.", "dot_comma": ".,", "space_comma": "\u00a0,", "apostrophe_dot": "’."}
_TABLES = {"de": GERMAN | RETURNS | PORTAL}
_UNITS = {"de": UNITS}
_MONTHS = {
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
           "Dezember"),
}  # fmt: skip


@dataclass(frozen=True)
class Speech:
    """A language, and how dates and numbers are written where that is not as the language does."""

    language: str = "en"
    dates: str = ""
    numbers: str = ""

    def say(self, words: str, **values: object) -> str:
        """The words in the language, with the values in their places; what stands behind `|` says which meaning."""
        found = _TABLES.get(self.language, {}).get(words) or words.partition("|")[0]
        return found.format(**values) if values else found

    def unit(self, english: str, own: str) -> str:
        """A unit of usage in the language; where it has no word for it, as somebody entered it."""
        return _UNITS.get(self.language, {}).get(english, own)

    def long_date(self, day: dt.date) -> str:
        """`20 November 2026`, `20. November 2026`, or in figures."""
        if self.dates:
            return self._figures(day)
        if months := _MONTHS.get(self.language):
            return f"{day.day}. {months[day.month - 1]} {day.year}"
        return long_date_text(day)

    def date(self, day: dt.date | None, *, today: dt.date) -> str:
        """A date in a table, in English without the year when it is this one's; blank where there is none."""
        if day is None:
            return ""
        if self.dates or self.language == "de":
            return self._figures(day)
        return date_text(day, today=today)

    def deadline(self, day: dt.date, *, today: dt.date) -> str:
        """A date that matters, with its weekday in English: `Wed 25 Nov`."""
        return deadline_text(day, today=today) if self.language == "en" and not self.dates else self.long_date(day)

    def near_date(self, day: dt.date, *, today: dt.date) -> str:
        """`1 December`, with the year when it is not this year's."""
        text = self.long_date(day)
        return text.rpartition(" ")[0] if day.year == today.year and not self.dates else text

    def period(self, first: dt.date, last: dt.date) -> str:
        """`1 July to 20 November 2026`."""
        start = self.near_date(first, today=last)
        return self.say("{first} to {last}", first=start, last=self.long_date(last))

    def month(self, day: dt.date) -> str:
        """The name of its month: `December`."""
        months = _MONTHS.get(self.language)
        return months[day.month - 1] if months else calendar.month_name[day.month]

    def days(self, first: dt.date, last: dt.date) -> str:
        """The same on a line of a document, where months are short: `15 Dec 2026 to 14 Jan 2027`."""
        start, end = (self.date(day, today=dt.date.min) for day in (first, last))
        return self.say("{first} to {last}", first=start, last=end)

    def figure(self, minor: int, currency: str) -> str:
        """The amount in a table: `−1,234.50`."""
        return self.number(figure_text(minor, currency))

    def money(self, minor: int, currency: str) -> str:
        """The amount with its currency: `R1,234.50`, and behind the figure as German has it."""
        if self.language == "de":
            sign = MINUS if minor < 0 else ""
            return sign + self.price(figure_text(abs(minor), currency), currency)
        return self.number(money_text(minor, currency), symbol(currency))

    def price(self, figure: str, currency: str) -> str:
        """The same of a figure that is written as in English, with as many decimal places as it has."""
        if self.language == "de":
            return f"{self.number(figure)}\u00a0{symbol(currency).strip()}"
        return symbol(currency) + self.number(figure)

    def number(self, text: str, before: str = "") -> str:
        """A number that is written as in English, with the signs of the format; what stands before it stays."""
        signs = _SIGNS[self.numbers or ("dot_comma" if self.language == "de" else "comma_dot")]
        head, sep, rest = text.partition(before) if before else ("", "", text)
        return head + sep + rest.translate({ord(","): signs[0], ord("."): signs[1]})

    def speaking(self, language: str) -> Speech:
        """The same to who reads that language: in it, where documents know it. Empty: as it is."""
        return replace(self, language=language) if language in LANGUAGES and language != self.language else self

    def _figures(self, day: dt.date) -> str:
        return day.strftime(_PATTERNS[self.dates or "dmy_dots"])


ENGLISH = Speech()
