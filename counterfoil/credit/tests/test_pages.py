"""Credit profiles on screen: Settings, the customer's tab, and the form of a letter set."""

from __future__ import annotations

import pytest
from django.test import Client

from counterfoil.credit import queries
from counterfoil.credit.models import LetterSet, Profile
from counterfoil.credit.operations import add_class_currency, assign_class
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World


@pytest.fixture
def finance(world: World, client: Client) -> Client:
    add_user(world.caller(), email="f@x.example", name="Fatima", role="finance", password="a-good-long-one")
    client.force_login(User.objects.get(email="f@x.example"))
    return client


def test_settings_show_classes_amounts_letters_and_sets(world: World, finance: Client) -> None:
    amounts = add_class_currency(world.caller(), profile_class=queries.default_class(), currency="ZAR")
    page = finance.get("/settings/profile-classes/").content.decode()
    assert "DEFAULT in ZAR" in page
    assert f"/settings/class-amounts/{amounts.pk}/edit/" in page
    page = finance.get("/settings/letters/").content.decode()
    assert "STANDARD1: day 1 to 30, STANDARD2: day 31 to 60, STANDARD3: day 61 on" in page
    assert "Final demand: {amount_due} is {oldest_days} days overdue" in page
    assert "Credit profiles" in finance.get("/settings/").content.decode()


def test_a_change_of_a_class_says_whom_it_reaches(world: World, finance: Client) -> None:
    default = queries.default_class()
    for name in ("Ann", "Ben"):
        assign_class(world.caller(), customer=world.customer(name), profile_class=default)
    world.customer("Cas")
    address = f"/settings/profile-classes/{default.pk}/edit/"
    form = finance.get(address).content.decode()
    assert "Profiles not customised (2)" in form
    sent = {
        "name": "DEFAULT", "active": "on", "receipt_grace_days": "4", "charge_interval_days": "30",
        "tolerance_percent": "0", "collector": "", "letter_set": str(default.letter_set_id), "send_dunning": "on",
        "reach": "all",
    }  # fmt: skip
    shown = finance.post(address, {**sent, "preview": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "Ann, Ben" in shown
    assert " ".join(shown.split()).count("customer without a profile follows this class") == 1
    assert finance.post(address, sent).status_code == 302
    assert list(Profile.objects.values_list("receipt_grace_days", flat=True)) == [4, 4]


def test_a_customer_has_a_credit_profile_on_the_tab_collections(world: World, finance: Client) -> None:
    zara = world.customer()
    tab = finance.get(f"/customers/{zara.number}/collections/").content.decode()
    assert "class DEFAULT, no profile of its own" in tab
    sent = finance.post(f"/customers/{zara.number}/credit-class/", {"profile_class": queries.default_class().pk})
    assert sent.status_code == 302
    profile = Profile.objects.get()
    address = f"/credit-profiles/{profile.pk}/edit/"
    assert address in finance.get(f"/customers/{zara.number}/collections/").content.decode()
    sent = finance.post(address, {
        "receipt_grace_days": "0", "charge_interval_days": "30", "tolerance_percent": "0", "collector": "",
        "letter_set": "", "send_dunning": "on", "credit_limit": "5,000.00",
    })  # fmt: skip
    assert sent.status_code == 302
    profile.refresh_from_db()
    assert (profile.credit_limit_minor, profile.customised) == (500_000, ["credit_limit_minor", "letter_set"])
    tab = finance.get(f"/customers/{zara.number}/collections/").content.decode()
    assert "R5,000.00" in tab
    assert "customised: credit limit, letter set" in tab


def test_a_letter_set_is_made_and_a_gap_is_named(world: World, finance: Client) -> None:
    one, two, _ = queries.letters()
    sent = {
        "name": "Mine", "method": "days", "active": "on", "use_grace_days": "on",
        "lines-0-letter": one.pk, "lines-0-first": "1", "lines-0-last": "10",
        "lines-1-letter": two.pk, "lines-1-first": "12", "lines-1-last": "", "lines-1-fee": "25.00",
    }  # fmt: skip
    answer = finance.post("/settings/letter-sets/add/", sent)
    assert answer.status_code == 422
    assert "Letter 2: there is no letter for day 11." in answer.content.decode()
    assert finance.post("/settings/letter-sets/add/", {**sent, "lines-1-first": "11"}).status_code == 302
    made = LetterSet.objects.get(name="Mine")
    assert list(made.lines.values_list("first", "last", "fee_minor")) == [(1, 10, 0), (11, None, 2500)]
    assert not made.include_unapplied
    page = finance.get(f"/settings/letter-sets/{made.pk}/edit/").content.decode()
    assert 'value="25.00"' in page
    answer = finance.post(f"/settings/letter-sets/{made.pk}/edit/", {**sent, "name": "Ours", "lines-1-first": "11"})
    assert answer.status_code == 302
    assert [row.name for row in queries.letter_sets()] == ["Ours", "STANDARD"]


def test_who_may_only_look_has_no_buttons(world: World, client: Client) -> None:
    add_user(world.caller(), email="c@x.example", name="Cas", role="collector", password="a-good-long-one")
    client.force_login(User.objects.get(email="c@x.example"))
    assert client.get("/settings/profile-classes/").status_code == 200
    assert "Add class" not in client.get("/settings/profile-classes/").content.decode()
    assert client.get("/settings/letter-sets/add/").status_code == 403
