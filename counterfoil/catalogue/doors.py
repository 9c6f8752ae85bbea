"""How people meet what needs no form of its own."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.catalogue import operations
from counterfoil.catalogue.nouns import COUPON
from counterfoil.platform.plain import Door

END_COUPON = Door(
    operations.end_coupon, COUPON, "end", "End it", under="catalogue/coupons", danger=True,
    about=lambda row: f"{row}. Services that have it keep their discount.", home=lambda row: reverse("coupons"),
    done=lambda row: f"{row.code} ended.",
)  # fmt: skip
