"""Two accounts that turn out to be one customer: both ledgers stay, everything open keeps its age."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.access.models import Login
from counterfoil.access.operations import give_access
from counterfoil.access.queries import customers_of
from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import credit_invoice, discard_draft, draft_invoice, issue_invoices
from counterfoil.billing.queries import invoices_of, lifetime_value
from counterfoil.billing.rules import LineInput
from counterfoil.credit.models import Profile
from counterfoil.credit.operations import assign_class, change_profile
from counterfoil.credit.queries import default_class
from counterfoil.customers.duplicates import duplicates
from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.operations import (
    add_customer,
    add_note,
    add_site,
    deactivate_customer,
    reactivate_customer,
    save_custom_field,
    set_custom_values,
    set_destinations,
    set_tags,
)
from counterfoil.customers.queries import contacts_of, custom_values_of, notes_of, search, tags_of
from counterfoil.customers.reaching import addresses_for
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.operator.operations import add_area
from counterfoil.payments.operations import pay_refund, reverse_receipt
from counterfoil.receivables.ageing import age_analysis_of
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.receivables.operations import (
    allocate_oldest_first,
    issue_credit,
    merge_customers,
    open_dispute,
    set_credit_policy,
    undo_allocation,
    write_off,
)
from counterfoil.receivables.queries import figures, open_items_of, statement_of
from counterfoil.testing.world import World, counts

MARCH = dt.date(2026, 3, 31)


@pytest.fixture
def pair(world: World) -> tuple[Customer, Customer]:
    zara = world.customer("Zara Naidoo", emails=("zara@mail.example",), owing={"2026-01-31": "310.00"})
    again = world.customer("Z. Naidoo", emails=("zara@mail.example", "z@work.example"), owing={"2026-02-28": "200.00"})
    return zara, again


def test_what_is_open_moves_at_its_old_age_and_no_past_day_changes(
    world: World, pair: tuple[Customer, Customer]
) -> None:
    zara, again = pair
    issue_credit(world.clerk, customer=again, amount_minor=5_00, reason="Offline", on=dt.date(2026, 3, 1))
    add_note(world.agent, customer=again, text="Calls twice")
    set_tags(world.clerk, customer=again, names=["VIP"])
    before = age_analysis_of(again, MARCH)
    with world.on("2026-04-10"):
        merge_customers(world.caller(), customer=zara, duplicate=again)
        today = world.today
        assert figures(again, today).balance_minor == 0
        now = figures(zara, today)
        assert (now.balance_minor, now.total_due_minor, now.credit_minor) == (505_00, 505_00, 0)
        ages = {item.number: item.days_late(today) for item in open_items_of(zara, today) if item.is_debit}
        assert sorted(ages.values()) == [41, 69]
        assert age_analysis_of(again, MARCH) == before
        assert figures(zara, MARCH).balance_minor == 310_00
        statement = statement_of(again, Period.through(dt.date(2026, 1, 1), today))
        assert statement.closing_minor == 0
    row = Customer.objects.get(pk=again.pk)
    assert (row.status, row.merged_into) == ("merged", zara)
    assert len(invoices_of(zara)) == 2
    assert lifetime_value(zara, today) == 510_00
    assert [note.text for note in notes_of(zara)] == ["Calls twice"]
    assert tags_of(zara) == ["VIP"]
    assert sorted(point.value for c in contacts_of(zara) for point in c.points.all()) == [
        "z@work.example", "zara@mail.example", "zara@mail.example",
    ]  # fmt: skip
    assert [row.number for row in search(world.agent, again.number)] == [zara.number]
    assert CUSTOMER.get(world.agent, again.number) == again


def test_what_is_kept_of_the_old_account_besides_follows_and_nothing_is_overwritten(world: World) -> None:
    north, south = (add_area(world.caller(), name=name) for name in ("North", "South"))
    zara = world.customer("Zara", area_id=north.pk)
    again = world.customer("Z.", area_id=south.pk)
    gate, mast = (save_custom_field(world.caller(), label=label, kind="text").key for label in ("Gate", "Mast"))
    set_custom_values(world.clerk, customer=zara, values={gate: "1234"})
    set_custom_values(world.clerk, customer=again, values={gate: "9999", mast: "Hill"})
    set_destinations(world.clerk, customer=zara, about="invoice", emails=["books@firm.example"])
    set_destinations(world.clerk, customer=again, about="invoice", emails=["books@firm.example", "z@work.example"])
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert sorted(custom_values_of(zara).values()) == ["1234", "Hill"]
    going = sorted(address.email for address in addresses_for(zara, "invoice"))
    assert going == ["books@firm.example", "z@work.example"]
    # Who sees the one sees the other.
    assert Customer.objects.get(pk=again.pk).area == north


def test_a_dispute_moves_with_its_item(world: World, pair: tuple[Customer, Customer]) -> None:
    zara, again = pair
    item = world.item("INV-000002")
    open_dispute(world.clerk, item=item, amount_minor=50_00, reason="Never delivered")
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert figures(zara, world.today).disputed_minor == 50_00
    assert figures(again, world.today).disputed_minor == 0


def test_what_moved_can_be_paid_and_the_moving_itself_cannot_be_undone(
    world: World, pair: tuple[Customer, Customer]
) -> None:
    zara, again = pair
    merge_customers(world.caller(), customer=zara, duplicate=again)
    moving = Allocation.objects.get(credit__kind="transfer_out")
    with pytest.raises(Refused, match="belongs to its document"):
        undo_allocation(world.clerk, allocation=moving, reason="Wrong")
    world.pays(zara, "510.00")
    assert figures(zara, world.today).balance_minor == 0
    last = Allocation.objects.filter(debit__kind="transfer_in").latest("pk")
    undo_allocation(world.clerk, allocation=last, reason="Wrong invoice")
    assert figures(zara, world.today).total_due_minor == 200_00


def test_nothing_new_is_put_on_the_old_account(world: World, pair: tuple[Customer, Customer]) -> None:
    zara, again = pair
    merge_customers(world.caller(), customer=zara, duplicate=again)
    before = counts()
    with pytest.raises(Refused, match=f"It is now {zara.number}"):
        issue_credit(world.clerk, customer=again, amount_minor=1_00, reason="x")
    for target, source in ((zara, again), (again, zara)):
        with pytest.raises(Refused):
            merge_customers(world.caller(), customer=target, duplicate=source)
    assert counts() == before


def test_merging_with_itself_or_across_currencies_is_refused(world: World, pair: tuple[Customer, Customer]) -> None:
    zara, again = pair
    dollars = add_customer(world.clerk, name="Zara", currency="USD")
    before = counts()
    with pytest.raises(Refused, match="same account"):
        merge_customers(world.caller(), customer=zara, duplicate=zara)
    with pytest.raises(Refused, match="they stay apart"):
        merge_customers(world.caller(), customer=dollars, duplicate=again)
    assert counts() == before


def test_a_chain_of_merges_ends_at_one_account(world: World, pair: tuple[Customer, Customer]) -> None:
    zara, again = pair
    third = world.customer("Third", owing={"2026-01-31": "100.00"})
    merge_customers(world.caller(), customer=again, duplicate=third)
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert figures(zara, world.today).total_due_minor == 610_00
    assert set(Customer.objects.filter(merged_into=zara)) == {again, third}
    with pytest.raises(Refused):
        allocate_oldest_first(world.clerk, customer=again)


def test_accounts_that_look_like_one_customer_are_found_with_the_reason(
    world: World, pair: tuple[Customer, Customer]
) -> None:
    zara, again = pair
    twin = world.customer("Zara Naidoo")
    world.customer("Somebody else", emails=("else@mail.example",))
    found = {(row.customer.number, row.other.number): row.why for row in duplicates(world.agent)}
    assert found == {
        (zara.number, again.number): "Both are reached at zara@mail.example",
        (zara.number, twin.number): "Same name",
    }
    assert [row.other for row in duplicates(world.agent, again)] == [again]
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert [row.other for row in duplicates(world.agent)] == [twin]


def test_a_payment_that_bounces_after_the_merge_opens_the_debt_where_the_customer_is(
    world: World, pair: tuple[Customer, Customer]
) -> None:
    zara, again = pair
    paid = world.pays(again, "150.00")
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert figures(zara, world.today).balance_minor == 360_00
    reverse_receipt(world.caller(), receipt=paid, reason="Bounced")
    assert (figures(again, world.today).balance_minor, open_items_of(again, world.today)) == (0, [])
    now = figures(zara, world.today)
    assert (now.total_due_minor, now.credit_minor) == (510_00, 0)
    assert sorted((item.number, item.reference) for item in open_items_of(zara, world.today)) == [
        ("INV-000001", ""), ("MV-000001", "INV-000002"), ("MV-000002", "INV-000002"),
    ]  # fmt: skip


def test_money_that_moved_and_bounced_gives_what_it_settled_its_age_back(
    world: World, pair: tuple[Customer, Customer]
) -> None:
    zara, again = pair
    paid = world.pays(again, "300.00")  # 200.00 settles, 100.00 is unallocated
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert figures(zara, world.today).balance_minor == 210_00
    late = figures(zara, world.today).oldest_days
    reverse_receipt(world.caller(), receipt=paid, reason="Bounced")
    now = figures(zara, world.today)
    assert (now.total_due_minor, now.credit_minor, now.oldest_days) == (510_00, 0, late)
    assert {item.number: item.open_minor for item in open_items_of(zara, world.today)}["INV-000001"] == 310_00


def test_money_that_moved_can_be_paid_back_and_a_moved_credit_cannot(
    world: World, pair: tuple[Customer, Customer]
) -> None:
    zara, again = pair
    set_credit_policy(world.caller(), settles_bills=False)
    world.pays(again, "250.00")
    issue_credit(world.clerk, customer=again, amount_minor=20_00, reason="Offline")
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert figures(zara, world.today).credit_minor == 70_00
    how = {"on": world.today, "method": "eft", "reason": "Paid twice"}
    with pytest.raises(Refused, match="R50.00"):
        pay_refund(world.caller(), customer=zara, amount_minor=50_01, **how)
    pay_refund(world.caller(), customer=zara, amount_minor=50_00, **how)
    assert figures(zara, world.today).credit_minor == 20_00


def test_what_moved_is_not_given_away_twice(world: World, pair: tuple[Customer, Customer]) -> None:
    zara, again = pair
    merge_customers(world.caller(), customer=zara, duplicate=again)
    write_off(world.caller(), item=OpenItem.objects.get(kind="transfer_in"), amount_minor=200_00, reason="Gone")
    before = counts()
    with pytest.raises(Refused, match="Issue credit there"):
        credit_invoice(world.caller(), invoice=Invoice.objects.get(number="INV-000002"), reason="Wrong")
    assert counts() == before


def test_an_invoice_paid_before_the_merge_can_be_credited_and_the_credit_follows(
    world: World, pair: tuple[Customer, Customer]
) -> None:
    zara, again = pair
    world.pays(again, "200.00")
    merge_customers(world.caller(), customer=zara, duplicate=again)
    credit_invoice(world.caller(), invoice=Invoice.objects.get(number="INV-000002"), reason="Wrong")
    assert open_items_of(again, world.today) == []
    now = figures(zara, world.today)
    assert (now.credit_minor, now.total_due_minor) == (0, 110_00)


def test_a_merge_waits_for_drafts_and_is_final(world: World, pair: tuple[Customer, Customer]) -> None:
    zara, again = pair
    line = [LineInput("Router", Decimal(1), Decimal("10.00"))]
    draft = draft_invoice(world.clerk, customer=again, lines=line, on=world.today)
    with pytest.raises(Refused, match="has drafts"):
        merge_customers(world.caller(), customer=zara, duplicate=again)
    discard_draft(world.clerk, invoice=draft)
    merge_customers(world.caller(), customer=zara, duplicate=again)
    for verb in (reactivate_customer, deactivate_customer):
        with pytest.raises(Refused, match="final"):
            verb(world.caller(), customer=again, reason="x")


def test_items_of_one_number_and_of_the_longest_number_move(world: World, pair: tuple[Customer, Customer]) -> None:
    zara, again = pair
    long = "X" * 60
    for number, amount in (("CR-000001", "10.00"), (long, "20.00")):
        draft = draft_invoice(
            world.clerk, customer=again, lines=[LineInput("Old", Decimal(1), Decimal(amount))], on=world.today
        )
        issue_invoices(world.caller(), invoices=[draft], numbers=[number])
    issue_credit(world.clerk, customer=again, amount_minor=1_00, reason="Offline")
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert {"CR-000001", long} <= {item.reference for item in open_items_of(zara, world.today)}
    assert figures(zara, world.today).balance_minor == 310_00 + 200_00 + 30_00 - 1_00


def test_undoing_a_settlement_of_before_the_merge_opens_the_debt_where_the_customer_is(
    world: World, pair: tuple[Customer, Customer]
) -> None:
    zara, again = pair
    world.pays(again, "200.00")
    old = Allocation.objects.get(debit__customer=again)
    merge_customers(world.caller(), customer=zara, duplicate=again)
    undo_allocation(world.clerk, allocation=old, reason="Wrong invoice")
    now = figures(zara, world.today)
    assert (now.total_due_minor, now.credit_minor) == (510_00, 200_00)
    assert open_items_of(again, world.today) == []


def test_who_could_look_at_the_old_account_looks_at_the_new_one(world: World, pair: tuple[Customer, Customer]) -> None:
    zara, again = pair
    contact = contacts_of(again)[0]
    give_access(world.clerk, contact=contact, email="z@work.example", welcome=False)
    known = world.customer("Known", emails=("zara@mail.example",))
    give_access(world.clerk, contact=contacts_of(known)[0], email="zara@mail.example", welcome=False)
    merge_customers(world.caller(), customer=zara, duplicate=again)
    merge_customers(world.caller(), customer=zara, duplicate=known)
    for email in ("z@work.example", "zara@mail.example"):
        assert customers_of(Login.objects.get(email=email)) == [zara], email


def test_the_terms_of_addresses_move_along_and_no_letters_stay_no_letters(
    world: World, pair: tuple[Customer, Customer]
) -> None:
    zara, again = pair
    shop = add_site(world.caller(), customer=again, label="Shop", street="1 Main Road")
    usual = default_class()
    assign_class(world.caller(), customer=again, profile_class=usual, site=shop)
    mine = assign_class(world.caller(), customer=zara, profile_class=usual)
    theirs = assign_class(world.caller(), customer=again, profile_class=usual)
    change_profile(world.caller(), profile=theirs, changes={"send_dunning": False})
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert list(Profile.objects.order_by("pk").values_list("customer", "site", "send_dunning")) == [
        (zara.pk, shop.pk, True), (zara.pk, None, False), (again.pk, None, False),
    ]  # fmt: skip
    assert Profile.objects.get(pk=mine.pk).customised == ["send_dunning"]


def test_no_letters_of_the_survivor_stay_no_letters(world: World, pair: tuple[Customer, Customer]) -> None:
    zara, again = pair
    mine = assign_class(world.caller(), customer=zara, profile_class=default_class())
    change_profile(world.caller(), profile=mine, changes={"send_dunning": False})
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert list(Profile.objects.values_list("customer", "send_dunning")) == [(zara.pk, False)]
