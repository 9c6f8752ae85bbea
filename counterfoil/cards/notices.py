"""What customers are told of their card: that it was declined, that the bank asks them, and that it expires."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from counterfoil.access.queries import portal_links, portal_url
from counterfoil.cards import queries
from counterfoil.cards.models import CardPayment, SavedCard
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import letterhead_of, visible
from counterfoil.customers.reaching import addresses_of
from counterfoil.documents.parties import Letterhead
from counterfoil.messaging.operations import NewMessage
from counterfoil.messaging.operations.wording import Shown, Wording, declare_wording, filled, paragraphs, speaking
from counterfoil.platform.callers import Caller

FIELDS = {
    "customer_name": "the customer",
    "account_number": "their account number",
    "company_name": "your trading name",
    "amount": "what was to be charged",
    "card": "brand and last digits of the card",
    "expiry": "month and year in which it expires",
    "reason": "why it was declined, in words",
}


def _example(caller: Caller, subject: str, text: str) -> Shown | None:
    """The message as the customer who joined last would get it."""
    customer = visible(caller).filter(status="active").order_by("-joined_on", "-pk").first()
    if customer is None:
        return None
    values = {
        "amount": letterhead_of(customer).speech.money(74900, customer.currency), "card": "Visa •••• 4242",
        "expiry": "12/26",
        "reason": "there is not enough money on it",
    }  # fmt: skip
    made = _written(customer, letterhead_of(customer), values, (subject, text), "", "")
    return Shown(customer.name, made["subject"], render_to_string("cards/email.txt", made).strip() + "\n")


DECLINED = declare_wording(Wording(
    "card_declined", "Card declined", "Your card was declined for {amount}",
    "Good day, we could not charge {amount} to your card {card}: {reason}.\n"
    "Please pay with another card or by bank transfer, or add another card.",
    FIELDS, _example,
))  # fmt: skip
CONFIRM = declare_wording(Wording(
    "card_confirm", "Card payment to confirm", "Please confirm your payment of {amount}",
    "Good day, we wanted to charge {amount} to your card {card}, and your bank asks you to confirm it.\n"
    "Please open the payment page and pay there; it takes a minute.",
    FIELDS, _example,
))  # fmt: skip
EXPIRING = declare_wording(Wording(
    "card_expiring", "Card expires", "Your card {card} expires {expiry}",
    "Good day, your card {card} expires {expiry}.\nAdd your new card, and your payments go on as before.",
    FIELDS, _example,
))  # fmt: skip


def of_payment(wording: Wording, row: CardPayment, reason: str) -> list[NewMessage]:
    """The message about a charge that was declined, with where to pay; none where there is no address."""
    values = {
        "amount": letterhead_of(row.customer).speech.money(row.amount_minor, row.currency),
        "card": row.card.shown if row.card else "",
        "expiry": row.card.expiry if row.card else "", "reason": reason,
    }  # fmt: skip
    return _messages(wording, row.customer, values, _where(row))


def of_card(row: SavedCard) -> list[NewMessage]:
    """The message about a card that expires; none where there is no address."""
    values = {"amount": "", "card": row.shown, "expiry": row.expiry, "reason": ""}
    portal = portal_links([row.customer_id])[row.customer_id]
    return _messages(EXPIRING, row.customer, values, portal_url("card/") if portal else "")


def _where(row: CardPayment) -> str:
    """Where it is paid: the one invoice that it is about, else the portal."""
    items = list(row.parts.values_list("item", flat=True))
    invoices = queries.invoices_of_items(items)
    if len(items) == 1 and items[0] in invoices:
        return queries.pay_address(invoices[items[0]])
    return portal_url("pay/") if portal_links([row.customer_id])[row.customer_id] else ""


def _messages(wording: Wording, customer: Customer, values: dict[str, str], link: str) -> list[NewMessage]:
    to = [one.email for one in addresses_of([customer.pk], "reminder")[customer.pk]]
    if not to:
        return []
    house = letterhead_of(customer)
    words = speaking(wording)(customer.brand_id, customer.language)
    made = _written(customer, house, values, words, portal_links([customer.pk])[customer.pk], link)
    return [NewMessage(
        customer=customer, kind=wording.key, subject=made["subject"],
        body_text=render_to_string("cards/email.txt", made).strip() + "\n",
        body_html=render_to_string("cards/email.html", made), addresses=to,
    )]  # fmt: skip


def _written(
    customer: Customer, house: Letterhead, values: dict[str, str], words: tuple[str, str], portal: str, link: str
) -> dict[str, Any]:
    known = {"customer_name": customer.name, "account_number": customer.number, "company_name": house.name, **values}
    subject, text = (filled(part, known) for part in words)
    return {
        "subject": subject[:200], "heading": subject, "preheader": "", "operator": house.name, "speech": house.speech,
        "paragraphs": paragraphs(text), "account": f"{customer.name}, {customer.number}", "portal": portal,
        "small_print": house.small_print, "link": link,
    }  # fmt: skip
