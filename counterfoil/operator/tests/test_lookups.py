"""Lists that people choose from: delivered ones keep their effect, own ones have their days, used ones stay."""

import datetime as dt

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Lookup
from counterfoil.operator.operations import add_lookup, change_lookup, set_up_lookups
from counterfoil.operator.queries import lookups
from counterfoil.platform.callers import Caller
from counterfoil.testing.world import World


def _codes(kind: str, day: dt.date) -> list[str]:
    return [row.code for row in lookups(kind, day)]


def test_what_is_renamed_keeps_its_code_and_stays_renamed(world: World) -> None:
    refuses = Lookup.objects.get(kind="call_outcome", code="refuses")
    change_lookup(world.caller(), lookup=refuses, name="Will not pay")
    set_up_lookups(Caller.system("shell"))
    refuses.refresh_from_db()
    assert (refuses.code, refuses.name, refuses.delivered) == ("refuses", "Will not pay", True)
    assert Lookup.objects.filter(kind="call_outcome").count() == 10


def test_own_ones_come_last_and_are_offered_on_their_days(world: World) -> None:
    day = world.today
    added = add_lookup(
        world.caller(), kind="call_action", name="Send to the lawyer", starts=day, ends=day + dt.timedelta(days=2)
    )
    assert (added.code, added.delivered) == ("send_to_the_lawyer", False)
    assert _codes("call_action", day)[-1] == "send_to_the_lawyer"
    assert "send_to_the_lawyer" not in _codes("call_action", day - dt.timedelta(days=1))
    assert "send_to_the_lawyer" in _codes("call_action", day + dt.timedelta(days=1))
    assert "send_to_the_lawyer" not in _codes("call_action", day + dt.timedelta(days=2))
    # The same name in other letters is refused; one that spells like another has a code of its own.
    again = add_lookup(world.caller(), kind="call_action", name="Send-to the lawyer!")
    assert again.code == "send_to_the_lawyer_2"


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"name": "PROMISED"}, "name_taken", "name"),
        ({"name": " "}, "required", "name"),
        ({"name": "Odd", "starts": dt.date(2026, 3, 2), "ends": dt.date(2026, 3, 2)}, "no_days", "last_day"),
    ],
)
def test_refused_and_nothing_is_added(world: World, more: dict[str, object], code: str, field: str) -> None:
    before = Lookup.objects.count()
    with pytest.raises(Refused) as refused:
        add_lookup(world.caller(), kind="call_outcome", **more)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert Lookup.objects.count() == before
