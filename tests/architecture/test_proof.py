"""The proof after each test asks few checks, and finds what all of them would."""

import pytest

from counterfoil.customers.models import Customer
from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.receivables.models import OpenItem
from counterfoil.testing import proof
from counterfoil.testing.world import World


def sentences() -> list[str]:
    return [finding.sentence for finding in proof.check_written()]


@pytest.mark.books_are_broken_on_purpose
def test_what_is_written_wrongly_is_found_again_and_again(world: World) -> None:
    world.customer(owing={"2026-03-01": "100.00"})
    assert sentences() == []
    with write_guard.writing():
        Customer.objects.update(name="Somebody else")
        OpenItem.objects.update(open_minor=1)
    found = sentences()
    assert found
    assert found == sentences() == [finding.sentence for finding in check_books()]


def test_what_nobody_touched_is_not_asked(world: World) -> None:
    assert sentences() == []
    world.customer()
    asked: list[str] = []
    everything = proof.CHECKS["billing.documents_match_their_lines"]
    proof.CHECKS["billing.documents_match_their_lines"] = lambda: asked.append("documents") or everything()
    try:
        assert sentences() == []
        assert asked == []
        world.invoice(world.customer(), "10.00")
        assert sentences() == []
        assert asked == ["documents"]
    finally:
        proof.CHECKS["billing.documents_match_their_lines"] = everything
