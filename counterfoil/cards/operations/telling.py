"""What gateways tell: stored once as it came, and worked by a task. Any order, and any number of times."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from counterfoil.cards import queries, rules
from counterfoil.cards.interfaces import KeptCard, Told
from counterfoil.cards.models import CardEvent, CardGateway, CardPart, CardPayment
from counterfoil.cards.operations.paying import new_reference
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.words import heard
from counterfoil.ledger.queries import closed_for
from counterfoil.payments.models import Method, Receipt, ReceiptReversal
from counterfoil.payments.operations import NewReceipt, pay_refund, record_receipts, reverse_receipt
from counterfoil.payments.queries import money_at_work, refundable
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import settle_with_credit
from counterfoil.receivables.operations.credit import take_out

State, EventState = CardPayment.State, CardEvent.State


@step
def receive_event(op: Operation, *, gateway: CardGateway, told: Told, body: str) -> CardEvent:
    """What a gateway told is kept, once; a task works it. Told again, it is only counted."""
    # Imported late, because the task does what these operations prepare.
    from counterfoil.cards.tasks import work_cards  # noqa: PLC0415

    row, new = CardEvent.objects.get_or_create(
        gateway=gateway, event_id=told.id, defaults={
            "name": heard(told.name, most=80), "body": body, "intent": told.intent[:80],
            "reference": told.reference[:60], "told_at": told.at, "at": op.now, "state": EventState.WAITING,
            # What says nothing to us is not kept: it may say much of a person.
            **({"body": "", "state": EventState.NOTHING, "said": "Nothing to do."} if told.kind == "other" else {}),
        },
    )  # fmt: skip
    if new:
        op.record("card_event.received", row)
    else:
        row.repeats += 1
        row.save(update_fields=["repeats"])
    work_cards.enqueue()
    return row


@step
def refuse_delivery(op: Operation, *, gateway: CardGateway, sentence: str) -> None:
    """Something arrived that the gateway did not sign, or not now. What it said is not kept."""
    made = CardEvent.objects.create(
        gateway=gateway, told_at=op.now, at=op.now, state=EventState.REFUSED, said=sentence[:300]
    )
    op.record("card_event.worked", made, said=made.said)


@step
def work_event(op: Operation, *, event: CardEvent) -> str:
    """What was told is done, as far as it changes anything; the state that the event is in then."""
    told = _read(event)
    if told.live != event.gateway.live:
        other = "live" if told.live else "test"
        return _finish(op, event, EventState.NOTHING, f"It is of the {other} account; {event.gateway} is used.")
    if told.kind == "paid_out":
        said = f"{_amount(told)} is on its way to the bank account. Its fees are on the gateway’s report."
        return _finish(op, event, EventState.NOTHING, said)
    found = queries.find_payment(event.gateway, told.reference, told.intent, told.session)
    invoice = queries.invoice_numbered(told.invoice) if found is None else None
    if found is None and invoice is None:
        if told.kind in ("failed", "expired"):
            return _finish(op, event, EventState.NOTHING, "Nothing was paid, and nobody here began it.")
        return _finish(op, event, EventState.UNKNOWN, f"{_amount(told)}: nobody here began it. Say whose it is.")
    return _work(op, event, told, (found or invoice).customer, invoice.item if invoice else None)  # type: ignore[union-attr]


def _work(op: Operation, event: CardEvent, told: Told, customer: Customer, item: OpenItem | None) -> str:
    """The payment is as all that was told of it says. The customer is the lock."""
    owner = queries.heir_of(customer)
    lock({customer.pk, owner.pk})
    row = CardEvent.objects.select_for_update(of=("self",)).select_related("gateway").get(pk=event.pk)
    if row.state not in (EventState.WAITING, EventState.UNKNOWN, EventState.PROBLEM):
        return row.state  # worked meanwhile
    found = queries.find_payment(row.gateway, told.reference, told.intent, told.session)
    if found is None:
        if told.amount_minor <= 0:
            return _finish(op, row, EventState.NOTHING, "It is about no money.")
        found = _begun_there(op, row, told, owner, item)
    payment = CardPayment.objects.select_for_update(of=("self",)).select_related("gateway").get(pk=found.pk)
    row.payment, row.customer = payment, payment.customer
    row.save(update_fields=["payment", "customer"])
    if told.intent and not payment.intent:
        payment.intent = told.intent
    known = rules.facts(_read(one) for one in queries.events_about(payment).exclude(body=""))
    try:
        with op.attempting():
            said = _follow(op, payment, known, owner)
    except Refused as refusal:
        payment.refresh_from_db()
        return _finish(op, row, EventState.PROBLEM, f"{_amount(told)}: {refusal.sentence}")
    # What came before anybody knew whose it is, is worked now.
    others = CardEvent.objects.select_for_update(of=("self",)).filter(
        gateway__kind=row.gateway.kind, gateway__live=row.gateway.live, intent=payment.intent, state=EventState.UNKNOWN
    ).exclude(pk=row.pk) if payment.intent else ()  # fmt: skip
    for one in others:
        one.payment, one.customer = payment, payment.customer
        one.save(update_fields=["payment", "customer"])
        _finish(op, one, EventState.WAITING, "")
    return _finish(op, row, EventState.DONE, said)


def _begun_there(op: Operation, event: CardEvent, told: Told, owner: Customer, item: OpenItem | None) -> CardPayment:
    """A payment that was begun at the gateway, and names an invoice of ours or was assigned."""
    made = CardPayment.objects.create(
        customer=owner, gateway=event.gateway, reference=new_reference(owner), way=CardPayment.Way.GATEWAY,
        state=State.STARTED, amount_minor=told.amount_minor, currency=told.currency, intent=told.intent,
        session=told.session, at=op.now,
    )  # fmt: skip
    if item is not None:
        CardPart.objects.create(payment=made, item=item, amount_minor=told.amount_minor)
    op.record("card_payment.started", made, customer_id=owner.pk, amount=_amount(told))
    return made


def _follow(op: Operation, row: CardPayment, known: rules.Facts, owner: Customer) -> str:
    """The books follow the facts; what was done in words."""
    for name in ("intent", "session", "charge", "brand", "last4"):
        setattr(row, name, getattr(known, name) or getattr(row, name))
    said = "Nothing new."
    if known.paid_minor and row.receipt_id is None:
        said = _paid(op, row, known, owner)
    if row.receipt_id is not None:
        said = _back(op, row, known, owner) or said
    elif known.failed and row.state in (State.STARTED, State.FAILED):
        # On its page the customer may try another card; whoever has charged a saved card says so himself.
        row.code, row.said = known.code[:60], rules.decline(known.code).words[:200]
        said = f"Declined: {row.said}."
        if known.over and row.state == State.STARTED:
            row.state = State.FAILED
            op.record("card_payment.failed", row, customer_id=row.customer_id,
                      amount=money_text(row.amount_minor, row.currency), reason=row.said)  # fmt: skip
    if row.receipt_id is None and known.expired and row.state == State.STARTED:
        row.state = State.EXPIRED
        op.record("card_payment.expired", row, customer_id=row.customer_id,
                  amount=money_text(row.amount_minor, row.currency))  # fmt: skip
        said = "The page closed, and nothing was paid."
    row.save()
    op.keep(row, customer_id=row.customer_id)
    return said


def _paid(op: Operation, row: CardPayment, known: rules.Facts, owner: Customer) -> str:
    """The receipt, on what it was paid for as far as that is open; what is over stays as credit on the account."""
    refuse_if(owner.status == Customer.Status.ERASED, "erased",
              f"it was paid for account {owner.number}, whose data is erased. Give it back at the gateway, or say "
              "whose it is.")  # fmt: skip
    refuse_if(known.currency != owner.currency, "wrong_currency",
              f"it was paid in {known.currency}, and account {owner.number} is in {owner.currency}.")  # fmt: skip
    assert known.paid_at is not None
    meant = list(row.parts.order_by("pk").values_list("item", "amount_minor"))
    # An item of an account that was merged is open on the other one under another key: then the oldest are settled.
    open_now = dict(
        OpenItem.objects.filter(pk__in=[item for item, _ in meant], customer=owner).values_list("pk", "open_minor")
    )
    left, shares = known.paid_minor, []
    for item, minor in meant:
        part = min(minor, open_now.get(item, 0), left)
        if part > 0:
            shares.append((item, part))
            left -= part
    moved = bool(meant) and owner.pk != row.customer_id
    day = _open_day(op, op.today if (on := _day(known.paid_at)) > op.today else on)
    (key,) = record_receipts(op, receipts=[NewReceipt(
        owner.pk, known.paid_minor, day, Method.CARD, (row.intent or row.reference)[:120],
        None if not meant or (moved and not shares) else tuple(shares), known.currency,
    )])  # fmt: skip
    receipt = Receipt.objects.get(pk=key)
    row.receipt, row.state, row.code, row.said = receipt, State.PAID, "", ""
    row.amount_minor, row.currency = known.paid_minor, known.currency
    amount = money_text(known.paid_minor, known.currency)
    op.record("card_payment.paid", row, customer_id=row.customer_id, amount=amount, receipt=receipt.number)
    settle_with_credit(op, [owner.pk], op.today)
    return f"{amount} is recorded as {receipt.number}."


def _back(op: Operation, row: CardPayment, known: rules.Facts, owner: Customer) -> str:
    """What went back to the card, and what a bank took back: as far as it is not in the books yet."""
    said, whole = [], row.amount_minor
    refund = min(known.refunded_minor, whole - row.lost_minor) - row.refunded_minor
    if refund > 0:
        _give_back(op, row, owner, refund, known.refunded_at, "card refund")
        row.refunded_minor += refund
        row.asked_back_minor = max(row.asked_back_minor - refund, 0)
        row.ask_back_at = row.ask_back_at if row.asked_back_minor else None
        said.append(f"{money_text(refund, row.currency)} went back to the card.")
    lost = min(known.lost_minor, whole - row.refunded_minor) - row.lost_minor
    if lost > 0:
        why = f"card payment disputed and lost: {known.reason.replace('_', ' ')}".rstrip(": ")
        if lost == whole and row.receipt is not None and not row.refunded_minor and not row.lost_minor:
            _reverse(op, row.receipt, known.lost_at, why)
        else:
            _give_back(op, row, owner, lost, known.lost_at, why)
        row.lost_minor += lost
        said.append(f"{money_text(lost, row.currency)} was lost in a dispute, and is owed again.")
    before = row.state
    row.state = (
        State.DISPUTED if known.disputed_minor else State.LOST if row.lost_minor
        else State.REFUNDED if row.refunded_minor >= whole else State.PAID
    )  # fmt: skip
    if row.state == State.DISPUTED and before != State.DISPUTED:
        row.said = known.reason.replace("_", " ")[:200]
        amount = money_text(known.disputed_minor, row.currency)
        op.record("card_payment.disputed", row, customer_id=row.customer_id, amount=amount, reason=row.said)
        said.append(f"{amount} is disputed. Answer it at the gateway.")
    return " ".join(said)


def _reverse(op: Operation, receipt: Receipt, at: dt.datetime | None, why: str) -> None:
    if not ReceiptReversal.objects.filter(receipt=receipt).exists():
        on = _open_day(op, max(min(_day(at), op.today), receipt.on))
        reverse_receipt(op, receipt=receipt, reason=why[:200], on=on)


def _give_back(op: Operation, row: CardPayment, owner: Customer, minor: int, at: dt.datetime | None, why: str) -> None:
    """So much of the money went back: account credit first, then what this payment settled is owed again."""
    assert row.receipt is not None
    refuse_if(ReceiptReversal.objects.filter(receipt=row.receipt).exists(), "reversed",
              f"{row.receipt.number} was reversed already, and money went back as well. Look at both.")  # fmt: skip
    on = _open_day(op, max(min(_day(at), op.today), row.receipt.on))
    missing = minor - refundable(owner, on)
    work = list(money_at_work(owner, on))
    # Of this payment first: what it settled is what is owed again.
    for one in sorted(work, key=lambda each: each.credit_id != row.receipt.item_id):  # type: ignore[union-attr]
        part = min(missing, one.amount_minor)
        if part <= 0:
            break
        take_out(op, one, part, on, why.capitalize()[:200])
        missing -= part
    pay_refund(
        op, customer=owner, amount_minor=minor, on=on, method=Method.CARD, reason=why.capitalize()[:200],
        reference=(row.intent or row.reference)[:120],
    )  # fmt: skip
    amount = money_text(minor, row.currency)
    op.record("card_payment.given_back", row, customer_id=row.customer_id, amount=amount, reason=why)


@verb(label="Say whose a card payment is", whole=True)
def assign_card_event(op: Operation, *, event: CardEvent, customer: Customer) -> CardEvent:
    """Money that came by card is this customer’s: it is recorded, and settles what is open as any payment."""
    lock([customer.pk])
    row = CardEvent.objects.select_for_update(of=("self",)).select_related("gateway").get(pk=event.pk)
    refuse_if(row.state not in (EventState.UNKNOWN, EventState.PROBLEM), "not_now", "It is done.")
    refuse_if(row.payment_id is not None and row.payment is not None and row.payment.receipt_id is not None,
              "recorded", "It is recorded already.")  # fmt: skip
    told = _read(row)
    refuse_if(told.kind != "paid", "no_payment", "It says that money went back. Say whose the payment is that it is "
              "about.")  # fmt: skip
    if row.payment_id is not None:
        CardPayment.objects.filter(pk=row.payment_id).update(customer=customer)
    _work(op, row, told, customer, None)
    row.refresh_from_db()
    if row.state == EventState.PROBLEM:
        raise Refused("problem", row.said, field="customer")
    op.record("card_event.assigned", row, customer_id=customer.pk, amount=_amount(told))
    return row


@verb(label="Work again what the gateway told", whole=True)
def retry_card_event(op: Operation, *, event: CardEvent) -> CardEvent:
    """What could not be done is tried again now."""
    row = CardEvent.objects.select_related("gateway").get(pk=event.pk)
    refuse_if(row.state not in (EventState.UNKNOWN, EventState.PROBLEM), "not_now", "It is done.")
    refuse_if(not row.body, "erased", "What it said was erased with the customer’s data. Look at the gateway.")
    work_event(op, event=row)
    row.refresh_from_db()
    return row


@step
def stumble(op: Operation, *, event: CardEvent, said: str) -> str:
    """It could not be worked, and holds up nothing else. Somebody looks, and has it worked again."""
    return _finish(op, event, EventState.PROBLEM, said)


@step
def note_card(op: Operation, *, event: CardEvent, card: KeptCard | None, said: str = "") -> str:
    """A card was entered on a page: it is its customer’s from now on, or why not."""
    from counterfoil.cards.operations.saving import keep_card  # noqa: PLC0415

    if card is None:
        return _finish(op, event, EventState.PROBLEM, said)
    number = (event.reference or card.reference).rpartition("-")[0]
    owner = Customer.objects.filter(number=number).first() if number else None
    if owner is None or owner.status == Customer.Status.ERASED:
        return _finish(op, event, EventState.UNKNOWN, "A card was entered, and its customer is not here any more.")
    saved = keep_card(op, customer=queries.heir_of(owner), gateway=event.gateway, card=card)
    event.customer = saved.customer
    event.save(update_fields=["customer"])
    return _finish(op, event, EventState.DONE, f"{saved.shown} is saved.")


def _read(event: CardEvent) -> Told:
    return queries.speaker_of(event.gateway.kind).read(event.body.encode())


def _finish(op: Operation, event: CardEvent, state: str, said: str) -> str:
    event.state, event.said = state, said[:300]
    event.save(update_fields=["state", "said"])
    op.record("card_event.worked", event, customer_id=event.customer_id, said=event.said)
    return state


def _amount(told: Told) -> str:
    minor = told.refunded_minor or told.amount_minor
    return money_text(minor, told.currency) if told.currency else "Something"


def _day(at: dt.datetime | None) -> dt.date:
    return timezone.localdate(at) if at is not None else timezone.localdate()


def _open_day(op: Operation, day: dt.date) -> dt.date:
    """The day, or the first after it that is not closed."""
    closed = closed_for(op.caller)
    return day if closed is None or day > closed else closed + dt.timedelta(days=1)
