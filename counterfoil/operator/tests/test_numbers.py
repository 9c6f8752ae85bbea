"""How documents are numbered: by patterns that can change, without a gap, and never twice."""

import datetime as dt
import random
import re
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import F
from django.test import Client

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import credit_invoice, draft_invoice, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.kernel.errors import Refused
from counterfoil.operator import numbering, patterns
from counterfoil.operator.models import Brand, NumberRun, NumberSeries
from counterfoil.operator.operations import (
    add_brand,
    change_brand,
    change_numbers,
    change_operator,
    number_brand,
    share_numbers,
)
from counterfoil.payments.operations import record_receipt
from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.site.setup import set_up
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

NEW_YEARS_EVE, NEW_YEAR = "2025-12-31", "2026-01-01"


def series(kind: str, brand: Brand | None = None) -> NumberSeries:
    return NumberSeries.objects.get(kind=kind, brand=brand)


def begin(world: World, kind: str, pattern: str, next_number: int | None = None) -> None:
    change_numbers(world.caller(), series=series(kind), pattern=pattern, next_number=next_number)


def refused(world: World, kind: str, pattern: str, next_number: int | None = None) -> str:
    """Why a pattern is refused; nothing changes by it."""
    before = counts(), list(NumberSeries.objects.order_by("pk").values()), list(NumberRun.objects.values())
    with pytest.raises(Refused) as refusal:
        begin(world, kind, pattern, next_number)
    after = counts(), list(NumberSeries.objects.order_by("pk").values()), list(NumberRun.objects.values())
    assert after == before
    assert refusal.value.field == ("pattern" if next_number is None else "next_number")
    return refusal.value.sentence


# ------------------------------------------------------------------ patterns


@pytest.mark.once
@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("INV-", "Without {number} every document would have the same number. Add {number:05}."),
        ("INV-{number}{number:05}", "Each part in braces can stand once."),
        ("{year}{year}{number}", "Each part in braces can stand once."),
        ("{month}-{number:04}",
         "With {month} numbers start again each month, so they would repeat after a year. Add {year}."),
        ("{jahr}-{number}", "{jahr} is not known. Use {year}, {month}, {brand} and {number:05}, where 5 is how many"),
        ("{name}-{number}", "{name} is not known. Use"),
        ("INV{number", "{ is not known. Use"),
        ("INV/{number}", "Use letters from A to Z, digits, hyphens and dots between the parts."),
        ("RÉ-{number}", "Use letters from A to Z, digits, hyphens and dots between the parts."),
        ("A" * 26 + "{number:05}", "Numbers would have 31 characters; the most is 30."),
        ("", "Without {number} every document would have the same number. Add {number:05}."),
    ],
)  # fmt: skip
def test_what_could_repeat_or_not_be_written_is_refused_in_words(pattern: str, said: str) -> None:
    with pytest.raises(Refused, match=re.escape(said)) as refusal:
        patterns.read(pattern)
    assert refusal.value.field == "pattern"


@pytest.mark.once
def test_two_patterns_that_say_the_same_number_are_found() -> None:
    """By trying: whatever both say, for some numbers and days, is said to meet. And what differs is not."""
    rng = random.Random(40)
    parts = ["A", "1", "0", "-", "20", "{year}", "{month}", "{number}", "{number:02}", "{number:04}"]
    days = [dt.date(year, month, 1) for year in (2001, 2020) for month in (1, 10, 12)]
    numbers = [1, 2, 9, 10, 11, 20, 99, 100, 101, 120, 999, 2020, 2001, 20011, 20201]
    known: dict[str, set[str]] = {}
    while len(known) < 60:
        try:
            pattern = patterns.read("".join(rng.choices(parts, k=rng.randint(1, 4))))
        except Refused:
            continue
        known[str(pattern)] = {pattern.shape(day).text(number) for day in days for number in numbers}
    met = 0
    for one, texts in known.items():
        for other, others in known.items():
            meet = patterns.meeting(patterns.read(one).chains(), patterns.read(other).chains())
            assert meet or not texts & others, (one, other)
            met += bool(texts & others)
    assert met > len(known)
    for one, other in (("INV-{number:05}", "INV-{number:03}"), ("INV-{number}", "INV-0{number}")):
        first, second = patterns.read(one).chains(), patterns.read(other).chains()
        # INV-100000 is said by both; no number begins with 0 where none is put before it.
        assert patterns.meeting(first, second) == (other == "INV-{number:03}")


