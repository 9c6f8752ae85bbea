"""Other people's call records, and a month of calls with the right answers: three files that must rate alike."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.usage.calls import Decks, Rated, Rater, Totals, columns_from, read, read_deck
from counterfoil.usage.calls.numbers import INTERNAL

SHARED = Path(__file__).parents[4] / "shared" / "data" / "calls"
MONTH, SAMPLES = SHARED / "november", SHARED / "samples"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="The sample call records are not beside the project.")
FIRST, SECOND = "rates_2026-10-01.csv", "rates_2026-11-16.csv"
MAPPING: dict[str, object] = {
    "id": "Call ID", "account": "Customer", "number": "To", "start": "Start (SAST)", "talk": "Talk time",
    "result": "Result", "answered": ["Answered"], "zone": "Africa/Johannesburg",
}  # fmt: skip
FILES: dict[str, Any] = {"Master.csv": "asterisk", "freeswitch_cdr.csv": "freeswitch", "calls_semicolon.csv": None}


def rated(name: str, country: str = "ZA") -> tuple[list[Rated], int]:
    decks = [read_deck((MONTH / deck).read_bytes(), deck.removesuffix(".csv")) for deck in (FIRST, SECOND)]
    rater = Rater(Decks(decks), country)
    calls = read((MONTH / name).read_bytes(), FILES[name] or columns_from(MAPPING))
    return [rater.rate(call) for call in calls], calls.repeated


def told(one: Rated) -> tuple[Any, ...]:
    call = one.call
    return call.account, call.start, call.talk, one.number, one.price and one.price.prefix, one.cost, one.why


def test_every_call_of_the_month_costs_what_it_should() -> None:
    wanted = {row["uniqueid"]: row for row in csv.DictReader((MONTH / "expected_calls.csv").open())}
    said = json.loads((MONTH / "expected.json").read_text())
    found, repeated = rated("Master.csv")
    assert (len(found), repeated) == (said["calls"], said["duplicate_rows"])
    for one in found:
        row = wanted[one.call.id]
        number, prefix = row["e164"] and f"+{row['e164']}", one.price.prefix if one.price else ""
        assert (one.number, prefix, one.billed_seconds) == (number, row["prefix"], int(row["billed_seconds"]))
        assert (one.price.deck.name if one.price else "") == row["deck"]
        # What is internal and what has no rate has no cost here, and says so.
        assert (f"{one.cost / 10_000:.4f}" if one.cost is not None else "") == (row["cost_4dp"] if prefix else "")
        assert bool(one.why) == (row["destination"] in ("no rate", "internal or emergency"))
    assert sum(one.why == INTERNAL for one in found) == said["internal_or_emergency"]
    unrated = [one.call.id for one in found if one.why.startswith("No rate") and one.call.talk]
    assert unrated == said["no_rate_with_talk_time"]


def test_totals_of_each_account() -> None:
    said, totals = json.loads((MONTH / "expected.json").read_text()), Totals()
    for one in rated("Master.csv")[0]:
        totals.add(one)
    for name, total in totals.accounts.items():
        wanted = said["accounts"][name]
        assert (total.calls, total.rated, total.seconds) == (wanted["calls"], wanted["rated"], wanted["seconds"])
        assert total.billed_seconds == wanted["billed_seconds"]
        assert f"{total.cost / 10_000:.4f}" == wanted["cost_rounded"]
    assert totals.accounts.keys() == said["accounts"].keys()


def test_three_files_rate_alike() -> None:
    one, two, three = (rated(name)[0] for name in FILES)
    assert [told(call) for call in one] == [told(call) for call in two] == [told(call) for call in three]


def test_the_deck_of_a_carrier_is_the_plain_one() -> None:
    plain, carrier = (
        read_deck((MONTH / name).read_bytes(), name) for name in (FIRST, "rates_2026-10-01_carrier_layout.csv")
    )
    assert (len(plain.prices), carrier.currency) == (1930, "ZAR")
    assert {(p.prefix, p.destination, p.terms, p.start) for p in plain.prices} == {
        (p.prefix, p.destination, p.terms, p.start) for p in carrier.prices
    }


def test_asterisk_samples() -> None:
    good = list(read((SAMPLES / "asterisk-good.csv").read_bytes(), "asterisk"))
    assert len(good) == 5
    assert len({call.id for call in good}) == 1
    assert [(call.talk, call.remark) for call in good if call.talk] == [
        (5, ""),
        (7, "The talk is longer than the call."),
    ]
    (cut,) = read((SAMPLES / "asterisk-cut-off.csv").read_bytes(), "asterisk")
    assert cut.why.startswith("The record is cut off")
    assert [call.talk for call in read((SAMPLES / "asterisk-Master.csv").read_bytes(), "asterisk")] == [7, 7]


def test_cisco_and_freeswitch_samples() -> None:
    cisco = list(read((SAMPLES / "cisco-cucm-cdr.txt").read_bytes(), "cisco"))
    assert [(call.talk, call.why) for call in cisco] == [(0, ""), (0, ""), (11, "")]
    assert f"{cisco[2].start:%Y-%m-%d %H:%M:%S}" == "2025-04-18 16:32:08"
    with pytest.raises(Refused, match="records of quality"):
        list(read((SAMPLES / "cisco-cucm-cmr.txt").read_bytes(), "cisco"))
    (one,) = read((SAMPLES / "freeswitch-json-1.json").read_bytes(), "freeswitch")
    assert (one.talk, one.dialled, one.account, one.why) == (68, "1002", "1001", "")
    assert f"{one.start:%Y-%m-%d %H:%M:%S}" == "2018-01-11 10:25:44"
