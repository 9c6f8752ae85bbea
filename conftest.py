"""What every test has: a world, and books that are checked when it ends."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.test import TransactionTestCase

from counterfoil.platform import write_guard
from counterfoil.site import zones
from counterfoil.site.setup import set_up
from counterfoil.testing import migrated, proof, slow
from counterfoil.testing.world import World, found_company

_empty = TransactionTestCase._fixture_teardown


def _fixture_teardown(self: TransactionTestCase) -> None:
    """Emptying the tables after a test is a write outside any operation; the next test finds what `migrate` leaves."""
    with write_guard.writing():
        _empty(self)
    set_up()
    found_company()


TransactionTestCase._fixture_teardown = _fixture_teardown  # type: ignore[method-assign]


def pytest_configure() -> None:
    """Tests sign many people up; a hash that is slow on purpose would be most of their time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # How fast a machine is says nothing about a property.
    hypothesis.settings.register_profile(
        "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("unhurried")
    # Queries are counted: that of the company's time zone is asked by its own tests.
    zones.hold("")
    os.environ.setdefault(migrated.NAME, migrated.usual_place())


def pytest_sessionstart() -> None:
    slow.watch()
    proof.watch()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Races need real concurrent writers: they belong to the PostgreSQL half of the suite, which always runs.

    What makes a database of its own, asks none, or says nothing of it is the same in both halves and belongs to the
    SQLite half.
    """
    on_postgres = "postgres" in os.environ.get("DATABASE_URL", "")

    def here(item: pytest.Item) -> bool:
        if on_postgres:
            once = item.get_closest_marker("own_database") or item.get_closest_marker("once")
            return once is None and _asks_a_database(item)
        return item.get_closest_marker("postgres") is None

    mine = [item for item in items if here(item)]
    config.hook.pytest_deselected(items=[item for item in items if not here(item)])
    # The long ones first, so that at the end no process waits for another that has just begun one.
    items[:] = sorted(mine, key=lambda item: item.get_closest_marker("long") is None)


DATABASE = {"db", "world", "transactional_db", "client", "live_server"}


def _asks_a_database(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or bool(DATABASE & set(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Every test begins with a company that may issue and send; one of a new installation says so itself."""
    with django_db_blocker.unblock():
        found_company()


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture(autouse=True)
def books_balance(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test that touches the database ends by proving the books (architecture 1)."""
    touches = DATABASE & set(request.fixturenames)
    if touches and "transactional_db" not in touches:
        # Asked for before the yield, so that the database is still open when the books are checked.
        request.getfixturevalue("db")
    yield
    try:
        if touches and not {"books_are_broken_on_purpose", "books_proven_elsewhere"} & set(request.keywords):
            findings = proof.check_written()
            assert not findings, "\n".join(f"{finding.check}: {finding.sentence}" for finding in findings)
    finally:
        proof.forget()


# Here and not beside the hostile tests: where workers run them, only this file is read by whoever sums up.
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