# ------------------------------------------------------------------ issuing


def test_a_year_in_the_pattern_starts_again_each_year_and_old_days_go_on_with_theirs(world: World) -> None:
    zara = world.customer("Zara")
    assert world.invoice(zara, "100.00", on=NEW_YEARS_EVE).number == "INV-000001"
    begin(world, "invoice", "hf-{year}-{number:05}")
    dated = (NEW_YEARS_EVE, NEW_YEAR, NEW_YEAR, NEW_YEARS_EVE, "2026-02-28")
    assert [world.invoice(zara, "100.00", on=day).number for day in dated] == [
        "HF-2025-00001", "HF-2026-00001", "HF-2026-00002", "HF-2025-00002", "HF-2026-00003",
    ]  # fmt: skip
    # Whatever is printed, the places go on, so that lists are in the order of issue.
    assert list(Invoice.objects.order_by("sequence_no").values_list("sequence_no", flat=True)) == [1, 2, 3, 4, 5, 6]
    begin(world, "invoice", "{year}{month}-{number}")
    dated = ("2026-02-28", "2026-03-01", "2026-03-01")
    numbers = [world.invoice(zara, "100.00", on=day).number for day in dated]
    assert numbers == ["202602-1", "202603-1", "202603-2"]
    # Back to where it was: it goes on.
    begin(world, "invoice", "INV-{number:04}")
    assert world.invoice(zara, "100.00").number == "INV-0002"
    assert check_books() == []


def test_each_kind_has_its_own(world: World) -> None:
    zara = world.customer("Zara", owing={"2026-01-31": "100.00", "2026-02-28": "100.00"})
    begin(world, "credit_note", "CR.{year}.{number:03}")
    begin(world, "receipt", "{number:08}", next_number=500)
    begin(world, "account", "{name}{number:03}")
    note = credit_invoice(world.clerk, invoice=Invoice.objects.get(number="INV-000001"), reason="Wrong")
    paid = record_receipt(world.clerk, customer=zara, amount_minor=100, on=world.today, method="eft")
    assert (note.number, paid.number) == (f"CR.{world.today.year}.001", "00000500")
    assert [world.customer(name).number for name in ("Piet Botha", "Pieter Nel")] == ["PIE001", "PIE002"]
    assert check_books() == []


def test_a_brand_has_its_own_numbers_or_its_code_in_the_companys(world: World) -> None:
    karoo, plain = add_brand(world.caller(), name="Karoo"), add_brand(world.caller(), name="Plain")
    change_brand(world.caller(), brand=karoo, details={"code": "KC"})
    ours, theirs, others = (
        world.customer(f"C{pk}", brand_id=pk) for pk in (None, karoo.pk, plain.pk)
    )  # fmt: skip
    assert refused(world, "invoice", "{brand}-{number:04}") == (
        "{brand} needs a code. Give the company one first, among its names and numbers."
    )
    change_operator(world.caller(), code="HF")
    begin(world, "invoice", "{brand}-{number:04}")
    # A brand without a code goes with the company.
    numbers = [world.invoice(each, "10.00").number for each in (ours, theirs, others, theirs)]
    assert numbers == ["HF-0001", "KC-0001", "HF-0002", "KC-0002"]
    made = number_brand(world.caller(), brand=karoo, kind="invoice", pattern="KAROO{number:03}")
    assert [world.invoice(each, "10.00").number for each in (ours, theirs)] == ["HF-0003", "KAROO001"]
    share_numbers(world.caller(), series=made)
    assert world.invoice(theirs, "10.00").number == "KC-0003"
    number_brand(world.caller(), brand=karoo, kind="invoice", pattern="KAROO{number:03}")
    # Both in one operation, each with its own.
    drafts = [
        draft_invoice(world.caller(), customer=each, lines=[LineInput("One", Decimal(1), Decimal(1))], on=world.today)
        for each in (theirs, ours, theirs)
    ]
    issued = issue_invoices(world.caller(), invoices=drafts)
    assert [row.number for row in issued] == ["KAROO002", "HF-0004", "KAROO003"]
    assert check_books() == []


