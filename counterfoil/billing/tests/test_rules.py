"""Tax and credits by line: exact values, and what holds in any order."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.billing.charging import Charged, LineTax, taken_back
from counterfoil.billing.line_texts import bill_name
from counterfoil.billing.rules import (
    Amounts,
    LineInput,
    check_line,
    credit_amounts,
    line_amounts,
    tax_summary,
)
from counterfoil.documents.speech import ENGLISH, Speech
from counterfoil.kernel.errors import Refused

PERCENT = st.sampled_from([Decimal(0), Decimal("5.5"), Decimal(15), Decimal("19"), Decimal("21.25")])


def test_tax_included_is_taken_out_of_the_price() -> None:
    assert line_amounts(Decimal(1), Decimal("115.00"), Decimal(15), inclusive=True, currency="ZAR") == Amounts(
        10000, 1500
    )
    assert line_amounts(Decimal(1), Decimal("599.00"), Decimal(15), inclusive=True, currency="ZAR") == Amounts(
        52087, 7813
    )


def test_tax_excluded_is_added() -> None:
    assert line_amounts(Decimal(3), Decimal("33.33"), Decimal(15), inclusive=False, currency="ZAR") == Amounts(
        9999, 1500
    )
    # Half a cent of tax rounds up: 15 % of 0.10 is 0.015.
    assert line_amounts(Decimal(1), Decimal("0.10"), Decimal(15), inclusive=False, currency="ZAR") == Amounts(10, 2)
    assert line_amounts(Decimal(1), Decimal(105), Decimal(10), inclusive=False, currency="JPY") == Amounts(105, 11)


@given(st.integers(1, 10**7), PERCENT)
def test_inclusive_lines_total_what_was_priced(cents: int, percent: Decimal) -> None:
    amounts = line_amounts(Decimal(1), Decimal(cents) / 100, percent, inclusive=True, currency="ZAR")
    assert amounts.total == cents
    assert 0 <= amounts.tax <= amounts.total


@given(st.integers(1, 10**7), PERCENT, st.lists(st.integers(1, 10**6), max_size=12), st.booleans())
def test_credits_of_a_line_add_up_to_it_in_any_order(cents: int, percent: Decimal, parts: list[int], up: bool) -> None:
    line = line_amounts(Decimal(1), Decimal(cents) / 100, percent, inclusive=True, currency="ZAR")
    credited = Amounts(0, 0)
    for part in sorted(parts, reverse=up):
        if part > line.total - credited.total:
            with pytest.raises(Refused):
                credit_amounts(line, credited, part)
            continue
        credit = credit_amounts(line, credited, part)
        assert credit.total == part
        assert credit.net >= 0
        assert credit.tax >= 0
        credited = Amounts(credited.net + credit.net, credited.tax + credit.tax)
    if left := line.total - credited.total:
        last = credit_amounts(line, credited, left)
        credited = Amounts(credited.net + last.net, credited.tax + last.tax)
    assert credited == line


TAXES = (LineTax(1, "VAT 15 %", Decimal(15)), LineTax(2, "VAT 15.5 %", Decimal("15.5")))


def charge(minor: int, inclusive: bool, tax: LineTax | None, tax_minor: int) -> Charged:
    """A charge, or a credit, of a month."""
    day, end = dt.date(2026, 3, 1), dt.date(2026, 4, 1)
    one = Decimal(1)
    return Charged(1, None, day, end, 1, 1, one, one, Decimal(0), day, end, 1, 1, minor, inclusive, tax, tax_minor)


@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.sampled_from(TAXES)), min_size=1, max_size=5),
    st.lists(st.integers(1, 10**7), max_size=8), st.booleans(),
)  # fmt: skip
def test_what_is_taken_back_adds_up_to_what_was_charged_tax_by_tax(
    charges: list[tuple[int, LineTax]], parts: list[int], inclusive: bool
) -> None:
    charged = []
    for minor, tax in charges:
        amounts = line_amounts(Decimal(1), Decimal(minor) / 100, tax.percent, inclusive=inclusive, currency="ZAR")
        charged.append(charge(minor, inclusive, tax, amounts.tax))
    by_tax = {tax: [c.amounts for c in charged if c.tax == tax] for tax in TAXES}
    whole = [(tax, sum(a.net for a in rows), sum(a.tax for a in rows)) for tax, rows in by_tax.items()]
    for part in [*parts, 10**9]:
        part = min(part, sum(c.minor for c in charged))
        for minor, tax_, tax_minor in taken_back(charged, part) if part else ():
            assert minor < 0
            charged.append(charge(minor, inclusive, tax_, tax_minor))
            # Never more than was charged, of any tax.
            for one, net, amount in whole:
                given_back = [c.amounts for c in charged if c.minor < 0 and c.tax == one]
                assert -sum(a.net for a in given_back) <= net
                assert -sum(a.tax for a in given_back) <= amount
    assert [sum(c.amounts.net for c in charged), sum(c.tax_minor for c in charged)] == [0, 0]


def test_the_newest_tax_is_given_back_first_and_a_discarded_draft_has_none() -> None:
    old, new = TAXES
    charged = [charge(1000, False, old, 150), charge(500, False, None, 75), charge(-500, False, None, -75),
               charge(1000, False, new, 155)]  # fmt: skip
    assert taken_back(charged, 1500) == [(-1000, new, -155), (-500, old, -75)]


@pytest.mark.parametrize(
    ("days", "name", "german"),
    [
        ([("2026-12-01", "2027-01-01")], "Services, December 2026", "Leistungen, Dezember 2026"),
        ([("2026-12-12", "2026-12-20"), ("2026-12-20", "2027-01-01")], "Services, December 2026",
         "Leistungen, Dezember 2026"),
        ([("2026-11-01", "2026-12-01"), ("2026-12-01", "2027-01-01")], "Services, November to December 2026",
         "Leistungen, November bis Dezember 2026"),
        ([("2026-12-01", "2027-03-01")], "Services, December 2026 to February 2027",
         "Leistungen, Dezember 2026 bis Februar 2027"),
        ([("2026-12-15", "2027-01-15")], "Services, 15 Dec 2026 to 14 Jan 2027",
         "Leistungen, 15.12.2026 bis 14.01.2027"),
        ([], "Call-out and 1 more", "Call-out und 1 weitere"),
    ],
)  # fmt: skip
def test_a_bill_is_named_by_what_it_is(days: list[tuple[str, str]], name: str, german: str) -> None:
    read = [(dt.date.fromisoformat(start), dt.date.fromisoformat(end)) for start, end in days]
    said = [bill_name(read, ["Call-out", "Router"], speech) for speech in (ENGLISH, Speech("de"))]
    assert said == [name, german]


def test_the_tax_of_each_rate_is_summed() -> None:
    lines = [("VAT 15%", Decimal(15), 100, 15), ("Exempt", Decimal(0), 50, 0), ("VAT 15%", Decimal(15), 200, 30)]
    assert [(row.name, row.net, row.tax) for row in tax_summary(lines)] == [("VAT 15%", 300, 45), ("Exempt", 50, 0)]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (LineInput(" ", Decimal(1), Decimal(1)), "required"),
        (LineInput("x", Decimal(0), Decimal(1)), "absurd_quantity"),
        (LineInput("x", Decimal(-1), Decimal(1)), "absurd_quantity"),
        (LineInput("x", Decimal(1), Decimal(-1)), "negative_price"),
        (LineInput("x", Decimal(10**8), Decimal(10**8)), "absurd_amount"),
    ],
)
def test_lines_that_cannot_be_meant_are_refused(line: LineInput, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_line(line, 2)
    assert refused.value.code == code
    assert "line 2" in refused.value.sentence.lower()
