"""Customers, contacts, addresses and notes."""

import pytest

from counterfoil.customers import queries, reaching, rules
from counterfoil.customers.models import ContactPoint, Customer, Site
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.operations import (
    NewCustomer,
    add_contact,
    add_customer,
    add_customers,
    add_note,
    add_site,
    change_contact,
    change_customer,
    change_site,
    deactivate_customer,
    pin_note,
    reactivate_customer,
)
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.operator.models import NumberSeries
from counterfoil.operator.operations import change_numbers
from counterfoil.testing.world import World, counts, told
from counterfoil.trail.kinds import sentence
from counterfoil.trail.models import Event


def test_account_numbers_follow_the_convention_and_a_given_one_is_kept(world: World) -> None:
    first, given, third = add_customers(
        world.caller(), customers=[NewCustomer("A"), NewCustomer("B", number="0379-NEVHP"), NewCustomer("C")]
    )
    assert [row.number for row in (first, given, third)] == ["CF-000001", "0379-NEVHP", "CF-000002"]
    before = counts()
    with pytest.raises(Refused) as refused:
        add_customer(world.caller(), name="D", number="0379-NEVHP")
    assert (refused.value.code, refused.value.field, counts()) == ("number_taken", "number", before)


def test_the_convention_of_account_numbers_is_the_owners_choice(world: World) -> None:
    change_numbers(world.caller(), series=NumberSeries.objects.get(kind="account"), pattern="{name}{number:03}")
    names = ["Piet Botha", "Dr Sipho Dube", "Pieter van Wyk", "!!!"]
    rows = add_customers(world.caller(), customers=[NewCustomer(name) for name in names])
    assert [row.number for row in rows] == ["PIE001", "SIP001", "PIE002", "XXX001"]
    assert world.customer("Piete Smit").number == "PIE003"


def test_two_people_editing_one_customer(world: World) -> None:
    zara = world.customer("Zara")
    change_customer(world.agent, customer=zara, version=1, changes={"terms_days": 14, "group": "North"})
    before = counts()
    with pytest.raises(Refused) as refused:
        change_customer(world.clerk, customer=zara, version=1, changes={"terms_days": 60})
    assert (refused.value.code, counts()) == ("stale_form", before)
    zara.refresh_from_db()
    assert (zara.terms_days, zara.version) == (14, 2)
    event = Event.objects.get(kind="customer.changed")
    assert told(event) == {"changes": {"terms days": ["30", "14"], "group": ["nothing", "North"]}}


def test_search_finds_by_name_number_phone_email_and_address(world: World) -> None:
    zara = world.customer("Renée van Wyk", phones=["082 555 0142"], emails=["renee@mail.example"], street="1 Main Road")
    world.customer("Yusuf Khan")
    for text in (
        "renee",
        "WYK ren",
        zara.number.lower(),
        "0825550142",
        "+27825550142",
        "082 555 0142",
        "27 82 555 0142",
        "renee@mail",
        "main road",
    ):
        assert [row.name for row in queries.search(world.agent, text)] == ["Renée van Wyk"], text
    assert queries.search(world.agent, "") == []
    assert queries.search(world.nobody, "renee") == []


def test_who_may_not_see_a_customer_is_told_that_there_is_none(world: World) -> None:
    zara = world.customer()
    with pytest.raises(NotFound) as hidden:
        CUSTOMER.get(world.nobody, zara.number)
    with pytest.raises(NotFound) as absent:
        CUSTOMER.get(world.agent, "HV-9")
    assert hidden.value.code == absent.value.code


def test_contacts_and_where_statements_go(world: World) -> None:
    zara = world.customer("Zara", emails=["zara@mail.example"])
    assert [a.email for a in reaching.statement_addresses(zara)] == ["zara@mail.example"]
    accounts = add_contact(
        world.agent, customer=zara, name="Accounts", roles=["statements"], emails=["a@firm.example", "b@firm.example"]
    )
    primary = queries.contacts_of(zara)[0]
    change_contact(world.agent, contact=primary, version=1, changes={"roles": ["primary"]})
    assert [a.email for a in reaching.statement_addresses(zara)] == ["a@firm.example", "b@firm.example"]
    change_contact(world.agent, contact=accounts, version=1, changes={"active": False})
    assert [a.email for a in reaching.statement_addresses(zara)] == ["zara@mail.example"]
    with pytest.raises(Refused) as refused:
        change_contact(world.agent, contact=accounts, version=1, changes={"name": "Late"})
    assert refused.value.code == "stale_form"


