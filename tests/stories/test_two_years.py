"""Two years of one customer, a leap year among them: every bill to the cent, and billing again bills nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.platform.checks import check_books
from counterfoil.receivables.ageing import age_analysis_of
from counterfoil.subscriptions.models import Service, ServiceAction
from counterfoil.subscriptions.operations import (
    NewService,
    add_services,
    change_services,
    remove_services,
    run_due_actions,
)
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat


def test_two_years(world: World) -> None:
    slow = world.package("Fibre 50", "599", family="fibre", tier=1)
    fast = world.package("Fibre 100", "899", family="fibre", tier=2)
    address = world.package("Static IP", "99", kind="extra")
    customer = world.customer()

    def balance() -> Decimal:
        return sum((Decimal(minor) for minor in world.open(customer).values()), Decimal(0))

    def billed(day: str) -> str:
        """What billing on a day adds to what is owed; a second time, and with the clock set back, it adds nothing."""
        with world.on(day):
            before = balance()
            world.bill(customer)
            more, done = balance() - before, counts()
            for again in (day, "2023-01-18", day):
                with world.on(again), pytest.raises(Refused, match="nothing to bill"):
                    world.bill(customer)
            assert counts() == done
            return f"{more:.2f}"

    with world.on("2023-01-17"):
        sub = world.subscribe(customer, slow, anchor_day=1)
    service = Service.objects.get()
    assert billed("2023-01-17") == "289.84"  # 15 of 31 days
    assert billed("2023-02-01") == "599.00"
    assert billed("2023-03-01") == "599.00"
    with world.on("2023-03-20"):
        change_services(world.caller(), services=[service], change=Change("swap", D("2023-03-20"), product_id=fast.pk))
    assert billed("2023-04-01") == "1015.13"  # 899, and 12 of 31 days at 899 less 599: 348.00 - 231.87
    # A month that nobody billed is caught up.
    assert billed("2023-06-01") == "1798.00"
    with world.on("2023-06-11"):
        rest = Change("rest", D("2023-06-11"), until=D("2023-07-21"))
        change_services(world.caller(), services=[service], change=rest)
    assert billed("2023-07-01") == "-280.33"  # 11 of 31 days of July, less 20 of 30 of June
    assert [billed(f"2023-{month:02}-01") for month in range(8, 13)] == ["899.00"] * 5
    assert billed("2024-01-01") == "899.00"
    with world.on("2024-01-15"):
        change_services(world.caller(), services=[service], change=Change("swap", D("2024-02-01"), product_id=slow.pk))
    with world.on("2024-02-01"):
        assert run_due_actions(world.system()) == 1
        assert run_due_actions(world.system()) == 0
    assert billed("2024-02-01") == "599.00"
    with world.on("2024-02-10"):
        (extra,) = add_services(world.caller(), subscription=sub, services=[NewService(address)], on=D("2024-02-10"))
    assert billed("2024-02-10") == "68.28"  # 20 of the 29 days of February
    with world.on("2024-02-14"):
        remove_services(world.caller(), services=[extra], change=Change("regret", D("2024-02-14")))
    assert billed("2024-03-01") == "530.72"  # 599 less everything of the address
    assert billed("2024-04-01") == "599.00"
    with world.on("2024-04-15"):
        remove_services(world.caller(), services=[service], change=Change("cancel", D("2024-04-15")))
    assert billed("2024-04-15") == "-319.47"  # 16 of 30 days
    with world.on("2025-01-01"):
        with pytest.raises(Refused, match="nothing to bill"):
            world.bill(customer)
        assert f"{balance():.2f}" == "10892.17"
        assert age_analysis_of(customer, world.today).balance == 1089217
        assert check_books() == []
    kinds = ServiceAction.objects.order_by("asked_at", "pk").values_list("kind", "state")
    assert list(kinds) == [(kind, "done") for kind in ("add", "swap", "rest", "swap", "add", "regret", "cancel")]
