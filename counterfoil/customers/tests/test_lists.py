"""What the list of customers is narrowed by: the groups in use, and a text that many hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.customers import queries
from counterfoil.customers.queries import groups, matching, visible
from counterfoil.operator.operations import add_area
from counterfoil.testing.world import World


def test_the_groups_in_use_are_found_without_reading_everybody(world: World) -> None:
    area = add_area(world.caller(), name="North")
    assert groups(world.clerk) == []
    for name, group in (("A", "Gold"), ("B", ""), ("C", "Silver"), ("D", "Gold"), ("E", "amber")):
        world.customer(name, group=group, area_id=area.pk if group == "Silver" else None)
    with CaptureQueriesContext(connection) as seen:
        assert groups(world.clerk) == ["Gold", "Silver", "amber"]
    assert len(seen) == 1
    assert "DISTINCT" not in seen[0]["sql"]
    # Whoever is limited to an area learns of no group outside of it.
    assert groups(replace(world.clerk, scope={"area": frozenset({area.pk})})) == ["Silver"]
    assert groups(replace(world.clerk, grants=frozenset())) == []
    assert groups(replace(world.clerk, grants=frozenset(), scope={"area": frozenset({area.pk})})) == []


@pytest.mark.parametrize("few", [1, 2, 10_000])
def test_a_text_finds_the_same_whether_few_or_many_hold_it(
    world: World, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(queries, "_FEW", few)
    for name in ("Zara Naidoo", "Yusuf Naidoo", "Xola Dube"):
        world.customer(name)

    def found(text: str) -> list[str]:
        return list(matching(visible(world.clerk), text).order_by("name").values_list("name", flat=True))

    assert found("naidoo") == ["Yusuf Naidoo", "Zara Naidoo"]
    assert found("dube") == ["Xola Dube"]
    assert found("dueb") == ["Xola Dube"]  # as it was meant
    assert found("na") == ["Yusuf Naidoo", "Zara Naidoo"]
    assert found("qqq") == []
