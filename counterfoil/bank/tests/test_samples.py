"""Other people's statements: a month in nine formats, and what other projects test their readers with."""

from __future__ import annotations

import csv
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterfoil.bank.readers import read
from counterfoil.bank.readers.statement import Line
from counterfoil.bank.rules import Book, Open, match
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import places

SHARED = Path(__file__).parents[4] / "shared" / "data" / "bank"
MONTH = SHARED / "month"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="The sample statements are not beside the project.")
# Each with what other readers do not do: they take the last of two accounts, count what is not booked, read one record
# of a line, or take yen to have cents.
OTHERWISE = {
    "bai2/sample3.bai", "camt/camt052.v6.Amt-zero.xml", "camt/camt053.v2.with-account-name.xml", "mt940/broken-86.sta",
}  # fmt: skip
EMPTY = {
    "bai2/sample-parseError.bai": "No heading says",
    "camt/camt053.v2.wrong.xml": "holds no statement of an account",
    "ofx/account_listing_aggregation.ofx": "The file holds no statement.",
    "ofx/bank_small.ofx": "The file holds no statement.",
    "ofx/error_message.ofx": "General Server Error",
    "ofx/signon_fail.ofx": "your password was incorrect",
}


def expected() -> dict[str, Any]:
    return json.loads((SHARED / "expected_samples.json").read_text()) if SHARED.is_dir() else {}


def in_minor(text: str | None, currency: str) -> int | None:
    return None if text in (None, "") else int(Decimal(str(text)).scaleb(places(currency or "EUR")))


def sums(lines: list[Line]) -> tuple[int, int]:
    amounts = [line.amount_minor for line in lines]
    return sum(a for a in amounts if a > 0), -sum(a for a in amounts if a < 0)


@pytest.mark.parametrize(
    "name", [name for name in expected() if name.startswith(("camt", "mt940")) and name not in EMPTY]
)
def test_statements_of_other_projects(name: str) -> None:
    found = read((SHARED / name).read_bytes())
    wanted = expected()[name]["statements"]
    assert len(found) == len(wanted)
    if name in OTHERWISE:
        return
    for one, said in zip(found, wanted, strict=True):
        assert one.account == said["account"]
        assert len(one.lines) == said.get("lines", said.get("entries"))
        assert sums(one.lines) == (in_minor(said["credits"], one.currency), in_minor(said["debits"], one.currency))
        assert one.opening_minor == in_minor(said["opening"], one.currency)
        assert one.closing_minor == in_minor(said["closing"], one.currency)
        assert one.adds_up == said["closing_equals_opening_plus_entries"]
        assert bool(one.doubts) == (one.adds_up is False)


@pytest.mark.parametrize("name", [name for name in expected() if name.startswith("ofx") and name not in EMPTY])
def test_ofx_of_other_projects(name: str) -> None:
    for one, said in zip(read((SHARED / name).read_bytes()), expected()[name]["accounts"], strict=True):
        # One file leaves its own currency empty; its one amount says that it is in Australian dollars.
        assert (one.account, one.currency) == (said["account"], said["currency"] or "AUD")
        assert len(one.lines) == said["transactions"] - said["bad_amounts"] == said["transactions"] - one.unread
        assert one.moved_minor == in_minor(said["sum"], one.currency)
        assert one.closing_minor == in_minor(said["ledger_balance"], one.currency)


@pytest.mark.parametrize("name", [f"bai2/{name}.bai" for name in ("sample1", "sample2", "sample3")] + [
    "bai2/sample4-continuations-newline-delimited.bai"
])  # fmt: skip
def test_bai2_of_other_projects(name: str) -> None:
    found, said = read((SHARED / name).read_bytes()), expected()[name]
    if name in OTHERWISE:
        # Two accounts stand on the line of another; with them all balances follow from their bookings.
        assert [one.adds_up for one in found] == [True] * 15
        return
    assert [one.account for one in found] == said["accounts"]
    assert sums([line for one in found for line in one.lines]) == (
        said["detail_credits_minor"], said["detail_debits_minor"],
    )  # fmt: skip
    # Only the fourth was changed by hand after its control totals were made.
    assert any("control total" in text for one in found for text in one.doubts) == ("sample4" in name)


