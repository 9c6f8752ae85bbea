"""What a database owner could do behind the product's back, and that check-books notices it."""

import pytest
from django.db import connection

from counterfoil.billing.operations import credit_invoice
from counterfoil.platform import write_guard
from counterfoil.platform.append_only import frozen_tables
from counterfoil.platform.checks import check_books
from counterfoil.platform.upkeep import seal_trail
from counterfoil.testing.world import World

pytestmark = pytest.mark.books_are_broken_on_purpose


@pytest.fixture
def open_books(world: World) -> World:
    """Some documents, with every trigger out of the way."""
    zara = world.customer("Zara Naidoo")
    invoice = world.invoice(zara, "115.00", on="2026-01-10", tax="standard")
    world.pays(zara, "40.00", on="2026-02-01")
    credit_invoice(world.clerk, invoice=invoice, amounts={invoice.lines.get().pk: 1000}, reason="Offline")
    world.customer("Somebody else")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in frozen_tables():
            if connection.vendor == "postgresql":
                cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
                continue
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
    assert check_books() == []
    return world


REVENUE = "(SELECT id FROM ledger_ledgeraccount WHERE code = '4000')"
BANK = REVENUE.replace("4000", "1000")


@pytest.mark.parametrize(
    ("sql", "check"),
    [
        (f"UPDATE ledger_posting SET account_id = {BANK} WHERE account_id = {REVENUE}", "entries_are_as_they_were"),
        ("UPDATE ledger_entry SET text = 'Something else'", "entries_are_as_they_were"),
        ("UPDATE billing_invoiceline SET text = 'Something else'", "documents_are_as_they_were"),
        ("UPDATE billing_invoice SET copy = '{}'", "documents_are_as_they_were"),
        ("UPDATE billing_creditnote SET reason = 'Something else'", "documents_are_as_they_were"),
        ("UPDATE billing_creditnoteline SET text = 'Something else'", "documents_are_as_they_were"),
        ("UPDATE payments_receipt SET amount_minor = amount_minor + 1", "payments_match"),
        ("UPDATE receivables_allocation SET amount_minor = amount_minor - 1", "open_amounts_follow"),
        ("UPDATE receivables_openitem SET customer_id = (SELECT MAX(id) FROM customers_customer)", "ledger"),
        ("DELETE FROM trail_event WHERE kind = 'receipt.recorded'", "nothing_appended_was_changed"),
    ],
)  # fmt: skip
def test_what_is_changed_behind_its_back_is_noticed(open_books: World, sql: str, check: str) -> None:
    seal_trail(open_books.caller())
    with write_guard.writing(), connection.cursor() as cursor:
        cursor.execute(sql)
    found = " ".join(finding.check for finding in check_books())
    assert check in found, found
