"""Every bench runs, on small sizes: figures nobody can measure any more are worth nothing. Times are not tested."""

from __future__ import annotations

import io
import json
import os

import pytest
from django.core.management import call_command

from counterfoil.site.bench import BENCHES, HEAD, Figure

KEYS = {"name", "database", "n", "seconds", "rate", "floor_rate", "ratio", "peak_mb"}
WITH_FLOOR = {
    "bill-run",
    "customer-page",
    "age-analysis",
    "collections",
    "dunning",
    "receipts",
    "matching",
    "import",
    "sending",
    "inbound",
    "accounting",
    "api",
}
HERE = "postgres" if "postgres" in os.environ.get("DATABASE_URL", "") else "sqlite"


# Those that hold to what no other test does are in each run of the suite; the others take minutes together.
ALWAYS = ("customer-page", "collections", "dunning")
_RARE = [pytest.param(name, marks=pytest.mark.hostile) for name in BENCHES if name not in ALWAYS]


@pytest.mark.own_database
@pytest.mark.parametrize("name", [*ALWAYS, *_RARE])
def test_a_bench_gives_figures(name: str) -> None:
    out = io.StringIO()
    call_command("bench", name, quick=True, json=True, database=HERE, stdout=out)
    figures = [json.loads(line) for line in out.getvalue().splitlines()]
    assert figures
    for told in figures:
        assert told.keys() >= KEYS
        assert told["database"] == HERE
        assert min(told["n"], told["seconds"], told["rate"], told["peak_mb"]) > 0, told
        assert told["floor_rate"] is None or min(told["floor_rate"], told["ratio"]) > 0, told
        assert told.get("errors", 0) == 0, told
    assert any(told["floor_rate"] for told in figures) == (name in WITH_FLOOR)
    if name == "customer-page":
        # What a page asks for does not depend on how many other customers there are.
        assert len({told["queries"] for told in figures if told["name"] == name}) == 1


def test_a_figure_is_the_same_in_json_and_back() -> None:
    figure = Figure("import", "sqlite", 1000, 2.5, 400.0, 4000.0, 10.0, 90, {"p95_ms": 3.1})
    assert Figure.read(figure.as_json()) == figure
    assert figure.as_text().endswith("p95_ms 3.1")
    assert len(HEAD) < len(figure.as_text())
