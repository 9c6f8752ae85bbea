"""What there is to read of what is sold."""

from __future__ import annotations

from counterfoil.catalogue.models import Coupon, Price, Product
from counterfoil.catalogue.queries import price_words
from counterfoil.platform.showing import Noun

PRODUCT = Noun(
    Product, path="products", sees="catalogue.view", sorts=("name", "code"),
    whose=(), page="product",
    shows=(
        "code", "alternative_code", "name", "kind", "family", "tier", "needs", "tax_code", "prices_include_tax",
        "active", "unit", "included", "set_up",
    ),
)  # fmt: skip
PRICE = Noun(
    Price, path="prices", sees="catalogue.view", related=("product",),
    title=lambda row: f"{row.product}, {price_words(row.amount, row.currency, row.product)}",
    whose=(),
    shows=("product", "frequency", "currency", "amount", "valid_from", "new_only", "set_by", "set_at"),
)  # fmt: skip
COUPON = Noun(
    Coupon, path="coupons", sees="catalogue.view",
    whose=(),
    shows=("code", "percent_off", "months", "valid_from", "valid_to", "most_uses"),
)  # fmt: skip
