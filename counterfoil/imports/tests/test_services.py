"""Services that customers had elsewhere go on here: no day is billed twice, and none is left out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.billing.models import Charge, Invoice
from counterfoil.billing.operations import bill_customer
from counterfoil.catalogue.operations import set_prices
from counterfoil.customers.models import Customer
from counterfoil.imports.matching import mapping_text
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused, ImportResult
from counterfoil.kernel.errors import Refused
from counterfoil.platform.callers import Caller
from counterfoil.receivables.operations import merge_customers
from counterfoil.subscriptions.models import Service, ServiceAction, Subscription, Term
from counterfoil.subscriptions.queries import planned_timelines, timeline_of
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat
LIST = """source = "before"
[services]
key = "{id}"
customer = "{account}"
product = "{plan}"
label = "{label}"
quantity = "{qty}"
price = "{price}"
on = "{since}"
paid_to = "{paid to}"
frequency = "{often}"
"""
HEAD = "id,account,plan,label,qty,price,since,paid to,often\n"


@pytest.fixture
def zara(world: World) -> Customer:
    world.package("Fibre 100", "300")
    world.package("Router", "50", kind="equipment", needs="data")
    world.package("Install", None, kind="one_time")
    return world.customer("Zara", number="Z-1")


def bring(world: World, rows: str, mapping: str = LIST) -> ImportResult:
    return import_file(world.caller(), content=(HEAD + rows).encode(), file_name="s.csv", mapping=mapping)


def refused(world: World, rows: str, mapping: str = LIST) -> list[str]:
    before = counts()
    with pytest.raises(ImportRefused) as error:
        bring(world, rows, mapping)
    assert counts() == before
    return [str(one) for one in error.value.errors]


def billed_days(customer: Customer) -> list[tuple[dt.date, dt.date, int]]:
    rows = Charge.objects.filter(service__subscription__customer=customer)
    return list(rows.order_by("starts", "pk").values_list("starts", "ends", "total_minor"))


def test_the_first_bill_goes_on_from_the_day_after_it_is_paid_up_to(world: World, zara: Customer) -> None:
    result = bring(world, "1,Z-1,fibre-100,,,,2019-08-17,2026-04-14,monthly\n")
    assert [(t.kind, t.in_file, t.added) for t in result.shown] == [("service", 1, 1)]
    service = Service.objects.get()
    assert (service.added_on, service.taken_over_on) == (D("2019-08-17"), D("2026-04-15"))
    assert Subscription.objects.get().next_bill_on == D("2026-04-15")
    for day, due in (("2026-04-14", False), ("2026-04-15", True), ("2026-05-14", False), ("2026-05-15", True)):
        with world.on(day):
            if due:
                preview = bill_customer(world.caller().previewing(), customer=zara, bill_to=world.today)
                assert preview.total_minor == world.bill(zara).total_minor == 30000
            else:
                with pytest.raises(Refused, match="nothing to bill"):
                    world.bill(zara)
    assert billed_days(zara) == [
        (D("2026-04-15"), D("2026-05-15"), 30000), (D("2026-05-15"), D("2026-06-15"), 30000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("often", "paid_to", "periods"),
    [("weekly", "2026-04-05", ["2026-04-06", "2026-04-13", "2026-04-20"]),
     ("quarterly", "2026-04-30", ["2026-05-01", "2026-08-01"]),
     ("Annually", "2026-04-30", ["2026-05-01", "2027-05-01"]),
     ("1", "2026-05-30", ["2026-05-31", "2026-06-30", "2026-07-31"])],
)  # fmt: skip
def test_a_period_begins_where_the_other_system_stopped(
    world: World, zara: Customer, often: str, paid_to: str, periods: list[str]
) -> None:
    bring(world, f"1,Z-1,fibre-100,,,75,2020-02-10,{paid_to},{often}\n")
    with world.on(periods[-1]):
        world.bill(zara)
    assert [str(start) for start, _, _ in billed_days(zara)] == periods
    days = billed_days(zara)
    assert all(one[1] == other[0] for one, other in zip(days, days[1:], strict=False))


def test_a_day_of_the_month_of_its_own_bills_the_part_up_to_it_first(world: World, zara: Customer) -> None:
    mapping = LIST + 'billing_day = "1"\n'
    bring(world, "1,Z-1,fibre-100,,,310,2020-02-10,2026-05-21,\n", mapping)
    with world.on("2026-06-01"):
        world.bill(zara)
    assert billed_days(zara) == [
        (D("2026-05-22"), D("2026-06-01"), 10000), (D("2026-06-01"), D("2026-07-01"), 31000),
    ]  # fmt: skip


def test_what_is_billed_together_is_one_subscription_and_keeps_its_days(world: World, zara: Customer) -> None:
    rows = (
        "2,Z-1,Router,SN 7,1,,2024-01-01,2026-03-31,\n"
        "1,Z-1,Fibre 100,,2,280,2020-02-10,2026-03-31,\n"
        "3,Z-1,FIBRE 100,lodge,,300.00,2026-03-01,,\n"
    )
    bring(world, rows)
    assert sorted(Subscription.objects.values_list("started_on", flat=True)) == [D("2020-02-10"), D("2026-03-01")]
    found = Service.objects.order_by("product__name", "label").values_list("product__name", "label", "added_on")
    assert list(found) == [
        ("Fibre 100", "", D("2020-02-10")), ("Fibre 100", "lodge", D("2026-03-01")),
        ("Router", "SN 7", D("2024-01-01")),
    ]  # fmt: skip
    own = {timeline_of(service)[0].price for service in Service.objects.all()}
    assert own == {Decimal(280), None}
    with world.on("2026-04-01"):
        world.bill(zara)
    assert Invoice.objects.get().total_minor == 2 * 28000 + 5000 + 2 * 30000


def test_the_same_list_again_adds_nothing_and_a_longer_one_what_is_new(world: World, zara: Customer) -> None:
    rows = "1,Z-1,fibre-100,a,,,2020-02-10,2026-03-31,\n"
    bring(world, rows)
    before = counts()
    again = bring(world, rows)
    assert (again.added, again.shown[0].already_there, again.said) == (0, 1, ())
    assert counts() == before
    assert bring(world, rows + "2,Z-1,fibre-100,b,,,2020-02-10,2026-03-31,\n").added == 1


def test_a_changed_price_is_said_or_holds_from_the_first_day_that_is_not_billed(world: World, zara: Customer) -> None:
    bring(world, "1,Z-1,fibre-100,a,,,2020-02-10,2026-02-28,\n")
    world.bill(zara, "2026-03-31")
    changed = "1,Z-1,fibre-100,a,2,350,2020-02-10,2026-02-28,\n"
    before = counts()
    kept = bring(world, changed)
    assert kept.said == (
        "The price, quantity of Fibre 100 a of Z-1 is different in the file, and was left as it is here.",
    )
    assert counts() == before
    taken = bring(world, changed, f'repeated = "update"\n{LIST}')
    assert taken.said == (
        "The price, quantity of Fibre 100 a of Z-1 is different in the file, and is as there from 1 Apr 2026.",
    )
    service = Service.objects.get()
    planned = planned_timelines([service.pk])[service.pk]
    assert [(s.starts, s.price, s.quantity) for s in planned] == [
        (D("2020-02-10"), None, 1), (D("2026-04-01"), Decimal(350), 2),
    ]  # fmt: skip
    assert ServiceAction.objects.filter(state="scheduled").count() == 2
    before = counts()
    assert bring(world, changed, f'repeated = "update"\n{LIST}').said == ()
    assert counts() == before
    with world.on("2026-04-01"):
        world.bill(zara)
    assert billed_days(zara)[-1] == (D("2026-04-01"), D("2026-05-01"), 70000)


def test_a_file_changes_no_price_for_whoever_may_not(world: World, zara: Customer) -> None:
    bring(world, "1,Z-1,fibre-100,a,,350,2020-02-10,2026-02-28,\n")
    narrow = Caller(name="Narrow", grants=frozenset({"imports.*", "customers.view"}), at=world.now)
    before = counts()
    # Its own price, the list price again, and another product at a price of its own.
    for row in ("1,Z-1,fibre-100,a,,1,,,", "1,Z-1,fibre-100,a,,300,,,", "1,Z-1,router,a,,1,,,"):
        with pytest.raises(ImportRefused) as refusal:
            import_file(narrow, content=f"{HEAD}{row}\n".encode(), file_name="s.csv",
                        mapping=f'repeated = "update"\n{LIST}')  # fmt: skip
        assert [str(one) for one in refusal.value.errors] == ["row 2: Your role does not include: Reprice services."]
    assert counts() == before


def test_a_price_of_the_catalogue_is_no_price_of_ones_own(world: World, zara: Customer) -> None:
    bring(world, "1,Z-1,fibre-100,a,,300.00,2020-02-10,2026-03-31,\n")
    fibre = Service.objects.get().product
    set_prices(world.caller(), prices=[(fibre, "month", Decimal(320))], currency="ZAR", valid_from=D("2026-04-01"))
    with world.on("2026-04-01"):
        assert world.bill(zara).total_minor == 32000


def test_more_days_billed_elsewhere_than_are_known_here_are_said(world: World, zara: Customer) -> None:
    bring(world, "1,Z-1,fibre-100,a,,,2020-02-10,2026-02-28,\n")
    (said,) = bring(world, "1,Z-1,fibre-100,a,,,2020-02-10,2026-03-31,\n").said
    assert "Fibre 100 a of Z-1 is paid up to 31 Mar 2026 in the file, and billed from 1 Mar 2026 here" in said


def test_customers_are_found_by_what_the_mapping_says_and_after_they_were_merged(world: World, zara: Customer) -> None:
    world.customer("Ann Smith", number="A-1", emails=["ann@x.example"])
    gone = world.customer("Ben", number="B-1")
    merge_customers(world.caller(), customer=zara, duplicate=gone)
    rows = "1,ann smith,fibre-100,,,,,2026-03-31,\n2,B-1,fibre-100,,,,,2026-03-31,\n"
    assert refused(world, rows) == ["row 2, account: There is no customer ann smith."]
    result = bring(world, rows, f'find = "name"\n{LIST}')
    assert result.said == ("1 service for B-1 went to Z-1, which it was merged into.",)
    bring(world, "3,ANN@X.example,fibre-100,,,,,2026-03-31,\n", f'find = "e-mail"\n{LIST}')
    owners = Subscription.objects.order_by("pk").values_list("customer__number", flat=True)
    assert sorted(owners) == ["A-1", "A-1", "Z-1"]
    world.customer("Ann Smith", number="A-2", emails=["ann@x.example"])
    for find, called in (("name", "Ann Smith"), ("e-mail", "ann@x.example")):
        (said,) = refused(world, f"9,{called},fibre-100,,,,,2026-03-31,\n", f'find = "{find}"\n{LIST}')
        assert said == f"row 2, account: {called} could be 2 customers: A-1, A-2. Write the account number."


@pytest.mark.parametrize(
    ("row", "says"),
    [("1,Z-9,fibre-100,,,,,,", "row 2, account: There is no customer Z-9."),
     ("1,Z-1,Copper,,,,,,", "row 2, plan: No product is called Copper. Add it to the catalogue, or write its code."),
     ("1,Z-1,fibre-100,,0,,,,", "row 2, qty: It must be more than zero."),
     ("1,Z-1,fibre-100,,,12.500,,,", 'row 2, price: “12.500” can be read in two ways. Say decimal = "point" or '
      'decimal = "comma" in the mapping.'),
     ("1,Z-1,fibre-100,,,-5,,,", "row 2, price: “-5” is below zero, and no price."),
     ("1,Z-1,fibre-100,,,,,,often", "row 2, often: “often” is not how often something is billed. Write weekly, "
      "monthly, quarterly, half-yearly or yearly."),
     ("1,Z-1,fibre-100,,,,,,yearly", "row 2, plan: Fibre 100 has no yearly price in ZAR. Give it one in the "
      "catalogue, or write the price in the file."),
     ("1,Z-1,install,,,1500,,,", "row 2: Install is charged once, and no service. Add it as a one-time charge."),
     ("1,Z-1,router,,,,,,", "row 2: Router needs a data package on the same subscription. Remove it too, or add what "
      "it needs."),
     ("1,Z-1,fibre-100,,,,,2032-01-01,", "row 2: That day is too far away to be right."),
     ("1,Z-1,fibre-100,,,,2012-01-01,,", "row 2: That day is too far away to be right."),
     ("1,Z-1,fibre-100,,,,,31/31/2026,", "row 2, paid to: “31/31/2026” is not a date.")],
)  # fmt: skip
def test_what_cannot_be_is_named_with_its_remedy(world: World, zara: Customer, row: str, says: str) -> None:
    assert refused(world, f"{row}\n") == [says]


def test_a_service_that_a_rule_refuses_stays_out_alone(world: World, zara: Customer) -> None:
    rows = "1,Z-1,router,,,,,2026-04-14,\n2,Z-1,fibre-100,,,,,2026-03-31,\n3,Z-1,router,,,,,2026-03-31,\n"
    result = bring(world, rows, f'wrong = "leave out"\n{LIST}')
    assert (result.added, [error.row for error in result.stayed_out]) == (2, [2])
    assert Term.objects.count() == 1


def test_columns_matched_by_hand_make_a_key_that_stays_when_the_price_changes() -> None:
    chosen = {"Acc": "customer", "Plan": "product", "Tel": "label", "Price": "price"}
    text = mapping_text("services", "before", chosen, {})
    assert 'key = "{Acc} {Plan} {Tel}"' in text
