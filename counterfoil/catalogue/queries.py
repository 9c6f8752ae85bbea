"""Every read of products and prices."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Max, QuerySet

from counterfoil.catalogue.models import Price, Product
from counterfoil.catalogue.rules import PriceVersion
from counterfoil.kernel.errors import NotFound
from counterfoil.platform.grants import declare_view
from counterfoil.platform.operations import Caller

declare_view("catalogue.view", "See products and prices")

Prices = dict[tuple[str, str], dict[int, list[PriceVersion]]]


def products(caller: Caller) -> QuerySet[Product]:
    """All products, by kind and family and tier."""
    caller.must("catalogue.view")
    return Product.objects.order_by("kind", "family", "tier", "name")


def get_product(caller: Caller, code: str) -> Product:
    """The product with this code."""
    caller.must("catalogue.view")
    found = Product.objects.filter(code=code).first()
    if found is None:
        raise NotFound("There is no such product.")
    return found


def prices_of(product: Product) -> list[Price]:
    """Every version of its prices, newest first."""
    return list(Price.objects.filter(product=product).order_by("frequency", "currency", "-valid_from"))


def newest_price() -> int:
    """The id of the newest price version: versions are never changed, so it names the whole catalogue of now."""
    return Price.objects.aggregate(newest=Max("pk"))["newest"] or 0


def all_prices(up_to: int | None = None) -> Prices:
    """Every price version (up to one, by id), by (frequency, currency) and product: what billing works from."""
    found: Prices = defaultdict(lambda: defaultdict(list))
    rows = Price.objects.all() if up_to is None else Price.objects.filter(pk__lte=up_to)
    for row in rows.order_by("pk").values_list(
        "frequency", "currency", "product_id", "valid_from", "amount", "new_only"
    ):
        found[row[0], row[1]][row[2]].append(PriceVersion(row[3], row[4], row[5]))
    return found


def on_sale(*kinds: str) -> list[Product]:
    """The products that can be sold, of these kinds when any are named."""
    rows = Product.objects.filter(active=True)
    return list((rows.filter(kind__in=kinds) if kinds else rows).order_by("kind", "family", "tier", "name"))
