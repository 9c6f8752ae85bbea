"""Other people's files, and a run of debit orders with its right answers, read where they are beside the project."""

from __future__ import annotations

import csv
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from counterfoil.debits.formats import nacha, netcash, pain008
from counterfoil.debits.formats.accounts import why_not
from counterfoil.debits.formats.order import Answer, FormatError, Order
from counterfoil.debits.rules import Owed, Policy, Terms, choose
from counterfoil.debits.tests.test_formats_writing import DOLLAR, EURO, RAND, in_pound, schema, texts

SHARED = Path(__file__).parents[4] / "shared" / "data" / "debit"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="The sample debit orders are not beside the project.")
MADE, ON = dt.datetime(2026, 11, 27, 8, 30), dt.date(2026, 12, 1)
SCHEMES = {"SEPA": "sepa", "NACHA": "nacha", "ZA": "za"}
WAYS = {"sepa": "sepa_core", "nacha": "nacha", "za": "netcash"}
# What a sentence has to say where a reason is expected; nobody is told of who owes nothing.
REASONS = {
    "IBAN checksum": "That is not an IBAN", "mandate not active": "There is no mandate",
    "mandate not signed": "The mandate is not signed", "above 999 999 999.99": "carries €999,999,999.99",
    "routing number check digit": "its check digit is wrong",
    "account number too short": "The account number is too short", "nothing to collect": "",
}  # fmt: skip
# Files whose control does not agree with their lines, or that have none.
REFUSED = {"nacha/nonascii-utf8.ach": "does_not_add_up", "nacha/file_parsing_missing_file_control.txt": "cut_off"}


def expected(name: str) -> dict[str, Any]:
    return json.loads((SHARED / name).read_text()) if SHARED.is_dir() else {}


def samples(kind: str) -> list[str]:
    return [name for name in expected("expected_samples.json") if name.startswith(kind)]


def run() -> tuple[dict[str, list[Order]], dict[str, str]]:
    """The orders of the run by scheme, and whom it leaves out, with kind and sentence."""
    orders: dict[str, list[Order]] = {scheme: [] for scheme in SCHEMES.values()}
    left: dict[str, str] = {}
    for row in csv.DictReader((SHARED / "run" / "mandates_due.csv").read_text().splitlines()):
        scheme, amount = SCHEMES[row["scheme"]], int(Decimal(row["amount"]).scaleb(2))
        kind: Any = "savings" if row["account_type"] == "savings" else "current"
        signed = dt.date.fromisoformat(row["signed"]) if row["signed"] else None
        terms = Terms(signed, None, None, WAYS[scheme]) if row["status"] == "active" else None
        owed = [Owed(1, ON, amount)] if amount else []
        choice = choose(owed, terms, Policy(), row["currency"], ON)
        if out := choice is None or choice.said or why_not(scheme, row["account"], row["bank"], kind):
            left[row["mandate"]] = "" if choice is None else str(out)
            continue
        assert signed is not None
        orders[scheme].append(
            Order(
                row["mandate"].replace("MND", "DO"), row["mandate"], signed, row["name"], row["account"], row["bank"],
                kind, amount, row["currency"], row["first"] == "yes",
            )
        )  # fmt: skip
    return orders, left


def test_the_run_leaves_out_whom_it_should_and_says_why() -> None:
    _, left = run()
    wanted = expected("run/expected.json")["left_out"]
    assert left.keys() == wanted.keys()
    for mandate, said in wanted.items():
        _, _, why = said.partition(": ")
        assert REASONS[why] in left[mandate]
        assert bool(left[mandate]) == bool(REASONS[why])


@pytest.mark.parametrize("version", ["02", "08"])
def test_the_run_by_sepa(version: Any) -> None:
    wanted = expected("run/expected.json")["sepa"]
    made = pain008.write(
        EURO, run()[0]["sepa"], scheme="core", message="RUN-1", created=MADE, collect_on=ON, version=version
    )
    schema(version).validate(made.content.decode())
    assert made.count == wanted["collections"]
    assert texts(made.content, "CtrlSum")[0] == wanted["sum"]
    assert made.facts == {"message": "RUN-1", "first": str(wanted["first"]), "recurring": str(wanted["recurring"])}
    assert texts(made.content, "Nm")[-2:] == ["Elliniki Dokimi", "Ada Testcase"]


