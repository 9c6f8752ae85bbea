"""The operator, its areas and brands."""

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Area
from counterfoil.operator.operations import add_area, add_brand, change_operator
from counterfoil.operator.queries import operator
from counterfoil.platform.checks import check_books
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event


def test_the_letterhead_is_policy_that_the_owner_changes(world: World) -> None:
    change_operator(world.caller(), name="Highveld Fibre", currency="ZAR")
    assert operator().name == "Highveld Fibre"
    with pytest.raises(Refused):
        change_operator(world.agent, name="Mine")
    assert operator().name == "Highveld Fibre"


def test_the_trail_goes_on_about_what_is_an_app_of_its_own_now(world: World) -> None:
    """The areas of before were an app's called staff; their events and digests are found by the name they had."""
    west = add_area(world.caller(), name="West")
    assert Event.objects.get(subject_id=west.pk, kind="area.added").subject_type == "staff.area"
    assert check_books() == []


def test_a_name_is_there_once(world: World) -> None:
    add_area(world.caller(), name="West")
    add_brand(world.caller(), name="West")
    before = counts()
    with pytest.raises(Refused, match="WEST exists already"):
        add_area(world.caller(), name=" WEST ")
    assert (counts(), Area.objects.count()) == (before, 1)
