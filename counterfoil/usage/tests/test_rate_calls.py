"""`counterfoil rate-calls`: what is said, and that nothing is written."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from counterfoil.testing.world import World, counts

MAPPING = 'id = "Id"\naccount = "Account"\nnumber = "To"\nstart = "Start"\ntalk = "Talk"\n'
CALLS = """Id,Account,To,Start,Talk
a,200001,0825550142,2026-11-10 09:00:00,61
a,200001,0825550142,2026-11-10 09:00:00,61
b,200001,+99995697025,2026-11-10 10:00:00,30
c,,112,2026-11-10 11:00:00,30
"""
DECK = "prefix,destination,rate_per_min,interval\n2782,Mobile,0.50,60/1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("calls.csv", CALLS), ("pbx.toml", MAPPING), ("deck.csv", DECK)):
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, *arguments: Any, form: str = "pbx.toml", deck: str = "deck.csv", country: str = "ZA") -> str:
    out = io.StringIO()
    asked = ["--format-of", str(folder / form) if "." in form else form, "--country", country]
    asked += ["--deck", str(folder / deck), "--dry-run"]
    call_command("rate_calls", str(folder / "calls.csv"), *asked, *arguments, stdout=out)
    return out.getvalue()


def test_calls_are_rated_and_nothing_is_written(world: World, folder: Path) -> None:
    before = counts()
    first, second, third = json.loads(run(folder, "--format", "json"))
    assert counts() == before
    assert first == {
        "id": "a", "account": "200001", "start": "2026-11-10T09:00:00+00:00", "dialled": "0825550142",
        "number": "+27825550142", "prefix": "2782", "destination": "Mobile", "deck": "deck.csv", "talk_seconds": 61,
        "billed_seconds": 61, "cost": "0.5083", "currency": "ZAR", "why": None, "remark": None,
    }  # fmt: skip
    assert (second["cost"], second["why"]) == (None, "No rate: no deck has a prefix of +99995697025.")
    assert (third["cost"], third["account"], third["number"]) == (None, None, None)
    assert json.loads(run(folder, "--format", "json", "--places", "2", "--currency", "usd"))[0]["cost"] == "0.51"


def test_lines_and_totals(world: World, folder: Path) -> None:
    said = run(folder, "--zone", "Africa/Johannesburg")
    assert "2026-11-10 07:00:00  200001  +27825550142  61 s  ZAR 0.5083" in said
    assert "200001: 2 calls, 1 charged, 61 s, ZAR 0.5083, 1 call without a cost" in said
    assert "No account: 1 call, 0 charged, 0 s, ZAR 0.0000, 1 call without a cost" in said
    assert "All: 3 calls, ZAR 0.5083" in said
    assert "1 record stood there before and counts once." in said


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"form": "none.toml"}, "none.toml cannot be read: No such file or directory. --format-of is one of asterisk"),
        ({"form": "calls.csv"}, "is no mapping"),
        ({"form": "asterisk"}, "holds no call records of Asterisk"),
        ({"deck": "calls.csv"}, "calls.csv: no heading says which column is the prefix"),
        ({"deck": "none.csv"}, "none.csv cannot be read"),
        ({"country": "Soweto"}, "“SOWETO” is no country. Use a code such as ZA."),
    ],
)
def test_what_cannot_be_read_is_an_error_in_words(world: World, folder: Path, asked: dict[str, str], says: str) -> None:
    with pytest.raises(CommandError) as error:
        run(folder, **asked)
    assert says.casefold() in str(error.value).casefold()


def test_a_file_without_calls_is_an_empty_list(world: World, folder: Path) -> None:
    (folder / "calls.csv").write_text(CALLS.splitlines()[0] + "\n")
    assert json.loads(run(folder, "--format", "json")) == []