def test_series_that_could_give_the_same_number_are_refused(world: World) -> None:
    karoo = add_brand(world.caller(), name="Karoo")
    zara = world.customer("Zara")
    world.invoice(zara, "100.00")
    assert refused(world, "credit_note", "INV-{number:05}") == (
        "Invoice (INV-{number:06}) could give the same number. Begin one of them differently."
    )
    begin(world, "invoice", "A{number:04}")
    # Given once; and INV-000001 is not given by fewer digits.
    assert refused(world, "credit_note", "INV-{number:06}") == (
        "INV-000001 was given already; this could give it again. Begin it differently."
    )
    begin(world, "credit_note", "INV-{number:05}")
    before = counts()
    with pytest.raises(Refused, match=re.escape("Invoice (A{number:04}) could give the same number.")):
        number_brand(world.caller(), brand=karoo, kind="invoice", pattern="A{number:06}")
    assert counts() == before
    # A code that makes two of them meet.
    change_operator(world.caller(), code="B")
    begin(world, "invoice", "{brand}{number:04}")
    with pytest.raises(Refused, match="With the codes B and B1 this could give the same number twice"):
        change_brand(world.caller(), brand=karoo, details={"code": "B1"})
    assert Brand.objects.get().code == ""


def test_a_next_number_leaves_some_out_and_is_never_one_that_was_used(world: World) -> None:
    zara = world.customer("Zara", owing={"2026-01-31": "1.00", "2026-02-28": "1.00"})
    assert refused(world, "invoice", "INV-{number:06}", 2) == (
        "INV-000002 is given already. The next number is 3 or more."
    )
    begin(world, "invoice", "INV-{number:06}", 5000)
    # Nothing was given of it: fewer are left out after all.
    begin(world, "invoice", "INV-{number:06}", 10)
    assert [world.invoice(zara, "1.00").number for _ in range(2)] == ["INV-000010", "INV-000011"]
    assert refused(world, "invoice", "INV-{number:06}", 9) == (
        "INV-000011 is given already. The next number is 12 or more."
    )
    assert check_books() == []


def test_what_another_system_gave_is_gone_on_behind(world: World) -> None:
    zara = world.customer("Zara")
    drafts = [
        draft_invoice(
            world.caller(), customer=zara, lines=[LineInput("Old", Decimal(1), Decimal(1))], on=dt.date(2025, 12, 1)
        )
        for _ in range(3)
    ]
    issue_invoices(world.caller(), invoices=drafts, numbers=["HF-2025-0007", "HF-2026-0041", "OLD-1"])
    begin(world, "invoice", "HF-{year}-{number:04}")
    numbers = [world.invoice(zara, "1.00", on=day).number for day in (NEW_YEARS_EVE, NEW_YEAR)]
    assert numbers == ["HF-2025-0008", "HF-2026-0042"]
    assert [numbering.is_of("invoice", text) for text in (
        "HF-2030-0001", "HF-2030-00001", "HF-2030-10001", "HF-2026-0041", "OLD-1", "INV-000001",
    )] == [True, False, True, True, False, False]  # fmt: skip
    assert check_books() == []


def test_numbers_left_out_stay_so_when_the_digits_change(world: World) -> None:
    zara = world.customer("Zara")
    begin(world, "invoice", "INV-{number:06}", next_number=10)
    begin(world, "invoice", "INV-{number:04}")
    assert [world.invoice(zara, "1.00").number for _ in range(2)] == ["INV-0010", "INV-0011"]
    assert check_books() == []


