"""Every read of products and prices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Max

from counterfoil.catalogue.models import Price, Product
from counterfoil.catalogue.rules import PriceVersion

Prices = dict[tuple[str, str], dict[int, list[PriceVersion]]]


def newest_price() -> int:
    """The id of the newest price version: versions are never changed, so it names the whole catalogue of now."""
    return Price.objects.aggregate(newest=Max("pk"))["newest"] or 0


def all_prices(up_to: int | None = None, products: Iterable[int] | None = None) -> Prices:
    """The price versions (of some products) by (frequency, currency) and product: what billing works from.

    Those after `up_to` (by id) are left out, but where there was no price at all: that is a gap that was mended.
    """
    rows = Price.objects.all() if products is None else Price.objects.filter(product__in=products)
    found: Prices = defaultdict(lambda: defaultdict(list))
    frozen: set[tuple[str, str, int]] = set()
    for pk, frequency, currency, product, valid_from, amount, new_only in rows.order_by("pk").values_list(
        "pk", "frequency", "currency", "product_id", "valid_from", "amount", "new_only"
    ):
        key = frequency, currency, product
        if up_to is None or pk <= up_to:
            frozen.add(key)
        elif key in frozen:
            continue
        found[frequency, currency][product].append(PriceVersion(valid_from, amount, new_only))
    return found


def on_sale(*kinds: str) -> list[Product]:
    """The products that can be sold, of these kinds when any are named."""
    rows = Product.objects.filter(active=True)
    return list((rows.filter(kind__in=kinds) if kinds else rows).order_by("kind", "family", "tier", "name"))
