"""What customers are told of their card: that it was declined, that the bank asks them, and that it expires."""

from __future__ import annotations

from counterfoil.access.queries import portal_links, portal_url
from counterfoil.cards import queries
from counterfoil.cards.models import CardPayment, SavedCard
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import letterhead_of
from counterfoil.customers.reaching import addresses_of
from counterfoil.messaging.operations import NewMessage
from counterfoil.messaging.operations.wording import Shown, Wording, declare_wording, letter, letter_to_newest, speaking
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
    return letter_to_newest(caller, (subject, text), lambda customer, house: {
        "amount": house.speech.money(74900, customer.currency), "card": "Visa •••• 4242", "expiry": "12/26",
        "reason": "there is not enough money on it",
    })  # fmt: skip


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
    portal = portal_links([customer.pk])[customer.pk]
    made = letter(customer, house, words, values, portal=portal, link=link)
    return [NewMessage(
        customer=customer, kind=wording.key, subject=made.subject, body_text=made.text, body_html=made.html,
        addresses=to,
    )]  # fmt: skip
