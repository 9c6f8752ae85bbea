"""Paying on the gateway's page: what is begun, the link of an invoice, and giving money back to a card."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Any

from counterfoil.billing.models import Invoice
from counterfoil.cards import queries
from counterfoil.cards.models import CardPart, CardPayment, PayLink
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import Money, money_text
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.words import Amount, Reason

State = CardPayment.State
# Who goes back and pays the same again is sent to the page that is open.
SAME_PAGE_FOR = dt.timedelta(minutes=20)
# A gateway forgets a key after a day: asked again later, it would do the same once more.
SAME_KEY_FOR = dt.timedelta(hours=20)


def new_reference(customer: Customer) -> str:
    """By which we and the gateway know a payment; nobody can guess another's."""
    return f"{customer.number}-{secrets.token_hex(8)}"


@step
def start_payment(
    op: Operation, *, customer: Customer, shares: Sequence[tuple[int, int]], way: str
) -> CardPayment:  # fmt: skip
    """A payment of these items is begun: nothing is paid before the gateway says so. One that is open is used again.

    Refused for more than is open and not in dispute.
    """
    row = lock([customer.pk])[customer.pk]
    account = queries.gateway()
    if account is None:
        raise Refused("no_gateway", "Card payments are not taken right now.")
    refuse_if(not shares, "nothing_to_pay", "Choose what to pay.", field="items")
    may = {one.item: one for one in queries.payable(row)}
    for item, minor in shares:
        refuse_if(item not in may, "not_open", "Something you chose has been paid meanwhile. Choose again.",
                  field="items")  # fmt: skip
        most = may[item].minor
        refuse_if(not 0 < minor <= most, "too_much",
                  f"{money_text(most, row.currency)} of {may[item].number} is open.", field="amount")  # fmt: skip
    open_page = _open_page(op, row, account.pk, shares, way)
    if open_page is not None:
        return open_page
    total = sum(minor for _, minor in shares)
    made = CardPayment.objects.create(
        customer=row, gateway=account, reference=new_reference(row), way=way, state=State.STARTED, amount_minor=total,
        currency=row.currency, at=op.now,
    )  # fmt: skip
    CardPart.objects.bulk_create([CardPart(payment=made, item_id=item, amount_minor=minor) for item, minor in shares])
    op.record("card_payment.started", made, customer_id=row.pk, amount=money_text(total, row.currency))
    return made


def _open_page(
    op: Operation, customer: Customer, gateway: int, shares: Sequence[tuple[int, int]], way: str
) -> CardPayment | None:
    rows = CardPayment.objects.filter(
        customer=customer, gateway=gateway, way=way, state=State.STARTED, at__gt=op.now - SAME_PAGE_FOR
    ).exclude(url="")
    for row in rows.prefetch_related("parts").order_by("-pk")[:5]:
        if sorted((part.item_id, part.amount_minor) for part in row.parts.all()) == sorted(shares):
            return row
    return None


@step
def note_page(op: Operation, *, payment: CardPayment, session: str, url: str) -> CardPayment:
    """The gateway has a page for it. It may have been paid there already."""
    lock([payment.customer_id])
    row = CardPayment.objects.select_for_update().get(pk=payment.pk)
    row.session, row.url = session, url
    row.save(update_fields=["session", "url"])
    op.keep(row, customer_id=row.customer_id)
    return row


@step
def close_payment(op: Operation, *, payment: CardPayment, said: str) -> CardPayment:
    """It was begun and not paid, unless it was paid meanwhile. Should it be paid all the same, it counts."""
    lock([payment.customer_id])
    row = CardPayment.objects.select_for_update().get(pk=payment.pk)
    if row.state == State.STARTED:
        row.state, row.said = State.EXPIRED, said[:200]
        row.save(update_fields=["state", "said"])
        amount = money_text(row.amount_minor, row.currency)
        op.record("card_payment.expired", row, customer_id=row.customer_id, amount=amount)
    return row


@step
def note_asked(op: Operation, *, payment: CardPayment) -> None:
    """The gateway was asked how it stands."""
    CardPayment.objects.filter(pk=payment.pk).update(asked_at=op.now)


# ------------------------------------------------------------------ the link of an invoice


