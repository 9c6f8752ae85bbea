"""How much was tried, for the table at the end of `make hostile`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Tally = Callable[..., None]


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Count so many tries (and faults that were survived) of a kind."""

    def count(kind: str, tries: int, faults: int = 0) -> None:
        request.node.user_properties.append(("tally", (kind, tries, faults)))

    return count
