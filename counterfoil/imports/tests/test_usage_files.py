"""A file of usage: each row finds its service, twice adds nothing, and what is wrong names its row and column."""

import datetime as dt
import multiprocessing
import os
import random
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.imports.models import ImportedRecord, ImportRun
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused, ImportResult
from counterfoil.platform.checks import check_books
from counterfoil.site.setup import set_up
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import NewService, NewTerm, change_account, start_subscription
from counterfoil.testing.world import World, counts
from counterfoil.usage.models import UsageRecord

D = dt.date.fromisoformat
MAPPING = (Path(__file__).parents[3] / "examples" / "usage.toml").read_text()
HEADER = "Reference,Number,Day,Quantity,Called\n"


def subscribe(world: World, customer: Customer, *services: tuple[Product, str]) -> None:
    new = [NewService(product, label=label) for product, label in services]
    start_subscription(world.caller(), customer=customer, services=new, on=D("2026-02-01"), term=NewTerm())


@pytest.fixture
def calls(world: World) -> Product:
    product = world.metered("Calls", "1.20", included="100")
    subscribe(world, world.customer("Anna"), (product, "0215550000"))
    return product


def bring_in(world: World, rows: str, mapping: str = MAPPING, *, dry: bool = False) -> ImportResult:
    caller = world.clerk.previewing() if dry else world.clerk
    return import_file(caller, content=(HEADER + rows).encode(), file_name="march.csv", mapping=mapping)


def wrong(world: World, rows: str, mapping: str = MAPPING) -> list[str]:
    before = counts()
    with pytest.raises(ImportRefused) as refusal:
        bring_in(world, rows, mapping)
    assert counts() == before
    return [str(error) for error in refusal.value.errors]


GOOD = 'A1,0215550000,2026-03-03,12.5,0825550101\nA2,0215550000,2026-03-04,"1,000",\n'


def test_a_file_of_usage_is_in_once(world: World, calls: Product) -> None:
    before = counts()
    tried = bring_in(world, GOOD, dry=True)
    assert counts() == before
    done = bring_in(world, GOOD)
    assert done == tried
    (total,) = [total for total in done.totals if total.kind == "usage record"]
    assert (total.in_file, total.added, total.quantity) == (2, 2, Decimal("1012.5"))
    assert list(UsageRecord.objects.order_by("pk").values_list("source", "reference", "quantity", "text")) == [
        ("switch", "A1", Decimal("12.5"), "0825550101"), ("switch", "A2", 1000, ""),
    ]  # fmt: skip
    assert world.events[-2:] == ["usage.recorded", "file.usage_imported"]
    before = counts()
    again = bring_in(world, GOOD)
    assert (again.added, counts()) == (0, before)
    longer = bring_in(world, GOOD + "A3,0215550000,2026-03-05,1,\n")
    assert longer.added == 1


def test_what_is_wrong_names_row_column_and_remedy_and_nothing_is_in(world: World, calls: Product) -> None:
    rows = (
        "A1,0215550000,2026-03-03,12.5,\nA2,0219999999,2026-03-03,1,\nA3,0215550000,2026-01-03,1,\n"
        "A4,0215550000,2026-03-03,1,\n"
    )
    assert wrong(world, rows) == [
        "row 3, Number: No service that is charged by usage is called 0219999999. Check it, or give the service that "
        "label.",
        "row 4, Day: 0215550000 was not active on 3 Jan 2026. Check the day, or start the service from then.",
    ]
    assert wrong(world, "A1,,2026-03-03,-5,\nA2,0215550000,tomorrow,0.00001,\nA1,0215550000,2026-03-03,2,\n") == [
        "row 2, Number: It is blank.",
        "row 2, Quantity: “-5” is not a quantity above zero. Reverse wrong usage on the customer's page.",
        "row 3, Day: “tomorrow” is not a date.",
        "row 3, Quantity: “0.00001” has more than four decimal places. Round it, or use a smaller unit.",
    ]
    assert wrong(world, "A1,0215550000,2026-03-03,2,\nA1,0215550000,2026-03-04,2,\n") == [
        "row 3: Usage record A1 is in row 2 already."
    ]
    assert wrong(world, "A1,0215550000,2026-04-01,2,\n") == ["row 2, Day: “2026-04-01” is in the future."]


def test_a_known_reference_with_other_content_is_an_error(world: World, calls: Product) -> None:
    bring_in(world, GOOD)
    assert wrong(world, "A1,0215550000,2026-03-03,13,0825550101\n") == [
        "row 2: Usage record A1 was imported before with other content."
    ]


def test_one_number_of_several_services_needs_the_product_or_the_customer(world: World, calls: Product) -> None:
    data = world.metered("Data", "10", unit="GB")
    anna = Customer.objects.get(name="Anna")
    subscribe(world, anna, (data, "0215550000"))
    (said,) = wrong(world, GOOD.splitlines()[0] + "\n")
    assert said == (
        f"row 2, Number: 0215550000 is more than one service ({anna.number} calls, {anna.number} data). Say the "
        "customer and the product too."
    )
    named = MAPPING.replace('# product = "{Product}"', 'product = "data"')
    bring_in(world, GOOD, named)
    assert set(UsageRecord.objects.values_list("service__product__code", flat=True)) == {"data"}


def test_usage_goes_to_the_account_that_had_the_number_on_that_day(world: World, calls: Product) -> None:
    service = Service.objects.get(label="0215550000")
    with world.on("2026-03-04"):
        change_account(world.caller(), subscription=service.subscription, customer=world.customer("Ben"))
    bring_in(world, GOOD)
    owners = UsageRecord.objects.order_by("on").values_list("service__subscription__customer__name", flat=True)
    assert list(owners) == ["Anna", "Ben"]


def test_what_came_with_a_line_goes_by_its_number_and_a_subscription_by_its_own(world: World) -> None:
    world.metered("Calls", "1.20")
    line = world.package("Line", "99", kind="voice", parts=("calls",))
    subscribe(world, world.customer("Anna"), (line, "0215550000"))
    number = Service.objects.get(label="0215550000").subscription.number
    bring_in(world, f"A1,0215550000,2026-03-03,1,\nA2,{number},2026-03-03,1,\n")
    assert set(UsageRecord.objects.values_list("service__within__label", flat=True)) == {"0215550000"}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_killed_and_done_again_is_in_once(transactional_db: None) -> None:
    set_up()
    world = World()
    product = world.metered("Calls", "1.20")
    for n in range(6):
        subscribe(world, world.customer(f"Customer {n}"), (product, f"02155500{n:02}"))
    rows = "".join(f"A{n},02155500{n % 6:02},2026-03-{n % 28 + 1:02},{n + 1},\n" for n in range(300))
    points, processes, killed = random.Random(7), multiprocessing.get_context("fork"), 0

    def dies(statement: int) -> None:
        left = [statement]

        def count(execute: Any, *args: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(*args)

        with connection.execute_wrapper(count):
            bring_in(world, rows)
        os._exit(0)

    connections.close_all()
    for _ in range(8):
        process = processes.Process(target=dies, args=(points.randrange(1, 18),))
        process.start()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        assert not UsageRecord.objects.exists()
        connections.close_all()
    assert killed == 8
    assert bring_in(world, rows).added == 300
    assert bring_in(world, rows).added == 0
    assert (ImportRun.objects.count(), ImportedRecord.objects.count()) == (1, 300)
    assert sum(UsageRecord.objects.values_list("quantity", flat=True)) == 300 * 301 // 2
    assert check_books() == []
