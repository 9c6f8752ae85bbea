"""Files of debit orders as banks are sent them: small, invented, and held against the schemas and the rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import sepaxml
import xmlschema

from counterfoil.debits.formats import nacha, nedbank, netcash, pain008
from counterfoil.debits.formats.order import Creditor, FormatError, Order, OrderFile

MADE = dt.datetime(2026, 11, 27, 8, 30)
ON = dt.date(2026, 12, 1)
SIGNED = dt.date(2026, 3, 1)
KEY = "24ade73c-98cf-47b3-99be-cc7b867b3080"

EURO = Creditor("Counterfoil Wi-Fi & Söhne GmbH", "DE89370400440532013000", "", "DE98ZZZ09999999999")
POUND = Creditor("Thames Line", "12345678", "04-00-04", "654321")
DOLLAR = Creditor("Cascade Line Inc", "4412345678", "121042882", "1234567890", "Test Bank")
RAND = Creditor("Helderberg Fibre (Pty) Ltd", "1234567890", "198765", KEY, vendor_key=KEY)
NEDBANK = replace(RAND, creditor_id="12345", vendor_key="")


def order(number: int, account: str, bank: str, currency: str, /, **changes: Any) -> Order:
    made = Order(
        f"DO-{number}", f"MND-{number}", SIGNED, "Zoë Müller", account, bank, "current", 1000 * number, currency,
        first=number == 1, text="Account HF-000123",
    )  # fmt: skip
    return replace(made, **changes)


def euros(**changes: Any) -> list[Order]:
    return [
        order(1, "NL39ABNA0636343332", "", "EUR", **changes),
        order(2, "DE02100100100975836327", "DEUTDEFF", "EUR"),
        order(3, "BE75001974508051", "", "EUR"),
    ]


def rands(**changes: Any) -> list[Order]:
    return [
        order(1, "7758270010", "198765", "ZAR", **changes),
        order(2, "9546151771", "250655", "ZAR", account_type="savings"),
    ]


def dollars(**changes: Any) -> list[Order]:
    return [
        order(1, "72058674302", "091400606", "USD", **changes),
        order(2, "33416174105", "231380104", "USD", account_type="savings"),
    ]


def pounds(**changes: Any) -> list[Order]:
    return [order(1, "87654321", "30-96-34", "GBP", **changes), order(2, "11223344", "200415", "GBP")]


def in_euro(orders: list[Order] | None = None, creditor: Creditor = EURO, **changes: Any) -> OrderFile:
    said: dict[str, Any] = {"scheme": "core", "message": "RUN-7", "created": MADE, "collect_on": ON} | changes
    return pain008.write(creditor, euros() if orders is None else orders, **said)


def in_pound(orders: list[Order] | None = None, creditor: Creditor = POUND, **changes: Any) -> OrderFile:
    return in_euro(pounds() if orders is None else orders, creditor, **({"scheme": "bacs"} | changes))


def in_dollar(orders: list[Order] | None = None, creditor: Creditor = DOLLAR, **changes: Any) -> OrderFile:
    said: dict[str, Any] = {"created": MADE, "collect_on": ON} | changes
    return nacha.write(creditor, dollars() if orders is None else orders, **said)


def in_rand(orders: list[Order] | None = None, creditor: Creditor = RAND, **changes: Any) -> OrderFile:
    said: dict[str, Any] = {"message": "RUN-7", "collect_on": ON} | changes
    return netcash.write(creditor, rands() if orders is None else orders, **said)


def at_nedbank(orders: list[Order] | None = None, creditor: Creditor = NEDBANK, **changes: Any) -> OrderFile:
    said: dict[str, Any] = {"number": 7, "collect_on": ON} | changes
    return nedbank.write(creditor, rands() if orders is None else orders, **said)


WRITERS = (in_euro, in_pound, in_dollar, in_rand, at_nedbank)


@cache
def schema(version: str) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(Path(sepaxml.__file__).parent / "schemas" / f"pain.008.001.{version}.xsd"))


def texts(content: bytes, name: str) -> list[str]:
    return [found.text or "" for found in ElementTree.fromstring(content).iter() if found.tag.endswith(f"}}{name}")]


@pytest.mark.parametrize("version", ["02", "08"])
@pytest.mark.parametrize(("scheme", "instrument"), [("core", ["CORE"]), ("b2b", ["B2B"]), ("bacs", [])])
def test_pain008_is_valid_and_parts_first_collections_from_the_others(
    version: str, scheme: str, instrument: list[str]
) -> None:
    write = in_pound if scheme == "bacs" else in_euro
    made = write(scheme=scheme, version=version)
    schema(version).validate(made.content.decode())
    others = made.count - 1
    assert texts(made.content, "SeqTp") == ["FRST", "RCUR"]
    assert texts(made.content, "PmtInfId") == ["RUN-7-FRST", "RUN-7-RCUR"]
    assert texts(made.content, "NbOfTxs") == [str(made.count), "1", str(others)]
    assert texts(made.content, "CtrlSum") == (
        ["30.00", "10.00", "20.00"] if scheme == "bacs" else ["60.00", "10.00", "50.00"]
    )
    assert [code for code in texts(made.content, "Cd") if code in ("CORE", "B2B")] == instrument * 2
    assert (made.name, made.sum_minor) == ("RUN-7.xml", 3000 if scheme == "bacs" else 6000)
    assert made.facts == {"message": "RUN-7", "first": "1", "recurring": str(others)}
    assert texts(made.content, "EndToEndId") == [f"DO-{number + 1}" for number in range(made.count)]
    assert ("87654321" in texts(made.content, "Id")) == ("309634" in texts(made.content, "MmbId")) == (scheme == "bacs")


def test_pain008_says_names_in_the_characters_of_every_bank() -> None:
    made = in_euro([replace(euros()[0], name="Ελληνική “Q” <&> Łódź", text="Zahlung § 5 — für Müller")], version="02")
    assert texts(made.content, "Nm")[-1] == "Elliniki Q + Lodz"
    assert texts(made.content, "Ustrd") == ["Zahlung 5 - fur Muller"]
    assert texts(made.content, "Nm")[0] == "Counterfoil Wi-Fi + Sohne GmbH"
    assert texts(made.content, "BIC") == []
    assert texts(in_euro(version="02").content, "BIC") == ["DEUTDEFF"]


def test_nacha_has_its_controls_and_is_padded_to_tens() -> None:
    made = in_dollar()
    lines = made.content.decode().split("\r\n")
    assert lines.pop() == ""
    assert {len(line) for line in lines} == {94}
    assert [line[0] for line in lines] == list("1566899999")
    assert lines[0] == (
        "101 12104288212345678902611270830A094101Test Bank              Cascade Line Inc               "
    )
    assert lines[1][:4] + lines[1][50:63] == "5225PPDPAYMENT   "
    assert [line[1:3] + line[39:54].strip() for line in lines[2:4]] == ["27DO-1", "37DO-2"]
    assert [line[79:] for line in lines[2:4]] == ["121042880000001", "121042880000002"]
    assert lines[5] == "9000001000001000000020032278070000000003000000000000000".ljust(94)
    assert made.facts == {"entry_hash": "0032278070", "blocks": "1", "batch": "1", "modifier": "A"}
    # Its own reader agrees with all its controls.
    held = nacha.contents(made.content)
    assert (held.entries, held.debit_minor, held.credit_minor, held.entry_hash) == (2, 3000, 0, "0032278070")


def test_the_entry_hash_is_its_last_ten_digits() -> None:
    made = in_dollar([order(n + 1, "1234567", "231380104", "USD", amount_minor=1) for n in range(500)])
    assert made.facts["entry_hash"] == f"{23138010 * 500 % 10**10:010d}"
    assert made.facts["blocks"] == "51"


def test_netcash_counts_and_sums_in_cents() -> None:
    made = in_rand()
    assert made.content.decode().splitlines() == [
        f"H\t{KEY}\t1\tTwoDay\tRUN-7\t20261201\t{KEY}",
        "K\t101\t102\t131\t132\t133\t134\t135\t136\t162\t301\t302",
        "T\tMND-1\tZoe Muller\t1\tZoe Muller\t1\t198765\t0\t7758270010\t1000\tDO-1\tMND-1",
        "T\tMND-2\tZoe Muller\t1\tZoe Muller\t2\t250655\t0\t9546151771\t2000\tDO-2\tMND-2",
        "F\t2\t3000\t9999",
    ]
    assert made.facts == {"footer": "F\t2\t3000\t9999"}


def test_nedbank_has_records_of_320_characters_and_says_it_is_unproven() -> None:
    made = at_nedbank()
    records = made.content.decode().split("\r\n")[:-1]
    assert {len(record) for record in records} == {320}
    assert [record[:2] for record in records] == ["01", "02", "02", "03", "04"]
    assert records[0][2:36] == "0000012345" + "0000012345" + "20261201" + "000007"
    assert records[1][18:52] == "000001234520261201000007" + "0000000001"
    assert records[1][52:124] == "1987650000007758270010" + "000000001000" + "20261201" + (
        "Helderberg" + "DO-1          " + "261201"
    )
    assert records[3].rstrip() == "03" + "0000000002" + "00000000003000"
    assert records[4].rstrip() == f"04{7758270010 + 9546151771}"
    assert not nedbank.PROVEN


@pytest.mark.parametrize("write", WRITERS)
def test_making_a_file_again_gives_the_same_bytes(write: Any) -> None:
    assert write() == write()


@pytest.mark.parametrize(
    ("write", "changed", "says"),
    [
        (in_euro, euros(amount_minor=0), "Order DO-1: there is nothing to collect"),
        (in_euro, euros(amount_minor=-5), "there is nothing to collect"),
        (in_euro, euros(amount_minor=100_000_000_000), "more than the format can carry"),
        (in_euro, euros(currency="USD"), "it is in USD, but the scheme collects EUR only"),
        (in_euro, euros(reference="DO-2"), "Order DO-2: its reference is used twice"),
        (in_euro, euros(reference="x" * 36), "its reference must have 1 to 35 characters"),
        (in_euro, euros(mandate="MÜ-1"), "its mandate “MÜ-1” must be"),
        (in_euro, euros(name="李小龙"), "no letter of the payer's name"),
        (in_euro, euros(account="NL92ABNA0397236329"), "That is not an IBAN"),
        (in_euro, [], "There is nothing to collect"),
        (in_pound, pounds(account="8765432"), "The account number is too short"),
        (in_dollar, dollars(bank="021000022"), "its check digit is wrong"),
        (in_dollar, dollars(amount_minor=10_000_000_000), "more than the format can carry"),
        (in_dollar, dollars(reference="DO-2026-12-000001"), "at most 15 letters and digits"),
        (in_rand, rands(account="12"), "The account number is too short: it has 2 digits, not 7 to 11"),
        (in_rand, rands(mandate="MND-2"), "Netcash takes each once"),
        (in_rand, rands(mandate="x" * 23), "its mandate must be 2 to 22 letters and digits"),
        (in_rand, rands(reference="DO\t1"), "its reference must be letters and digits"),
        (at_nedbank, rands(reference="DO-2026-12-000001"), "at most 14 letters and digits"),
    ],
)
def test_an_order_no_bank_takes_is_in_no_file(write: Any, changed: list[Order], says: str) -> None:
    with pytest.raises(FormatError) as refused:
        write(changed)
    assert says in refused.value.sentence


@pytest.mark.parametrize(
    ("write", "creditor", "says"),
    [
        (in_euro, replace(EURO, creditor_id="DE97ZZZ09999999999"), "is not a SEPA creditor identifier"),
        (in_euro, replace(EURO, account="DE88370400440532013000"), "Our own account: That is not an IBAN"),
        (in_euro, replace(EURO, name="李"), "Our name cannot be written"),
        (in_pound, replace(POUND, creditor_id="6543"), "is not a service user number"),
        (in_dollar, replace(DOLLAR, creditor_id="123"), "is not a company id"),
        (in_dollar, replace(DOLLAR, bank="121042883"), "Our own bank: That is not a routing number"),
        (in_rand, replace(RAND, creditor_id="secret"), "is 32 digits and letters in five groups"),
        (at_nedbank, replace(NEDBANK, creditor_id=KEY), "The client number has at most ten digits"),
        (at_nedbank, replace(NEDBANK, account="1"), "Our own account has 7 to 16 digits"),
    ],
)
def test_what_the_bank_gave_us_is_looked_at_first(write: Any, creditor: Creditor, says: str) -> None:
    with pytest.raises(FormatError) as refused:
        write(creditor=creditor)
    assert says in refused.value.sentence


@pytest.mark.parametrize(
    ("write", "changes"),
    [
        (in_euro, {"message": "x" * 31}), (in_euro, {"message": "Ü"}), (in_dollar, {"modifier": "ä"}),
        (in_dollar, {"batch": 0}), (in_rand, {"message": "a\tb"}), (at_nedbank, {"number": 0}),
    ],
)  # fmt: skip
def test_a_file_needs_a_name_that_the_bank_can_read(write: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as refused:
        write(**changes)
    assert refused.value.code == "bad_message"
