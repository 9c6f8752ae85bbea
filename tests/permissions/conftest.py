from __future__ import annotations

from typing import Any

import pytest

from counterfoil.operator.operations import add_area
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World
from tests.permissions.place import Place


@pytest.fixture
def place(world: World, settings: Any) -> Place:
    settings.CARD_GATEWAYS = {"stripe": "counterfoil.testing.card_gateway.QuietStripe"}
    north, south = (add_area(world.caller(), name=name) for name in ("North", "South"))
    zara = world.customer("Zara", area_id=north.pk, emails=["z@mail.example"])
    world.invoice(zara, "100.00", due_on="2026-01-31")
    password = "correct horse battery"
    me = add_user(world.caller(), email="me@x.example", name="Me", role="administrator", password=password)
    other = add_user(world.caller(), email="other@x.example", name="Other", role="agent", password=password)
    return Place(world, north, south, zara, me, other)
