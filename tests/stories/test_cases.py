"""Cases of other people's users: numbers as the books before ask, and names in any script.

The inputs beside the project are taken where they are there; small ones of our own are always.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from django.test import Client
from pypdfium2 import PdfDocument

from counterfoil.billing.invoice_files import credit_note_pdf, invoice_pdf
from counterfoil.billing.operations import credit_invoice
from counterfoil.customers.models import Customer
from counterfoil.documents.rendering import unprintable
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.operator.models import NumberSeries
from counterfoil.operator.operations import change_numbers
from counterfoil.payments.receipt_files import receipt_pdf
from counterfoil.platform.checks import check_books
from counterfoil.receivables.queries import statement_of
from counterfoil.receivables.statement_files import statement_pdf
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

CASES = Path(__file__).parents[3] / "shared" / "cases"


def case(name: str) -> str:
    """What a case says; skipped where the cases are not beside the project."""
    file = CASES / name
    if not file.is_file():
        pytest.skip("The cases are not beside the project.")
    return file.read_text(encoding="utf-8")


# ------------------------------------------------------------------ c31


# The same in figures of our own: another pattern, a leap day, and a year in between.
OWN_NUMBERS = "29 Feb 2024: AB2024.007; 1 Jan 2026: AB2026.001; 1 Mar 2024: AB2024.008; 31 Dec 2025: AB2025.001"
_SAID = re.compile(r"(\d{1,2} [A-Z][a-z]{2} \d{4}): ([A-Z0-9.-]+)")


def _numbered(said: str) -> list[tuple[str, str]]:
    return [
        (dt.datetime.strptime(day, "%d %b %Y").date().isoformat(), number)  # noqa: DTZ007 - a day has no zone
        for day, number in _SAID.findall(said)
    ]


def _follow(world: World, pattern: str, said: list[tuple[str, str]]) -> None:
    """The first number is entered before the first document; from there on each day has what is said."""
    series = NumberSeries.objects.get(kind="invoice", brand=None)
    first_day, first = said[0]
    with world.on(first_day):
        change_numbers(world.caller(), series=series, pattern=pattern, next_number=int(re.split("[.-]", first)[-1]))
    zara, found = world.customer("Zara"), []
    for day, _ in said:
        with world.on(max(day, first_day)):
            found.append((day, world.invoice(zara, "100.00", on=day, due_on=day).number))
    assert found == said
    # Numbers that were given are not given again.
    before = counts()
    series.refresh_from_db()
    with pytest.raises(Refused) as refused:
        change_numbers(world.caller(), series=series, pattern=pattern, next_number=1)
    assert (refused.value.field, counts()) == ("next_number", before)
    assert check_books() == []


def test_numbers_by_year_begin_where_the_books_before_ended(world: World) -> None:
    _follow(world, "AB{year}.{number:03}", _numbered(OWN_NUMBERS))


def test_case_31(world: World) -> None:
    said = _numbered(case("c31-numbers.yaml"))
    assert len(said) == 3
    _follow(world, "R-{year}-{number:04}", said)


# ------------------------------------------------------------------ c46


OWN_NAMES = ["Łukasz Żółć", "Ἀθηνᾶ Ωμέγα", "Ђорђе Љиљана", "北京電信", "שלום תקשורת", "เอกชัย", "𒀀𒀁 Clay"]


@pytest.fixture
def desk(world: World) -> Client:
    add_user(world.caller(), email="lerato@highveld.example", name="Lerato", role="administrator")
    client = Client()
    client.force_login(User.objects.get(email="lerato@highveld.example"))
    return client


def _add(desk: Client, name: str) -> tuple[Customer, str]:
    fields = {"name": name, "kind": "company", "billing_type": "business", "terms_days": "14", "terms_rule": "days",
              "currency": "ZAR", "key": name}  # fmt: skip
    answer = desk.post("/customers/new/", fields, follow=True)
    assert answer.status_code == 200
    return Customer.objects.get(name=name), answer.content.decode()


def _each_is_printed_or_said(world: World, desk: Client, names: list[str]) -> None:
    """Nobody learns from a customer that their name was an empty box."""
    for name in names:
        customer, said = _add(desk, name)
        invoice = world.invoice(customer, "310.00", on="2026-03-01", due_on="2026-03-31")
        note = credit_invoice(world.caller(), invoice=world.invoice(customer, "10.00"), reason="Twice")
        period = Period.through(dt.date(2026, 3, 1), dt.date(2026, 3, 31))
        documents = [
            invoice_pdf(invoice), credit_note_pdf(note), statement_pdf(statement_of(customer, period)),
            receipt_pdf(world.pays(customer, "1.00", allocate=[])),
        ]  # fmt: skip
        missing = unprintable(name)
        assert ("No font on this machine prints" in said) == bool(missing), name
        assert not missing or missing in said
        for pdf in documents:
            # A file with a sign that no font has cannot promise that it can be read (PDF/UA).
            assert (b"pdfuaid" in pdf) == (not missing), name
            text = PdfDocument(pdf)[0].get_textpage().get_text_range()
            assert missing or _bare(name) in _bare(text) or _right_to_left(name), name
    assert check_books() == []


def _bare(text: str) -> str:
    return "".join(text.split())


def _right_to_left(name: str) -> bool:
    """A reader of text gives these back in another order; that they are drawn, PDF/UA says."""
    return any("\u0590" <= sign <= "\u08ff" for sign in name)


def test_names_in_any_script_are_printed_or_it_is_said(world: World, desk: Client) -> None:
    # What comes with us prints everywhere; for signs pressed into clay there is no font.
    assert [unprintable(name) for name in (*OWN_NAMES[:3], OWN_NAMES[-1])] == ["", "", "", "𒀀𒀁"]
    _each_is_printed_or_said(world, desk, OWN_NAMES)


def test_case_46(world: World, desk: Client) -> None:
    names = re.search(r"names: (\[.*\])", case("c46-other-scripts.yaml"))
    assert names is not None
    _each_is_printed_or_said(world, desk, json.loads(names[1]))
