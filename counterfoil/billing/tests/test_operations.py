"""Drafts, issuing, frozen documents, and credit notes."""

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.billing import queries
from counterfoil.billing.models import CreditNote, Invoice, TaxRate
from counterfoil.billing.operations import (
    change_draft,
    credit_invoice,
    discard_draft,
    draft_invoice,
    issue_invoices,
    save_tax_rate,
)
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_site, change_customer
from counterfoil.kernel.errors import Refused
from counterfoil.operator.numbering import For, take
from counterfoil.receivables import queries as receivables
from counterfoil.receivables.operations import write_off
from counterfoil.testing.world import World, counts


def lines(*prices: str, tax: str | None = "standard") -> list[LineInput]:
    rate = TaxRate.objects.get(code=tax).pk if tax else None
    return [LineInput(f"Line {n}", Decimal(1), Decimal(price), rate) for n, price in enumerate(prices, start=1)]


def draft(world: World, customer: Customer, *prices: str, **details: object) -> Invoice:
    details.setdefault("on", world.today)
    return draft_invoice(world.clerk, customer=customer, lines=lines(*prices), **details)


def test_a_draft_is_in_no_figure_and_spends_no_number(world: World) -> None:
    zara = world.customer()
    row = draft(world, zara, "599.00")
    assert (row.number, row.net_minor, row.tax_minor, row.total_minor) == (None, 52087, 7813, 59900)
    assert receivables.figures(zara, world.today).balance_minor == 0
    assert queries.lifetime_value(zara, world.today) == 0
    (issued,) = issue_invoices(world.clerk, invoices=[row])
    assert issued.number == "INV-000001"
    assert issued.due_on == world.today + dt.timedelta(days=30)
    assert receivables.figures(zara, world.today).balance_minor == 59900
    assert queries.lifetime_value(zara, world.today) == 52087


def test_a_discarded_draft_leaves_no_gap(world: World) -> None:
    zara = world.customer()
    first, second = draft(world, zara, "10.00"), draft(world, zara, "20.00")
    discard_draft(world.clerk, invoice=first)
    (issued,) = issue_invoices(world.clerk, invoices=[second])
    assert issued.number == "INV-000001"
    with pytest.raises(Refused, match="only a draft can change"):
        issue_invoices(world.clerk, invoices=[first])


def test_two_people_editing_one_draft(world: World) -> None:
    row = draft(world, world.customer(), "10.00")
    mine = change_draft(world.clerk, invoice=row, version=1, lines=lines("12.00", "3.00"), on=world.today)
    assert (mine.total_minor, mine.version, mine.lines.count()) == (1500, 2, 2)
    before = counts()
    with pytest.raises(Refused) as refused:
        change_draft(world.clerk, invoice=row, version=1, lines=lines("99.00"), on=world.today)
    assert refused.value.code == "stale_form"
    assert counts() == before


def test_an_issued_invoice_is_a_frozen_copy(world: World) -> None:
    zara = world.customer("Zara Naidoo")
    add_site(world.agent, customer=zara, label="Home", street="1 Main Road", city="Linden")
    (issued,) = issue_invoices(world.clerk, invoices=[draft(world, zara, "10.00")])
    change_customer(world.agent, customer=zara, version=1, changes={"name": "Zara Botha"})
    issued.refresh_from_db()
    assert issued.copy["customer"]["name"] == "Zara Naidoo"
    assert issued.copy["customer"]["address"] == "1 Main Road\nLinden"
    for again in (
        lambda: discard_draft(world.clerk, invoice=issued),
        lambda: issue_invoices(world.clerk, invoices=[issued]),
    ):
        with pytest.raises(Refused) as refused:
            again()
        assert refused.value.code == "not_a_draft"


