"""What the lines of bills and credit notes say, in the language of the document they are on.

It is written once, when they are made: a document does not change later (decision 0051).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from counterfoil.billing.charging import Charged
from counterfoil.catalogue.rules import amount_text, tidy_price
from counterfoil.documents.speech import Speech
from counterfoil.kernel.money import places
from counterfoil.kernel.periods import Period
from counterfoil.usage.rules import usage_minor


def bill_name(days: Sequence[tuple[dt.date, dt.date]], once: Sequence[str], speech: Speech) -> str:
    """What a bill is for, on one line: services and the days charged of them, else what is charged once.

    `Services, December 2026`, `Services, October to December 2026`, `Services, 15 Dec 2026 to 14 Jan 2027`.
    """
    say = speech.say
    if not days:
        return say("{first} and {n} more", first=once[0], n=len(once) - 1) if len(once) > 1 else once[0]
    first, end = min(starts for starts, _ in days), max(ends for _, ends in days)
    last = end - dt.timedelta(days=1)
    to = f"{speech.month(last)} {last.year}"
    if (first.year, first.month) == (last.year, last.month):
        return say("Services, {days}", days=to)
    if first.day == end.day == 1:
        since = speech.month(first) + ("" if first.year == last.year else f" {first.year}")
        return say("Services, {days}", days=say("{first} to {last}", first=since, last=to))
    return say("Services, {days}", days=speech.days(first, last))


def charge_text(name: str, charge: Charged, currency: str, tax_name: str, speech: Speech) -> str:
    """A charge of a service or what is given back of one: `Fibre 100, 1 Dec 2026 to 31 Dec 2026`."""
    say, last = speech.say, Period(charge.starts, charge.ends).last
    text = f"{name}, {speech.days(charge.starts, last)}"
    if charge.minor < 0:
        text = say("Credit: {what}", what=text)
    if charge.part != charge.whole:
        price = speech.money(int(charge.unit_price.scaleb(places(currency))), currency)
        price += "" if charge.prices_include_tax else f" {say('excl. {tax}', tax=tax_name)}"
        text += say(" ({part} of {whole} days of {price})", part=charge.part, whole=charge.whole, price=price)
    if charge.percent_off:
        text += say(", {percent} % off", percent=speech.number(f"{charge.percent_off.normalize():f}"))
    return text


def used_text(charge: Charged, unit: str, currency: str, tax_name: str, speech: Speech) -> str:
    """Where the amount of usage comes from: `: 130 minutes, 100 included, 30 at R0.50`."""
    assert charge.used is not None
    assert charge.included is not None
    say = speech.say
    text = f": {unit_text(charge.used, unit, speech)}"
    if charge.included:
        text += say(", {quantity} included", quantity=_number(charge.included, speech))
    if charge.quantity:
        price = price_text(charge.unit_price, currency, speech)
        price += "" if charge.prices_include_tax else f" {say('excl. {tax}', tax=tax_name)}"
        text += f", {_number(charge.quantity, speech)}" if charge.included else ""
        text += say(" at {price}", price=price)
    whole = usage_minor(charge.quantity, charge.unit_price, charge.percent_off, places(currency))
    if before := whole - charge.minor:
        text += say(", {amount} of it charged before", amount=speech.money(before, currency))
    return text


def priced_without(price: str, quantity: Decimal, tax_name: str, speech: Speech) -> str:
    """Of what is printed with tax, the price without: ` (3 at R100.00 excl. VAT)`."""
    price = f"{price} {speech.say('excl. {tax}', tax=tax_name)}"
    if quantity == 1:
        return f" ({price})"
    return f" ({speech.number(f'{quantity.normalize():f}')}{speech.say(' at {price}', price=price)})"


def price_text(amount: Decimal, currency: str, speech: Speech) -> str:
    """A price with the decimal places that it has."""
    return speech.price(f"{tidy_price(amount, currency):,f}", currency)


def unit_text(quantity: Decimal, unit: str, speech: Speech) -> str:
    """So much of a unit; units of a language we know are in it, others as they were entered."""
    if speech.language == "en":
        figure, _, word = amount_text(quantity, unit).partition(" ")
        return f"{speech.number(figure)} {word}"
    word = unit.lower() if abs(quantity) == 1 else f"{unit.lower()}s"
    return f"{_number(quantity, speech)} {speech.unit(word, unit)}"


def _number(quantity: Decimal, speech: Speech) -> str:
    return speech.number(f"{quantity.normalize():,f}")
