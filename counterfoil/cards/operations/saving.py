"""Saved cards: kept, removed, charged on the due day, and told of before they expire."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from counterfoil.cards import notices, queries, rules
from counterfoil.cards.interfaces import AskedCharge, KeptCard, Told
from counterfoil.cards.models import CardEvent, CardGateway, CardPart, CardPayment, SavedCard
from counterfoil.cards.operations.paying import SAME_KEY_FOR, new_reference
from counterfoil.cards.operations.telling import receive_event
from counterfoil.collections.queries import promised
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.debits.operations import agree_method
from counterfoil.debits.queries import credit_of, mandate_of, method_of
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.messaging.operations import queue_messages
from counterfoil.payments.models import Method
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says

State = CardPayment.State
# While the gateway cannot be reached: minutes until it is asked again, the last of them from then on.
BACK_OFF_MINUTES = (2, 5, 15, 30, 60, 180)


@step
def keep_card(op: Operation, *, customer: Customer, gateway: CardGateway, card: KeptCard) -> SavedCard:
    """The customer entered a card, and may be charged by it. It takes the place of one that was saved before.

    They pay by card from now on, unless a mandate says otherwise. Told twice, it is saved once.
    """
    row = lock([customer.pk])[customer.pk]
    known = SavedCard.objects.filter(reference=card.reference[:60]).select_related("customer").first()
    if known is not None:
        return known
    if (old := _living(row)) is not None:
        _remove(op, old, "Replaced by another card")
    made = SavedCard.objects.create(
        customer=row, gateway=gateway, payer=card.payer[:80], token=card.token[:80], brand=card.brand[:30],
        last4=card.last4[:4], exp_month=card.exp_month, exp_year=card.exp_year, reference=card.reference[:60],
        verified_at=op.now,
    )  # fmt: skip
    op.record("card.saved", made, customer_id=row.pk, expiry=made.expiry)
    if mandate_of(row) is None and method_of(row) != Method.CARD:
        agree_method(op, customer=row, method=Method.CARD)
    return made


def _living(customer: Customer) -> SavedCard | None:
    return SavedCard.objects.select_for_update().filter(customer=customer, removed_on=None).first()


@verb(label="Remove a saved card")
def remove_card(
    op: Operation, *, card: SavedCard, reason: Annotated[str, Says("Reason", most=200)] = "Removed"
) -> SavedCard:
    """It is charged no more, and the gateway is told to forget it. What is being charged now goes on."""
    lock([card.customer_id])
    row = SavedCard.objects.select_for_update().get(pk=card.pk)
    refuse_if(row.removed_on is not None, "no_change", "That card was removed.")
    _remove(op, row, reason)
    return row


def _remove(op: Operation, row: SavedCard, reason: str) -> None:
    # Imported late, because the task does what these operations prepare.
    from counterfoil.cards.tasks import work_cards  # noqa: PLC0415

    row.removed_on, row.remove_reason = op.today, reason[:200]
    row.save(update_fields=["removed_on", "remove_reason"])
    op.record("card.removed", row, customer_id=row.customer_id, reason=reason)
    for payment in CardPayment.objects.select_for_update().filter(card=row, state=State.DUE, asked_at=None):
        _stop(op, payment, "", "the card was removed")
    work_cards.enqueue()


@step
def forgot_card(op: Operation, *, card: SavedCard) -> None:
    """The gateway has forgotten it: nothing here leads to it any more."""
    lock([card.customer_id])
    row = SavedCard.objects.select_for_update().get(pk=card.pk)
    row.payer, row.token = "", ""
    row.save(update_fields=["payer", "token"])
    op.keep(row, customer_id=row.customer_id)


# ------------------------------------------------------------------ charging by itself


@step
def plan_charge(op: Operation, *, card: SavedCard) -> CardPayment | None:
    """What is due today is to be charged to the card; none where nothing is, or something is being charged."""
    customer = lock([card.customer_id])[card.customer_id]
    row = SavedCard.objects.select_for_update(of=("self",)).select_related("gateway").get(pk=card.pk)
    if row.removed_on is not None or row.gateway.retired_on is not None or not queries.policy().automatic:
        return None
    if method_of(customer) != Method.CARD or queries.under_way_of(customer) is not None:
        return None
    shares = queries.due_of(customer, row, op.today)
    if not shares:
        return None
    total = sum(minor for _, minor in shares)
    made = CardPayment.objects.create(
        customer=customer, gateway=row.gateway, card=row, reference=new_reference(customer), way=CardPayment.Way.SAVED,
        state=State.DUE, amount_minor=total, currency=customer.currency, at=op.now, next_try_at=op.now,
        brand=row.brand, last4=row.last4,
    )  # fmt: skip
    CardPart.objects.bulk_create([CardPart(payment=made, item_id=item, amount_minor=minor) for item, minor in shares])
    op.record("card_payment.due", made, customer_id=customer.pk, amount=money_text(total, customer.currency))
    return made


@step
def claim_charge(op: Operation) -> CardPayment | None:
    """The charge that has been due longest is marked as being done, so that nobody else does it too.

    What was paid or disputed meanwhile is not charged: then the rest of it is planned anew.
    """
    found = queries.due_charges(op.now).first()
    if found is None:
        return None
    customer = lock([found.customer_id])[found.customer_id]
    row = queries.due_charges(op.now).filter(pk=found.pk).select_related("card", "gateway", "customer").first()
    if row is None:
        return None
    if row.asked_at is not None and op.now - row.asked_at > SAME_KEY_FOR:
        return _stop(op, row, "", "the gateway gave no answer for a day: look there whether it was charged")
    if row.state == State.DUE and row.asked_at is None and (why := _needless(row, customer, op.today)):
        return _stop(op, row, "", why)
    row.asked_at = row.asked_at or op.now
    row.state, row.claimed_at = State.CHARGING, op.now
    row.save(update_fields=["state", "claimed_at", "asked_at"])
    op.keep(row, customer_id=row.customer_id)
    return row


def _needless(row: CardPayment, customer: Customer, today: dt.date) -> str:
    """Why a try is not begun any more. One that was begun is asked about until there is an answer."""
    if row.card is None or row.card.removed_on is not None:
        return "the card was removed"
    if not queries.policy().automatic:
        return "cards are not charged by themselves any more"
    may = {one.item: one.minor for one in queries.payable(customer)}
    if any(part.amount_minor > may.get(part.item_id, 0) for part in row.parts.all()):
        return "it was paid or disputed before the card was charged"
    if method_of(customer) != Method.CARD:
        return "the customer pays another way now"
    if promised([customer.pk], today):
        return "the customer promised to pay it"
    covered = credit_of([customer.pk], customer.currency).get(customer.pk, 0)
    due = sum(one.minor for one in queries.payable(customer) if one.due_on <= today)
    return "account credit covers it" if due - covered < row.amount_minor else ""


def asked_charge(row: CardPayment) -> AskedCharge:
    """What the gateway is asked. After a decline it is another try; after no answer it is the same one again."""
    assert row.card is not None
    return AskedCharge(
        row.reference, f"{row.reference}-{row.tries + 1}", row.amount_minor, row.currency,
        f"Account {row.customer.number}", row.card.payer, row.card.token,
    )  # fmt: skip


@step
def put_off_charge(op: Operation, *, payment: CardPayment, said: str, give_up: bool) -> CardPayment:
    """The gateway could not be asked: later again, with the same key, so that nothing is charged twice."""
    lock([payment.customer_id])
    row = CardPayment.objects.select_for_update().get(pk=payment.pk)
    if row.state != State.CHARGING:
        return row
    if give_up:
        return _stop(op, row, "", said)
    place = min(int((op.now - row.at).total_seconds() // 600), len(BACK_OFF_MINUTES) - 1)
    row.state, row.claimed_at, row.said = State.DUE, None, said[:200]
    row.next_try_at = op.now + dt.timedelta(minutes=BACK_OFF_MINUTES[max(place, 0)])
    row.save(update_fields=["state", "claimed_at", "said", "next_try_at"])
    op.keep(row, customer_id=row.customer_id)
    return row


@step
def record_charge(op: Operation, *, payment: CardPayment, told: Told, body: str) -> CardEvent:
    """What the gateway answered is kept like an event, which a task works; a decline is followed by what it means."""
    lock([payment.customer_id])
    row = (
        CardPayment.objects.select_for_update(of=("self",))
        .select_related("card", "customer", "gateway")
        .get(pk=payment.pk)
    )
    event = receive_event(op, gateway=row.gateway, told=told, body=body)
    if row.state != State.CHARGING:
        return event
    if told.kind == "failed":
        _declined(op, row, told.code)
    elif told.intent and not row.intent:
        # With the bank: an event says what became of it.
        row.intent = told.intent
        row.claimed_at = op.now
        row.save(update_fields=["intent", "claimed_at"])
        op.keep(row, customer_id=row.customer_id)
    return event


def _declined(op: Operation, row: CardPayment, code: str) -> None:
    row.tries += 1
    why, now = rules.decline(code), queries.policy()
    row.code, row.said, row.claimed_at, row.asked_at = code[:60], why.words[:200], None, None
    if now.automatic and rules.tries_again(code, row.tries, now):
        row.state, row.next_try_at = State.DUE, op.now + dt.timedelta(days=now.wait_days)
        row.save()
        amount = money_text(row.amount_minor, row.currency)
        op.record("card_payment.failed", row, customer_id=row.customer_id, amount=amount, reason=why.words)
        return
    row.save()
    _stop(op, row, code, why.words)
    wording = notices.CONFIRM if why.asks else notices.DECLINED
    queue_messages(op, messages=notices.of_payment(wording, row, why.words))


def _stop(op: Operation, row: CardPayment, code: str, why: str) -> CardPayment:
    row.state, row.code, row.said, row.next_try_at, row.claimed_at = State.FAILED, code[:60], why[:200], None, None
    row.save(update_fields=["state", "code", "said", "next_try_at", "claimed_at"])
    amount = money_text(row.amount_minor, row.currency)
    op.record("card_payment.failed", row, customer_id=row.customer_id, amount=amount, reason=why)
    return row


@step
def tell_expiring(op: Operation, *, card: SavedCard) -> bool:
    """The customer is told once that the card expires; whether there was anybody to tell."""
    lock([card.customer_id])
    row = SavedCard.objects.select_for_update(of=("self",)).select_related("customer").get(pk=card.pk)
    if row.removed_on is not None or row.told_on is not None:
        return False
    row.told_on = op.today
    row.save(update_fields=["told_on"])
    op.record("card.expiring", row, customer_id=row.customer_id, expiry=row.expiry)
    return bool(queue_messages(op, messages=notices.of_card(row)))


# ------------------------------------------------------------------ the account ends


def keeps_open(customer: Customer) -> str:
    """Why an account stays open: its card is being charged."""
    row = queries.under_way_of(customer)
    if row is None:
        return ""
    return f"{money_text(row.amount_minor, row.currency)} is being charged to the saved card. Remove the card, or wait."


def follow_merge(op: Operation, customer: Customer, duplicate: Customer) -> None:
    """The card of an account that is merged is the other one’s, unless that has one."""
    row = _living(duplicate)
    if row is None:
        return
    if _living(customer) is not None:
        _remove(op, row, f"Merged into {customer.number}")
        return
    row.customer = customer
    row.save(update_fields=["customer"])
    op.keep(row, customer_id=customer.pk)
    for payment in CardPayment.objects.select_for_update().filter(card=row, state=State.DUE):
        _stop(op, payment, "", f"merged into {customer.number}")
    if mandate_of(customer) is None and method_of(customer) != Method.CARD:
        agree_method(op, customer=customer, method=Method.CARD)


@step
def erase_cards(op: Operation, *, customer: Customer) -> None:
    """Nothing of a person is left in cards, payments and what the gateway told. Part of erasing personal data.

    The token of a card stays until the gateway has forgotten it, and goes with that.
    """
    for row in SavedCard.objects.select_for_update().filter(customer=customer):
        if row.removed_on is None:
            _remove(op, row, "Erased")
        row.brand, row.last4 = "", ""
        row.save(update_fields=["brand", "last4"])
        op.keep(row, customer_id=customer.pk)
    for payment in CardPayment.objects.select_for_update().filter(customer=customer):
        payment.brand, payment.last4, payment.url = "", "", ""
        payment.save(update_fields=["brand", "last4", "url"])
        op.keep(payment, customer_id=customer.pk)
    for event in CardEvent.objects.select_for_update().filter(customer=customer).exclude(body=""):
        event.body = ""
        event.save(update_fields=["body"])
        op.keep(event, customer_id=customer.pk)
