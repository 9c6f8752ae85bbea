"""Credit profiles: what a class hands on, what is overridden, and how far a change reaches."""

from __future__ import annotations

from decimal import Decimal

import pytest

from counterfoil.credit import queries
from counterfoil.credit.models import Profile
from counterfoil.credit.operations import (
    add_class_currency,
    add_profile_class,
    assign_class,
    change_class_amounts,
    change_profile,
    change_profile_class,
    set_charge_limit,
    switch_dunning,
)
from counterfoil.customers.operations import add_site
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.operator.queries import lookups
from counterfoil.testing.world import World, counts


def test_who_has_no_profile_has_the_default_class(world: World) -> None:
    zara, default = world.customer(), queries.default_class()
    assert (default.name, str(default.letter_set)) == ("DEFAULT", "STANDARD")
    terms = queries.effective_terms(zara)
    assert (terms.class_name, terms.send_dunning, terms.letter_set_id) == ("DEFAULT", True, default.letter_set_id)
    assert (terms.min_dunning_minor, terms.interest_percent) == (None, None)
    amounts = add_class_currency(world.caller(), profile_class=default, currency=" zar ")
    change_class_amounts(world.caller(), amounts=amounts, changes={"min_dunning_minor": 5000})
    change_profile_class(world.caller(), profile_class=default, changes={"receipt_grace_days": 5})
    terms = queries.effective_terms(zara)
    assert (terms.receipt_grace_days, terms.min_dunning_minor) == (5, 5000)
    # Amounts are of a currency each.
    assert queries.effective_terms(world.customer("Uma", currency="USD")).min_dunning_minor is None
    assert not Profile.objects.exists()


def test_a_class_is_copied_and_can_be_overridden(world: World) -> None:
    business, zara = add_profile_class(world.caller(), name="Business"), world.customer()
    amounts = add_class_currency(world.caller(), profile_class=business, currency="ZAR")
    change_class_amounts(world.caller(), amounts=amounts, changes={"interest_percent": Decimal("1.5")})
    profile = assign_class(world.caller(), customer=zara, profile_class=business)
    assert (profile.interest_percent, profile.customised) == (Decimal("1.5"), [])
    profile = change_profile(world.caller(), profile=profile, changes={"interest_percent": Decimal(2)})
    assert profile.customised == ["interest_percent"]
    assert queries.effective_terms(zara).interest_percent == 2
    # The same again changes nothing; the class again takes back what was overridden.
    before = counts()
    change_profile(world.caller(), profile=profile, changes={"interest_percent": Decimal("2.000")})
    assert counts() == before
    profile = assign_class(world.caller(), customer=zara, profile_class=business)
    assert (profile.interest_percent, profile.customised) == (Decimal("1.5"), [])
    assert Profile.objects.count() == 1


def test_a_site_with_its_own_profile_wins_for_the_site(world: World) -> None:
    zara = world.customer()
    farm = add_site(world.caller(), customer=zara, label="Farm", street="1 Farm Road")
    home = add_site(world.caller(), customer=zara, label="Home", street="2 Main Road")
    switch_dunning(world.system(), customer=zara, yes=False)
    switch_dunning(world.system(), customer=zara, yes=True, site=farm)
    assert [queries.effective_terms(zara, site).send_dunning for site in (None, home.pk, farm.pk)] == [
        False, False, True,
    ]  # fmt: skip
    other = add_site(world.caller(), customer=world.customer("Other"), label="Shop", street="3 Main Road")
    before = counts()
    with pytest.raises(Refused) as refused:
        assign_class(world.caller(), customer=zara, profile_class=queries.default_class(), site=other)
    assert (refused.value.code, refused.value.field) == ("other_customer", "site")
    assert counts() == before


@pytest.mark.parametrize(("reach", "days"), [("none", [0, 9, 0]), ("uncustomised", [7, 9, 7]), ("all", [7, 7, 7])])
def test_a_change_of_a_class_reaches_as_far_as_was_asked(world: World, reach: str, days: list[int]) -> None:
    business, others = add_profile_class(world.caller(), name="Business"), queries.default_class()
    rows = [
        assign_class(world.caller(), customer=world.customer(name), profile_class=business)
        for name in ("Ann", "Ben", "Cas")
    ]
    change_profile(world.caller(), profile=rows[1], changes={"receipt_grace_days": 9})
    apart = assign_class(world.caller(), customer=world.customer("Dot"), profile_class=others)
    seen = queries.touched(business, reach)
    named = {"none": (), "uncustomised": ("Ann", "Cas"), "all": ("Ann", "Ben", "Cas")}[reach]
    assert (seen.count, seen.names, seen.without) == (len(named), named, 0)
    change_profile_class(world.caller(), profile_class=business, changes={"receipt_grace_days": 7}, reach=reach)
    assert [Profile.objects.get(pk=row.pk).receipt_grace_days for row in rows] == days
    assert Profile.objects.get(pk=rows[1].pk).customised == ([] if reach == "all" else ["receipt_grace_days"])
    assert Profile.objects.get(pk=apart.pk).receipt_grace_days == 0


