"""Reports of letters and of credit profiles: their rows, as files for programs."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from django.core.management import call_command

from counterfoil.credit.operations import (
    add_class_currency,
    add_profile_class,
    assign_class,
    change_class_amounts,
    change_profile,
)
from counterfoil.credit.queries import default_class
from counterfoil.customers.operations import add_contact, add_site
from counterfoil.dunning.jobs import work
from counterfoil.dunning.operations import start_dunning_run
from counterfoil.testing.world import World


def test_the_history_has_each_letter_of_its_days(world: World, capfdbinary: object) -> None:
    ann = world.customer("Ann", {"2026-03-10": "100.00"})
    add_contact(world.caller(), customer=ann, name="Ann", roles=["primary"], emails=["ann@mail.example"])
    ben = world.customer("Ben", {"2026-01-10": "250.00"})
    add_site(world.caller(), customer=ben, label="Home", street="1 Main Road")
    list(work(world.system(), start_dunning_run(world.caller(), as_of=world.today)))
    rows = read(capfdbinary, "dunning-history", "--as-of", "2026-03-31")
    assert [(row["account number"], row["letter"], row["sent by"], row["asked for"]) for row in rows] == [
        (ann.number, "STANDARD1", "E-mail", "100.00"), (ben.number, "STANDARD1", "On paper", "250.00"),
    ]  # fmt: skip
    assert read(capfdbinary, "dunning-history", "--as-of", "2026-04-30") == []


def test_profiles_say_on_which_terms_everybody_is_chased(world: World, capfdbinary: object) -> None:
    business = add_profile_class(world.caller(), name="Business")
    amounts = add_class_currency(world.caller(), profile_class=business, currency="ZAR")
    change_class_amounts(world.caller(), amounts=amounts, changes={"credit_limit_minor": 500000})
    ann, ben = world.customer("Ann"), world.customer("Ben")
    farm = add_site(world.caller(), customer=ben, label="Farm", street="1 Farm Road")
    profile = assign_class(world.caller(), customer=ann, profile_class=business)
    change_profile(world.caller(), profile=profile, changes={"interest_percent": Decimal("1.5")})
    assign_class(world.caller(), customer=ben, profile_class=business, site=farm)
    rows = read(capfdbinary, "customer-profiles", "--as-of", "2026-03-31")
    told = [(row["account number"], row["address"], row["class"], row["customised"], row["credit limit"],
             row["interest per period %"]) for row in rows]  # fmt: skip
    assert told == [
        (ann.number, "", "Business", "yes", "5000.00", "1.5"),
        (ben.number, "", default_class().name, "no", "", ""),
        (ben.number, "Farm", "Business", "no", "5000.00", ""),
    ]


def read(capture: object, *words: str) -> list[dict[str, str]]:
    call_command("report", *words, "--format", "csv")
    text = capture.readouterr().out.decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))
