"""Recording what was used and taking it back: what is there afterwards, what is refused, and that twice is once."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from counterfoil.customers.models import Customer
from counterfoil.desk.operations import erase_personal_data
from counterfoil.kernel.errors import Refused
from counterfoil.platform import write_guard
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts
from counterfoil.trail.kinds import sentence
from counterfoil.trail.models import Event
from counterfoil.usage.models import UsageRecord
from counterfoil.usage.operations import NewUsage, record_usage, record_usages, reverse_usage
from counterfoil.usage.queries import records_of, usage_by_period, used_by_day

D = dt.date.fromisoformat


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer()


@pytest.fixture
def calls(world: World, zara: Customer) -> Service:
    world.subscribe(zara, world.metered("Calls", "1.20", included="100"), on="2026-02-01", anchor_day=1)
    return Service.objects.get()


def refused(ask: Callable[[], object]) -> tuple[str, str | None]:
    before = counts()
    with pytest.raises(Refused) as refusal:
        ask()
    assert counts() == before
    return refusal.value.code, refusal.value.field


def test_usage_is_recorded_and_told(world: World, zara: Customer, calls: Service) -> None:
    row = record_usage(
        world.clerk, service=calls, on=D("2026-03-03"), quantity=Decimal("12.5"), text="To 021 555 0001", reference="A1"
    )
    assert (row.on, row.quantity, row.text, row.source, row.reference) == (
        D("2026-03-03"), Decimal("12.5"), "To 021 555 0001", "desk", "A1",
    )  # fmt: skip
    event = Event.objects.get(kind="usage.recorded")
    assert event.customer_id == zara.pk
    assert sentence(event.kind, event.data) == "Recorded 12.5 minutes of Calls in 1 records, 3 Mar 2026"


def test_a_reference_is_there_once_and_another_content_is_refused(world: World, calls: Service) -> None:
    new = [
        NewUsage(calls.pk, D("2026-03-03"), Decimal(10), "A1"),
        NewUsage(calls.pk, D("2026-03-04"), Decimal(5), "A2"),
    ]
    first = record_usages(world.system(), records=new, source="switch")
    before = counts()
    assert record_usages(world.system(), records=[*new, new[0]], source="switch") == [*first, first[0]]
    assert counts() == before
    other = [NewUsage(calls.pk, D("2026-03-03"), Decimal(11), "A1")]
    assert refused(lambda: record_usages(world.system(), records=other, source="switch")) == (
        "other_content",
        "reference",
    )
    assert len(record_usages(world.system(), records=other, source="another switch")) == 1


def test_what_is_wrong_is_taken_back_once_by_its_opposite(world: World, calls: Service) -> None:
    row = world.uses(calls, "40", "2026-03-03")
    back = reverse_usage(world.clerk, record=row, reason="Wrong number")
    assert (back.quantity, back.on, back.reverses_id, back.text) == (-40, row.on, row.pk, "Wrong number")
    assert used_by_day({calls.pk: D("2026-03-01")}) == {calls.pk: {D("2026-03-03"): Decimal(0)}}
    assert refused(lambda: reverse_usage(world.clerk, record=row, reason="Again")) == ("already_reversed", None)
    assert refused(lambda: reverse_usage(world.clerk, record=back, reason="No")) == ("is_reversal", None)


@pytest.mark.parametrize("sql", ["UPDATE usage_usagerecord SET quantity = 1", "DELETE FROM usage_usagerecord"])
def test_the_database_refuses_to_change_or_remove_a_record(world: World, calls: Service, sql: str) -> None:
    world.uses(calls, "40")
    from django.db import connection

    with pytest.raises(DatabaseError), write_guard.writing(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert UsageRecord.objects.get().quantity == 40


def test_what_is_refused_leaves_nothing(world: World, zara: Customer, calls: Service) -> None:
    line = world.subscribe(zara, world.package("Line", "99", kind="voice"), on="2026-02-01")
    voice = Service.objects.get(subscription=line)

    def add(service: Service = calls, on: str = "2026-03-03", quantity: str = "1", **rest: str) -> object:
        return world.uses(service, quantity, on, **rest)

    assert refused(lambda: add(voice)) == ("not_by_usage", "service")
    assert refused(lambda: add(on="2026-04-01")) == ("future_date", "on")
    assert refused(lambda: add(on="2026-01-31")) == ("not_active_then", "on")
    assert refused(lambda: add(on="2020-01-01")) == ("absurd_date", "on")
    assert refused(lambda: add(quantity="0")) == ("absurd_quantity", "quantity")
    assert refused(lambda: add(quantity="-5")) == ("absurd_quantity", "quantity")
    assert refused(lambda: add(quantity="NaN")) == ("absurd_quantity", "quantity")
    assert refused(lambda: add(quantity="0.00001")) == ("too_many_places", "quantity")
    assert refused(lambda: add(reference="x" * 161)) == ("too_long", "reference")
    change_services(world.caller(), services=[calls], change=Change("rest", D("2026-03-10"), until=D("2026-03-20")))
    assert refused(lambda: add(on="2026-03-15")) == ("not_active_then", "on")
    add(on="2026-03-20")


def test_of_the_day_before_another_system_billed_nothing_is_recorded(world: World, zara: Customer) -> None:
    from counterfoil.subscriptions.operations import NewService, start_subscription

    start_subscription(
        world.caller(), customer=zara, services=[NewService(world.metered("Calls", "1"))], on=D("2026-01-01"),
        taken_over_on=D("2026-03-01"),
    )  # fmt: skip
    calls = Service.objects.get()
    assert refused(lambda: world.uses(calls, "1", "2026-02-28")) == ("billed_elsewhere", "on")
    world.uses(calls, "1", "2026-03-01")


def test_the_current_and_the_last_period_as_they_stand(world: World, zara: Customer, calls: Service) -> None:
    for day, quantity in (("2026-02-10", "130"), ("2026-03-30", "20"), ("2026-03-31", "30")):
        world.uses(calls, quantity, day)
    rows = [
        (row.period.start.isoformat(), row.is_current, row.rated.used, row.rated.beyond, row.rated.minor)
        for row in usage_by_period(zara, world.today)
        if row.rated
    ]
    assert rows == [("2026-03-01", True, 50, 0, 0), ("2026-02-01", False, 130, 30, 3600)]
    assert [row.quantity for row in records_of(zara)] == [30, 20, 130]
    with world.on("2026-04-20"):
        remove_services(world.caller(), services=[calls], change=Change("cancel", world.today))
    with world.on("2026-07-01"):
        assert usage_by_period(zara, world.today) == []


def test_usage_without_a_price_says_so(world: World, zara: Customer) -> None:
    world.subscribe(zara, world.metered("Data", None, unit="GB"), on="2026-03-01")
    (row,) = usage_by_period(zara, world.today)
    assert "There is no price" in row.refused


def test_whom_somebody_called_is_erased_and_how_much_stays(world: World, zara: Customer, calls: Service) -> None:
    from counterfoil.customers.operations import deactivate_customer

    world.uses(calls, "40", text="To 021 555 0001")
    with world.on("2026-04-01"):
        remove_services(world.caller(), services=[calls], change=Change("cancel", world.today))
        # What is included comes to nothing, so nothing is left to bill.
        deactivate_customer(world.caller(), customer=zara, reason="Moved")
        erase_personal_data(world.caller(), customer=zara, reason="Asked")
    row = UsageRecord.objects.get()
    assert (row.text, row.quantity) == ("", 40)


def test_a_period_is_shown_without_the_days_that_another_system_billed(world: World, zara: Customer) -> None:
    from counterfoil.subscriptions.operations import NewService, NewTerm, start_subscription

    start_subscription(
        world.caller(), customer=zara, services=[NewService(world.metered("Calls", "1", included="31"))],
        on=D("2026-01-01"), taken_over_on=D("2026-03-11"), term=NewTerm(anchor_day=1),
    )  # fmt: skip
    (row,) = usage_by_period(zara, world.today)
    assert row.rated is not None
    assert (row.period.start, row.rated.included) == (D("2026-03-11"), 21)
