"""Documents of a customer who reads German: of every kind of line, and not one English word on them."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from pypdfium2 import PdfDocument

from counterfoil.billing.invoice_files import credit_note_pdf, invoice_pdf
from counterfoil.billing.line_texts import unit_text
from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.billing.operations import bill_customer, save_tax_rate
from counterfoil.billing.sending import send_invoice
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import change_customer
from counterfoil.documents.speech import Speech
from counterfoil.kernel.periods import Period
from counterfoil.operator.operations import change_operator
from counterfoil.payments.operations import pay_refund, reverse_receipt
from counterfoil.payments.receipt_files import receipt_pdf
from counterfoil.platform.checks import check_books
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import send_statement
from counterfoil.receivables.queries import statement_of
from counterfoil.receivables.statement_files import statement_pdf
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import add_one_time_charge, change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.english import english
from counterfoil.testing.world import World

D = dt.date.fromisoformat


def printed(pdf: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in PdfDocument(pdf))


@pytest.fixture
def kurt(world: World) -> Customer:
    change_operator(
        world.caller(), name="Rhein Glasfaser", legal_name="Rhein Glasfaser GmbH", address="Hauptweg 1", city="Köln",
        postcode="50667", region="DE", email="post@rhein.example", phone="+49 221 5550100", tax_name="MwSt",
    )  # fmt: skip
    rates = (("ust", "MwSt 19 %", "standard", "19"), ("steuerfrei", "Steuerfrei, § 4 Nr. 12 UStG", "exempt", "0"))
    for code, name, category, percent in rates:
        save_tax_rate(
            world.caller(), code=code, name=name, category=category, percent=Decimal(percent),
            valid_from=D("2020-01-01"),
        )  # fmt: skip
    return world.customer("Kurt Weber", language="de", currency="ZAR", emails=("kurt@x.example",))


def act(world: World, customer: Customer, kind: str, on: str, name: str, **more: object) -> None:
    rows = list(Service.objects.filter(subscription__customer=customer, product__name=name))
    operation = remove_services if kind == "cancel" else change_services
    operation(world.caller(), services=rows, change=Change(kind, D(on), **more), reason="Wunsch")


def texts(document: Invoice | CreditNote) -> list[str]:
    return list(document.lines.order_by("position").values_list("text", flat=True))


def test_every_kind_of_line_is_german_and_stays_so(world: World, kurt: Customer) -> None:
    caller = world.caller()
    world.today = D("2026-01-10")
    fast, slow = world.package("Glasfaser 200", "899", tax_code="ust"), world.package("Glasfaser 100", "599")
    free = world.package("Miete", "100", tax_code="steuerfrei")
    calls = world.metered("Telefonie", "1.20", included="100")
    terms = {"anchor_day": 1, "contract_ends": D("2027-01-01"), "penalty_minor": 50000}
    subscription = world.subscribe(kurt, fast, calls, **terms)
    world.subscribe(kurt, free, anchor_day=1)
    add_one_time_charge(caller, subscription=subscription, text="Einrichtung", price=Decimal("250"), on=world.today)
    preview = bill_customer(caller.previewing(), customer=kurt, bill_to=world.today)
    first = world.bill(kurt)
    assert texts(first) == [
        "Glasfaser 200, 10.01.2026 bis 31.01.2026 (22 von 31 Tagen zu 899,00\u00a0R)",
        "Miete, 10.01.2026 bis 31.01.2026 (22 von 31 Tagen zu 100,00\u00a0R)",
        "Einrichtung",
    ]
    assert [text for _, text, _ in preview.billed] == texts(first)
    assert first.text == "Leistungen, Januar 2026"
    with world.on("2026-01-20"):
        world.uses(Service.objects.get(product=calls), "1250.5", "2026-01-20")
    world.today = D("2026-02-01")
    second = world.bill(kurt)
    assert texts(second) == [
        "Glasfaser 200, 01.02.2026 bis 28.02.2026",
        "Telefonie, 10.01.2026 bis 31.01.2026: 1.250,5 Minuten, 70,9677 inklusive, 1.179,5323 zu 1,20\u00a0R",
        "Miete, 01.02.2026 bis 28.02.2026",
    ]
    # Changed for less.
    world.today = D("2026-02-15")
    act(world, kurt, "swap", "2026-02-15", "Glasfaser 200", product_id=slow.pk)
    note = bill_customer(world.caller(), customer=kurt, bill_to=world.today)
    assert isinstance(note, CreditNote)
    assert texts(note) == [
        "Gutschrift: Glasfaser 200, 15.02.2026 bis 28.02.2026",
        "Glasfaser 100, 15.02.2026 bis 28.02.2026 (14 von 28 Tagen zu 599,00\u00a0R)",
    ]
    assert note.reason == "Leistungen geändert"
    # Usage that comes late, and leaving before the contract ends.
    world.uses(Service.objects.get(product=calls), "10", "2026-01-21")
    world.today = D("2026-03-01")
    act(world, kurt, "cancel", "2026-03-01", "Glasfaser 100")
    third = world.bill(kurt)
    assert texts(third) == [
        "Telefonie, 10.01.2026 bis 31.01.2026: 1.260,5 Minuten, 70,9677 inklusive, 1.189,5323 zu 1,20\u00a0R, davon "
        "1.415,44\u00a0R bereits berechnet",
        "Miete, 01.03.2026 bis 31.03.2026",
        "Glasfaser 100, vor Vertragsende gekündigt",
    ]
    bounced = world.pays(kurt, "50.00", on="2026-02-28", allocate=[])
    reverse_receipt(world.clerk, receipt=bounced, reason="Rückläufer")
    paid = world.pays(kurt, "40.00", allocate=[])
    pay_refund(world.caller(), customer=kurt, amount_minor=1000, method="cash", reason="Auszahlung", on=world.today)
    items = set(OpenItem.objects.filter(customer=kurt).values_list("text", flat=True))
    assert items >= {
        "Zahlungseingang, Überweisung", "Zahlung storniert, Rückläufer", "Erstattung, Auszahlung",
        "Leistungen, Januar 2026", "Leistungen, 10.01.2026 bis 28.02.2026",
        f"Leistungen geändert ({second.number})",
    }  # fmt: skip
    period = Period.through(D("2026-01-01"), D("2026-03-01"))
    pages = {
        **{str(bill.number): printed(invoice_pdf(bill)) for bill in (first, second, third)},
        str(note.number): printed(credit_note_pdf(note)),
        str(paid.number): printed(receipt_pdf(paid)),
        "statement": printed(statement_pdf(statement_of(kurt, period))),
        "open items": printed(statement_pdf(statement_of(kurt, period, "open_item"))),
    }
    mails = [
        send_invoice(world.clerk, invoice=second, addresses=["kurt@x.example"]),
        send_statement(
            world.clerk, customer=kurt, period=period, style="balance_forward", addresses=["kurt@x.example"]
        ),
    ]
    for mail in mails:
        pages[f"mail {mail.subject}"] = f"{mail.subject}\n{mail.body_text}"
        pages[f"html {mail.subject}"] = re.sub(r"<style.*?</style>|<[^>]+>", " ", mail.body_html, flags=re.DOTALL)
    assert {name: english(text) for name, text in pages.items() if english(text)} == {}
    # A document does not change when its reader learns English; what comes after does.
    before = printed(invoice_pdf(second))
    kurt.refresh_from_db()
    change_customer(world.caller(), customer=kurt, version=kurt.version, changes={"language": "en"})
    assert printed(invoice_pdf(Invoice.objects.get(pk=second.pk))) == before
    world.today = D("2026-04-01")
    assert "Miete, 1 Apr 2026 to 30 Apr 2026" in texts(world.bill(kurt))
    assert check_books() == []


def test_prices_without_tax_are_said_so_in_german(world: World, kurt: Customer) -> None:
    product = world.package("Wartung", "100", tax_code="ust", prices_include_tax=False)
    other = world.package("Anschluss", "200", tax_code="ust")
    world.today = D("2026-03-01")
    world.subscribe(kurt, product, other, anchor_day=1)
    assert texts(world.bill(kurt)) == [
        "Wartung, 01.03.2026 bis 31.03.2026 (100,00\u00a0R zzgl. MwSt)",
        "Anschluss, 01.03.2026 bis 31.03.2026",
    ]


@pytest.mark.once
def test_a_unit_that_no_table_has_is_printed_as_it_was_entered() -> None:
    said = [unit_text(Decimal(n), unit, Speech("de")) for n, unit in (("1", "minute"), ("1250.50", "minute"),
            ("20", "GB"), ("2", "Pakete"))]  # fmt: skip
    assert said == ["1 Minute", "1.250,5 Minuten", "20 GB", "2 Pakete"]