def test_amounts_reach_customers_of_their_currency(world: World) -> None:
    business = add_profile_class(world.caller(), name="Business")
    rand, dollar = (
        assign_class(world.caller(), customer=world.customer(code, currency=code), profile_class=business)
        for code in ("ZAR", "USD")
    )
    amounts = add_class_currency(world.caller(), profile_class=business, currency="USD")
    assert queries.touched(business, "all", "USD").names == ("USD",)
    change_class_amounts(world.caller(), amounts=amounts, changes={"credit_limit_minor": 100_00}, reach="all")
    limits = [Profile.objects.get(pk=row.pk).credit_limit_minor for row in (rand, dollar)]
    assert limits == [None, 100_00]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"receipt_grace_days": -1}, "absurd_days", "receipt_grace_days"),
        ({"charge_interval_days": 0}, "absurd_days", "charge_interval_days"),
        ({"interest_percent": Decimal("100.001")}, "absurd_percent", "interest_percent"),
        ({"interest_percent": Decimal("1.2345")}, "absurd_percent", "interest_percent"),
        ({"credit_limit_minor": -1}, "absurd_amount", "credit_limit"),
    ],
)
def test_what_nobody_can_mean_is_refused(world: World, changes: dict[str, object], code: str, field: str) -> None:
    profile = assign_class(world.caller(), customer=world.customer(), profile_class=queries.default_class())
    before = counts()
    with pytest.raises(Refused) as refused:
        change_profile(world.caller(), profile=profile, changes={"send_dunning": False, **changes})
    assert (refused.value.code, refused.value.field) == (code, field)
    assert counts() == before
    assert Profile.objects.get().send_dunning


def test_a_rating_is_of_the_list_of_ratings(world: World) -> None:
    profile = assign_class(world.caller(), customer=world.customer(), profile_class=queries.default_class())
    rating, status = lookups("credit_rating", world.today)[0], lookups("account_status", world.today)[0]
    before = counts()
    with pytest.raises(Refused) as refused:
        change_profile(world.caller(), profile=profile, changes={"credit_rating": status})
    assert (refused.value.code, refused.value.field) == ("unknown_choice", "credit_rating")
    assert counts() == before
    profile = change_profile(
        world.caller(), profile=profile, changes={"credit_rating": rating, "account_status": status}
    )
    assert (profile.credit_rating, profile.customised) == (rating, ["account_status", "credit_rating"])


def test_classes_that_are_needed_stay_and_names_are_there_once(world: World) -> None:
    default = queries.default_class()
    for changes, code in (({"active": False}, "still_needed"), ({"name": " "}, "required")):
        with pytest.raises(Refused) as refused:
            change_profile_class(world.caller(), profile_class=default, changes=changes)
        assert refused.value.code == code
    with pytest.raises(Refused, match="default exists already"):
        add_profile_class(world.caller(), name="default")
    business = add_profile_class(world.caller(), name="Business")
    change_profile_class(world.caller(), profile_class=business, changes={"active": False, "name": "Old"})
    with pytest.raises(Refused, match="Old is not offered"):
        assign_class(world.caller(), customer=world.customer(), profile_class=queries.profile_classes()[1])
    assert [row.name for row in queries.offered_classes()] == ["DEFAULT"]


def test_limits_of_a_country_hold_where_the_company_is(world: World) -> None:
    assert queries.charge_limit() is None
    set_charge_limit(world.caller(), country="de", most_interest_percent=Decimal("7.5"))
    assert queries.charge_limit() is None
    set_charge_limit(world.caller(), country="za", most_fee_minor=5000)
    found = set_charge_limit(world.caller(), country="ZA", most_interest_percent=Decimal(24), most_fee_minor=4000)
    assert queries.charge_limit() == found
    assert (found.most_interest_percent, found.most_fee_minor, found.currency) == (24, 4000, "ZAR")
    with pytest.raises(Refused, match="Choose a country"):
        set_charge_limit(world.caller(), country="XX")


def test_who_may_decide_and_who_may_give(world: World) -> None:
    profile = assign_class(world.caller("collector"), customer=world.customer(), profile_class=queries.default_class())
    change_profile(world.caller("collector"), profile=profile, changes={"receipt_grace_days": 2})
    for role in ("collector", "billing", "agent"):
        with pytest.raises((Refused, NotFound)):
            change_profile_class(
                world.caller(role), profile_class=queries.default_class(), changes={"receipt_grace_days": 90}
            )
    change_profile_class(
        world.caller("finance"), profile_class=queries.default_class(), changes={"receipt_grace_days": 3}
    )
    assert queries.default_class().receipt_grace_days == 3
