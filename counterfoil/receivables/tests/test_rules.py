"""Ageing, buckets, allocation, what to pay, statements: exact values."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.receivables.rules import (
    DEFAULT_BUCKETS,
    BucketRule,
    ItemState,
    PayNow,
    age,
    allocate_oldest_first,
    bucket_index,
    check_buckets,
    pay_now,
    statement_lines,
)

JUNE = dt.date(2026, 6, 30)


def item(
    number: int, due_on: dt.date, minor: int, *, side: str = "debit", disputed: int = 0, left: int = -1
) -> ItemState:
    kind = "invoice" if side == "debit" else "receipt"
    left = minor if left < 0 else left
    return ItemState(number, kind, side, f"N{number}", due_on, due_on, minor, left, disputed)


@pytest.mark.parametrize(
    ("due_on", "days", "label"),
    [
        # The boundaries of domain 8.2: due today is not past due.
        (dt.date(2026, 6, 30), 0, "Current"),
        (dt.date(2026, 6, 29), 1, "1-30"),
        (dt.date(2026, 5, 31), 30, "1-30"),
        (dt.date(2026, 5, 30), 31, "31-60"),
        (dt.date(2026, 4, 30), 61, "61-90"),
        (dt.date(2026, 3, 2), 120, "91-120"),
        (dt.date(2026, 3, 1), 121, "Over 120"),
        (dt.date(2026, 12, 31), -184, "Current"),
    ],
)
def test_the_days_of_each_bucket(due_on: dt.date, days: int, label: str) -> None:
    assert item(1, due_on, 100).days_late(JUNE) == days
    assert DEFAULT_BUCKETS[bucket_index(days, DEFAULT_BUCKETS)].label == label


@given(st.integers(-5000, 5000))
def test_every_number_of_days_is_in_one_bucket(days: int) -> None:
    assert sum(bucket.holds(days) for bucket in DEFAULT_BUCKETS) == 1


@pytest.mark.parametrize(
    ("buckets", "code"),
    [
        ((), "no_buckets"),
        ((BucketRule("A", None, 0), BucketRule("B", 2, None)), "buckets_gap"),
        # As printed in the manual: 31-61 and 61-91 overlap.
        ((BucketRule("A", None, 30), BucketRule("B", 31, 61), BucketRule("C", 61, None)), "buckets_overlap"),
        ((BucketRule("A", 0, 30), BucketRule("B", 31, None)), "buckets_not_open"),
        ((BucketRule("A", None, 30), BucketRule("B", 31, 60)), "buckets_not_open"),
        ((BucketRule("A", None, 30), BucketRule("A", 31, None)), "bucket_labels"),
        ((BucketRule("A", None, 30), BucketRule("B", 31, 20), BucketRule("C", 21, None)), "bucket_backwards"),
        ((BucketRule("A", None, None), BucketRule("B", 1, None)), "buckets_overlap"),
    ],
)
def test_a_set_with_a_gap_or_an_overlap_is_refused(buckets: tuple[BucketRule, ...], code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_buckets(buckets)
    assert refused.value.code == code


def test_sets_that_are_contiguous_pass() -> None:
    check_buckets(DEFAULT_BUCKETS)
    check_buckets((BucketRule("All", None, None),))
    check_buckets((BucketRule("Early", None, -1), BucketRule("Due", 0, 0), BucketRule("Late", 1, None)))


def test_disputed_and_unapplied_stand_in_their_own_columns_and_foot() -> None:
    items = [
        item(1, dt.date(2026, 5, 1), 100_000, disputed=30_000),
        item(2, dt.date(2026, 7, 1), 5_000),
        item(3, dt.date(2026, 6, 1), 20_000, side="credit"),
    ]
    analysis = age(items, DEFAULT_BUCKETS, JUNE)
    assert analysis.buckets == (5_000, 0, 70_000, 0, 0, 0)
    assert (analysis.disputed, analysis.unapplied) == (30_000, 20_000)
    assert (analysis.total_due, analysis.balance) == (105_000, 85_000)


def test_ageing_by_document_date() -> None:
    late = ItemState(1, "invoice", "debit", "N1", dt.date(2026, 5, 1), dt.date(2026, 6, 30), 100, 100)
    assert age([late], DEFAULT_BUCKETS, JUNE).buckets[0] == 100
    assert age([late], DEFAULT_BUCKETS, JUNE, basis="document").buckets[2] == 100


def test_oldest_first_never_gives_more_than_there_is() -> None:
    shares = allocate_oldest_first([(10, 150), (11, 500)], [(1, 100), (2, 0), (3, 120)])
    assert [(s.credit_id, s.debit_id, s.minor) for s in shares] == [(10, 1, 100), (10, 3, 50), (11, 3, 70)]


@given(st.lists(st.integers(0, 999), max_size=8), st.lists(st.integers(0, 999), max_size=8))
def test_allocation_uses_up_one_side(credits: list[int], debits: list[int]) -> None:
    shares = allocate_oldest_first(list(enumerate(credits)), list(enumerate(debits)))
    assert sum(share.minor for share in shares) == min(sum(credits), sum(debits))
    for pk, minor in enumerate(debits):
        assert sum(share.minor for share in shares if share.debit_id == pk) <= minor
    for pk, minor in enumerate(credits):
        assert sum(share.minor for share in shares if share.credit_id == pk) <= minor


def test_nobody_is_asked_for_money_they_have_paid() -> None:
    overdue, later = item(1, dt.date(2026, 6, 1), 10_000, disputed=2_500), item(2, dt.date(2026, 7, 1), 4_000)
    assert pay_now([overdue, later], JUNE) == PayNow(7_500, 4_000, 2_500, 0, dt.date(2026, 7, 1), ("N2",))
    credit = item(3, dt.date(2026, 6, 1), 9_000, side="credit")
    parts = pay_now([overdue, later, credit], JUNE)
    assert (parts.pay_now, parts.due_later, parts.disputed, parts.credit_left) == (0, 4_000, 2_500, 1_500)
    assert parts.balance == 5_000


def test_a_statement_runs_from_the_previous_closing() -> None:
    items = [
        item(1, dt.date(2026, 5, 10), 10_000, left=0),
        item(2, dt.date(2026, 6, 5), 4_000, side="credit"),
        item(3, dt.date(2026, 6, 5), 7_000),
    ]
    opening, lines, closing = statement_lines(items, Period.through(dt.date(2026, 6, 1), JUNE), "balance_forward")
    assert opening == 10_000
    # On one day what is owed comes before what was paid.
    assert [(line.number, line.amount_minor, line.balance_minor) for line in lines] == [
        ("N3", 7_000, 17_000),
        ("N2", -4_000, 13_000),
    ]
    assert closing == 13_000
    before = statement_lines(items[:1], Period.through(dt.date(2026, 5, 1), dt.date(2026, 5, 31)), "balance_forward")
    assert before[2] == opening


def test_an_open_item_statement_lists_what_is_open_by_age() -> None:
    items = [
        item(1, dt.date(2026, 6, 20), 10_000, left=2_000),
        item(2, dt.date(2026, 5, 5), 300),
        item(3, JUNE, 50, left=0),
    ]
    opening, lines, closing = statement_lines(items, Period.through(dt.date(2026, 6, 1), JUNE), "open_item")
    assert opening == 0
    assert [(line.number, line.open_minor, line.balance_minor) for line in lines] == [
        ("N2", 300, 300),
        ("N1", 2_000, 2_300),
    ]
    assert closing == 2_300
