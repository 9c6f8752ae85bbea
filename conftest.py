"""What every test has: a world, and books that are checked when it ends."""

import os
from collections.abc import Iterator

os.environ.setdefault("COUNTERFOIL_DATA_DIR", os.path.join(os.path.dirname(__file__), "var", "test"))

import pytest
from django.conf import settings
from django.test import TransactionTestCase

from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.testing.world import World

_empty = TransactionTestCase._fixture_teardown


def _fixture_teardown(self: TransactionTestCase) -> None:
    """Emptying the tables after a test is a write outside any operation."""
    with write_guard.writing():
        _empty(self)


TransactionTestCase._fixture_teardown = _fixture_teardown  # type: ignore[method-assign]


def pytest_configure() -> None:
    """Tests sign many people up; a hash that is slow on purpose would be most of their time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Races need real concurrent writers: they belong to the PostgreSQL half of the suite, which always runs.

    What makes a database of its own is the same in both halves, and belongs to the SQLite half.
    """
    other = "own_database" if "postgres" in os.environ.get("DATABASE_URL", "") else "postgres"
    mine = [item for item in items if item.get_closest_marker(other) is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in mine])
    items[:] = mine


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture(autouse=True)
def books_balance(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test that touches the database ends by proving the books (architecture 17)."""
    touches = {"db", "world", "transactional_db", "client", "live_server"} & set(request.fixturenames)
    if touches and "transactional_db" not in touches:
        # Asked for before the yield, so that the database is still open when the books are checked.
        request.getfixturevalue("db")
    yield
    if touches and "books_are_broken_on_purpose" not in request.keywords:
        findings = check_books()
        assert not findings, "\n".join(f"{finding.check}: {finding.sentence}" for finding in findings)