def test_the_run_by_ach() -> None:
    wanted = expected("run/expected.json")["nacha"]
    made = nacha.write(DOLLAR, run()[0]["nacha"], created=MADE, collect_on=ON)
    codes = [line[1:3] for line in made.content.split(b"\r\n") if line.startswith(b"6")]
    assert (made.count, made.sum_minor) == (wanted["entries"], wanted["debit_cents"])
    assert (made.facts["entry_hash"], made.facts["blocks"]) == (
        wanted["entry_hash"],
        str(wanted["blocks_if_one_batch"]),
    )
    assert {"checking_27": codes.count(b"27"), "savings_37": codes.count(b"37")} == wanted["transaction_codes"]


def test_the_run_by_netcash() -> None:
    wanted = expected("run/expected.json")["netcash"]
    made = netcash.write(RAND, run()[0]["za"], message="RUN-1", collect_on=ON)
    assert (made.count, made.sum_minor) == (wanted["rows"], wanted["sum_cents"])
    assert made.content.decode().splitlines()[-1] == wanted["footer"].replace("<TAB>", "\t")


@pytest.mark.parametrize("name", [name for name in samples("nacha") if name not in REFUSED])
def test_ach_files_of_others(name: str) -> None:
    wanted, content = expected("expected_samples.json")[name], (SHARED / name).read_bytes()
    held = nacha.contents(content)
    for what in ("batches", "entries", "addenda", "entry_hash"):
        assert getattr(held, what) == wanted[what]
    assert (held.debit_minor, held.credit_minor) == (wanted["debit"], wanted["credit"])
    assert [each.code for each in held.answers] == wanted["returns"] + wanted["corrections"]
    if held.answers:
        assert nacha.read(content) == held.answers
    else:
        with pytest.raises(FormatError, match="it is a file of orders"):
            nacha.read(content)


@pytest.mark.parametrize(("name", "code"), REFUSED.items())
def test_ach_files_that_do_not_agree_with_themselves(name: str, code: str) -> None:
    with pytest.raises(FormatError) as refused:
        nacha.read((SHARED / name).read_bytes())
    assert refused.value.code == code


def test_bacs_is_written_as_others_write_it() -> None:
    """Our elements are those of a market's sample, without the addresses, BICs and towns that we do not keep."""
    sample = ElementTree.parse(SHARED / "pain008" / "gb-bacs.001.08.xml").getroot()
    made = ElementTree.fromstring(in_pound().content)
    theirs, ours = ({each.tag.rpartition("}")[2] for each in root.iter()} for root in (sample, made))
    assert ours - theirs == {"RmtInf", "Ustrd"}
    assert theirs - ours == {"PstlAdr", "PstCd", "TwnNm", "Ctry", "BICFI"}


def test_a_statement_with_every_code_of_netcash() -> None:
    found = netcash.read_statement((SHARED / "netcash" / "statement.txt").read_bytes())
    assert [(each.kind, each.code, each.amount_minor) for each in found] == [
        ("collected", "TDD", 0), ("collected", "TDC", 0), ("returned", "01", 0), ("collected", "SDD", 0),
        ("collected", "SDC", 0), ("fee", "NSF", 0), ("fee", "VAT", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("success", [("accepted", "MY TEST BATCH", "", 100, "Netcash took batch MY TEST BATCH.")]),
        (
            "error",
            [
                ("rejected", "84", "", 1256820, "Netcash took nothing of batch 84."),
                ("rejected", "84", "", None, "Action date is not valid for this instruction."),
            ],
        ),
        (
            "failures",
            [
                ("rejected", "87", "", 1667200, "Netcash took nothing of batch 87."),
                ("rejected", "87", "1158", None, "Line 6: Duplicate account reference in T (transaction) records."),
            ],
        ),
    ],
)
def test_batch_reports_of_netcash(name: str, wanted: list[tuple[str, str, str, int | None, str]]) -> None:
    found: list[Answer] = netcash.read_batch_report(
        (SHARED / "netcash" / f"batch_file_report_file_{name}.txt").read_bytes()
    )
    assert [(each.kind, each.file, each.mandate, each.amount_minor, each.meaning) for each in found] == wanted
