"""Sends a customer to the gateway's page: begun here, opened there outside of any transaction, and noted here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from counterfoil.cards import operations, queries
from counterfoil.cards.interfaces import AskedCard, AskedPayment, Trouble
from counterfoil.cards.models import CardPayment
from counterfoil.cards.operations.paying import new_reference
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform.callers import System

_SHUT = (
    "The payment page cannot be opened right now. Nothing was charged. Try again in a few minutes, or pay by bank "
    "transfer."
)


def open_payment_page(
    system: System, customer: Customer, shares: Sequence[tuple[int, int]], *, way: str, what: str,
    back: Callable[[CardPayment], str], cancel: str, email: str = "",
) -> str:  # fmt: skip
    """The address to send the customer to. `shares` are items with amounts; `back` is where the page returns to."""
    row = operations.start_payment(system, customer=customer, shares=shares, way=way)
    if row.url:
        return row.url
    asked = AskedPayment(row.reference, row.amount_minor, row.currency, what, back(row), cancel, email)
    try:
        page = queries.speaker_of(row.gateway.kind).start_payment(queries.keys_of(row.gateway), asked)
    except Trouble as trouble:
        operations.close_payment(system, payment=row, said=trouble.sentence)
        raise Refused("gateway_trouble", _SHUT) from trouble
    return operations.note_page(system, payment=row, session=page.session, url=page.url).url


def open_card_page(system: System, customer: Customer, *, back: str, cancel: str, email: str = "") -> str:
    """The address of the page on which the customer enters a card. Nothing is charged."""
    account = queries.gateway()
    if account is None:
        raise Refused("no_gateway", "Cards are not taken right now.")
    asked = AskedCard(new_reference(customer), customer.name, customer.currency, back, cancel, email)
    try:
        return queries.speaker_of(account.kind).start_setup(queries.keys_of(account), asked).url
    except Trouble as trouble:
        raise Refused("gateway_trouble", "The page for your card cannot be opened right now. Try again in a few "
                      "minutes.") from trouble  # fmt: skip


def form_targets() -> tuple[str, ...]:
    """Where forms may lead besides here: the pages of the gateway that is used."""
    account = queries.gateway()
    return queries.speaker_of(account.kind).pages if account is not None else ()
