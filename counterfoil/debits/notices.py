"""What customers are told of debit orders: before one is collected, as SEPA asks for, and when one came back."""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.access.queries import portal_links
from counterfoil.customers.queries import letterheads_of
from counterfoil.customers.reaching import addresses_of
from counterfoil.debits.models import DebitOrder
from counterfoil.documents.speech import Speech
from counterfoil.messaging.operations import NewMessage
from counterfoil.messaging.operations.wording import Shown, Wording, declare_wording, letter, letter_to_newest, speaking
from counterfoil.platform.callers import Caller

FIELDS = {
    "customer_name": "the customer",
    "account_number": "their account number",
    "company_name": "your trading name",
    "amount": "what is collected, or came back",
    "collection_date": "the day of the collection",
    "bank_account": "the last digits of their bank account",
    "mandate_number": "the reference of their mandate",
    "reason": "why it came back, in words",
}


def _example(caller: Caller, subject: str, text: str) -> Shown | None:
    """The message as the customer who joined last would get it."""
    return letter_to_newest(caller, (subject, text), lambda customer, house: {
        "amount": house.speech.money(74900, customer.currency),
        "collection_date": house.speech.long_date(caller.today), "bank_account": "•••• 4321",
        "mandate_number": f"{customer.number}-M1", "reason": "there was not enough money in the account",
    })  # fmt: skip


COMING = declare_wording(Wording(
    "debit_notice", "Debit order coming", "{amount} will be collected on {collection_date}",
    "Good day, we will collect {amount} from your account {bank_account} on {collection_date}, under mandate "
    "{mandate_number}.\nPlease see that there is enough money in it. If something is wrong, tell us before that day.",
    FIELDS, _example,
))  # fmt: skip
CAME_BACK = declare_wording(Wording(
    "debit_returned", "Debit order came back", "Your debit order of {amount} came back",
    "Good day, your bank did not pay our debit order of {amount} of {collection_date}: {reason}.\n"
    "The amount is owed again. Please pay it, or talk to us.",
    FIELDS, _example,
))  # fmt: skip


def messages(
    wording: Wording, orders: Sequence[DebitOrder], about: str, *, reason: str = ""
) -> list[tuple[DebitOrder, NewMessage]]:
    """The message about each of the orders, with what is common to them read once; none where there is no address.

    `about` says which of the customer's addresses it goes to.
    """
    customers = {order.customer_id for order in orders}
    addresses, words = addresses_of(list(customers), about), speaking(wording)
    houses, portals = letterheads_of(order.customer for order in orders), portal_links(customers)
    made = []
    for order in orders:
        customer = order.customer
        if to := [one.email for one in addresses[customer.pk]]:
            said = words(customer.brand_id, customer.language)
            house = houses[customer.pk]
            told = letter(customer, house, said, _values(order, reason, house.speech), portal=portals[customer.pk])
            made.append((order, NewMessage(
                customer=customer, kind=wording.key, subject=told.subject, body_text=told.text, body_html=told.html,
                addresses=to,
            )))  # fmt: skip
    return made


def _values(order: DebitOrder, reason: str, speech: Speech) -> dict[str, str]:
    """What the words may say of a debit order."""
    mandate = order.mandate
    return {
        "amount": speech.money(order.amount_minor, order.currency), "collection_date": speech.long_date(order.run.on),
        "bank_account": mandate.shown_account if mandate else "", "mandate_number": mandate.number if mandate else "",
        "reason": reason,
    }  # fmt: skip
