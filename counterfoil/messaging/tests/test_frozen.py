"""What left, and what became of it, does not change any more."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django_tasks_db.models import DBTaskResult

from counterfoil.messaging.interfaces import Accepted
from counterfoil.messaging.models import Delivery
from counterfoil.messaging.operations import (
    claim_delivery,
    fail_interrupted_deliveries,
    queue_message,
    record_delivery,
)
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller
from counterfoil.platform.upkeep import prune_tasks
from counterfoil.testing.world import World


def test_a_result_is_final_and_the_copy_is_frozen(world: World) -> None:
    queue_message(
        world.clerk, customer=world.customer(), kind="note", subject="Hello", body_text="a\x00b\ud800", body_html="",
        addresses=["a@x.co", "b@x.co"],
    )  # fmt: skip
    later = Caller.system("task", at=world.now + dt.timedelta(minutes=1))
    first = claim_delivery(later)
    assert first is not None
    record_delivery(later, delivery=first, outcome=Accepted())
    claim_delivery(later)
    assert fail_interrupted_deliveries(Caller.system("task", at=world.now + dt.timedelta(hours=1))) == 1
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["failed", "sent"]
    for sql in (
        "UPDATE messaging_delivery SET state = 'queued'",
        "UPDATE messaging_delivery SET address = 'c@x.co'",
        "DELETE FROM messaging_delivery",
        "UPDATE messaging_message SET author = 'x'",
        "UPDATE messaging_message SET related = 'x'",
    ):
        with pytest.raises(DatabaseError), write_guard.writing(), transaction.atomic():
            connection.cursor().execute(sql)


def test_pruning_tasks_leaves_those_that_wait(world: World) -> None:
    queue_message(
        world.clerk, customer=world.customer(), kind="note", subject="Hello", body_text="a", body_html="",
        addresses=["a@x.co"],
    )  # fmt: skip
    waiting = DBTaskResult.objects.count()
    assert prune_tasks(Caller.system("task", at=world.now + dt.timedelta(days=90))) == 0
    assert DBTaskResult.objects.count() == waiting == 1
