"""Invoices that somebody will try."""

from dataclasses import replace
from decimal import Decimal

import pytest

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import NewInvoice, change_draft, draft_invoice, draft_invoices, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.customers.operations import change_customer
from counterfoil.kernel.errors import Refused
from counterfoil.testing.world import World


@pytest.mark.parametrize(
    ("quantity", "price"),
    [("0.33333", "300"), ("1", "0.00005"), ("NaN", "1"), ("1", "NaN"), ("Infinity", "1"), ("1", "sNaN")],
)
def test_a_line_says_what_it_was_computed_from(world: World, quantity: str, price: str) -> None:
    """More places than are kept would print a line that does not multiply out."""
    zara = world.customer()
    line = LineInput("Services", Decimal(quantity), Decimal(price))
    with pytest.raises(Refused):
        draft_invoice(world.clerk, customer=zara, lines=[line], on=world.today)


def test_a_draft_in_the_currency_from_before_is_not_issued(world: World) -> None:
    zara = world.customer()
    line = LineInput("Services", Decimal(1), Decimal(10))
    draft = draft_invoice(world.clerk, customer=zara, lines=[line], on=world.today)
    zara = change_customer(world.clerk, customer=zara, version=1, changes={"currency": "USD"})
    with pytest.raises(Refused) as refused:
        issue_invoices(world.clerk, invoices=[draft])
    assert refused.value.code == "wrong_currency"
    change_draft(world.clerk, invoice=draft, version=1, lines=[line], on=world.today)
    issue_invoices(world.clerk, invoices=[draft])
    assert Invoice.objects.get().currency == "USD"


def test_draft_invoices_is_all_or_nothing(world: World) -> None:
    zara = world.customer()
    good = NewInvoice(zara, (LineInput("Services", Decimal(1), Decimal(10)),), world.today)
    with pytest.raises(Refused):
        draft_invoices(world.clerk, invoices=[good, replace(good, lines=())])
    assert not Invoice.objects.exists()
