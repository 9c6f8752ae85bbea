"""The words of a document that do not depend on its kind: letterhead, how to pay, what a file is called."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from counterfoil.documents.qr import qr_svg, transfer_svg
from counterfoil.documents.speech import Speech
from counterfoil.kernel.periods import date_text, long_date_text

# The colour of headings where nobody chose another.
INK = "#14171d"
_CURRENCY_NAMES = {"ZAR": "rand", "USD": "US dollars", "EUR": "euros", "GBP": "pounds", "NAD": "Namibian dollars"}


@dataclass(frozen=True)
class Party:
    """A name and address as printed on a document."""

    name: str
    number: str = ""
    address: str = ""
    tax_number: str = ""
    terms: str = ""


@dataclass(frozen=True)
class Letterhead:
    """The operator as printed on a document."""

    name: str
    legal_name: str = ""
    registration: str = ""
    tax_name: str = "VAT"
    tax_number: str = ""
    registration_name: str = "Reg."
    # How the tax number is called, where that is not how the tax is.
    tax_number_name: str = ""
    # On its own lines.
    address_lines: Sequence[str] = ()
    # On one line, as documents of before have it.
    address: str = ""
    email: str = ""
    phone: str = ""
    # Where that is not the name above.
    bank_holder: str = ""
    bank: str = ""
    bank_branch: str = ""
    bank_account: str = ""
    bank_kind: str = ""
    iban: str = ""
    bic: str = ""
    pay_url: str = ""
    # The hash of the file, which is kept for as long as anything says it.
    logo: str = ""
    colour: str = INK
    # At the foot of documents.
    footer: str = ""
    # Below what each of them says.
    invoice_text: str = ""
    credit_note_text: str = ""
    statement_text: str = ""
    # How documents say it, and the paper they are on. What was issued before is English on A4.
    language: str = "en"
    date_format: str = ""
    number_format: str = ""
    paper: str = "a4"

    @property
    def speech(self) -> Speech:
        """How its documents say things."""
        return Speech(self.language, self.date_format, self.number_format)

    def speaking(self, language: str) -> Letterhead:
        """The same to who reads that language: in it, where documents know it. Empty: as it is."""
        spoken = self.speech.speaking(language).language
        return replace(self, language=spoken) if spoken != self.language else self

    @property
    def lines(self) -> list[str]:
        """The address as printed."""
        return list(self.address_lines) or ([self.address] if self.address else [])

    @property
    def small_print(self) -> str:
        """Who writes, at the foot of an e-mail: name and address, then how to reach them."""
        legal = ", ".join(part for part in (self.legal_name or self.name, *self.lines) if part)
        reach = ", ".join(part for part in (self.email, self.phone) if part)
        return ". ".join(part for part in (legal, reach) if part)


def pay_link(operator: Letterhead, reference: str) -> str:
    """The address of the payment page for this reference; empty when the operator has none."""
    if not operator.pay_url:
        return ""
    base = operator.pay_url if "://" in operator.pay_url else f"https://{operator.pay_url}"
    return f"{base.rstrip('/')}/{quote(reference, safe='')}"


def _in_fours(iban: str) -> str:
    """As it is printed (ISO 13616): in groups of four."""
    bare = iban.replace(" ", "")
    return " ".join(bare[place : place + 4] for place in range(0, len(bare), 4))


# What one transfer in SEPA carries (EPC069-12).
_MOST_TRANSFER = 99_999_999_999


def payment_view(
    operator: Letterhead, reference: str, speech: Speech | None = None, *, euro_minor: int = 0, online: str = ""
) -> dict[str, Any] | None:
    """How to pay: bank, account, exact reference, and a QR code of the page to open, else of a transfer in cents.

    `online` is where this very document is paid by card: with the QR code where there is none of a transfer. A payment
    page that the letterhead names comes before it. In the language of documents, unless told otherwise.
    """
    link, say = pay_link(operator, reference), (speech or operator.speech).say
    transfer = bool(operator.iban) and 0 < euro_minor <= _MOST_TRANSFER
    if online and not link and not transfer:
        link = online
    if not (operator.bank or operator.bank_account or operator.iban) and not link:
        return None
    facts = [
        {"label": label, "value": value}
        for label, value in (
            (say("Account holder"), operator.bank_holder),
            (say("Bank"), operator.bank),
            (say("Branch"), operator.bank_branch),
            (say("Account|bank"), operator.bank_account),
            (say("Type"), say(operator.bank_kind)),
            ("IBAN", _in_fours(operator.iban)),
            ("BIC", operator.bic),
            (say("Reference|payment"), reference),
        )
        if value
    ]
    note = say("Use the reference exactly, then your payment shows within a day.")
    reach = {"note": note, "email": operator.email, "phone": operator.phone}
    if operator.email and operator.phone:
        note = say("{note} Questions? Write to {email} or call {phone}.", **reach)
    elif operator.email:
        note = say("{note} Questions? Write to {email}.", **reach)
    elif operator.phone:
        note = say("{note} Questions? Call {phone}.", **reach)
    view: dict[str, Any] = {"heading": say("How to pay"), "facts": facts, "note": note}
    if link:
        bare = link.partition("://")[2]
        host, _, path = bare.rpartition("/")
        view |= {"qr": qr_svg(link), "link": link, "link_lines": [say("Scan, or go to"), host, f"/{path}"]}
    elif transfer:
        holder = operator.bank_holder or operator.legal_name or operator.name
        qr = transfer_svg(holder, operator.iban, operator.bic, euro_minor, reference)
        amount = (speech or operator.speech).money(euro_minor, "EUR")
        view |= {"qr": qr, "link_lines": [say("Scan it with your banking app:"), amount]}
        if online:
            host, _, path = online.partition("://")[2].rpartition("/")
            view["link_lines"] += [say("Or pay by card at"), host, f"/{path}"]
    return view


def currency_name(currency: str) -> str:
    """`rand`, as in “all amounts in rand”; the code where there is no name."""
    return _CURRENCY_NAMES.get(currency, currency)


def period_text(first: dt.date, last: dt.date) -> str:
    """`1 July to 20 November 2026`."""
    start = long_date_text(first)
    if first.year == last.year:
        start = start.rpartition(" ")[0]
    return f"{start} to {long_date_text(last)}"


def short_long_date(day: dt.date, *, today: dt.date) -> str:
    """`1 December`, with the year when it is not this year's."""
    text = long_date_text(day)
    return text.rpartition(" ")[0] if day.year == today.year else text


def day_text(day: dt.date | None, *, today: dt.date) -> str:
    """A date in a table; blank where there is none."""
    return "" if day is None else date_text(day, today=today)


def amounts_in(operator: Letterhead, currency: str, *, taxed: bool) -> str:
    """In which currency the amounts are, and whether tax is in them."""
    say = operator.speech.say
    name = say(currency_name(currency))
    if taxed:
        return say("All amounts in {currency}, {tax} included", currency=name, tax=operator.tax_name)
    return say("All amounts in {currency}", currency=name)


def words_of(operator: Letterhead) -> dict[str, str]:
    """What the templates themselves say, and on which paper."""
    say = operator.speech.say
    return {
        "page": say("Page"), "of": say("of"), "total": say("Total"), "pay": say("Pay by card or EFT"),
        "transfer": say("Pay by EFT"), "paper": operator.paper,
    }  # fmt: skip


def file_name(kind: str, number: str, extension: str, on: dt.date | None = None) -> str:
    """`Statement HV-004821 2026-11-20.pdf`: safe on every file system and in every mail header."""
    safe = re.sub(r"[^\w .()-]+", "-", number).strip("-. ")[:60]
    return " ".join(part for part in (kind, safe, on.isoformat() if on else "") if part) + f".{extension}"
