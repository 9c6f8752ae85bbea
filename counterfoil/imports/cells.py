"""What a cell of somebody's file says: amounts, days, addresses and telephone numbers, as people write them.

What could be read in two ways is refused with the setting that decides it; nothing is guessed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from counterfoil.customers.rules import check_email, check_phone
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import MINUS, places, read_minor, symbol

_SPACES = " \u00a0\u2009\u202f'\N{RIGHT SINGLE QUOTATION MARK}"
_POINT = re.compile(rf"([0-9]{{1,3}}([,{_SPACES}][0-9]{{3}})+|[0-9]+)(\.[0-9]+)?|\.[0-9]+")
_COMMA = re.compile(rf"([0-9]{{1,3}}([.{_SPACES}][0-9]{{3}})+|[0-9]+)(,[0-9]+)?|,[0-9]+")
# Most amounts have nothing but digits and marks.
_LETTERED = re.compile(r"[^0-9.,+\- ]")
_GROUP = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
# How the parts of a day in numbers follow each other, as a mapping says it.
ORDERS = {"month/day/year": "mdy", "day/month/year": "dmy", "year-month-day": "ymd"}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
# A day in numbers that does not say its year first.
_NUMBERS = re.compile(r"[0-9]{1,2}[-/. ]+[0-9]{1,2}[-/. ]+[0-9]{2,4}\b")
_TIME = re.compile(r"[T ]+(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$", re.IGNORECASE)
# What people write where there is nothing to write.
_NOTHING = {"none", "n/a", "na", "nil", "-", "--", "no", "unknown", "x", "?"}


@dataclass(frozen=True)
class Reading:
    """How the cells of a file are read."""

    today: dt.date
    currency: str
    region: str = "ZA"
    # Day, month and year of days that are written in numbers; empty: nobody said.
    order: str = "ymd"
    # A comma parts the whole from the rest, and a point parts thousands; or the other way. None: nobody said.
    comma: bool | None = None
    # Where the operator is, and the place whose time the file says without one.
    home: dt.tzinfo = dt.UTC
    times: dt.tzinfo | None = None


def zone_called(name: str) -> dt.tzinfo:
    """The time zone of that name, such as UTC or Africa/Johannesburg."""
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:
        raise Refused("bad_mapping", f"times is “{name[:40]}”; use a time zone such as UTC or Europe/Berlin.",
                      field="mapping") from error  # fmt: skip


def read_amount(text: str, how: Reading) -> int:
    """An amount in minor units, below zero where the file says so: `(50.00)`, `50.00-`, `R 1 234.50`, `50.00 ZAR`."""
    minus, plain = _written(text, how)
    minor = read_minor(plain, how.currency)
    return -minor if minus else minor


def read_price(text: str, how: Reading) -> Decimal:
    """A price in whole currency units, of zero or more and with four decimal places at most."""
    minus, plain = _written(text, how)
    price = Decimal(plain)
    if minus and price:
        raise Refused("not_positive", f"“{text[:40]}” is below zero, and no price.")
    if price != round(price, 4):
        raise Refused("too_many_places", f"“{text[:40]}” has more than four decimal places.")
    return price


def _written(text: str, how: Reading) -> tuple[bool, str]:
    """Whether an amount is below zero, and its digits with a point before those that are parts of one."""
    said = text[:40]
    minus, clean = _bare(text, how.currency)
    if how.comma is None and (mark := _mark(clean, how.currency)) is not None and not mark[0]:
        raise _unclear(said, clean, how.currency)
    if not (_COMMA if how.comma else _POINT).fullmatch(clean):
        raise Refused("not_an_amount", f"“{said}” is not an amount. {_other_mark(clean, how)}")
    plain = re.sub(rf"[{'.' if how.comma else ','}{_SPACES}]", "", clean).replace(",", ".")
    return minus, f"0{plain}" if plain.startswith(".") else plain


def _unclear(said: str, clean: str, currency: str) -> Refused:
    if len(clean[-3:].rstrip("0")) > places(currency):
        return Refused("unclear_amount", f"“{said}” has more decimal places than {currency}. If the point parts "
                       'thousands, say decimal = "comma" in the mapping.')  # fmt: skip
    return Refused("unclear_amount", f"“{said}” can be read in two ways. Say decimal = \"point\" or decimal = "
                   "\"comma\" in the mapping.")  # fmt: skip


def _bare(text: str, currency: str) -> tuple[bool, str]:
    """Whether an amount is below zero, and its digits and marks."""
    said, clean = text[:40], text.strip().replace(MINUS, "-")
    minus = clean.startswith("(") and clean.endswith(")")
    clean = _without_currency(clean.strip("()").strip(), currency, said)
    if clean[:1] in "+-" or clean[-1:] == "-":
        minus ^= "-" in (clean[:1], clean[-1:])
        clean = clean[1:] if clean[:1] in "+-" else clean[:-1]
        clean = _without_currency(clean.strip(), currency, said)
    return minus, clean


def decimal_mark(text: str, how: Reading) -> tuple[bool, str] | None:
    """Whether an amount leaves no doubt about its decimal mark, and which it seems to be; None where it has none."""
    try:
        return _mark(_bare(text, how.currency)[1], how.currency)
    except Refused:
        return None


def _mark(clean: str, currency: str) -> tuple[bool, str] | None:
    if _GROUP.fullmatch(clean):
        # One mark before three digits: as many people part thousands by it as write parts of a unit after it.
        grouped = "comma" if "." in clean else "point"
        parts = clean[-3:].rstrip("0") if grouped == "point" else ""
        # Where the currency has no such parts, what is usual here leaves no doubt: `1,234` is more than a thousand.
        return (True, "point") if len(parts) > places(currency) else (False, grouped)
    if not {".", ","} & set(clean):
        return None
    if _POINT.fullmatch(clean):
        return True, "point"
    return (True, "comma") if _COMMA.fullmatch(clean) else None


def _without_currency(text: str, currency: str, said: str) -> str:
    """The text without the sign or the code of the file's currency at either end."""
    if not _LETTERED.search(text):
        return text
    for mark in sorted({currency, symbol(currency).strip()}, key=len, reverse=True):
        if text.upper().startswith(mark.upper()):
            return text[len(mark) :].strip()
        if text.upper().endswith(mark.upper()):
            return text[: -len(mark)].strip()
    if (other := re.match(r"([A-Za-z]{3})\b", text) or re.search(r"\b([A-Za-z]{3})$", text)) is not None:
        raise Refused("wrong_currency", f"“{said}” is in {other[1].upper()}, and the file is in {currency}. Say the "
                      "currency in the mapping.")  # fmt: skip
    return text


