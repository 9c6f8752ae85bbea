"""What no form would send, and somebody sends anyway: refused in words, on both databases."""

import datetime as dt
from typing import Any

import pytest

from counterfoil.customers.models import ContactPoint
from counterfoil.customers.operations import (
    add_contact,
    add_customer,
    add_site,
    change_contact,
    change_customer,
    change_site,
)
from counterfoil.kernel.errors import Refused
from counterfoil.testing.world import World, counts


def test_a_number_given_by_hand_does_not_block_the_next_customer(world: World) -> None:
    add_customer(world.clerk, name="Ann", number="CF-000001")
    assert add_customer(world.clerk, name="Ben").number == "CF-000002"


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "alien"}, {"billing_type": "x"}, {"joined_on": dt.date(2030, 1, 1)}, {"group": "g" * 61},
        {"tax_number": "t" * 41}, {"language": "x" * 9},
    ],
)  # fmt: skip
def test_a_change_is_checked_like_a_new_customer(world: World, changes: dict[str, Any]) -> None:
    zara = world.customer()
    before = counts()
    with pytest.raises(Refused):
        change_customer(world.clerk, customer=zara, version=1, changes=changes)
    assert counts() == before


def test_a_group_has_one_level_from_either_end(world: World) -> None:
    top, middle, low = world.customer("A"), world.customer("B"), world.customer("C")
    change_customer(world.clerk, customer=low, version=1, changes={"parent": middle})
    with pytest.raises(Refused) as refused:
        change_customer(world.clerk, customer=middle, version=1, changes={"parent": top})
    assert refused.value.code == "parent_loop"


@pytest.mark.parametrize(
    "details",
    [
        {"number": "A\nB"}, {"number": "A/B"}, {"number": ".."}, {"language": "x" * 9},
        {"street": "1 Road", "postcode": "9" * 17}, {"street": "1 Road", "city": "c" * 81}, {"manager_id": 10**6},
        {"parent_id": 10**6},
    ],
)  # fmt: skip
def test_a_new_customer_with_impossible_details_is_refused(world: World, details: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        add_customer(world.clerk, name="Ann", **details)


def test_control_characters_and_lone_surrogates_are_dropped(world: World) -> None:
    ann = add_customer(world.clerk, name="An\x00n\ud800 \u202eX", street="1\x00 Road")
    ann.refresh_from_db()
    assert ann.name == "Ann X"


def test_an_address_that_does_not_fit_is_refused(world: World) -> None:
    zara = world.customer()
    site = add_site(world.clerk, customer=zara, label="Home", street="1 Road")
    for changes in ({"postcode": "9" * 17}, {"city": "c" * 81}, {"country": "c" * 61}):
        with pytest.raises(Refused):
            change_site(world.clerk, site=site, version=1, changes=changes)


def test_changing_the_emails_alone_keeps_the_phones(world: World) -> None:
    zara = world.customer()
    contact = add_contact(world.clerk, customer=zara, name="Ann", emails=["a@x.co"], phones=["082 555 0142"])
    change_contact(world.clerk, contact=contact, version=1, changes={"emails": ["b@x.co"]})
    assert sorted(ContactPoint.objects.filter(contact=contact).values_list("value", flat=True)) == [
        "+27825550142", "b@x.co",
    ]  # fmt: skip
