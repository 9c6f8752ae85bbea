"""What lists say a customer owes: always what the open items add up to, whatever happened and whatever day it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import visible
from counterfoil.kernel.errors import Refused
from counterfoil.payments.nouns import RECEIPT
from counterfoil.payments.operations import NewReceipt, record_receipts, reverse_receipt
from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.receivables.lists import most_overdue, only_overdue, with_figures
from counterfoil.receivables.models import Allocation, Standing
from counterfoil.receivables.operations import (
    allocate_oldest_first,
    issue_credit,
    keep_standings,
    merge_customers,
    raise_debit_memo,
    release_credit,
    set_aside,
    set_credit_policy,
    undo_allocation,
    write_off,
)
from counterfoil.receivables.queries import figures, outdated_standings
from counterfoil.site.schedule import tick
from counterfoil.testing.world import World


def said(world: World, *, on: str = "") -> dict[str, tuple[int, int, str]]:
    """Balance, overdue and oldest due day of each customer, as the list says on a day."""
    day = dt.date.fromisoformat(on) if on else world.today
    rows = with_figures(visible(world.clerk), day)
    return {row.name: (row.balance_minor, row.overdue_minor, str(row.oldest_due_on)) for row in rows}


def agrees(world: World, on: dt.date) -> None:
    """The list, its order and its filter say what each customer's own items say."""
    rows = list(with_figures(visible(world.clerk), on).order_by("overdue_minor", "pk"))
    told = {row.pk: figures(row, on) for row in rows}
    assert [(row.balance_minor, row.overdue_minor) for row in rows] == [
        (told[row.pk].balance_minor, told[row.pk].overdue_minor) for row in rows
    ]
    assert [row.overdue_minor for row in rows] == sorted(row.overdue_minor for row in rows)
    late = {row.pk for row in only_overdue(visible(world.clerk), on)}
    assert late == {pk for pk, owed in told.items() if owed.overdue_minor}


def test_every_verb_that_touches_money_leaves_the_list_right(world: World) -> None:
    zara, yusuf = world.customer("Zara"), world.customer("Yusuf")
    assert said(world) == {"Zara": (0, 0, "None"), "Yusuf": (0, 0, "None")}
    invoice = world.invoice(zara, "100.00", on="2026-01-01")
    memo = raise_debit_memo(world.clerk, customer=yusuf, amount_minor=5_000, on=world.today, reason="Call-out")
    agrees(world, world.today)
    paid, _ = record_receipts(
        world.clerk,
        receipts=[NewReceipt(zara.pk, 4_000, world.today, "eft"), NewReceipt(yusuf.pk, 7_000, world.today, "eft")],
    )
    agrees(world, world.today)
    assert said(world)["Yusuf"] == (-2_000, 0, "None")
    undo_allocation(world.clerk, allocation=Allocation.objects.get(debit=memo), reason="Wrong one")
    agrees(world, world.today)
    reverse_receipt(world.clerk, receipt=RECEIPT.get(world.clerk, paid), reason="Bounced")
    agrees(world, world.today)
    set_credit_policy(world.caller(), settles_bills=False)
    credit = issue_credit(world.clerk, customer=zara, amount_minor=1_500, on=world.today, reason="Goodwill")
    agrees(world, world.today)
    # What is kept for something covers nothing that is late.
    set_aside(world.clerk, item=credit, purpose="Deposit")
    agrees(world, world.today)
    assert said(world)["Zara"][:2] == (8_500, 10_000)
    release_credit(world.clerk, item=credit)
    agrees(world, world.today)
    assert said(world)["Zara"][:2] == (8_500, 8_500)
    allocate_oldest_first(world.clerk, customer=zara)
    agrees(world, world.today)
    write_off(world.clerk, item=world.item(invoice.number), amount_minor=1_000, reason="Given up")
    agrees(world, world.today)
    merge_customers(world.clerk, customer=zara, duplicate=yusuf)
    agrees(world, world.today)
    assert said(world)["Yusuf"] == (0, 0, "None")


