"""The operator, its areas and brands."""

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Area, Logo, Operator
from counterfoil.operator.operations import add_area, add_brand, change_operator, set_logo
from counterfoil.operator.queries import letterhead, operator
from counterfoil.operator.rules import contrast_on_white, wrong_colour
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


def test_a_colour_can_be_read_on_white_or_is_refused_with_how_much(world: World) -> None:
    change_operator(world.caller(), colour=" #0B5FFF ")
    before = counts(), Operator.objects.values().get()
    for colour, said in (
        ("#ff8800", "#ff8800 has a contrast of 2.3 to 1 on white; text needs 4.5 to 1. Choose a darker one."),
        ("#777777", "#777777 has a contrast of 4.4 to 1 on white"),
        ("red", "A colour is # and six digits or letters from a to f"),
    ):
        with pytest.raises(Refused, match=said) as refused:
            change_operator(world.caller(), colour=colour)
        assert (refused.value.field, counts(), Operator.objects.values().get()) == ("colour", *before)
    assert (operator().colour, letterhead().colour) == ("#0b5fff", "#0b5fff")
    # The figures that WCAG gives: black is 21, and #767676 the lightest grey that can be read.
    assert [round(contrast_on_white(colour), 2) for colour in ("#000000", "#ffffff", "#767676")] == [21, 1, 4.54]
    assert [wrong_colour(colour) == "" for colour in ("#767676", "#777777")] == [True, False]


def test_a_logo_is_set_kept_once_and_removed(world: World) -> None:
    blue, red = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 3"><path fill="{fill}" d="M0 0h9v3z"/></svg>'
                 for fill in ("#00f", "#f00"))  # fmt: skip
    for drawing in (blue, red, blue):
        set_logo(world.caller(), content=drawing.encode())
    logos = Logo.objects.order_by("pk").values_list("file__sha256", flat=True)
    assert (len(logos), letterhead().logo) == (2, logos[0])
    set_logo(world.caller(), content=None)
    assert (Logo.objects.count(), letterhead().logo) == (2, "")
    before = counts()
    with pytest.raises(Refused, match="runs in a browser"):
        set_logo(world.caller(), content=blue.replace("</svg>", "<script/></svg>").encode())
    with pytest.raises(Refused):
        set_logo(world.agent, content=red.encode())
    assert (counts(), letterhead().logo) == (before, "")
    assert check_books() == []
