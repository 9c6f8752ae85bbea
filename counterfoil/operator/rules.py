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
    "account_prefix": (
        re.compile("[A-Z0-9-]+"),
        "The prefix of account numbers is capital letters, digits and hyphens.",
    ),
}


def wrong_letterhead(name: str, value: str) -> str:
    """What is wrong with a value of the letterhead, in a sentence; empty when nothing is."""
    form, sentence = _FORMS.get(name, (None, ""))
    return sentence if form is not None and not form.fullmatch(value) else ""
