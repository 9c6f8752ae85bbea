"""What the books say when somebody changes a letter's charge by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from counterfoil.credit import queries as credit
from counterfoil.credit.operations import (
    LineGiven,
    add_class_currency,
    change_class_amounts,
    change_profile_class,
    save_letter_set,
)
from counterfoil.customers.operations import add_contact
from counterfoil.dunning.checks import letters_are_about_their_customer, letters_charged_what_they_say
from counterfoil.dunning.models import Correspondence, CorrespondenceItem, DunningRun
from counterfoil.platform import write_guard
from counterfoil.receivables.models import OpenItem
from counterfoil.testing.world import World


@pytest.mark.books_are_broken_on_purpose
def test_a_letter_that_says_another_charge_is_found(world: World, run: Callable[..., DunningRun]) -> None:
    default = credit.default_class()
    standard = credit.letter_sets()[0]
    save_letter_set(
        world.caller(), name="STANDARD", letter_set=standard, charge_interest=True,
        lines=[LineGiven(credit.letters()[0], 1, None)],
    )  # fmt: skip
    change_profile_class(world.caller(), profile_class=default, changes={"finance_charges": True})
    amounts = add_class_currency(world.caller(), profile_class=default, currency="ZAR")
    change_class_amounts(world.caller(), amounts=amounts, changes={"interest_percent": Decimal("1.5")})
    ann = world.customer("Ann", {"2026-02-14": "1000.00"})
    add_contact(world.caller(), customer=ann, name="Ann", roles=["primary"], emails=["ann@mail.example"])
    run()
    letter = Correspondence.objects.get()
    assert letter.interest_minor == 2250
    assert not [*letters_charged_what_they_say(), *letters_are_about_their_customer()]
    other = OpenItem.objects.get(pk=world.invoice(world.customer("Ben"), "10.00").item_id)
    with write_guard.writing():
        CorrespondenceItem.objects.create(
            correspondence=letter, item=other, open_minor=1000, days_late=1, level=1, interest_minor=100
        )
    assert list(letters_charged_what_they_say()) == [f"The interest of letter {letter.pk} is not that of its items."]
    assert list(letters_are_about_their_customer()) == [f"Letter {letter.pk} is about an item of another customer."]
