"""Every write about products and prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from counterfoil.catalogue.models import BundlePart, Frequency, Price, Product
from counterfoil.customers.rules import check_currency, check_text
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import MOST_MINOR
from counterfoil.kernel.periods import date_text
from counterfoil.platform.operations import Operation, operation


@dataclass(frozen=True)
class NewProduct:
    """A product to add; what it is made of is named by code."""

    code: str
    name: str
    kind: str
    family: str = ""
    tier: int = 0
    needs: str = ""
    tax_code: str = "standard"
    alternative_code: str = ""
    parts: tuple[str, ...] = ()


@operation(label="Add product")
def add_product(op: Operation, *, new: NewProduct) -> Product:
    """The product can be sold, once it has a price."""
    code = check_text(new.code, field="code", most=40)
    refuse_if(Product.objects.filter(code=code).exists(), "code_taken", f"There is a product {code}.", field="code")
    refuse_if(new.kind not in Product.Kind.values, "no_such_kind", "Choose a kind of product.", field="kind")
    refuse_if(
        bool(new.needs) and new.needs not in Product.Kind.values, "no_such_kind", "Choose a kind of product.",
        field="needs",
    )  # fmt: skip
    product = Product.objects.create(
        code=code, name=check_text(new.name, field="name", most=120), kind=new.kind, tier=new.tier, needs=new.needs,
        family=check_text(new.family, field="family", most=40, required=False), tax_code=new.tax_code,
        alternative_code=check_text(new.alternative_code, field="alternative_code", most=40, required=False),
    )  # fmt: skip
    parts = {part.code: part for part in Product.objects.filter(code__in=new.parts)}
    for part in new.parts:
        refuse_if(part not in parts, "no_such_product", f"There is no product {part}.", field="parts")
        BundlePart.objects.create(bundle=product, part=parts[part])
    op.record("product.added", product, name=product.name, code=product.code)
    return product


@operation(label="Change product")
def change_product(op: Operation, *, product: Product, name: str, active: bool) -> Product:
    """The product has this name from now on, and can be sold or not. What was billed keeps the name it had."""
    row = Product.objects.select_for_update().get(pk=product.pk)
    row.name, row.active = check_text(name, field="name", most=120), active
    row.save(update_fields=["name", "active"])
    op.record("product.changed", row, name=row.name)
    return row


@operation(label="Set a price")
def set_prices(
    op: Operation,
    *,
    prices: Sequence[tuple[Product, str, Decimal]],
    currency: str,
    valid_from: dt.date,
    new_only: bool = False,
) -> list[Price]:
    """From a day on these products cost this (tax included, whole currency units) at these frequencies.

    With `new_only` services added before that day keep what they had. Bills already made do not change; a day before
    today is refused once there is a price, because periods up to now are billed at it.
    """
    made = []
    currency = check_currency(currency)
    for product, frequency, amount in prices:
        refuse_if(
            frequency not in Frequency.values, "no_such_frequency", "Choose how often it is charged.", field="frequency"
        )
        refuse_if(
            not amount.is_finite() or not 0 <= amount * 1000 <= MOST_MINOR or amount != round(amount, 4),
            "not_an_amount", "A price is zero or more, with at most four decimal places.", field="amount",
        )  # fmt: skip
        same = Price.objects.select_for_update().filter(product=product, frequency=frequency, currency=currency)
        latest = same.order_by("-valid_from").first()
        if latest is not None:
            refuse_if(valid_from < op.today, "price_in_the_past", "That day is billed. Use a day from today on.",
                      field="valid_from")  # fmt: skip
            if valid_from <= latest.valid_from:
                raise Refused(
                    "price_overlaps",
                    f"{product} has a price from {date_text(latest.valid_from)} already. Use a later day.",
                    field="valid_from",
                )
        price = Price.objects.create(
            product=product, frequency=frequency, currency=currency, amount=amount, valid_from=valid_from,
            new_only=new_only,
        )  # fmt: skip
        made.append(price)
        op.record(
            "price.set", product, product=product.name, amount=f"{currency} {amount}", valid_from=valid_from,
            frequency=price.get_frequency_display().lower(), whom="for new services" if new_only else "for everyone",
        )  # fmt: skip
    return made
