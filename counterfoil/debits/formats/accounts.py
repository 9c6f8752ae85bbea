"""Whether an account can be what somebody says, before it is kept: check digits and lengths, no question to a bank.

None of it says that the account is there. Spaces are nothing; `bare` is how an account is kept and written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from counterfoil.debits.formats.order import FormatError, Order
from counterfoil.kernel.iban import is_iban, rest_of_97

# By who clears: SEPA (pain.008 CORE and B2B), US ACH, BACS, and South African EFT (Netcash and banks' own files).
Scheme = Literal["sepa", "nacha", "bacs", "za"]
CURRENCIES: dict[str, str] = {"sepa": "EUR", "nacha": "USD", "bacs": "GBP", "za": "ZAR"}

# The countries of SEPA (EPC409-09) with the length of their IBANs (ISO 13616 registry).
IBAN_LENGTHS = {
    "AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15,
    "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}  # fmt: skip
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_CREDITOR_ID = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")
# NACHA: alphanumeric and at most 17; shorter than four is a slip.
_US_ACCOUNT = re.compile(r"[A-Za-z0-9-]{4,17}")


def bare(text: str) -> str:
    """An account, BIC, branch or sort code as it is kept: capitals, without spaces and the hyphens of sort codes."""
    close = re.sub(r"\s", "", text).upper()
    return close.replace("-", "") if re.fullmatch(r"[0-9]{2}-[0-9]{2}-[0-9]{2}", close) else close


def why_not(scheme: str, account: str, bank: str, account_type: str) -> str:
    """What is wrong with an account for the scheme, in a sentence; empty where nothing is."""
    if account_type not in ("current", "savings"):
        return "Choose whether it is a current or a savings account."
    account, bank = bare(account), bare(bank)
    match scheme:
        case "sepa":
            return _sepa(account, bank)
        case "nacha":
            return wrong_routing(bank) or (
                "" if _US_ACCOUNT.fullmatch(account) else "The account number has 4 to 17 digits or letters. Check it."
            )
        case "bacs":
            return _digits("sort code", bank, 6, 6) or _digits("account number", account, 8, 8)
        case "za":
            return _digits("branch code", bank, 6, 6) or _digits("account number", account, 7, 11)
    return f"Nobody here collects by “{scheme}”. Choose SEPA, ACH, BACS or South African EFT."


def _sepa(account: str, bank: str) -> str:
    if not is_iban(account):
        return "That is not an IBAN: a digit is wrong or missing. Check it."
    length = IBAN_LENGTHS.get(account[:2])
    if length is None:
        return f"SEPA does not reach accounts in {account[:2]}. Ask for an account in a SEPA country."
    if len(account) != length:
        return f"An IBAN of {account[:2]} has {length} characters; this has {len(account)}. Check it."
    if bank and not _BIC.fullmatch(bank):
        return "A BIC has 8 or 11 letters and digits, such as DEUTDEFF. Check it, or leave it empty."
    return ""


def _digits(what: str, text: str, least: int, most: int) -> str:
    """Whether it is so many digits, without one that is nothing but zeros."""
    if re.fullmatch(rf"[0-9]{{{least},{most}}}", text) and text.strip("0"):
        return ""
    if re.fullmatch("[0-9]+", text) and not least <= len(text) <= most:
        size = "short" if len(text) < least else "long"
        wanted = str(least) if least == most else f"{least} to {most}"
        return f"The {what} is too {size}: it has {len(text)} digits, not {wanted}. Check it."
    wanted = f"{least}" if least == most else f"{least} to {most}"
    return f"The {what} is {wanted} digits. Check it."


def wrong_routing(text: str) -> str:
    """What is wrong with an ABA routing number, in a sentence: nine digits, by 3, 7 and 1 they make whole tens."""
    if wrong := _digits("routing number", text, 9, 9):
        return wrong
    total = sum(int(digit) * weight for digit, weight in zip(text, (3, 7, 1) * 3, strict=True))
    return "That is not a routing number: its check digit is wrong. Check it." if total % 10 else ""


def wrong_creditor_id(scheme: str, text: str) -> str:
    """What is wrong with what the bank gave us to collect by, in a sentence; empty where nothing is.

    A SEPA creditor identifier has the check digits of an IBAN, over all but its business code (EPC262-08); a BACS
    service user number has six digits; NACHA's company id ten characters.
    """
    right = True
    match scheme:
        case "sepa":
            right = bool(_CREDITOR_ID.fullmatch(text)) and rest_of_97(text[7:] + text[:4]) == 1
            form = "a SEPA creditor identifier, such as DE98ZZZ09999999999"
        case "bacs":
            right, form = bool(re.fullmatch("[0-9]{6}", text)), "a service user number: six digits"
        case "nacha":
            right, form = bool(re.fullmatch("[A-Z0-9]{10}", text)), "a company id: ten digits, as the bank gave it"
        case _:
            return ""
    return "" if right else f"“{text[:40]}” is not {form}. Check it in the letter of the bank."


def last_digits(account: str) -> str:
    """The last four characters of an account, which is all that pages and lists show; of a short one, none."""
    return account[-4:] if len(account) > 6 else ""


def check_accounts(scheme: str, orders: Sequence[Order]) -> None:
    """Refuses orders on accounts that cannot be: a bank refuses the whole file for one of them."""
    for order in orders:
        if wrong := why_not(scheme, order.account, order.bank, order.account_type):
            raise FormatError("bad_account", f"Order {order.reference}: {wrong}", reference=order.reference)