def test_what_is_refused_or_only_previewed_changes_no_standing(world: World) -> None:
    zara = world.customer("Zara")
    world.invoice(zara, "100.00")
    before = list(Standing.objects.values_list())
    with pytest.raises(Refused):
        issue_credit(world.clerk, customer=zara, amount_minor=-5, on=world.today, reason="Goodwill")
    issue_credit(world.clerk.previewing(), customer=zara, amount_minor=500, on=world.today, reason="Goodwill")
    assert list(Standing.objects.values_list()) == before


def test_what_is_overdue_is_right_at_midnight_before_the_clock_has_run_and_when_it_went_back(world: World) -> None:
    for name, days in (("Zara", 10), ("Yusuf", 20), ("Xola", 30)):
        raise_debit_memo(
            world.clerk, customer=world.customer(name), amount_minor=days * 100, on=world.today,
            due_on=world.today + dt.timedelta(days=days), reason="Call-out",
        )  # fmt: skip
    started = world.today
    for days in (0, 10, 11, 20, 21, 400, 15):
        agrees(world, started + dt.timedelta(days=days))
    world.today = started + dt.timedelta(days=21)
    assert len(outdated_standings(world.today, 10)) == 2
    assert [row.name for row in most_overdue(world.clerk)] == ["Yusuf", "Zara"]
    assert keep_standings(world.system()) == 2
    assert outdated_standings(world.today, 10) == []
    assert keep_standings(world.system()) == 0  # a second tick has nothing to do
    for days in (0, 10, 11, 20, 21, 22, 31, 15):
        agrees(world, started + dt.timedelta(days=days))


def test_the_clock_keeps_them_up_to_date(world: World) -> None:
    late = world.customer("Zara")
    raise_debit_memo(replace(world.clerk, at=None), customer=late, amount_minor=500, on=world.today, reason="Call-out")
    with write_guard.writing():  # as it was worked out on a day before it was due
        Standing.objects.update(overdue_minor=0, after_on=dt.date.min, until_on=world.today)
    assert tick()["Keep what is overdue up to date"] == 1
    assert Standing.objects.get().overdue_minor == 500


def test_lists_by_what_is_owed_ask_no_open_item(world: World, django_assert_num_queries: object) -> None:
    world.invoice(world.customer("Zara"), "100.00", on="2026-01-01")
    keep_standings(world.system())
    with connection.execute_wrapper(_no_items):
        assert said(world)["Zara"][0] == 10_000
        assert [row.name for row in most_overdue(world.clerk)] == ["Zara"]


def _no_items(execute: object, sql: str, params: object, many: bool, context: object) -> object:
    assert "receivables_openitem" not in sql, sql
    return execute(sql, params, many, context)  # type: ignore[operator]


@pytest.mark.books_are_broken_on_purpose
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"balance_minor": 1}, "Lists say CF000001 owes 1, 0 of it overdue"),
        ({"overdue_minor": 1}, "owes 10000, 1 of it overdue"),
        ({"oldest_due_on": None}, "the oldest due None"),
        ({"until_on": dt.date.max}, "Lists say CF000001 has 0 overdue for longer than its open items do."),
        ({}, "CF000001 has no standing: lists by what is owed leave it out."),
    ],
)
def test_check_books_proves_them(world: World, change: dict[str, object], expected: str) -> None:
    customer = world.customer("Zara")
    world.invoice(customer, "100.00")
    assert check_books() == []
    with write_guard.writing():
        rows = Standing.objects.filter(pk=customer.pk)
        rows.update(**change) if change else rows.delete()
    found = [row.sentence for row in check_books() if row.check == "receivables.standings_follow_from_open_items"]
    assert len(found) == 1
    assert expected.replace("CF000001", customer.number) in found[0]


def test_books_of_before_are_worked_out_by_the_migration(world: World) -> None:
    world.invoice(world.customer("Zara"), "100.00", on="2026-01-01")
    world.customer("Yusuf")
    before = said(world)
    migration = import_module("counterfoil.receivables.migrations.0005_standings_worked_out")
    with write_guard.writing():
        Standing.objects.all().delete()
        migration.work_out(apps, connection.schema_editor())
    assert said(world) == before
    assert Standing.objects.count() == Customer.objects.count() == 2
