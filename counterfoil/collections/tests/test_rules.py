"""Promises judged and accounts ordered, on plain values."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from counterfoil.collections.rules import (
    AGEING,
    BROKEN,
    CALL_BACK,
    FOLLOW_UP,
    KEPT,
    OPEN,
    PART,
    PROMISE_BROKEN,
    PROMISE_TODAY,
    PROMISED,
    SAYS_PAID,
    SUSPENDS,
    WORKED,
    MoneyIn,
    Promised,
    Standing,
    judge,
    place,
    queue,
)

DAY = dt.date(2026, 3, 10)
NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    return dt.date(2026, 3, number)


def at(number: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, 3, number, hour, tzinfo=dt.UTC)


def promised(minor: int, due: int, *, made: int = 10, item: int | None = None, key: int = 1) -> Promised:
    return Promised(key, item, minor, day(made), at(made), day(due))


def came(minor: int, on: int, *, item: int | None = None, hour: int = 13) -> MoneyIn:
    return MoneyIn(item, day(on), at(on, hour), minor)


@pytest.mark.parametrize(
    ("money", "today", "state", "received"),
    [
        ([], 15, OPEN, 0),
        ([], 16, BROKEN, 0),
        # On the day itself it counts; a day later it does not.
        ([came(50000, 15)], 16, KEPT, 50000),
        ([came(50000, 16)], 16, BROKEN, 0),
        ([came(20000, 15), came(30000, 16)], 16, PART, 20000),
        ([came(20000, 12)], 15, OPEN, 20000),
        # Early money keeps it at once, in one payment or in two.
        ([came(20000, 11), came(30000, 12)], 12, KEPT, 50000),
        # More than was promised is no more than kept.
        ([came(90000, 11)], 12, KEPT, 50000),
        # What came before the promise, on its day or earlier, is not what was promised.
        ([came(50000, 9)], 16, BROKEN, 0),
        ([came(50000, 10, hour=11)], 16, BROKEN, 0),
        ([came(50000, 10, hour=13)], 16, KEPT, 50000),
    ],
)
def test_money_counts_from_the_promise_to_its_day(money: list[MoneyIn], today: int, state: str, received: int) -> None:
    found = judge([promised(50000, 15)], money, day(today))[0]
    assert (found.state, found.received_minor) == (state, received)


def test_money_counts_once_for_the_promise_that_is_due_first() -> None:
    plan = [promised(50000, 12, key=1), promised(50000, 15, key=2), promised(50000, 20, key=3)]
    found = judge(plan, [came(50000, 12), came(60000, 14)], day(16))
    assert [(row.state, row.received_minor) for row in found] == [(KEPT, 50000), (KEPT, 50000), (OPEN, 10000)]


def test_a_promise_of_an_item_is_kept_by_what_settled_it() -> None:
    promises = [promised(30000, 15, item=7, key=1), promised(20000, 15, key=2)]
    # 30 000 paid another item: good for whatever is owed, not for item 7.
    found = judge(promises, [came(30000, 12, item=8)], day(16))
    assert [(row.state, row.received_minor) for row in found] == [(BROKEN, 0), (KEPT, 20000)]
    found = judge(promises, [came(30000, 12, item=7)], day(16))
    assert [(row.state, row.received_minor) for row in found] == [(KEPT, 30000), (BROKEN, 0)]


def test_random_histories_hand_out_no_more_than_came() -> None:
    draw = random.Random(13)
    for _ in range(2000):
        items = [None, 1, 2]
        promises = [
            promised(draw.randint(1, 500), draw.randint(10, 20), item=draw.choice(items), key=key)
            for key in range(draw.randint(1, 5))
        ]
        money = [came(draw.randint(1, 400), draw.randint(8, 22), item=draw.choice(items))
                 for _ in range(draw.randint(0, 6))]  # fmt: skip
        today = day(draw.randint(10, 25))
        found = judge(promises, money, today)
        assert sum(row.received_minor for row in found) <= sum(entry.minor for entry in money)
        for item in (1, 2):
            got = sum(row.received_minor for row, each in zip(found, promises, strict=True) if each.item == item)
            assert got <= sum(entry.minor for entry in money if entry.item == item)
        for row, promise in zip(found, promises, strict=True):
            assert row.received_minor <= promise.amount_minor
            assert (row.state == KEPT) == (row.received_minor == promise.amount_minor)
            assert row.state in ({KEPT, OPEN} if today <= promise.due_on else {KEPT, PART, BROKEN})
        # More money never makes a promise worse off.
        more = judge(promises, [*money, came(100, 22)], today)
        assert [row.received_minor for row in more] == [row.received_minor for row in found]


def standing(customer: int, **known: object) -> Standing:
    return Standing(customer, 10000, dt.date(2026, 2, 1), **known)  # type: ignore[arg-type]


def test_the_queue_has_its_reasons_in_order() -> None:
    hour = dt.timedelta(hours=1)
    rows = [
        standing(1, contacted_on=day(1)),
        standing(2, says_paid=True, contacted_on=day(9), worked_on=day(9)),
        standing(3, promised_on=day(12)),
        standing(4, call_back_at=NOON - hour),
        standing(5, suspends_on=day(12)),
        standing(6, promised_on=DAY),
        standing(7, broken_on=day(9)),
        standing(8, call_back_at=NOON - hour, timed=True),
        standing(9, worked_on=DAY, contacted_on=DAY),
        standing(10, call_back_at=NOON + hour, timed=True),
    ]
    placed = queue(rows, NOON, DAY)
    assert [(row.customer, row.reason) for row in placed] == [
        (8, CALL_BACK), (7, PROMISE_BROKEN), (6, PROMISE_TODAY), (5, SUSPENDS), (4, FOLLOW_UP), (2, SAYS_PAID),
        (10, AGEING), (1, AGEING), (3, PROMISED), (9, WORKED),
    ]  # fmt: skip


def test_of_the_same_reason_the_large_old_and_silent_come_first() -> None:
    small = Standing(1, 1000, day(1), contacted_on=day(9))
    large = Standing(2, 9000, day(1), contacted_on=day(9))
    silent = Standing(3, 1000, day(1), contacted_on=dt.date(2026, 1, 1))
    assert [row.customer for row in queue([small, large, silent], NOON, DAY)] == [3, 2, 1]
    assert place(small, NOON, DAY).weight == 1000 * 9 * 1


def test_who_was_worked_today_comes_back_when_their_hour_comes() -> None:
    row = standing(1, worked_on=DAY, contacted_on=DAY, call_back_at=NOON, timed=True)
    assert place(row, NOON - dt.timedelta(minutes=1), DAY).reason == WORKED
    assert place(row, NOON, DAY).reason == CALL_BACK