@verb(label="Revoke a payment link")
def revoke_pay_link(op: Operation, *, invoice: Invoice) -> PayLink:
    """Links of this invoice that were printed or sent open nothing any more; those from now on do."""
    lock([invoice.customer_id])
    refuse_if(invoice.item_id is None, "not_issued", "A draft has no payment link.")
    row = PayLink.objects.select_for_update().filter(invoice=invoice).first()
    if row is None:
        row = PayLink(invoice=invoice, customer_id=invoice.customer_id, version=0)
    row.version, row.revoked_at, row.author = row.version + 1, op.now, op.caller.name[:120]
    row.save()
    op.record("pay_link.revoked", row, customer_id=invoice.customer_id, number=invoice.number)
    return row


# ------------------------------------------------------------------ giving back


def _given(payment: CardPayment, amount_minor: int, **rest: Any) -> Money:
    """The amount that a role may limit."""
    return Money(amount_minor, payment.currency)


def _refuse_refund(row: CardPayment, amount_minor: int) -> None:
    refuse_if(row.receipt_id is None or not row.intent, "not_paid", "It is not paid, so nothing can go back.")
    refuse_if(row.state == State.DISPUTED, "disputed", "It is disputed: the bank decides where the money goes.")
    waits = money_text(row.asked_back_minor, row.currency)
    refuse_if(row.asked_back_minor > 0, "under_way", f"{waits} is on its way back already. Wait until the gateway says "
              "that it went.")  # fmt: skip
    left = row.left_minor
    refuse_if(amount_minor > left, "over_refunded", f"Only {money_text(left, row.currency)} of it can go back.",
              field="amount")  # fmt: skip


@verb(label="Refund to the card", limited=_given)
def refund_card_payment(
    op: Operation, *, payment: CardPayment, amount_minor: Amount, reason: Reason
) -> CardPayment:  # fmt: skip
    """The gateway is asked to give so much back to the card. It is in the books once the gateway says that it went.

    A task asks it, so that whoever previews, needs approval or is refused has moved no money.
    """
    # Imported late, because the task does what these operations prepare.
    from counterfoil.cards.tasks import work_cards  # noqa: PLC0415

    lock([payment.customer_id])
    row = CardPayment.objects.select_for_update().get(pk=payment.pk)
    _refuse_refund(row, amount_minor)
    row.asked_back_minor, row.asked_back_no = amount_minor, row.asked_back_no + 1
    row.ask_back_at = row.asked_back_since = op.now
    row.save(update_fields=["asked_back_minor", "asked_back_no", "ask_back_at", "asked_back_since"])
    amount = money_text(amount_minor, row.currency)
    op.record("card_payment.refund_asked", row, customer_id=row.customer_id, amount=amount, reason=reason)
    work_cards.enqueue()
    return row


@step
def refund_taken(op: Operation, *, payment: CardPayment) -> None:
    """The gateway has taken the order: it says itself when the money has gone."""
    lock([payment.customer_id])
    row = CardPayment.objects.select_for_update().get(pk=payment.pk)
    if row.asked_back_no == payment.asked_back_no:
        row.ask_back_at = None
        row.save(update_fields=["ask_back_at"])


@step
def refund_put_off(op: Operation, *, payment: CardPayment, said: str, give_up: bool) -> None:
    """The gateway did not answer: asked again with the same key, so that it goes back once. Or it will not do it."""
    lock([payment.customer_id])
    row = CardPayment.objects.select_for_update().get(pk=payment.pk)
    if row.asked_back_no != payment.asked_back_no or row.ask_back_at is None:
        return
    since = row.asked_back_since
    if not give_up and since is not None and op.now - since > SAME_KEY_FOR:
        give_up, said = True, "the gateway gave no answer for a day: look there whether it went"
    if not give_up:
        row.ask_back_at = op.now + dt.timedelta(minutes=5)
        row.save(update_fields=["ask_back_at"])
        return
    amount = money_text(row.asked_back_minor, row.currency)
    row.asked_back_minor, row.ask_back_at, row.said = 0, None, f"Not given back: {said}"[:200]
    row.save(update_fields=["asked_back_minor", "ask_back_at", "said"])
    op.record("card_payment.refund_failed", row, customer_id=row.customer_id, amount=amount, reason=said)
