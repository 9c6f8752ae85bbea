"""What a letterhead may say: decisions on plain values."""

from __future__ import annotations

import re

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
    "account_prefix": (
        re.compile("[A-Z0-9-]+"),
        "The prefix of account numbers is capital letters, digits and hyphens.",
    ),
}


def wrong_letterhead(name: str, value: str) -> str:
    """What is wrong with a value of the letterhead, in a sentence; empty when nothing is."""
    if name == "iban":
        return "" if is_iban(value) else "That is not an IBAN: a digit is wrong or missing. Check it."
    form, sentence = _FORMS.get(name, (None, ""))
    return sentence if form is not None and not form.fullmatch(value) else ""


def is_iban(text: str) -> bool:
    """Whether it is an IBAN with right check digits (ISO 13616: the rest of 97 is 1)."""
    bare = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", bare):
        return False
    return int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1
