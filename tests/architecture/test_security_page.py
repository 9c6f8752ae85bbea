"""The page about security says nothing that is not there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operating" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| (.+) \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
# How many items of levels 1 and 2 each chapter of the standard has.
ITEMS = {1: 38, 2: 53, 3: 18, 4: 9, 5: 30, 6: 13, 7: 12, 8: 15, 9: 7, 10: 5, 11: 8, 12: 15, 13: 13, 14: 23}


def test_every_item_is_answered_once() -> None:
    numbers = [row[0] for row in ROWS]
    assert len(set(numbers)) == len(numbers)
    assert Counter(int(number.partition(".")[0]) for number in numbers) == ITEMS


def test_the_answers_are_four_and_are_counted_right() -> None:
    answers = Counter(row[2] for row in ROWS)
    assert set(answers) == {"met", "part", "not met", "n/a"}
    said = re.search(r"of (\d+), (\d+) are met, (\d+) in part, (\d+) not, and (\d+) are", PAGE)
    assert said is not None
    counted = (len(ROWS), answers["met"], answers["part"], answers["not met"], answers["n/a"])
    assert tuple(int(number) for number in said.groups()) == counted


def test_every_test_and_file_it_names_is_there() -> None:
    folders = (ROOT / name for name in ("counterfoil", "tests", "docs"))
    there = {path.name for folder in folders for path in folder.rglob("*.*")} | {path.name for path in ROOT.iterdir()}
    named = set(re.findall(r"[\w/]*?(\w+\.(?:py|md|js))\b", PAGE))
    assert {"test_tampering.py", "test_access_mail.py"} <= named
    assert named - there == set()
    assert not [path for path in re.findall(r"`(tests/[\w/.]+)`", PAGE) if not (ROOT / path).exists()]
