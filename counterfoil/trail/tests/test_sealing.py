"""An edited, removed, slipped-in or cut-off event is noticed."""

import pytest
from django.db import connection

from counterfoil.platform import write_guard
from counterfoil.platform.upkeep import seal_trail
from counterfoil.testing.world import World
from counterfoil.trail.models import Event, Seal
from counterfoil.trail.sealing import broken_seals

pytestmark = pytest.mark.books_are_broken_on_purpose


@pytest.fixture
def sealed(world: World) -> World:
    """Three seals over some events, with the triggers out of the way: what a database owner could do."""
    for name in ("Zara", "Yusuf", "Xola"):
        world.customer(name)
        seal_trail(world.system())
    with connection.cursor() as cursor:
        for table in ("trail_event", "trail_seal"):
            for event in ("update", "delete"):
                on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
                cursor.execute(f'DROP TRIGGER "frozen_{table}_{event}"{on}')
    return world


@pytest.mark.parametrize("pk", [0, -5])
def test_an_event_slipped_in_before_the_first_is_noticed(sealed: World, pk: int) -> None:
    event = Event.objects.order_by("pk")[0]
    event.pk = pk
    with write_guard.writing():
        event.save(force_insert=True)
    assert "are there" in "".join(broken_seals())


def test_untouched_seals_hold(sealed: World) -> None:
    assert list(broken_seals()) == []
    assert Seal.objects.count() == 3


def test_an_edited_event_is_noticed(sealed: World) -> None:
    event = Event.objects.get(kind="customer.added", data__name="Yusuf")
    with write_guard.writing():
        Event.objects.filter(pk=event.pk).update(actor="Somebody else")
    assert "was changed after it was sealed" in "".join(broken_seals())


def test_a_removed_event_is_noticed(sealed: World) -> None:
    with write_guard.writing():
        Event.objects.filter(data__name="Yusuf").delete()
    assert "1 events up to" in "".join(broken_seals())


def test_a_cut_off_end_is_noticed(sealed: World) -> None:
    last = Seal.objects.order_by("-pk")[0]
    with write_guard.writing():
        Event.objects.filter(pk__gte=last.first_id).delete()
        last.delete()
    assert "the end was cut off" in "".join(broken_seals())


def test_an_event_replaced_by_another_is_noticed(sealed: World) -> None:
    first, second = Seal.objects.order_by("pk")[:2]
    gone = Event.objects.filter(pk__gt=first.last_id, pk__lte=second.last_id).first()
    with write_guard.writing():
        Event.objects.filter(pk=gone.pk).delete()
        gone.kind = "note.added"
        gone.save(force_insert=True)
    assert "was changed after it was sealed" in "".join(broken_seals())
