"""A month is closed, and nothing is posted into it any more."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from counterfoil.billing.operations import begin_issuing, discard_bill_run, open_bill_run
from counterfoil.billing.operations.runs import catalogue_of, finish_preview, preview_chunk
from counterfoil.customers.operations import add_contact
from counterfoil.kernel.errors import Refused
from counterfoil.ledger.models import Closing, Entry
from counterfoil.ledger.operations import NewEntry, close_books, post_entries, posting, reopen_books
from counterfoil.ledger.operations.posting import lock_books
from counterfoil.ledger.queries import closing, trial_balance
from counterfoil.ledger.rules import BANK, REVENUE, Leg
from counterfoil.payments.operations import record_receipt, reverse_receipt
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

JANUARY, FEBRUARY = dt.date(2026, 1, 31), dt.date(2026, 2, 28)
CLOSED = ("books_closed", "The books are closed up to 31 Jan 2026. Use a later day.", "on")


def refused(work: Callable[[], Any]) -> tuple[str, str, str | None]:
    before = counts()
    with pytest.raises(Refused) as refusal:
        work()
    assert counts() == before
    return refusal.value.code, refusal.value.sentence, refusal.value.field


def pay(caller: Caller, customer: Any, on: str) -> Any:
    day = dt.date.fromisoformat(on)
    return record_receipt(caller, customer=customer, amount_minor=1000, on=day, method="eft", duplicate_ok=True)


def entry(on: dt.date) -> NewEntry:
    return NewEntry(on, "ZAR", "test", "T-1", "Test", (Leg(BANK, 100), Leg(REVENUE, -100)))


def test_nothing_is_posted_into_a_closed_month_and_who_may_still_can(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-02"):
        world.invoice(zara, "100.00", on="2026-01-10")
        made = close_books(world.caller(), up_to=JANUARY, reason="Handed over")
        assert (made.closed_to, made.final_to, made.author) == (JANUARY, None, "Administrator")
        # Neither somebody without the right nor the product itself.
        assert refused(lambda: pay(world.clerk, zara, "2026-01-31")) == CLOSED
        assert refused(lambda: pay(world.clerk.previewing(), zara, "2026-01-31")) == CLOSED
        assert refused(lambda: post_entries(world.system(), entries=[entry(JANUARY)])) == CLOSED
        pay(world.clerk, zara, "2026-02-01")
        late = pay(world.caller("finance"), zara, "2026-01-31")
        assert late.item.on == JANUARY
        assert refused(lambda: reverse_receipt(world.clerk, receipt=late, on=JANUARY, reason="Bounced")) == CLOSED
        reverse_receipt(world.clerk, receipt=late, on=world.today, reason="Bounced")
        reopen_books(world.caller(), since=dt.date(2026, 1, 1), reason="An invoice was missing")
        assert closing().closed_to == dt.date(2025, 12, 31)
        pay(world.clerk, zara, "2026-01-31")
        assert refused(lambda: pay(world.clerk, zara, "2025-12-31"))[0] == "books_closed"


def test_what_is_closed_for_good_is_closed_for_everybody(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-02"):
        close_books(world.caller(), up_to=FEBRUARY)
        close_books(world.caller(), up_to=JANUARY, how="final")
        assert (closing().closed_to, closing().final_to) == (FEBRUARY, JANUARY)
        assert refused(lambda: pay(world.caller(), zara, "2026-01-31")) == CLOSED
        pay(world.caller(), zara, "2026-02-28")
        said = "Everything up to 31 Jan 2026 is closed for good. Post the correction on a later day."
        since = dt.date(2026, 1, 1)
        found = refused(lambda: reopen_books(world.caller(), since=since, reason="Please"))
        assert found == ("closed_for_good", said, "since")
        reopen_books(world.caller(), since=dt.date(2026, 2, 1), reason="Please")
        assert (closing().closed_to, closing().final_to) == (JANUARY, JANUARY)
    ways = [row.get_how_display() for row in Closing.objects.order_by("pk")]
    assert ways == ["Closed, may be reopened", "Closed for good", "Reopened"]


@pytest.mark.books_are_broken_on_purpose
def test_check_books_finds_what_got_into_a_month_that_is_closed_for_good(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.on("2026-03-02"):
        close_books(world.caller(), up_to=JANUARY, how="final")
    monkeypatch.setattr(posting, "_refuse_closed", lambda op, entries: None)
    with world.on("2026-03-03"):
        post_entries(world.system(), entries=[entry(JANUARY)])
    (found,) = check_books()
    assert found.sentence.endswith("(test T-1) was posted on 2026-01-31, after that was closed.")


@pytest.mark.parametrize(
    ("up_to", "code", "said"),
    [
        ("2026-01-30", "not_a_month", "Books are closed up to the last day of a month."),
        ("2026-03-31", "future_date", "31 Mar 2026 is not over yet."),
        ("2026-01-31", "closed_already", "The books are closed up to 31 Jan 2026 already."),
        ("2025-12-31", "closed_already", "The books are closed up to 31 Jan 2026 already."),
    ],
)
def test_what_cannot_be_closed_says_why(world: World, up_to: str, code: str, said: str) -> None:
    with world.on("2026-03-31"):
        close_books(world.caller(), up_to=JANUARY)
        day = dt.date.fromisoformat(up_to)
        assert refused(lambda: close_books(world.caller(), up_to=day)) == (code, said, "up_to")


@pytest.mark.parametrize(
    ("since", "code"), [("2026-02-01", "open_already"), ("2026-01-02", "not_a_month"), ("2026-03-01", "open_already")]
)
def test_what_cannot_be_reopened_says_why(world: World, since: str, code: str) -> None:
    with world.on("2026-03-31"):
        day = dt.date.fromisoformat(since)
        assert refused(lambda: reopen_books(world.caller(), since=day, reason="x"))[0] == "nothing_closed"
        close_books(world.caller(), up_to=JANUARY)
        assert refused(lambda: reopen_books(world.caller(), since=day, reason="x"))[0] == code
        assert refused(lambda: reopen_books(world.caller(), since=dt.date.min, reason="x"))[0] == "absurd_date"


def test_closing_posts_what_was_earned(world: World) -> None:
    zara = world.customer()
    with world.on("2026-01-16"):
        world.subscribe(zara, world.package("Fibre", "310"), on="2026-01-16", anchor_day=16)
        world.bill(zara, "2026-01-16")
    with world.on("2026-02-01"):
        close_books(world.caller(), up_to=JANUARY)
        # 16 of the 31 days of the period are January's: of R269.57 without tax R139.13.
        stands = {row.code: row.minor for row in trial_balance(JANUARY)}
        assert stands == {"1100": 31000, "2100": -4043, "2300": -13044, "4000": -13913}


def test_a_bill_run_that_is_on_its_way_is_waited_for(world: World) -> None:
    with world.on("2026-01-16"):
        zara = world.customer()
        add_contact(world.caller(), customer=zara, name="Zara", roles=["billing"], emails=["zara@x.example"])
        world.subscribe(zara, world.package("Fibre", "310"), on="2026-01-16", anchor_day=16)
        run = open_bill_run(world.caller(), on=JANUARY, bill_to=JANUARY)
        preview_chunk(world.system(), run=run, catalogue=catalogue_of(run), limit=9)
        finish_preview(world.system(), run=run)
        begin_issuing(world.caller(), run=run)
    with world.on("2026-02-01"):
        found = refused(lambda: close_books(world.caller(), up_to=JANUARY))
        assert found[:2] == ("not_ready", f"{run.name} of 31 Jan 2026 is not issued yet. Issue it or discard it first.")
        discard_bill_run(world.caller(), run=run)
        close_books(world.caller(), up_to=JANUARY)


def test_the_year_ends_at_zero(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-02"):
        world.invoice(zara, "115.00", on="2026-01-10", tax="standard")
        world.invoice(zara, "50.00", on="2026-03-01")
        close_books(world.caller(), up_to=FEBRUARY, how="year")
        stands = {row.code: row.minor for row in trial_balance(FEBRUARY)}
        assert stands == {"1100": 11500, "2100": -1500, "3100": -10000, "4000": 0}
        assert {row.code: row.minor for row in trial_balance(world.today)}["4000"] == -5000
        carried = Entry.objects.get(source="year")
        assert (carried.on, carried.number, carried.text) == (FEBRUARY, "2026-02", "Result of the year to 28 Feb 2026")


def test_a_year_is_closed_over_months_that_are_closed_for_good(world: World) -> None:
    zara = world.customer()
    with world.on("2026-04-02"):
        world.invoice(zara, "100.00", on="2026-01-10")
        world.invoice(zara, "50.00", on="2026-03-10")
        close_books(world.caller(), up_to=dt.date(2026, 3, 31), how="final")
        made = close_books(world.caller(), up_to=FEBRUARY, how="year")
        assert (made.how, made.final_to, made.closed_to) == ("year", dt.date(2026, 3, 31), dt.date(2026, 3, 31))
        assert {row.code: row.minor for row in trial_balance(FEBRUARY)} == {"1100": 10000, "3100": -10000, "4000": 0}
        # Once: neither again nor before it, and nothing else is posted there.
        for day in (FEBRUARY, JANUARY):
            assert refused(lambda day=day: close_books(world.caller(), up_to=day, how="year")) == (
                "closed_already", "The year is closed up to 28 Feb 2026 already.", "up_to",
            )  # fmt: skip
        assert refused(lambda: close_books(world.caller(), up_to=FEBRUARY, how="final"))[0] == "closed_already"
        assert refused(lambda: pay(world.caller(), zara, "2026-02-28"))[0] == "books_closed"
        # On the last day of what is closed for good as well.
        close_books(world.caller(), up_to=dt.date(2026, 3, 31), how="year")
        assert {row.code: row.minor for row in trial_balance(world.today)}["3100"] == -15000
    assert check_books() == []


def test_where_nothing_is_left_to_carry_over_the_year_is_closed_already(world: World) -> None:
    with world.on("2026-04-02"):
        close_books(world.caller(), up_to=FEBRUARY, how="year")
        assert refused(lambda: close_books(world.caller(), up_to=FEBRUARY, how="year")) == (
            "closed_already", "The books are closed up to 28 Feb 2026 already, and nothing is left to carry over.",
            "up_to",
        )  # fmt: skip


def test_who_closes_needs_no_right_to_post_late(world: World) -> None:
    zara = world.customer()
    with world.on("2026-01-16"):
        world.subscribe(zara, world.package("Fibre", "310"), on="2026-01-16", anchor_day=16)
        world.bill(zara, "2026-01-16")
    with world.on("2026-03-02"):
        close_books(world.caller(), up_to=JANUARY)
        world.invoice(zara, "10.00", on="2026-02-03")
        closer = replace(world.clerk, grants=frozenset({"ledger.close_books"}))
        close_books(closer, up_to=FEBRUARY)
        close_books(closer, up_to=FEBRUARY, how="year")
        assert {row.code: row.minor for row in trial_balance(FEBRUARY)}["4000"] == 0
        # The right to close is none to post.
        assert refused(lambda: pay(world.clerk, zara, "2026-02-28"))[0] == "books_closed"


def test_what_began_before_midnight_is_not_posted_into_a_month_that_closes_after_it(world: World) -> None:
    with world.on("2026-04-01"):
        close_books(world.caller(), up_to=dt.date(2026, 3, 31))
    late = timezone.make_aware(dt.datetime(2026, 3, 31, 23, 59, 50))
    began = Caller.system("clock", at=late)
    found = refused(lambda: post_entries(began, entries=[entry(dt.date(2026, 3, 31))]))
    assert found[:2] == ("books_closed", "The books are closed up to 31 Mar 2026. Use a later day.")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks no rows.")
def test_the_lock_of_the_books_lets_postings_refer_to_the_account(world: World, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as asked:
        lock_books()
    assert asked.captured_queries[0]["sql"].endswith("FOR NO KEY UPDATE")


def test_the_usual_posting_asks_nothing(world: World, django_assert_max_num_queries: Any) -> None:
    with world.on("2026-03-02"):
        close_books(world.caller(), up_to=FEBRUARY)
        with django_assert_max_num_queries(20) as asked:
            post_entries(world.system(), entries=[entry(dt.date(2026, 3, 1))])
        assert not [query for query in asked.captured_queries if "ledger_closing" in query["sql"]]


def test_a_month_is_closed_and_reopened_on_its_page(world: World) -> None:
    add_user(world.caller(), email="owner@x.example", name="Owner", role="administrator", password="correct horse")
    desk = Client()
    desk.force_login(User.objects.get(email="owner@x.example"))
    page = desk.get("/settings/closing/").content.decode()
    assert "Nothing is closed" in page
    assert "Reopen" not in page
    form = desk.get("/settings/closing/close/").content.decode()
    (day,) = [part.split('"')[0] for part in form.split('value="')[1:] if part[4] == "-"]
    answer = desk.post("/settings/closing/close/", {"up_to": day, "how": "soft"}, follow=True).content.decode()
    assert "The books are closed up to" in answer
    assert "Closed, may be reopened" in answer
    first = f"{day[:8]}01"
    data = {"since": first, "reason": "One more invoice"}
    answer = desk.post("/settings/closing/reopen/", data, follow=True).content.decode()
    assert "The books are open again from" in answer
    assert "One more invoice" in answer