def _other_mark(text: str, how: Reading) -> str:
    if not how.comma and _COMMA.fullmatch(text):
        return 'If the comma is the decimal mark, say decimal = "comma" in the mapping.'
    if how.comma and _POINT.fullmatch(text):
        return 'If the point is the decimal mark, leave decimal = "comma" out of the mapping.'
    return "Write it like 1234,50." if how.comma else "Write it like 1,234.50."


def read_day(text: str, how: Reading) -> dt.date:
    """A day, for the operator where the file says a time of another place."""
    clean = text.strip()
    if clean.isdecimal() and len(clean) == 8:
        return _day(clean[:4], clean[4:6], clean[6:], text)
    if (time := _TIME.search(clean)) is None:
        return _plain_day(clean, how)
    day = _plain_day(clean[: time.start()], how)
    hour, _, rest = time[1].partition(":")
    try:
        at = dt.datetime.combine(day, dt.time.fromisoformat(f"{hour.zfill(2)}:{rest}"))
        if (zone := _zone(time[2] or "") or how.times) is None:
            return day
        return at.replace(tzinfo=zone).astimezone(how.home).date()
    except (ValueError, OverflowError) as error:
        raise Refused("not_a_date", f"“{text[:40]}” is not a day with a time.") from error


def day_orders(text: str, how: Reading) -> set[str]:
    """The orders that a day in numbers can be read by; none where it is no such day, or says its year first."""
    found: set[str] = set()
    if not _NUMBERS.match(text.strip()):
        return found
    for name, order in ORDERS.items():
        with contextlib.suppress(Refused):
            read_day(text, replace(how, order=order))
            found.add(name)
    return found


def _zone(text: str) -> dt.tzinfo | None:
    if not text:
        return None
    if text.upper() in ("Z", "UTC"):
        return dt.UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    away = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-away if text[0] == "-" else away)


def _plain_day(text: str, how: Reading) -> dt.date:
    clean = re.sub(r"[,.]? +|[-/.]", " ", text.strip()).split()
    if len(clean) != 3:
        raise Refused("not_a_date", f"“{text[:30]}” is not a date.")
    named = [place for place, part in enumerate(clean) if part[:3].lower() in _MONTHS and part.isalpha()]
    if named:
        month = str(_MONTHS.index(clean.pop(named[0])[:3].lower()) + 1)
        # A year of four digits may come first; else the day does.
        day, year = (clean[1], clean[0]) if len(clean[0]) == 4 else clean
        return _day(year, month, day, text, how.today)
    if not all(part.isdecimal() for part in clean):
        raise Refused("not_a_date", f"“{text[:30]}” is not a date.")
    order = "ymd" if len(clean[0]) == 4 else how.order
    if not order:
        raise Refused(
            "unclear_day", f"“{text[:30]}” is not a date." if not day_orders(text, how) else
            f"“{text[:30]}” can be read in two ways. Say dates = \"day/month/year\" or another in the mapping.",
        )  # fmt: skip
    parts = dict(zip(order, clean, strict=True))
    return _day(parts["y"], parts["m"], parts["d"], text, how.today)


