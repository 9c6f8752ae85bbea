"""What a letter says to a customer: its words with the fields filled in, as e-mail and for print."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.template.loader import render_to_string

from counterfoil.credit.models import Letter
from counterfoil.customers.models import Customer
from counterfoil.documents.parties import Letterhead, pay_link, short_long_date
from counterfoil.dunning.rules import Dunned, DunnedItem
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.messaging.operations.wording import filled, paragraphs

MOST_ITEMS = 40


@dataclass(frozen=True)
class Written:
    """A letter in finished words."""

    subject: str
    text: str


def write(letter: Letter, customer: Customer, dunned: Dunned, house: Letterhead, on: dt.date) -> Written:
    """The letter to this customer."""
    items, currency = dunned.items, customer.currency
    lines = [_line(item, currency, on) for item in items[:MOST_ITEMS]]
    if len(items) > MOST_ITEMS:
        lines.append(f"and {len(items) - MOST_ITEMS} more")
    values = {
        "customer_name": customer.name, "account_number": customer.number, "company_name": house.name,
        "letter_date": short_long_date(on, today=on), "amount_due": money_text(dunned.total_minor, currency),
        "oldest_days": str(items[0].days_late), "items": "\n".join(lines), "charges": charges_text(dunned, currency),
        "how_to_pay": how_to_pay(house, customer.number),
    }  # fmt: skip
    text = filled(letter.text, values)
    # A field that says nothing leaves no gap.
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return Written(" ".join(filled(letter.subject, values).split())[:200], text.strip() + "\n")


def _line(item: DunnedItem, currency: str, on: dt.date) -> str:
    days = f"{item.days_late} day{'' if item.days_late == 1 else 's'} late"
    said = f"{item.number}, due {date_text(item.due_on, today=on)}, {days}: {money_text(item.open_minor, currency)}"
    return said + (f" ({money_text(item.disputed_minor, currency)} in dispute)" if item.disputed_minor else "")


def charges_text(dunned: Dunned, currency: str) -> str:
    """What the letter adds, in a sentence; empty where it adds nothing."""
    added = []
    if dunned.interest_minor:
        added.append(f"interest of {money_text(dunned.interest_minor, currency)}")
    if dunned.fee_minor:
        added.append(f"a fee of {money_text(dunned.fee_minor, currency)}")
    return f"We have charged {' and '.join(added)} to your account." if added else ""


def how_to_pay(house: Letterhead, reference: str) -> str:
    """Bank account and reference, and the page to pay on, as far as the company has them."""
    account = ", account ".join(part for part in (house.bank, house.bank_account) if part)
    account = account or (f"IBAN {house.iban}" if house.iban else "")
    by_bank = f"Pay by EFT: {account}, reference {reference}." if account else ""
    link = pay_link(house, reference)
    return " ".join(part for part in (by_bank, f"Pay online: {link}" if link else "") if part)


def as_html(written: Written, customer: Customer, house: Letterhead) -> str:
    """The same as an e-mail."""
    return render_to_string(
        "messaging/email_frame.html",
        {
            "subject": written.subject, "operator": house.name, "heading": written.subject, "preheader": "",
            "paragraphs": paragraphs(written.text), "account": f"{customer.name}, {customer.number}",
            "small_print": house.small_print,
        },
    )  # fmt: skip
