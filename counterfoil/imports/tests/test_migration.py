"""The exports of other systems come in: customers, invoices, payments, credits, and every balance is right."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from counterfoil.customers.models import Customer
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportResult
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.queries import timeline_of
from counterfoil.testing.world import World

SHARED = Path(__file__).parents[4] / "shared" / "data" / "migration"
SPLYNX = {
    "customers.csv": """source = "splynx"
[customers]
key = "{id}"
number = "S-{id}"
name = "{name}"
kind = "{category}"
email = "{billing_email}"
phone = "{phone}"
street = "{street_1}"
city = "{city}"
postcode = "{zip_code}"
joined_on = "{date_add}"
""",
    "invoices.csv": """source = "splynx"
unknown = "leave out"
[leave_out]
status = ["deleted"]
[invoices]
number = "{number}"
customer = "{customer_id}"
on = "{date_created}"
due_on = "{date_till}"
amount = "{total}"
""",
    "payments.csv": """source = "splynx"
[receipts]
key = "{id}"
customer = "{customer_id}"
on = "{date}"
amount = "{amount}"
method = "{payment_type}"
reference = "{comment}"
""",
    "credit_notes.csv": """source = "splynx"
[invoices]
number = "{number}"
customer = "{customer_id}"
on = "{date_created}"
amount = "-{total}"
""",
}


@pytest.mark.skipif(not SHARED.exists(), reason="the exports of other systems are not beside the project")
def test_the_export_of_another_system_comes_in_with_every_balance(world: World) -> None:
    expected = json.loads((SHARED / "expected.json").read_text())
    with world.on("2026-11-26"):
        found: dict[str, ImportResult] = {}
        for name, mapping in SPLYNX.items():
            content = (SHARED / "splynx" / name).read_bytes()
            found[name] = import_file(world.caller(), content=content, file_name=name, mapping=mapping)
        assert found["customers.csv"].added == expected["customers"]
        assert found["invoices.csv"].added == expected["invoices"]["good"]
        assert found["payments.csv"].added == expected["payments"]["count"]
        said = " ".join(found["invoices.csv"].said)
        assert "because it says deleted in status" in said
        assert "because it names a customer who is not there" in said
        balances = {
            row.number.removeprefix("S-"): sum((Decimal(amount) for amount in world.open(row).values()), Decimal(0))
            for row in Customer.objects.all()
        }
        assert balances == {key: Decimal(value) for key, value in expected["balance_by_customer"].items()}


UISP = {
    "clients.json": """source = "uisp"
[customers]
key = "{id}"
number = "S-{id}"
name = "{firstName} {lastName} {companyName}"
email = "{contacts.0.email}"
joined_on = "{registrationDate}"
""",
    "services.json": """source = "uisp"
[leave_out]
status = ["2", "3"]
[services]
key = "{id}"
customer = "{clientId}"
product = "{servicePlanName}"
label = "{ipRanges}"
price = "{totalPrice}"
on = "{activeFrom}"
next_on = "2026-12-01"
""",
    "invoices.json": """source = "uisp"
unknown = "leave out"
[leave_out]
status = ["4"]
[invoices]
number = "{number}"
customer = "{clientId}"
on = "{createdDate}"
due_on = "{dueDate}"
amount = "{total}"
""",
    "payments.json": """source = "uisp"
[receipts]
key = "{id}"
customer = "{clientId}"
on = "{createdDate}"
amount = "{amount}"
reference = "{note}"
""",
}
WHMCS = {
    "getclients.json": """source = "whmcs"
[customers]
key = "{id}"
number = "S-{id}"
name = "{firstname} {lastname} {companyname}"
email = "{email}"
joined_on = "{datecreated}"
""",
    "getclientsproducts.json": """source = "whmcs"
[leave_out]
status = ["Terminated", "Suspended"]
[services]
key = "{id}"
customer = "{clientid}"
product = "{name}"
label = "{username}"
price = "{recurringamount}"
on = "{regdate}"
next_on = "{nextduedate}"
frequency = "{billingcycle}"
""",
    "getinvoices.json": """source = "whmcs"
unknown = "leave out"
[leave_out]
status = ["Cancelled"]
[invoices]
number = "{invoicenum}"
customer = "{userid}"
on = "{date}"
due_on = "{duedate}"
amount = "{total}"
""",
    "gettransactions.json": """source = "whmcs"
[receipts]
key = "{id}"
customer = "{userid}"
on = "{date}"
amount = "{amountin}"
reference = "{transid}"
""",
}


@pytest.mark.once
@pytest.mark.skipif(not SHARED.exists(), reason="the exports of other systems are not beside the project")
@pytest.mark.parametrize(("system", "files"), [("uisp", UISP), ("whmcs", WHMCS)], ids=["uisp", "whmcs"])
def test_json_exports_come_in_with_every_balance_and_service(world: World, system: str, files: dict[str, str]) -> None:
    expected = json.loads((SHARED / "expected.json").read_text())
    for plan, price in PLANS.items():
        world.package(plan, price, prices_include_tax=False)
    with world.on("2026-11-26"):
        added = [
            import_file(
                world.caller(), content=(SHARED / system / name).read_bytes(), file_name=name, mapping=mapping
            ).added
            for name, mapping in files.items()
        ]
        services = expected["services_by_status"]["active"]
        assert added == [expected["customers"], services, expected["invoices"]["good"], expected["payments"]["count"]]
        balances = {
            row.number.removeprefix("S-"): sum((Decimal(amount) for amount in world.open(row).values()), Decimal(0))
            for row in Customer.objects.all()
        }
        wanted = {key: Decimal(value) for key, value in expected["balance_by_customer"].items()}
        # The credit note is in none of their files.
        assert balances == {**wanted, "102": wanted["102"] + 115}
        service = Service.objects.filter(subscription__customer__number="S-101").get()
        assert (service.added_on.year, str(service.taken_over_on)) == (2021, "2026-12-01")
        (now,) = timeline_of(service)
        assert now.price == Decimal("1449")


PLANS = {"Fibre 25/5": "499", "Fibre 100/50": "799", "Fibre 1000/500 & static": "1499", "Wireless 10/2": "399"}
