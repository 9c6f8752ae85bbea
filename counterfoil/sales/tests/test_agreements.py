"""Agreements: they hold from a day up to another, are renewed or end by themselves, and are terminated for a reason."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_site, deactivate_customer
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import add_months
from counterfoil.sales.models import Agreement
from counterfoil.sales.operations import end_due_agreements, renew_agreement, terminate_agreement
from counterfoil.sales.rules import renewed_end
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat


@pytest.fixture
def customer(world: World) -> Customer:
    world.today = D("2026-01-31")
    return world.customer()


def refused(call: Callable[[], Any]) -> str:
    before = counts(), list(Agreement.objects.order_by("pk").values())
    with pytest.raises(Refused) as refusal:
        call()
    assert (counts(), list(Agreement.objects.order_by("pk").values())) == before
    return refusal.value.code


def after(world: World, day: str) -> tuple[str, str, int | None]:
    """The agreement as the clock leaves it on a day, twice over: state, end and renewal."""
    with world.on(day):
        end_due_agreements(world.system())
        before = counts()
        assert end_due_agreements(world.system()) == 0
        assert counts() == before
    row = Agreement.objects.get()
    return row.state, row.ends.isoformat(), row.renewal_months


def test_one_without_renewal_expires_on_the_day_after_its_last(world: World, customer: Customer) -> None:
    made = world.agreement(customer, starts=D("2026-01-31"), ends=D("2026-04-30"))
    assert (made.number, made.state, made.last_day) == ("AGR-000001", "active", D("2026-04-29"))
    assert after(world, "2026-04-29") == ("active", "2026-04-30", None)
    assert after(world, "2026-04-30") == ("expired", "2026-04-30", None)
    assert world.events == ["agreement.made", "agreement.expired"]


def test_one_with_renewal_goes_on_with_its_nominal_day_until_it_is_terminated(world: World, customer: Customer) -> None:
    row = world.agreement(customer, starts=D("2026-01-31"), ends=D("2026-02-28"), renewal_months=1)
    assert after(world, "2026-02-28") == ("active", "2026-03-31", 1)
    # The clock stood still for months: it is renewed as often as it takes.
    assert after(world, "2026-07-15") == ("active", "2026-07-31", 1)
    with world.on("2026-07-15"):
        terminate_agreement(world.clerk, agreement=row, on=D("2026-07-20"), reason="Mast taken down")
    assert after(world, "2026-07-19") == ("active", "2026-07-20", None)
    assert after(world, "2026-07-20") == ("terminated", "2026-07-20", None)
    assert world.events == ["agreement.made", "agreement.renewed", "agreement.renewed", "agreement.terminated"]


def test_one_that_expired_is_renewed_without_a_gap(world: World, customer: Customer) -> None:
    row = world.agreement(customer, ends=D("2026-03-01"))
    assert after(world, "2026-03-10")[0] == "expired"
    with world.on("2026-03-10"):
        assert refused(lambda: renew_agreement(world.clerk, agreement=row, ends=D("2026-03-10"))) == "over_already"
        assert refused(lambda: renew_agreement(world.clerk, agreement=row, ends=D("2026-02-01"))) == "over_already"
        renew_agreement(world.clerk, agreement=row, ends=D("2027-03-01"), renewal_months=12)
    assert after(world, "2027-03-01") == ("active", "2028-03-01", 12)


def test_a_termination_to_come_is_taken_back_by_renewing_and_one_that_is_done_stays(
    world: World, customer: Customer
) -> None:
    row = world.agreement(customer)
    terminate_agreement(world.clerk, agreement=row, on=D("2026-06-01"), reason="Moving")
    row = renew_agreement(world.clerk, agreement=row, ends=D("2026-06-01"))
    assert (row.reason, row.state) == ("", "active")
    assert refused(lambda: renew_agreement(world.clerk, agreement=row, ends=D("2026-06-01"))) == "not_later"
    assert refused(lambda: renew_agreement(world.clerk, agreement=row, ends=D("2026-05-01"))) == "not_later"
    later = D("2030-01-01")
    assert (
        refused(lambda: renew_agreement(world.clerk, agreement=row, ends=later, renewal_months=0)) == "absurd_renewal"
    )
    terminate_agreement(world.clerk, agreement=row, on=world.today, reason="Sold")
    assert refused(lambda: renew_agreement(world.clerk, agreement=row, ends=later)) == "terminated"


def test_what_cannot_be_agreed_or_terminated(world: World, customer: Customer) -> None:
    ben = world.customer("Ben")
    site = add_site(world.caller(), customer=ben, label="Shop", street="1 Main Road")
    for code, details in (
        ("no_days", {"starts": D("2026-02-01"), "ends": D("2026-02-01")}),
        ("over_already", {"starts": D("2025-01-01"), "ends": D("2026-01-31")}),
        ("absurd_date", {"ends": D("2126-01-31")}),
        ("absurd_date", {"starts": D("1926-01-31")}),
        ("absurd_renewal", {"renewal_months": 121}),
        ("required", {"title": " "}),
        ("other_customer", {"site": site}),
    ):
        assert refused(lambda details=details: world.agreement(customer, **details)) == code
    row = world.agreement(customer, starts=D("2026-01-15"), ends=D("2026-06-01"))

    def end(on: str, reason: str = "Sold") -> str:
        return refused(lambda: terminate_agreement(world.clerk, agreement=row, on=D(on), reason=reason))

    assert (end("2026-01-14"), end("2026-06-02"), end("2026-03-01", " ")) == ("ends_before", "ends_before", "required")
    # From its very first day: then it never held.
    row = terminate_agreement(world.clerk, agreement=row, on=D("2026-01-15"), reason="Never signed")
    assert (row.state, row.last_day) == ("terminated", row.starts)
    assert end("2026-03-01") == "not_active"


def test_an_account_with_an_agreement_is_not_closed_and_a_closed_one_gets_none(
    world: World, customer: Customer
) -> None:
    row = world.agreement(customer)
    close = {"customer": customer, "reason": "Moved"}
    assert refused(lambda: deactivate_customer(world.caller(), **close)) == "still_needed"
    terminate_agreement(world.clerk, agreement=row, on=world.today, reason="Moved")
    deactivate_customer(world.caller(), **close)
    assert refused(lambda: world.agreement(customer)) == "account_closed"


def test_an_end_that_falls_on_the_day_itself_is_not_late_enough() -> None:
    assert renewed_end(D("2026-01-31"), D("2026-02-28"), 1, D("2026-03-31")) == D("2026-04-30")


@given(
    st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31)), st.integers(1, 36), st.integers(1, 24), st.integers(0, 4000)
)
def test_renewals_follow_each_other_on_the_nominal_day(starts: dt.date, first: int, months: int, days: int) -> None:
    ends = add_months(starts, first)
    day = ends + dt.timedelta(days=days)
    end = renewed_end(starts, ends, months, day)
    assert end > day
    # Step by step it is the same, and the last step was needed.
    steps = [ends]
    while steps[-1] <= day:
        steps.append(renewed_end(starts, steps[-1], months, steps[-1]))
    assert steps[-1] == end
    assert end == add_months(starts, first + months * (len(steps) - 1), anchor=starts.day)