def _day(year: str, month: str, day: str, text: str, today: dt.date | None = None) -> dt.date:
    refuse_if(
        len(year) not in (2, 4) or not (year + month + day).isdecimal() or len(day) > 2 or len(month) > 2,
        "not_a_date", f"“{text[:30]}” is not a date in the order the mapping says.",
    )  # fmt: skip
    number = int(year)
    if len(year) == 2 and today is not None:
        # Of this century, unless that is more than twenty years ahead.
        number += 2000 if 2000 + number <= today.year + 20 else 1900
    try:
        found = dt.date(number, int(month), int(day))
    except ValueError as error:
        raise Refused("not_a_date", f"“{text[:30]}” is not a date in the order the mapping says.") from error
    if found.year < 1990:
        raise Refused("absurd_date", f"“{text[:30]}” is too long ago. Write the year with four digits.")
    return found


def read_emails(text: str) -> tuple[str, ...]:
    """The addresses of a cell, as mail programs copy them: `Ann Smith <ann@x.example>; bob@x.example`."""
    if text.strip().lower() in _NOTHING:
        return ()
    found = []
    for part in re.split(r"[;,\n\t]| (?=\S+@)|(?<=>) ", text):
        inside = re.search(r"<([^<>]+)>", part)
        if clean := (inside[1] if inside else part).strip():
            # A name before its address stands alone where both were parted by a space.
            if "@" not in clean and inside is None and "<" in text:
                continue
            found.append(check_email(clean.removeprefix("mailto:")))
    return tuple(dict.fromkeys(found))


_AREA_CODE = re.compile(r"(?:^|[;,\n\t])\s*(?:\(?0[0-9]{1,5}\)?|\+[0-9]{1,3}[ (]+0?\)? ?[1-9][0-9]{1,4}) ?/(?= ?[0-9])")


def read_phones(text: str, region: str) -> tuple[tuple[str, ...], str]:
    """The telephone numbers of a cell, and what it says besides: an extension, when to call."""
    if text.strip().lower() in _NOTHING:
        return (), ""
    found, notes = [], []
    # A slash after a short area code belongs to the number; else it parts two of them.
    text = _AREA_CODE.sub(lambda code: f"{code[0][:-1].rstrip()} ", text)
    for part in re.split(r"[;/,\n\t]| or ", text):
        clean, said = part.strip(), []
        if not clean:
            continue
        for inside in re.findall(r"\(([^()]*[A-Za-z][^()]*)\)", clean):
            said.append(inside.strip())
            clean = clean.replace(f"({inside})", " ").strip()
        if extension := re.search(r"\s*(?:x|ext\.?|extension|#)\s*(\d{1,7})$", clean, re.IGNORECASE):
            said.append(f"extension {extension[1]}")
            clean = clean[: extension.start()].strip()
        number = check_phone(clean, region=region)
        found.append(number)
        notes += [f"{number}: {', '.join(said)}"] if said else []
    return tuple(dict.fromkeys(found)), "; ".join(notes)


def read_quantity(text: str, how: Reading, divide_by: Decimal = Decimal(1)) -> Decimal:
    """A quantity of zero or more with four decimal places, in the unit of the product."""
    said, clean = text[:30], text.strip()
    if not (_COMMA if how.comma else _POINT).fullmatch(clean.removeprefix("-")):
        raise Refused("not_an_amount", f"“{said}” is not a quantity. {_other_mark(clean, how)}")
    plain = re.sub(rf"[{'.' if how.comma else ','}{_SPACES}]", "", clean).replace(",", ".")
    quantity = Decimal(f"0{plain}" if plain.startswith(".") else plain)
    if not 0 <= quantity < 10**9 * divide_by:
        raise Refused("not_positive", f"“{said}” is not a quantity above zero. Reverse wrong usage on the customer's "
                      "page.")  # fmt: skip
    if divide_by != 1:
        return (quantity / divide_by).quantize(Decimal("0.0001"))
    if quantity != round(quantity, 4):
        raise Refused("too_many_places", f"“{said}” has more than four decimal places. Round it, or use a smaller "
                      "unit.")  # fmt: skip
    return quantity


_FREQUENCIES = {
    "week": "week weekly", "month": "month monthly 1", "quarter": "quarter quarterly 3",
    "half_year": "halfyear halfyearly semiannual semiannually biannually 6",
    "year": "year yearly annual annually 12",
}  # fmt: skip


def read_frequency(text: str) -> str:
    """How often something is billed, as people say it or as a number of months."""
    plain = re.sub(r"[^a-z0-9]", "", text.casefold())
    for frequency, words in _FREQUENCIES.items():
        if plain in words.split():
            return frequency
    raise Refused("not_a_frequency", f"“{text[:30]}” is not how often something is billed. Write weekly, monthly, "
                  "quarterly, half-yearly or yearly.")  # fmt: skip