@pytest.mark.parametrize(
    "email",
    [
        "zara",
        "zara@",
        "z ara@mail.example",
        "a@b.example\nBcc: x@y.example",
        "a@b.example,c@d.example",
        "<a@b.example>",
    ],
)
def test_bad_addresses_are_refused(world: World, email: str) -> None:
    zara = world.customer()
    before = counts()
    with pytest.raises(Refused) as refused:
        add_contact(world.agent, customer=zara, name="X", emails=[email])
    assert (refused.value.code, counts()) == ("not_an_email", before)


def test_phones_are_kept_in_full_and_read_locally(world: World) -> None:
    zara = world.customer()
    add_contact(world.agent, customer=zara, name="X", phones=["082 555-0142"])
    assert ContactPoint.objects.get(kind="phone").value == "+27825550142"
    assert rules.phone_text("+27825550142", region="ZA") == "082 555 0142"
    with pytest.raises(Refused, match="not a telephone number"):
        add_contact(world.agent, customer=zara, name="X", phones=["call me"])


def test_one_primary_address(world: World) -> None:
    zara = world.customer()
    home = add_site(world.agent, customer=zara, label="Home", street="1 Main Road")
    work = add_site(
        world.agent, customer=zara, label="Work", street="2 Main Road", is_primary=True, purposes=["billing"]
    )
    home.refresh_from_db()
    assert (home.is_primary, work.is_primary) == (False, True)
    change_site(world.agent, site=home, version=1, changes={"is_primary": True, "city": "Linden"})
    assert list(Site.objects.filter(is_primary=True)) == [home]
    assert queries.billing_addresses([zara.pk]) == {zara.pk: work.street}


def test_notes_carry_their_author_and_hostile_text_is_only_text(world: World) -> None:
    zara = world.customer("<script>alert(1)</script>")
    note = add_note(world.agent, customer=zara, text="Gate code\x00 1234 ", pin=True)
    zara.refresh_from_db()
    assert (note.text, note.author_name, zara.pinned_note) == ("Gate code 1234", "Sipho Dube", note)
    pin_note(world.agent, customer=zara, note=None)
    other = world.customer("Yusuf")
    with pytest.raises(Refused, match="another customer"):
        pin_note(world.agent, customer=other, note=note)
    before = counts()
    with pytest.raises(Refused) as refused:
        add_note(world.agent, customer=zara, text="x" * 10_001)
    assert (refused.value.code, counts()) == ("too_long", before)


def test_a_customer_with_entries_keeps_its_currency(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "10.00"})
    with pytest.raises(Refused) as refused:
        change_customer(world.clerk, customer=zara, version=1, changes={"currency": "EUR"})
    assert refused.value.code == "currency_in_use"


def test_deactivating_says_why(world: World) -> None:
    zara = world.customer()
    deactivate_customer(world.clerk, customer=zara, reason="Moved away")
    assert Customer.objects.get().status == "inactive"
    with pytest.raises(Refused):
        deactivate_customer(world.clerk, customer=zara, reason="Again")
    reactivate_customer(world.clerk, customer=zara, reason="Came back")
    event = Event.objects.get(kind="customer.deactivated")
    assert sentence(event.kind, event.data) == "Made inactive: Moved away"


@pytest.mark.parametrize(
    ("name", "stem"), [("Piet Botha", "PIE"), ("Dr Sipho Dube", "SIP"), ("Éva", "EVA"), ("J", "JXX"), ("!!!", "XXX")]
)
def test_the_stem_of_an_account_code(name: str, stem: str) -> None:
    assert rules.number_stem(name) == stem
