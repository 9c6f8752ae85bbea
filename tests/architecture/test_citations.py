"""What code and documents cite is in the repository, and the rules of the business name code that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docs" / "domain.md"
_NUMBER = r"\d+(?:\.\d+)*"
# One number, or several: "domain 4.4", "domain 5.2 and 8.1", "architecture 1, 4". A sign between the two is none.
_CITED = re.compile(rf"(?i)\b(domain|architecture)[ ,]+({_NUMBER}(?:(?:, | and |, and ){_NUMBER})*)")
# "decision 0019", and in documents "(0019)" alone.
_DECIDED = re.compile(r"(?i)(?:\bdecisions? |\()(0\d{3}(?:(?:, | and |, and )0\d{3})*)\b")
# Papers that are not here: nobody could look them up.
_ELSEWHERE = re.compile(r"(?i)\bseed 0\d\d\b|\bux (?:flow )?\d|\bdomain t\d")
_READ = {".py", ".md", ".html", ".css", ".js", ".toml", ".sql"}


def texts() -> Iterator[tuple[str, str]]:
    """The name and text of each file that may cite something."""
    here = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in ("counterfoil", "tests", "docs", "examples", "scripts"):
        here += (ROOT / folder).rglob("*")
    for path in sorted(here):
        if path.suffix in _READ and path != Path(__file__).resolve():
            # A sentence goes on over the end of a line, and over the sign of a comment.
            yield str(path.relative_to(ROOT)), re.sub(r"\n\s*(?:# )?", " ", path.read_text())


def headings(path: Path) -> list[str]:
    """The numbers of the sections of a document, in order."""
    return re.findall(rf"(?m)^#+ ({_NUMBER})\.? \S", path.read_text())


def test_every_section_that_is_cited_is_there() -> None:
    known = {"domain": headings(RULES), "architecture": headings(ROOT / "ARCHITECTURE.md")}
    cited = [
        (name, page.lower(), number)
        for name, text in texts()
        for page, numbers in _CITED.findall(text)
        for number in re.findall(_NUMBER, numbers)
    ]
    assert len(cited) > 30, "Citations are not found any more."
    lost = [f"{name} cites {page} {number}" for name, page, number in cited if number not in known[page]]
    assert not lost, "\n".join(lost)


def test_every_decision_that_is_cited_is_there() -> None:
    known = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")}
    cited = [
        (name, number)
        for name, text in texts()
        for numbers in _DECIDED.findall(text)
        for number in re.findall(r"\d{4}", numbers)
    ]
    assert len(cited) > 30, "Citations are not found any more."
    assert not (lost := [f"{name} cites decision {number}" for name, number in cited if number not in known]), lost


def test_nothing_is_cited_that_is_not_here() -> None:
    found = [f"{name}: {match[0]}" for name, text in texts() for match in _ELSEWHERE.finditer(text)]
    assert not found, "\n".join(found)


def test_each_rule_has_its_number_once_and_in_order() -> None:
    numbers = [tuple(map(int, number.split("."))) for number in headings(RULES)]
    assert numbers == sorted(set(numbers))
    # Sections refer to each other by number: (4.4).
    referred = re.findall(rf"\(({_NUMBER})(?:\)| holds)", RULES.read_text())
    assert len(referred) > 10, "References are not found any more."
    assert set(referred) <= set(headings(RULES))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z_]+(?:\.\w+)+)`", RULES.read_text()))))
def test_what_a_rule_says_to_read_is_there(name: str) -> None:
    parts = name.split(".")
    ends = next(n for n in range(len(parts), 0, -1) if _is_module(parts[:n]))
    module = import_module(".".join(("counterfoil", *parts[:ends])))
    assert reduce(getattr, parts[ends:], module), name


def _is_module(parts: list[str]) -> bool:
    path = ROOT / "counterfoil" / Path(*parts)
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()