def test_a_code_that_comes_later_goes_on_behind_what_another_system_gave_with_it(world: World) -> None:
    karoo, plain = add_brand(world.caller(), name="Karoo"), add_brand(world.caller(), name="Plain")
    theirs, others = (world.customer(f"C{row.pk}", brand_id=row.pk) for row in (karoo, plain))
    change_brand(world.caller(), brand=plain, details={"code": "PL"})
    own = number_brand(world.caller(), brand=plain, kind="invoice", pattern="PLAIN{number:03}")
    drafts = [
        draft_invoice(world.caller(), customer=theirs, lines=[LineInput("Old", Decimal(1), Decimal(1))], on=world.today)
        for _ in range(2)
    ]
    issue_invoices(world.caller(), invoices=drafts, numbers=["KC-0007", "PL-0003"])
    change_operator(world.caller(), code="HF")
    begin(world, "invoice", "{brand}-{number:04}")
    change_brand(world.caller(), brand=karoo, details={"code": "KC"})
    share_numbers(world.caller(), series=own)
    assert [world.invoice(each, "1.00").number for each in (theirs, others)] == ["KC-0008", "PL-0004"]
    assert check_books() == []


def test_the_next_number_is_the_one_that_is_given(world: World) -> None:
    zara = world.customer("Zara")
    for pattern in ("INV-{number:06}", "{year}-{number:03}", "{number:02}.{year}.{month}"):
        begin(world, "invoice", pattern)
        following = numbering.following("invoice", numbering.For(world.today))
        assert world.invoice(zara, "1.00").number == following
    assert sorted(numbering.written(1)) == sorted(Invoice.objects.values_list("number", flat=True))


# ------------------------------------------------------------------ proof


def _said() -> list[str]:
    return [finding.sentence for finding in check_books()]


@pytest.mark.books_are_broken_on_purpose
def test_check_books_names_the_series_that_has_a_gap(world: World) -> None:
    zara = world.customer("Zara")
    begin(world, "invoice", "HF-{year}-{number:03}")
    for _ in range(3):
        world.invoice(zara, "1.00", on=NEW_YEAR)
    with write_guard.writing():
        NumberRun.objects.filter(prefix="HF-2026-").update(last=F("last") + 2)
    assert "Series HF-2026-… (invoice) gave 5 numbers; 2 are not used, the first is HF-2026-004." in _said()
    with write_guard.writing():
        NumberRun.objects.filter(prefix="HF-2026-").update(last=2)
    assert "HF-2026-003 is not a number of any series (invoice)." in _said()


def test_the_page_shows_each_kind_with_its_next_number(world: World) -> None:
    add_user(world.caller(), email="owner@x.example", name="Owner", role="administrator", password="correct horse")
    karoo = add_brand(world.caller(), name="Karoo")
    number_brand(world.caller(), brand=karoo, kind="invoice", pattern="KC-{number:04}", next_number=41)
    desk = Client()
    desk.force_login(User.objects.get(email="owner@x.example"))
    page = desk.get("/settings/numbers/").content.decode()
    shown = re.findall(r'<td class="num">([^<]+)</td>', page)
    assert shown[:3] == ["INV-000001", "KC-0041", "CN-000001"]
    assert len(shown) == NumberSeries.objects.count() == len(NumberSeries.Kind) + 1
    answer = desk.post(f"/settings/numbers/{series('receipt').pk}/edit/", {"pattern": "{year}-{number}"}, follow=True)
    assert re.search(r"Payment: the next number is \d{4}-1\.", answer.content.decode())


def test_a_kind_that_a_new_version_brings_is_kept_in_old_books(world: World) -> None:
    """The other series were kept long ago, once for all: this one is kept as it is written."""
    with transaction.atomic():
        with write_guard.writing():
            NumberSeries.objects.filter(kind="ticket").delete()
        gone = list(check_books())
        set_up()
        assert NumberSeries.objects.get(kind="ticket").pattern == "T-{number:06}"
        assert list(check_books()) == gone
        assert not any("no operation" in line.sentence for line in gone)
        transaction.set_rollback(True)