@pytest.mark.parametrize(("name", "says"), EMPTY.items())
def test_what_holds_no_statement_says_so(name: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        read((SHARED / name).read_bytes())
    assert says in refused.value.sentence


@pytest.mark.parametrize(
    ("name", "amounts", "opening", "closing", "adds_up"),
    [
        ("balance", [-3350, 153350], 1000, 151000, True),
        ("debit_credit", [-3350, 153350], 1000, 151000, True),
        ("debit_credit_amount", [-2000, -1350, 3350, 150000], 1000, 151000, True),
        ("meta_data_separated_credit_debit", [-5000, -10000, -8068, 130000], 3000077, 3107011, False),
        ("multi_currency", [-3350, 152500], None, None, None),
        ("original_currency", [152500], None, None, None),
        ("original_currency_no_header", [152500], None, None, None),
        ("sample_statement_en", [-3350, 152500], None, None, None),
        ("empty_statement_en", [], None, None, None),
    ],
)
def test_tables_of_other_projects(
    name: str, amounts: list[int], opening: int | None, closing: int | None, adds_up: bool | None
) -> None:
    found = read((SHARED / "csv" / f"{name}.csv").read_bytes())
    assert [line.amount_minor for one in found for line in one.lines] == amounts
    assert (found[0].opening_minor, found[-1].closing_minor, found[0].adds_up) == (opening, closing, adds_up)


# ------------------------------------------------------------------ one month in nine formats


def test_nine_formats_give_the_same_lines() -> None:
    said = json.loads((MONTH / "expected.json").read_text())
    wanted = sorted((line["date"], int(Decimal(line["amount"]) * 100)) for line in said["lines_to_match"])
    files = sorted(MONTH.glob("statement.*"))
    assert len(files) == 9
    for path in files:
        found = read(path.read_bytes(), currency="EUR")
        lines = [line for one in found for line in one.lines]
        assert sorted((line.date.isoformat(), line.amount_minor) for line in lines) == wanted, path.name
        assert found[-1].closing_minor == 1474062
        if "ofx" not in path.name:
            assert found[0].opening_minor == 1000000
            assert all(one.adds_up for one in found), path.name


def book() -> Book:
    items = [
        Open(
            row["number"], row["customer"], dt.date.fromisoformat(row["due"]), int(Decimal(row["open"]) * 100),
        )
        for row in csv.DictReader((MONTH / "open_items.csv").open())
    ]  # fmt: skip
    payers: dict[str, str] = {}
    customers = list(csv.DictReader((MONTH / "customers.csv").open()))
    for row in customers:
        payers |= {row[key]: row["number"] for key in ("iban", "mandate") if row[key]}
    return Book.of(items, payers, [row["number"] for row in customers])


def test_the_month_is_matched_as_it_should_be() -> None:
    month = json.loads((MONTH / "expected.json").read_text())
    said = {line["bank_reference"]: line for line in month["lines_to_match"]}
    (one,) = read((MONTH / "statement.camt.053.001.08.xml").read_bytes())
    known, applied = book(), 0
    for line in one.lines:
        wanted, found = said[line.reference], match(line, known)
        if wanted["kind"] in ("card_payout_net_of_fee", "direct_debit_returned", "refund_to_customer", "bank_fee"):
            # Business of cards, of collection runs, and of a ledger account: never taken without a person.
            assert not found.sure, wanted
            continue
        shares = [
            {"invoice": share.number, "amount": f"{share.minor / 100:.2f}"} if share.number
            else {"unapplied": f"{share.minor / 100:.2f}", "customer": share.customer}
            for share in found.shares
        ]  # fmt: skip
        assert (shares if found.sure else []) == wanted["match"], (wanted, found)
        applied += sum(share.minor for share in found.shares if found.sure and share.number)
    # The rest of what the month settles is of the card payout, less the two debits that came back.
    rest = sum(
        int(Decimal(part["amount"]) * 100)
        for line in said.values() if line["kind"] in ("card_payout_net_of_fee", "direct_debit_returned")
        for part in line["match"] if "invoice" in part
    )  # fmt: skip
    assert (applied, rest) == (458801, -5750)
    assert applied + rest == int(Decimal(month["applied_to_invoices"]) * 100)
