"""Two workers and one Undo at the same moment, on a database with real concurrency."""

import datetime as dt

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.messaging.interfaces import Accepted
from counterfoil.messaging.models import Delivery, MailServer, Message
from counterfoil.messaging.operations import cancel_message, claim_delivery, queue_message, record_delivery
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller
from counterfoil.site.setup import set_up
from counterfoil.testing.threads import at_once
from counterfoil.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    return World()


def queue(world: World, count: int) -> Message:
    return queue_message(
        world.clerk, customer=world.customer(), kind="note", subject="Hello", body_text="Hello", body_html="",
        addresses=[f"a{n}@zara.example" for n in range(count)],
    )  # fmt: skip


def test_no_delivery_is_claimed_twice(world: World) -> None:
    queue(world, 5)
    later = Caller.system("task", at=world.now + dt.timedelta(minutes=1))

    claimed = at_once(*[lambda: claim_delivery(later)] * 8)

    taken = [delivery.pk for delivery in claimed if delivery is not None]
    assert len(taken) == len(set(taken))
    assert Delivery.objects.filter(state="sending").count() == len(taken)
    assert all(delivery.attempts == 1 for delivery in Delivery.objects.filter(state="sending"))


def test_undo_and_sending_at_the_same_moment_never_both_happen(world: World) -> None:
    later = Caller.system("task", at=world.now + dt.timedelta(minutes=1))
    for _ in range(6):
        message = queue(world, 1)
        undone, claimed = at_once(
            lambda message=message: cancel_message(later, message=message), lambda: claim_delivery(later)
        )
        if isinstance(undone, Refused):
            assert claimed is not None
        else:
            assert isinstance(undone, Message)
            assert claimed is None


def test_a_server_that_was_left_alone_is_tried_by_one_of_many(world: World) -> None:
    queue(world, 6)
    later = Caller.system("task", at=world.now + dt.timedelta(minutes=1))
    with write_guard.writing():
        MailServer.objects.create(channel="email", failures=3, closed_until=world.now)

    claimed = at_once(*[lambda: claim_delivery(later)] * 6)

    taken = [delivery for delivery in claimed if delivery is not None]
    assert len(taken) == 1
    assert MailServer.objects.get().closed_until == later.now + dt.timedelta(seconds=15)
    # It answers, so everybody may go on.
    record_delivery(later, delivery=taken[0], outcome=Accepted("250 Taken"))
    assert len({delivery.pk for delivery in at_once(*[lambda: claim_delivery(later)] * 5) if delivery}) == 5
