"""The exports of other systems come in: customers, invoices, payments, credits, and every balance is right."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from counterfoil.customers.models import Customer
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportResult
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
