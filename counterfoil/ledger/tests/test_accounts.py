"""The ledger accounts have the names and numbers of the owner's own chart."""

import pytest
from django.test import Client

from counterfoil.kernel.errors import Refused
from counterfoil.ledger.models import LedgerAccount
from counterfoil.ledger.operations import change_ledger_account, set_up_ledger
from counterfoil.ledger.queries import trial_balance
from counterfoil.ledger.rules import CHART, POSTED
from counterfoil.platform.checks import check_books
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts


def named(code: str) -> LedgerAccount:
    return LedgerAccount.objects.get(code=code)


def test_each_account_of_the_chart_says_what_is_posted_to_it() -> None:
    assert [code for code, *_ in CHART] == list(POSTED)


def test_an_account_is_renamed_and_numbered_and_nothing_posted_moves(world: World) -> None:
    world.customer("Zara", owing={"2026-01-31": "100.00"})
    before = {(row.code, row.minor) for row in trial_balance(world.today)}
    made = change_ledger_account(world.caller(), account=named("4000"), name=" Erlöse  19 % ", number="84 00")
    assert str(made) == "8400 Erlöse 19 %"
    world.invoice(world.customer("Ann"), "100.00")
    after = {row.code: (row.name, row.minor) for row in trial_balance(world.today)}
    assert {code for code, _ in before} == set(after)
    assert after["4000"] == ("8400 Erlöse 19 %", 2 * dict(before)["4000"])
    # The set-up of the next version finds it by what it is.
    set_up_ledger(world.system())
    assert (LedgerAccount.objects.count(), str(named("4000"))) == (len(CHART), "8400 Erlöse 19 %")
    assert str(change_ledger_account(world.caller(), account=named("4000"), name="Sales")) == "4000 Sales"
    assert check_books() == []


def test_a_name_and_a_number_are_there_once(world: World) -> None:
    change_ledger_account(world.caller(), account=named("4000"), name="Sales", number="1000X")
    change_ledger_account(world.caller(), account=named("1000"), name="Bank", number="1200")
    change_ledger_account(world.caller(), account=named("2100"), name="Tax on sales", number="1000")
    before = counts(), list(LedgerAccount.objects.order_by("pk").values())
    for code, name, number, said, field in (
        ("4900", "Credits", "1200", "1200 Bank has this number already.", "number"),
        # One that has none goes by its code.
        ("4900", "Credits", "1100", "1100 Customers has this number already.", "number"),
        ("1000", "Bank", "", "1000 Tax on sales has the number 1000. Enter another one.", "number"),
        ("4900", "sales", "", "1000X Sales has this name already.", "name"),
    ):
        with pytest.raises(Refused) as refused:
            change_ledger_account(world.caller(), account=named(code), name=name, number=number)
        assert (refused.value.sentence, refused.value.field) == (said, field)
    with pytest.raises(Refused):
        change_ledger_account(world.clerk, account=named("4900"), name="Mine")
    assert (counts(), list(LedgerAccount.objects.order_by("pk").values())) == before


def test_the_page_shows_what_is_posted_where_and_its_form_changes_it(world: World) -> None:
    add_user(world.caller(), email="owner@x.example", name="Owner", role="administrator", password="correct horse")
    desk = Client()
    desk.force_login(User.objects.get(email="owner@x.example"))
    address = f"/settings/ledger-accounts/{named('6100').pk}/edit/"
    assert 'value="Bad debts"' in desk.get(address).content.decode()
    answer = desk.post(address, {"name": "Uncollectable", "number": "2480"}, follow=True).content.decode()
    assert "2480 Uncollectable saved." in answer
    assert "Debts written off" in answer
