"""The same month in nine formats, and what its lines settle; the samples of other projects. Left out where absent."""

from __future__ import annotations

import csv
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterfoil.bank.readers import read_statements
from counterfoil.bank.rules import OpenItem, OpenItems, Paid, Proposal, propose
from counterfoil.kernel.errors import Refused

BANK = Path(__file__).parents[4] / "shared" / "data" / "bank"
MONTH = BANK / "month"
pytestmark = pytest.mark.skipif(not BANK.exists(), reason="the bank's files are not beside the project")

SAMPLES = sorted(BANK.glob("mt940/*.sta")) + sorted(BANK.glob("camt/*.xml")) if BANK.exists() else []


def cents(text: str) -> int:
    return int(Decimal(text) * 100)


def test_nine_formats_of_one_month_give_the_same_lines() -> None:
    expected = json.loads((MONTH / "expected.json").read_text())
    wanted = sorted((line["date"], cents(line["amount"])) for line in expected["lines_to_match"])
    files = sorted(MONTH.glob("statement.*"))
    assert len(files) == 9
    for file in files:
        statements = read_statements(file.read_bytes(), currency="EUR")
        assert sorted((line.date.isoformat(), line.amount_minor) for one in statements for line in one.lines) == wanted
        assert statements[-1].closing_minor == 1474062, file.name
        assert [one.adds_up for one in statements if one.adds_up is not None or one.form != "ofx"] == (
            [True] * len(statements) if statements[0].form != "ofx" else []
        ), file.name
        assert not [sentence for one in statements for sentence in one.wrong], file.name


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.name)
def test_samples_have_their_lines_and_say_when_they_do_not_add_up(file: Path) -> None:
    expected = json.loads((BANK / "expected_samples.json").read_text())[f"{file.parent.name}/{file.name}"]["statements"]
    try:
        made = read_statements(file.read_bytes())
    except Refused:
        assert not expected
        return
    assert len(made) == len(expected)
    for one, wanted in zip(made, expected, strict=True):
        if wanted.get("not_booked"):
            assert not one.lines
            assert "not booked" in one.remarks[0]
            continue
        amounts = [line.amount_minor for line in one.lines]
        assert len(amounts) == wanted.get("lines", wanted.get("entries"))
        assert sum(amount for amount in amounts if amount > 0) == cents(wanted["credits"])
        assert -sum(amount for amount in amounts if amount < 0) == cents(wanted["debits"])
        assert one.opening_minor == (None if wanted["opening"] is None else cents(wanted["opening"]))
        follows = wanted["closing_equals_opening_plus_entries"]
        # Without two balances there is nothing to follow, but lines of another currency are still said.
        assert one.adds_up == follows or (follows is None and "lines in" in one.wrong[0].replace("line in", "lines in"))


def test_the_month_is_matched_as_a_biller_would() -> None:
    expected = json.loads((MONTH / "expected.json").read_text())
    among = books()
    applied = 0
    (statement,) = read_statements((MONTH / "statement.camt.053.001.08.xml").read_bytes())
    lines = {line.reference: line for line in statement.lines}
    for wanted in expected["lines_to_match"]:
        line = lines[wanted["bank_reference"]]
        made = [propose(paid(one), among) for one in line.parts or [line]]
        if line.amount_minor < 0 or wanted["kind"] == "card_payout_net_of_fee":
            # Money that left and what a card provider kept are for a person.
            assert not any(one.settles for one in made), wanted
            continue
        assert said(made) == wanted["match"], (wanted, made)
        applied += sum(each.amount_minor for one in made for each in one.settles)
    assert applied == 0


def said(made: list[Proposal]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for one in made:
        found += [{"invoice": each.number, "amount": f"{Decimal(each.amount_minor) / 100:.2f}"} for each in one.settles]
        if one.unapplied_minor:
            found.append({"unapplied": f"{Decimal(one.unapplied_minor) / 100:.2f}", "customer": one.customer})
    return found


def paid(one: Any) -> Paid:
    return Paid(**{key: getattr(one, key) for key in Paid.__dataclass_fields__})


def books() -> OpenItems:
    with (MONTH / "open_items.csv").open() as file:
        items = [
            OpenItem(
                row["number"], row["customer"], cents(row["open"]), dt.date.fromisoformat(row["due"]),
                row["creditor_reference"],
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip
    with (MONTH / "customers.csv").open() as file:
        people = list(csv.DictReader(file))
    return OpenItems(
        items,
        accounts={row["iban"]: row["number"] for row in people},
        mandates={row["mandate"]: row["number"] for row in people},
    )
