"""Works what gateways told, charges what is due, asks about pages that nobody told of, and has cards forgotten.

Running it twice, or never, does no harm: the rows carry the work. The gateway is spoken to outside of any transaction.
"""

from __future__ import annotations

import dataclasses
import logging
import time

from counterfoil.cards import operations, queries
from counterfoil.cards.interfaces import Trouble
from counterfoil.cards.models import CardEvent, CardPayment
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.tasks import MAIL, task

logger = logging.getLogger(__name__)
# Of everything at most so many before the next task has a turn.
_AT_ONCE = 200


# In the lane of what waits for other machines.
@task(queue_name=MAIL)
def work_cards() -> None:
    """Do what is due for some seconds; what is left is done by the next task."""
    system = Caller.system("task")
    if work(system) and queries.waiting_events().exists():
        work_cards.enqueue()


def work(system: System, *, seconds: float = 10) -> int:
    """How much was done of what is due."""
    ends = time.monotonic() + seconds
    return sum(part(system, ends) for part in (work_told, charge_due, give_back, work_told, ask_pages, forget_removed))


def work_told(system: System, ends: float) -> int:
    """What gateways told, in the order in which it came. One that cannot be worked holds up no other."""
    done = 0
    for row in queries.waiting_events().select_related("gateway")[:_AT_ONCE]:
        if time.monotonic() >= ends:
            break
        try:
            _work(system, row)
        except Trouble as trouble:
            # Of a card on whose page we must ask: later again.
            logger.warning("%s: %s", row, trouble.sentence)
            continue
        except Exception as error:
            logger.exception("What the gateway told could not be worked")
            operations.stumble(system, event=row, said=f"It could not be worked: {type(error).__name__}.")
        done += 1
    return done


def _work(system: System, row: CardEvent) -> None:
    speaker = queries.speaker_of(row.gateway.kind)
    told = speaker.read(row.body.encode())
    if told.kind != "saved" or told.live != row.gateway.live:
        operations.work_event(system, event=row)
        return
    try:
        card = speaker.kept_card(queries.keys_of(row.gateway), told.setup)
    except Trouble as trouble:
        if trouble.again:
            raise
        operations.note_card(system, event=row, card=None, said=trouble.sentence)
        return
    operations.note_card(system, event=row, card=dataclasses.replace(card, reference=card.reference or told.reference))


def charge_due(system: System, ends: float) -> int:
    """Saved cards are charged, one after the other: claimed in one transaction, asked outside of any, and recorded."""
    for done in range(_AT_ONCE):
        if time.monotonic() >= ends or (row := operations.claim_charge(system)) is None:
            return done
        if row.state == CardPayment.State.CHARGING:
            _charge(system, row)
    return _AT_ONCE


def _charge(system: System, row: CardPayment) -> None:
    speaker = queries.speaker_of(row.gateway.kind)
    try:
        body = speaker.charge(queries.keys_of(row.gateway), operations.asked_charge(row))
        told = speaker.read(body)
    except Trouble as trouble:
        # What may have been done is never given up: asked again with its key, the gateway says what became of it.
        operations.put_off_charge(
            system, payment=row, said=trouble.sentence, give_up=not trouble.again and not trouble.unsure
        )
    except Exception as error:
        logger.exception("The card of %s could not be charged", row)
        said = f"The gateway was not understood: {type(error).__name__}."
        operations.put_off_charge(system, payment=row, said=said, give_up=False)
    else:
        operations.record_charge(system, payment=row, told=told, body=body.decode())


def give_back(system: System, ends: float) -> int:
    """What is to go back to cards is asked of the gateway, once whatever happens: by a key that stays the same."""
    done = 0
    for row in queries.to_give_back(system.now).select_related("gateway")[:_AT_ONCE]:
        if time.monotonic() >= ends:
            break
        key = f"{row.reference}-back-{row.asked_back_no}"
        try:
            queries.speaker_of(row.gateway.kind).refund(
                queries.keys_of(row.gateway), row.intent, row.asked_back_minor, row.currency, key
            )
        except Trouble as trouble:
            give_up = not trouble.again and not trouble.unsure
            operations.refund_put_off(system, payment=row, said=trouble.sentence, give_up=give_up)
        else:
            operations.refund_taken(system, payment=row)
        done += 1
    return done


def ask_pages(system: System, ends: float) -> int:
    """Pages of which nothing was told are asked about; those that have closed by now are closed here too."""
    done = 0
    for row in queries.to_ask(system.now).select_related("gateway")[:20]:
        if time.monotonic() >= ends:
            break
        ask_page(system, row)
        done += 1
    for row in queries.given_up(system.now)[:_AT_ONCE]:
        operations.close_payment(system, payment=row, said="Nothing was paid within a day.")
        done += 1
    return done


def ask_page(system: System, row: CardPayment) -> None:
    """What the gateway says of a page is kept like an event. Where it does not answer, nothing changes."""
    operations.note_asked(system, payment=row)
    speaker = queries.speaker_of(row.gateway.kind)
    try:
        body = speaker.look_up(queries.keys_of(row.gateway), row.session)
        told = speaker.read(body)
    except (Trouble, ValueError) as error:
        logger.warning("The gateway did not say how %s stands: %s", row, error)
        return
    if told.kind != "other":
        operations.receive_event(system, gateway=row.gateway, told=told, body=body.decode())


@task(queue_name=MAIL)
def ask_about(payment_id: int) -> None:
    """Ask the gateway how a page stands, because the customer has come back from it."""
    row = CardPayment.objects.filter(pk=payment_id, state=CardPayment.State.STARTED).select_related("gateway").first()
    if row is not None and row.session:
        ask_page(Caller.system("task"), row)


def forget_removed(system: System, ends: float) -> int:
    """Cards that were removed here are forgotten by the gateway too."""
    done = 0
    for row in queries.to_forget()[:20]:
        if time.monotonic() >= ends:
            break
        try:
            queries.speaker_of(row.gateway.kind).forget_card(queries.keys_of(row.gateway), row.token)
        except Trouble as trouble:
            logger.warning("A removed card is not forgotten yet: %s", trouble.sentence)
            break
        operations.forgot_card(system, card=row)
        done += 1
    return done


# ------------------------------------------------------------------ by the clock


def wake_cards(system: System) -> int:
    """Whoever works is woken when anything is due; returns how much is."""
    now = system.now
    due = sum(rows.count() for rows in (
        queries.waiting_events(), queries.due_charges(now), queries.to_give_back(now), queries.to_ask(now),
        queries.given_up(now), queries.to_forget(),
    ))  # fmt: skip
    if due:
        work_cards.enqueue()
    return due


def plan_charges(system: System) -> int:
    """What is due today is planned for the saved cards, where the policy says so; returns how many."""
    if not queries.policy().automatic or queries.gateway() is None:
        return 0
    cards = queries.charged_by_card(system.today, _AT_ONCE)
    return sum(operations.plan_charge(system, card=row) is not None for row in cards)


def tell_expiring(system: System) -> int:
    """Customers whose card expires within a month are told, once."""
    return sum(operations.tell_expiring(system, card=row) for row in queries.expiring(system.today)[:_AT_ONCE])
