"""Races with real threads, on a database that has real ones: PostgreSQL."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import draft_invoice, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.kernel.errors import Refused
from counterfoil.operator import numbering
from counterfoil.operator.models import NumberRun, NumberSeries
from counterfoil.operator.operations import change_numbers
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import record_receipt
from counterfoil.platform import write_guard
from counterfoil.platform.approvals import approve, ask_approval
from counterfoil.platform.models import NumberSequence
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import allocate, issue_credit, set_credit_policy
from counterfoil.site.setup import set_up
from counterfoil.testing.threads import at_once
from counterfoil.testing.world import World

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # SQLite lets one writer in at a time by itself; the whole suite runs on PostgreSQL too, and there these do.
    pytest.mark.postgres,
]


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    return World()


def test_one_key_at_the_same_moment_records_one_payment(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "500.00"})
    caller = world.clerk.with_key("form-1")

    def pay() -> Receipt:
        return record_receipt(caller, customer=zara, amount_minor=50000, on=world.today, method="eft")

    results = at_once(*[pay] * 8)

    assert [type(result).__name__ for result in results] == ["Receipt"] * 8
    assert len({result.pk for result in results}) == 1
    assert Receipt.objects.count() == 1


def test_two_different_forms_with_one_key_are_not_mixed_up(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "500.00"})
    caller = world.clerk.with_key("form-1")
    results = at_once(
        *(
            lambda minor=minor: record_receipt(caller, customer=zara, amount_minor=minor, on=world.today, method="eft")
            for minor in (100, 200)
        )
    )
    assert sorted(type(result).__name__ for result in results) == ["Receipt", "Refused"]
    assert Receipt.objects.count() == 1


def test_one_number_sequence_from_many_threads_has_no_gap_and_no_double(world: World) -> None:
    def take(back: bool) -> list[str]:
        try:
            with write_guard.writing(), transaction.atomic():
                numbers = [number.text for number in numbering.take("receipt", [numbering.For(world.today)] * 3)]
                if back:
                    raise RuntimeError
                return numbers
        except RuntimeError:
            return []

    taken = at_once(*(lambda back=index % 4 == 0: take(back) for index in range(16)))

    texts = sorted(text for numbers in taken for text in numbers)
    assert texts == [f"RC-{place:06d}" for place in range(1, 37)]
    # Given back for the other tests of the books: no receipt carries these numbers.
    with write_guard.writing():
        NumberSequence.objects.filter(key="receipt").update(last=0)
        NumberRun.objects.filter(kind="receipt").delete()


def test_a_pattern_changed_while_others_issue_leaves_no_gap_and_no_double(world: World) -> None:
    zara, series = world.customer("Zara"), NumberSeries.objects.get(kind="invoice")
    drafts = [
        draft_invoice(
            world.caller(),
            customer=zara,
            lines=[LineInput("One", Decimal(1), Decimal(1))],
            on=dt.date(2026, 1 + n % 2, 1),
        )
        for n in range(8)
    ]
    calls = [lambda draft=draft: issue_invoices(world.caller(), invoices=[draft]) for draft in drafts]
    calls.insert(4, lambda: change_numbers(world.caller(), series=series, pattern="{year}-{month}-{number}"))
    results = at_once(*calls)
    assert [result for result in results if isinstance(result, Exception)] == []
    numbers = set(Invoice.objects.values_list("number", flat=True))
    old = sum(number.startswith("INV-") for number in numbers)
    january, february = (sum(number.startswith(month) for number in numbers) for month in ("2026-01-", "2026-02-"))
    assert numbers == {
        *(f"INV-{n:06d}" for n in range(1, old + 1)), *(f"2026-01-{n}" for n in range(1, january + 1)),
        *(f"2026-02-{n}" for n in range(1, february + 1)),
    }  # fmt: skip
    assert len(numbers) == 8


def test_credit_cannot_be_spent_twice_at_the_same_moment(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00", "2026-02-28": "100.00"})
    # It would settle the oldest by itself.
    set_credit_policy(world.caller(), settles_bills=False)
    credit = issue_credit(world.clerk, customer=zara, amount_minor=10000, reason="Offline")

    results = at_once(
        *(
            lambda number=number: allocate(
                world.clerk, customer=zara, credit=credit, debit=world.item(number), amount_minor=10000
            )
            for number in ("INV-000001", "INV-000002")
        )
    )
    assert sorted(type(result).__name__ for result in results) == ["Allocation", "Refused"]
    assert next(r for r in results if isinstance(r, Refused)).code == "over_allocated"


def test_two_people_approving_one_request_do_it_once(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    row = ask_approval(
        world.clerk, operation=issue_credit.name, customer_id=zara.pk,
        arguments={"customer": zara, "amount_minor": 10000, "reason": "Offline"},
    )  # fmt: skip

    results = at_once(
        *(lambda name=name: approve(world.caller(name=name), approval=row) for name in ("Ann", "Ben", "Cy", "Di"))
    )

    assert sorted(type(result).__name__ for result in results) == ["Outcome", "Refused", "Refused", "Refused"]
    assert {result.code for result in results if isinstance(result, Refused)} == {"already_decided"}
    assert OpenItem.objects.filter(kind="credit").count() == 1
