"""What a letter says to a customer: its words with the fields filled in, as e-mail and for print."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.template.loader import render_to_string

from counterfoil.customers.models import Customer
from counterfoil.documents.parties import Letterhead, pay_link
from counterfoil.documents.speech import ENGLISH, Speech
from counterfoil.dunning.rules import Dunned, DunnedItem
from counterfoil.messaging.operations.wording import filled, paragraphs

MOST_ITEMS = 40


@dataclass(frozen=True)
class Written:
    """A letter in finished words."""

    subject: str
    text: str


def write(words: tuple[str, str], customer: Customer, dunned: Dunned, house: Letterhead, on: dt.date) -> Written:
    """The letter to this customer, of these words, subject and text."""
    items, currency = dunned.items, customer.currency
    speech = house.speech
    lines = [_line(item, currency, on, speech) for item in items[:MOST_ITEMS]]
    if len(items) > MOST_ITEMS:
        lines.append(speech.say("and {n} more", n=len(items) - MOST_ITEMS))
    values = {
        "customer_name": customer.name, "account_number": customer.number, "company_name": house.name,
        "letter_date": speech.near_date(on, today=on), "amount_due": speech.money(dunned.total_minor, currency),
        "oldest_days": str(items[0].days_late), "items": "\n".join(lines),
        "charges": charges_text(dunned, currency, speech),
        "how_to_pay": how_to_pay(house, customer.number),
    }  # fmt: skip
    text = filled(words[1], values)
    # A field that says nothing leaves no gap.
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return Written(" ".join(filled(words[0], values).split())[:200], text.strip() + "\n")


def _line(item: DunnedItem, currency: str, on: dt.date, speech: Speech) -> str:
    say, late, amount = speech.say, item.days_late, speech.money(item.open_minor, currency)
    days = say("1 day late") if late == 1 else say("{n} days late", n=late)
    due = speech.date(item.due_on, today=on)
    said = say("{number}, due {day}, {late}: {amount}", number=item.number, day=due, late=days, amount=amount)
    disputed = speech.money(item.disputed_minor, currency)
    return said + (f" {say('({amount} in dispute)', amount=disputed)}" if item.disputed_minor else "")


def charges_text(dunned: Dunned, currency: str, speech: Speech = ENGLISH) -> str:
    """What the letter adds, in a sentence; empty where it adds nothing."""
    say, added = speech.say, []
    if dunned.interest_minor:
        added.append(say("interest of {amount}", amount=speech.money(dunned.interest_minor, currency)))
    if dunned.fee_minor:
        added.append(say("a fee of {amount}", amount=speech.money(dunned.fee_minor, currency)))
    return say("We have charged {what} to your account.", what=say(" and ").join(added)) if added else ""


def how_to_pay(house: Letterhead, reference: str) -> str:
    """Bank account and reference, and the page to pay on, as far as the company has them."""
    say = house.speech.say
    parts = [house.bank, say("account {number}", number=house.bank_account) if house.bank_account else ""]
    account = ", ".join(part for part in parts if part) or (f"IBAN {house.iban}" if house.iban else "")
    by_bank = f"{say('Pay by EFT')}: {account}, {say('reference')} {reference}." if account else ""
    link = pay_link(house, reference)
    return " ".join(part for part in (by_bank, f"{say('Pay online')}: {link}" if link else "") if part)


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
