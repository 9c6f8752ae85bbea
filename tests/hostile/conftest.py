"""How much was tried, for the table at the end of `make hostile`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

Tally = Callable[..., None]


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Count so many tries (and faults that were survived) of a kind."""

    def count(kind: str, tries: int, faults: int = 0) -> None:
        request.node.user_properties.append(("tally", (kind, tries, faults)))

    return count


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Kind by kind: tries, faults survived, errors."""
    tries: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, told in getattr(report, "user_properties", []):
                if name == "tally":
                    kind, tried, survived = told
                    tries[kind] += tried
                    faults[kind] += survived
                    errors[kind] += outcome == "failed"
    if tries:
        terminalreporter.write_line(f"\n{'hostile':<24}{'tries':>10}{'faults':>10}{'errors':>10}")
        for kind in sorted(tries):
            terminalreporter.write_line(f"{kind:<24}{tries[kind]:>10,}{faults[kind]:>10,}{errors[kind]:>10,}")
