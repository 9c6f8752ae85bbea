"""Recording how a delivery went, without a network."""

import datetime as dt

from counterfoil.messaging.interfaces import Accepted, Rejected, TryLater
from counterfoil.messaging.models import Delivery
from counterfoil.messaging.operations import (
    claim_delivery,
    fail_interrupted_deliveries,
    queue_message,
    record_delivery,
)
from counterfoil.platform.callers import Caller
from counterfoil.testing.world import World


def test_what_was_recorded_first_stands(world: World) -> None:
    queue_message(
        world.clerk, customer=world.customer(), kind="note", subject="Hello", body_text="Hello", body_html="",
        addresses=["a@zara.example"],
    )  # fmt: skip
    later = Caller.system("task", at=world.now + dt.timedelta(minutes=1))
    assert claim_delivery(world.system()) is None  # it still waits for Undo
    delivery = claim_delivery(later)
    assert delivery is not None
    waiting = record_delivery(later, delivery=delivery, outcome=TryLater("451 busy"))
    assert (waiting.state, waiting.next_try_at - later.now) == ("queued", dt.timedelta(minutes=1))

    again = claim_delivery(Caller.system("task", at=later.now + dt.timedelta(minutes=2)))
    assert again is not None
    assert again.attempts == 2
    record_delivery(later, delivery=again, outcome=Rejected("550 no such user"))
    record_delivery(later, delivery=again, outcome=Accepted("250 ok"))
    assert Delivery.objects.get().state == "failed"
    assert world.events[-2:] == ["message.queued", "message.undelivered"]


def test_an_interrupted_delivery_is_never_sent_again(world: World) -> None:
    queue_message(
        world.clerk, customer=world.customer(), kind="note", subject="Hello", body_text="Hello", body_html="",
        addresses=["a@zara.example"],
    )  # fmt: skip
    start = world.now + dt.timedelta(minutes=1)
    assert claim_delivery(Caller.system("task", at=start)) is not None
    assert fail_interrupted_deliveries(Caller.system("task", at=start + dt.timedelta(minutes=9))) == 0
    late = Caller.system("task", at=start + dt.timedelta(minutes=11))
    assert fail_interrupted_deliveries(late) == 1
    assert claim_delivery(late) is None
    assert Delivery.objects.get().state == "failed"
    assert "may have arrived" in Delivery.objects.get().result
