"""A bill is one document: an invoice whose lines may be negative, or below zero a credit note with the same lines."""

import datetime as dt

import pytest

from counterfoil.billing.invoice_files import credit_note_view
from counterfoil.billing.models import BillRunItem, Charge, CreditNote, Invoice
from counterfoil.billing.operations import cancel_bill, credit_invoice, open_bill_run, review_items
from counterfoil.billing.operations.runs import catalogue_of, finish_preview, issue_chunk, preview_chunk
from counterfoil.billing.queries import left_to_credit
from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import deactivate_customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform.checks import check_books
from counterfoil.receivables.operations import write_off
from counterfoil.receivables.queries import figures
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat


@pytest.fixture
def zara(world: World) -> Customer:
    """She pays at once, and has Fibre 200, billed for March."""
    zara = world.customer(terms_days=0)
    world.package("Fibre 100", "599")
    with world.on("2026-03-01"):
        world.subscribe(zara, world.package("Fibre 200", "899"))
        world.bill(zara)
    return zara


def change_package(world: World, name: str) -> None:
    product = Product.objects.get(name=name)
    change_services(
        world.caller(), services=Service.objects.all(), change=Change("swap", world.today, product_id=product.pk)
    )  # fmt: skip


LINES = [
    ("Credit: Fibre 200, 20 Mar 2026 to 31 Mar 2026", 34800),
    ("Fibre 100, 20 Mar 2026 to 31 Mar 2026 (12 of 31 days of R599.00)", -23187),
]


def test_a_change_for_less_on_a_paid_bill_is_one_credit_note(world: World, zara: Customer) -> None:
    with world.on("2026-03-01"):
        world.pays(zara, "899.00")
    with world.on("2026-03-20"):
        change_package(world, "Fibre 100")
        note = world.bill(zara)
        assert isinstance(note, CreditNote)
        assert (note.total_minor, note.net_minor, note.tax_minor) == (11613, 10098, 1515)
        assert list(note.lines.values_list("text", "total_minor")) == LINES
        assert [(text, -minor) for _, text, minor in note.billed] == LINES
        assert (Invoice.objects.count(), CreditNote.objects.count()) == (1, 1)
        assert world.open(zara) == {note.number: "-116.13"}
        with pytest.raises(Refused) as refused:
            world.bill(zara)
        assert refused.value.code == "nothing_to_bill"
    now = figures(zara, D("2026-03-25"))
    assert (now.overdue_minor, now.balance_minor) == (0, -11613)
    with world.on("2026-04-01"):
        assert world.bill(zara).total_minor == 59900


def test_a_change_for_less_on_an_open_bill_settles_it(world: World, zara: Customer) -> None:
    invoice = Invoice.objects.get()
    with world.on("2026-03-20"):
        change_package(world, "Fibre 100")
        world.bill(zara)
        assert world.open(zara) == {invoice.number: "782.87"}
        # No more is credited by hand than the month still costs.
        assert left_to_credit(invoice) == {invoice.lines.get().pk: 78287}
        note = credit_invoice(world.caller(), invoice=invoice, reason="Goodwill")
        assert (note.total_minor, world.open(zara)) == (78287, {})


def test_it_is_printed_with_its_lines_and_the_invoice_it_is_of(world: World, zara: Customer) -> None:
    with world.on("2026-03-20"):
        change_package(world, "Fibre 100")
        world.bill(zara)
    note = CreditNote.objects.get()
    view = credit_note_view(note)
    assert [row[0] for row in view["lines"]["rows"]] == [text for text, _ in LINES]
    assert view["lines"]["total"]["values"] == ["116.13"]
    assert view["tax"]["total"]["values"] == ["100.98", "15.15", "116.13"]
    assert note.invoice == Invoice.objects.get()


def test_what_it_charged_is_given_back_with_its_tax(world: World, zara: Customer) -> None:
    with world.on("2026-03-20"):
        change_package(world, "Fibre 100")
        world.bill(zara)
        remove_services(world.caller(), services=Service.objects.all(), change=Change("cancel", world.today))
        note = world.bill(zara)
    assert list(note.lines.values_list("text", "total_minor")) == [
        ("Credit: Fibre 100, 20 Mar 2026 to 31 Mar 2026", 23187)
    ]
    assert (note.net_minor, note.tax_minor) == (20163, 3024)
    # Of 899.00 with 117.26 of tax the 19 days to the 19th of March are left: 551.00.
    charges = Charge.objects.all()
    assert sum(row.total_minor for row in charges) == 55100
    assert sum(row.total_minor - row.net_minor for row in charges) == 11726 - 4539


