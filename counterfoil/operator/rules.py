"""What a letterhead may say: decisions on plain values."""

from __future__ import annotations

import math
import re

from counterfoil.kernel.iban import is_iban

_READABLE = 4.5
_EMAIL = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>.]{2,}")
_FORMS = {
    "currency": (re.compile("[A-Z]{3}"), "Currency is a code of three capital letters, such as ZAR."),
    "region": (re.compile("[A-Z]{2}"), "Region is a country's code of two capital letters, such as ZA."),
    "email": (_EMAIL, "E-mail is an address such as accounts@example.com."),
    "pay_url": (
        re.compile(r"(https://)?[\w-]+(\.[\w-]+)+(:\d+)?(/[^\s]*)?"),
        "The address to pay at is such as pay.example.com, or begins with https://.",
    ),
    "bic": (re.compile("[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?"), "A BIC has 8 or 11 letters and digits, such as DEUTDEFF."),
    "code": (re.compile("[A-Z0-9]+"), "A code is capital letters and digits, such as HF."),
}


def wrong_letterhead(name: str, value: str) -> str:
    """What is wrong with a value of the letterhead, in a sentence; empty when nothing is."""
    if name == "iban":
        return "" if is_iban(value) else "That is not an IBAN: a digit is wrong or missing. Check it."
    if name == "colour":
        return wrong_colour(value)
    form, sentence = _FORMS.get(name, (None, ""))
    return sentence if form is not None and not form.fullmatch(value) else ""


def wrong_colour(value: str) -> str:
    """Why text in this colour could not be read on white (or white on it); empty when it can."""
    if not re.fullmatch("#[0-9a-f]{6}", value):
        return "A colour is # and six digits or letters from a to f, such as #14171d."
    ratio = contrast_on_white(value)
    if ratio >= _READABLE:
        return ""
    # Rounded down, so that what is too little never reads like enough.
    return f"{value} has a contrast of {int(ratio * 10) / 10} to 1 on white; text needs 4.5 to 1. Choose a darker one."


def contrast_on_white(colour: str) -> float:
    """The contrast of a colour to white, from 1 to 21 (WCAG 2.2, relative luminance)."""
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else math.pow((part + 0.055) / 1.055, 2.4)