def test_credit_notes_in_any_order_sum_exactly_to_the_invoice(world: World) -> None:
    zara = world.customer()
    (issued,) = issue_invoices(world.clerk, invoices=[draft(world, zara, "599.00", "0.99", "33.33")])
    first, second, third = issued.lines.all()
    credit_invoice(world.clerk, invoice=issued, amounts={third.pk: 1111, first.pk: 20033}, reason="Three days offline")
    credit_invoice(world.clerk, invoice=issued, amounts={first.pk: 1}, reason="One cent")
    credit_invoice(world.clerk, invoice=issued, reason="The rest")
    notes = CreditNote.objects.all()
    assert sum(note.net_minor for note in notes) == issued.net_minor
    assert sum(note.tax_minor for note in notes) == issued.tax_minor
    assert world.open(zara) == {}
    assert queries.lifetime_value(zara, world.today) == 0
    with pytest.raises(Refused, match="nothing"):
        credit_invoice(world.clerk, invoice=issued, reason="Again")
    assert second.total_minor == 99


def test_over_crediting_is_refused_and_changes_nothing(world: World) -> None:
    invoice = world.invoice(world.customer(), "100.00", tax="standard")
    before = counts()
    with pytest.raises(Refused) as refused:
        credit_invoice(world.clerk, invoice=invoice, amounts={invoice.lines.get().pk: 10001}, reason="Too much")
    assert (refused.value.code, counts()) == ("over_credited", before)
    assert "R100.00" in refused.value.sentence


def test_crediting_a_paid_invoice_gives_account_credit(world: World) -> None:
    zara = world.customer()
    invoice = world.invoice(zara, "100.00")
    world.pays(zara, "100.00")
    credit_invoice(world.clerk, invoice=invoice, reason="Goodwill")
    # It settles the invoice in the place of the payment, which is account credit again.
    assert world.open(zara) == {"RC-000001": "-100.00"}


def test_a_written_off_invoice_is_not_credited(world: World) -> None:
    zara = world.customer()
    invoice = world.invoice(zara, "100.00")
    write_off(world.clerk, item=world.item(invoice.number), amount_minor=10000, reason="Gone")
    with pytest.raises(Refused) as refused:
        credit_invoice(world.clerk, invoice=invoice, reason="Late")
    assert refused.value.code == "written_off"


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"on": dt.date(2026, 4, 1)}, "future_date"),
        ({"on": dt.date(1950, 1, 1)}, "absurd_date"),
        ({"due_on": dt.date(2026, 3, 1)}, "due_before_date"),
        ({"due_on": dt.date(2036, 3, 1)}, "absurd_date"),
    ],
)
def test_absurd_dates_are_refused(world: World, details: dict[str, dt.date], code: str) -> None:
    zara = world.customer()
    with pytest.raises(Refused) as refused:
        draft(world, zara, "10.00", **details)
    assert refused.value.code == code
    assert Invoice.objects.count() == 0


def test_the_rate_of_the_invoice_date_counts(world: World) -> None:
    rate = {"code": "standard", "name": "VAT 16%", "category": "standard", "percent": Decimal(16)}
    save_tax_rate(world.caller(), **rate, valid_from=dt.date(2026, 3, 15))
    old, new = TaxRate.objects.filter(code="standard").order_by("valid_from")
    assert [row.pk for row in queries.tax_rates_on(dt.date(2026, 3, 14)) if row.code == "standard"] == [old.pk]
    assert [row.pk for row in queries.tax_rates_on(dt.date(2026, 3, 15)) if row.code == "standard"] == [new.pk]
    with pytest.raises(Refused) as refused:
        draft_invoice(
            world.clerk, customer=world.customer(), on=world.today,
            lines=[LineInput("Line", Decimal(1), Decimal(1), old.pk)],
        )  # fmt: skip
    assert (refused.value.code, refused.value.field) == ("rate_not_valid", "lines-1-tax_rate")


def test_numbers_cannot_be_taken_outside_an_operation(world: World) -> None:
    with pytest.raises(RuntimeError, match="operations only"):
        take("invoice", [For(world.today)])