def test_equal_credits_and_charges_wait_for_the_next_bill(world: World, zara: Customer) -> None:
    world.package("Fibre 201", "899")
    with world.on("2026-03-20"):
        change_package(world, "Fibre 201")
        before = counts()
        with pytest.raises(Refused) as refused:
            world.bill(zara)
        assert (refused.value.code, counts()) == ("nothing_to_bill", before)
        assert refused.value.sentence == ("Charges and credits up to 20 Mar 2026 are equal. They go on the next bill.")
    with world.on("2026-04-01"):
        bill = world.bill(zara)
        assert [minor for _, minor in bill.lines.values_list("text", "total_minor")] == [-34800, 34800, 89900]


def test_an_account_whose_last_credits_and_charges_are_equal_can_be_closed(world: World, zara: Customer) -> None:
    world.package("Fibre 201", "899")
    with world.on("2026-03-20"):
        change_package(world, "Fibre 201")
    with world.on("2026-04-01"):
        remove_services(world.caller(), services=Service.objects.all(), change=Change("cancel", world.today))
        world.pays(zara, "899.00")
        assert deactivate_customer(world.caller(), customer=zara, reason="Moved").status == "inactive"


def test_there_is_no_draft_of_it_and_none_of_what_is_written_off(world: World, zara: Customer) -> None:
    with world.on("2026-03-20"):
        change_package(world, "Fibre 100")
        before = counts()
        with pytest.raises(Refused) as refused:
            world.bill(zara, draft=True)
        assert (refused.value.code, counts()) == ("negative_bill", before)
        item = Invoice.objects.get().item
        write_off(world.caller(), item=item, amount_minor=89900, reason="Gone")
        before = counts()
        with pytest.raises(Refused) as refused:
            world.bill(zara)
        assert (refused.value.code, counts()) == ("written_off", before)


def test_what_is_on_a_draft_only_is_not_credited(world: World) -> None:
    yusuf, fibre = world.customer("Yusuf"), world.package("Fibre 100", "310")
    with world.on("2026-03-01"):
        world.subscribe(yusuf, fibre)
        world.bill(yusuf, draft=True)
    with world.on("2026-03-20"):
        remove_services(world.caller(), services=Service.objects.all(), change=Change("cancel", world.today))
        before = counts()
        with pytest.raises(Refused) as refused:
            world.bill(yusuf)
        assert (refused.value.code, counts()) == ("not_issued", before)
        assert "is on a draft" in refused.value.sentence


def test_a_run_holds_it_back_and_issues_it_when_it_is_let_through(world: World, zara: Customer) -> None:
    with world.on("2026-03-20"):
        remove_services(world.caller(), services=Service.objects.all(), change=Change("cancel", world.today))
        run = open_bill_run(world.caller(), bill_to=world.today)
        catalogue = catalogue_of(run)
        preview_chunk(world.system(), run=run, catalogue=catalogue)
        run = finish_preview(world.system(), run=run)
        held = BillRunItem.objects.get()
        assert (held.state, held.code, held.said) == (
            "held", "negative_bill", "The total is −R348.00. A credit note will be issued.",
        )  # fmt: skip
        review_items(world.caller(), run=run, items=[held.pk], verdict="approve")
        issue_chunk(world.system(), run=run, catalogue=catalogue)
        held.refresh_from_db()
        assert (held.state, held.total_minor, held.invoice) == ("billed", -34800, None)
        assert CreditNote.objects.get().total_minor == 34800


def test_an_invoice_that_was_credited_by_it_is_not_cancelled(world: World, zara: Customer) -> None:
    with world.on("2026-03-20"):
        change_package(world, "Fibre 100")
        world.bill(zara)
        before = counts()
        with pytest.raises(Refused) as refused:
            cancel_bill(world.caller(), invoice=Invoice.objects.get(), reason="Wrong")
        assert (refused.value.code, counts()) == ("has_payment", before)
        assert check_books() == []
