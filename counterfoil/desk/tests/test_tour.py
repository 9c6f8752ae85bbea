"""What somebody with fresh eyes stumbled over, and must not again."""

import pytest
from django.test import Client

from counterfoil.billing.models import Invoice
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import reverse_receipt
from counterfoil.receivables.ageing import aged_items
from counterfoil.receivables.queries import figures
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World


@pytest.fixture
def client(world: World) -> Client:
    add_user(world.caller(), email="b@x.example", name="B", role="billing", password="s3cret-enough")
    client = Client()
    client.force_login(User.objects.get())
    return client


def test_a_refused_allocation_keeps_its_fields_and_records_nothing(world: World, client: Client) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    item = world.item("INV-000001")
    data = {"amount": "50.00", "on": "2026-03-01", "method": "eft", "spread": "chosen", f"item-{item.pk}": "400.00"}
    address = f"/customers/{zara.number}/payment/"
    for where in (address, f"{address}?preview=1"):
        answer = client.post(where, data, headers={"HX-Request": "true"})
        assert f'name="item-{item.pk}"' in answer.content.decode()
        assert 'value="400.00"' in answer.content.decode()
    answer = client.post(address, {**data, f"item-{item.pk}": ""})
    assert answer.status_code == 422
    assert "Enter an amount beside an item" in answer.content.decode()
    assert not Receipt.objects.exists()


def test_a_decimal_comma_is_refused_not_guessed(world: World, client: Client) -> None:
    zara = world.customer()
    data = {"on": "2026-03-01", "prices_include_tax": "1", "lines-0-text": "Cable", "lines-0-quantity": "2"}
    answer = client.post(f"/customers/{zara.number}/invoice/", {**data, "lines-0-unit_price": "230,50"})
    assert answer.status_code == 422
    assert "230,50" in answer.content.decode()
    assert not Invoice.objects.exists()


def test_the_overdue_figure_leads_to_rows_that_add_up_to_it(world: World, client: Client) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00", "2026-04-30": "40.00"})
    rows = aged_items(world.clerk, world.today, bucket="overdue", customer=zara)
    assert sum(row.minor for row in rows) == figures(zara, world.today).overdue_minor == 10000
    page = client.get(f"/customers/{zara.number}/").content.decode()
    assert "bucket=overdue" in page


def test_a_reversed_payment_shows_the_postings_of_its_reversal(world: World, client: Client) -> None:
    zara = world.customer()
    receipt = world.pays(zara, "40.00")
    reverse_receipt(world.clerk, receipt=receipt, reason="Returned")
    assert "RC-000001-R" in client.get(f"/payments/{receipt.pk}/").content.decode()


def test_a_missing_field_is_named(world: World, client: Client) -> None:
    zara = world.customer()
    answer = client.post(f"/customers/{zara.number}/credit/", {})
    assert "Amount is missing." in answer.content.decode()
    assert "Reason is missing." in answer.content.decode()
