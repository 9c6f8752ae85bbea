"""How people meet the areas and brands that customers belong to."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.operator import operations
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says

_NAME = {"name": Says(most=60)}
ADD_AREA = Door(
    operations.add_area, None, "add", "Add area", under="staff/areas", caption="Add area", fields=_NAME,
    home=lambda row: reverse("people"), done=lambda made, _: f"{made.name} added.",
)  # fmt: skip
ADD_BRAND = Door(
    operations.add_brand, None, "add", "Add brand", under="staff/brands", caption="Add brand", fields=_NAME,
    home=lambda row: reverse("people"), done=lambda made, _: f"{made.name} added.",
)  # fmt: skip
