"""Every write about products and prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from counterfoil.catalogue.models import BundlePart, Coupon, Frequency, Price, Product
from counterfoil.catalogue.queries import latest_prices, price_words
from counterfoil.catalogue.rules import Increase, price_text, raised
from counterfoil.customers.operations.shared import in_words
from counterfoil.customers.rules import check_currency
from counterfoil.kernel.checks import check_text
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import MOST_MINOR, places
from counterfoil.kernel.periods import date_text
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Called, Parts, Says
from counterfoil.platform.words import Reference

# Beyond it somebody typed a price, not a percentage.
MOST_PERCENT = 1000


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
    prices_include_tax: bool = True
    parts: tuple[str, ...] = ()
    # Of a usage-rated product: what it is measured in, and how much of it each billing period includes.
    unit: str = ""
    included: Decimal = Decimal(0)
    # The code of what is charged once when a service with it starts.
    set_up: str = ""


@verb(label="Add product", whole=True)
def add_product(op: Operation, *, new: NewProduct) -> Product:
    """The product can be sold, once it has a price."""
    code = check_text(new.code, field="code", most=40)
    refuse_if(
        Product.objects.filter(code=code).exists(), "code_taken",
        f"There is a product {code}. Use another code, or change that product.", field="code",
    )  # fmt: skip
    refuse_if(new.kind not in Product.Kind.values, "no_such_kind", "Choose a kind of product.", field="kind")
    _check_needs(new.needs)
    _check_tier(new.tier)
    _check_usage(new)
    product = Product.objects.create(
        code=code, name=check_text(new.name, field="name", most=120), kind=new.kind, tier=new.tier, needs=new.needs,
        family=check_text(new.family, field="family", most=40, required=False), tax_code=new.tax_code,
        prices_include_tax=new.prices_include_tax,
        alternative_code=check_text(new.alternative_code, field="alternative_code", most=40, required=False),
        unit=check_text(new.unit, field="unit", most=20, required=False), included=new.included,
        set_up=_set_up_fee(new.set_up, new.kind),
    )  # fmt: skip
    parts = {part.code: part for part in Product.objects.filter(code__in=new.parts)}
    for part in new.parts:
        refuse_if(part not in parts, "no_such_product", f"There is no product {part}.", field="parts")
        BundlePart.objects.create(bundle=product, part=parts[part])
    op.record("product.added", product, name=product.name, code=product.code)
    return product


def _set_up_fee(code: str, kind: str) -> Product | None:
    """The product that is charged once when a service with another starts."""
    if not code:
        return None
    refuse_if(
        kind == Product.Kind.ONE_TIME, "no_service", "It is charged once itself, so it has no set-up fee.",
        field="set_up",
    )  # fmt: skip
    fee = Product.objects.filter(code=code).first()
    if fee is None:
        raise Refused("no_such_product", f"There is no product {code}.", field="set_up")
    refuse_if(
        fee.kind != Product.Kind.ONE_TIME, "not_once",
        f"{fee} is no one-time charge. Choose one, or add it to the catalogue first.", field="set_up",
    )  # fmt: skip
    return fee


def _check_tier(tier: int) -> None:
    refuse_if(not 0 <= tier <= 9999, "bad_tier", "A tier is a whole number from 0 to 9999.", field="tier")


def _check_needs(needs: str) -> None:
    refuse_if(
        bool(needs) and needs not in Product.Kind.values, "no_such_kind", "Choose a kind of product.", field="needs"
    )


def _check_usage(new: NewProduct) -> None:
    included = new.included
    if new.kind == Product.Kind.USAGE:
        refuse_if(not new.unit.strip(), "required", "Say what usage is measured in: minute, GB.", field="unit")
        refuse_if(
            not included.is_finite() or not 0 <= included < 10**9 or included != round(included, 4), "absurd_quantity",
            "What is included is zero or more, with at most four decimal places.", field="included",
        )  # fmt: skip
    else:
        refuse_if(bool(new.unit.strip()), "not_by_unit", "Only usage is measured in a unit. Leave it empty, or choose "
                  "the kind Usage.", field="unit")  # fmt: skip
        refuse_if(bool(included), "not_by_unit", "Only usage has something included. Leave it empty, or choose the "
                  "kind Usage.", field="included")  # fmt: skip


@dataclass(frozen=True)
class ProductFacts:
    """What of a product can change besides its name and whether it is sold."""

    family: str
    tier: int
    needs: str
    tax_code: str
    alternative_code: str = ""
    # None leaves it as it is; once the product has a price or a service, it stays.
    prices_include_tax: bool | None = None
    # The code of its set-up fee; empty is none, None leaves it as it is.
    set_up: str | None = None


@joint
def tax_kept(product: Product, /) -> str:
    """Many are asked: why the prices of a product stay with tax or without once it is had, or nothing."""
    raise NotImplementedError


def tax_kept_by(product: Product) -> str:
    """Why prices of a product stay with tax, or without it, as they are; empty while that can still be chosen."""
    if Price.objects.filter(product=product).exists():
        return "It has a price"
    return next(filter(None, tax_kept(product)), "")


@verb(label="Change product", whole=True)
def change_product(
    op: Operation, *, product: Product, name: Reference, active: bool, facts: ProductFacts | None = None
) -> Product:
    """The product has this name (and these facts) from now on, and can be sold or not.

    What was billed keeps the name and the tax it had; services that have it go on. Nothing different is no change.
    """
    row = Product.objects.select_for_update().get(pk=product.pk)
    wanted: dict[str, Any] = {"name": name, "active": active}
    if facts is not None:
        _check_needs(facts.needs)
        _check_tier(facts.tier)
        wanted |= {
            "family": check_text(facts.family, field="family", most=40, required=False), "tier": facts.tier,
            "needs": facts.needs, "tax_code": facts.tax_code,
            "alternative_code": check_text(facts.alternative_code, field="alternative_code", most=40, required=False),
        }  # fmt: skip
        if facts.set_up is not None:
            wanted["set_up"] = _set_up_fee(facts.set_up, row.kind)
        if facts.prices_include_tax not in (None, row.prices_include_tax):
            refuse_if(
                bool(why := tax_kept_by(row)), "tax_is_settled",
                f"{why}, so its prices stay {'with' if row.prices_include_tax else 'without'} tax. "
                "Add another product and withdraw this one.", field="prices",
            )  # fmt: skip
            wanted["prices_include_tax"] = facts.prices_include_tax
    changes: dict[str, list[str]] = {}
    for field, value in wanted.items():
        before = getattr(row, field)
        if before != value:
            words = {"active": "on sale", "set_up": "set-up fee"}.get(field, field.replace("_", " "))
            changes[words] = [_said(before), _said(value)]
            setattr(row, field, value)
    if changes:
        row.save(update_fields=list(wanted))
        op.record("product.changed", row, name=row.name, changes=changes)
    return row


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return in_words(value.name if isinstance(value, Product) else value)


@verb(label="Set a price", whole=True)
def set_prices(
    op: Operation,
    *,
    prices: Annotated[Sequence[tuple[Product, str, Decimal]], Parts("product", "frequency", "price")],
    currency: str,
    valid_from: dt.date,
    new_only: bool = False,
) -> list[Price]:
    """From a day on these products cost this (whole currency units, with tax or without as each product says).

    With `new_only` services added before that day keep what they had. Bills already made do not change; a day before
    today is refused once there is a price, because periods up to now are billed at it.
    """
    made = []
    currency = check_currency(currency)
    _lock(product for product, _, _ in prices)
    for product, frequency, amount in prices:
        refuse_if(
            frequency not in Frequency.values, "no_such_frequency", "Choose how often it is charged.", field="frequency"
        )
        by_unit = frequency == Frequency.UNIT
        refuse_if(
            by_unit != (product.kind == Product.Kind.USAGE), "not_by_unit",
            f"{product} {'has no price per unit: it is not usage' if by_unit else 'is usage: its price is per unit'}.",
            field="frequency",
        )  # fmt: skip
        _check_price(amount)
        latest = latest_prices([product], currency, frequency)
        if latest:
            _check_day(op, latest, valid_from)
        price = Price.objects.create(
            product=product, frequency=frequency, currency=currency, amount=amount, valid_from=valid_from,
            new_only=new_only, set_by=op.caller.name[:120], set_at=op.now,
        )  # fmt: skip
        made.append(price)
        op.record(
            "price.set", product, product=product.name, amount=price_words(amount, currency, product),
            valid_from=date_text(valid_from),
            frequency=price.get_frequency_display().lower(), whom=_whom(new_only),
        )  # fmt: skip
    return made


@verb(label="Raise prices", whole=True)
def raise_prices(
    op: Operation,
    *,
    products: Sequence[Product],
    increase: Increase,
    currency: str,
    valid_from: dt.date,
    frequency: str = "",
    new_only: bool = False,
) -> list[Price]:
    """From a day on these products cost more, at every frequency or at one: the newest price of each, raised.

    A price that the increase leaves as it is (a free product, by a percentage) gets no version. With `new_only`
    services added before that day keep what they had. Bills already made and runs already opened do not change.
    Refuses what is no increase, a day before today, and one that a version is not before; then nothing is raised.
    """
    currency = check_currency(currency)
    _check_increase(increase, currency)
    _lock(products)
    latest = latest_prices(products, currency, frequency)
    refuse_if(not latest, "no_price", "None of these products has such a price. Choose others.", field="products")
    _check_day(op, latest, valid_from)
    made = []
    for old in latest:
        amount = raised(old.amount, increase)
        if amount < old.amount:
            raise Refused(
                "not_an_increase",
                f"Rounded, {old.product} would cost {price_text(amount, currency)}, less than "
                f"{price_text(old.amount, currency)} now. Round to less, or raise by more.",
                field="step",
            )
        if amount != old.amount:
            _check_price(amount)
            made.append(
                Price(
                    product=old.product,
                    frequency=old.frequency,
                    currency=currency,
                    amount=amount,
                    valid_from=valid_from,
                    new_only=new_only,
                    set_by=op.caller.name[:120],
                    set_at=op.now,
                )
            )
    refuse_if(not made, "nothing_changes", "Rounded, no price changes. Round to less, or raise by more.", field="step")
    Price.objects.bulk_create(made)
    before = {(old.product_id, old.frequency): old.amount for old in latest}
    raises: dict[Product, dict[str, list[str]]] = {}
    for price in made:
        pair = before[price.product_id, price.frequency], price.amount
        said = [price_words(amount, currency, price.product) for amount in pair]
        raises.setdefault(price.product, {})[price.get_frequency_display().lower()] = said
    for product, said_of in raises.items():
        op.record(
            "price.raised",
            product,
            product=product.name,
            valid_from=date_text(valid_from),
            whom=_whom(new_only),
            prices=said_of,
        )
    return made


def _lock(products: Iterable[Product]) -> None:
    """The product rows are the lock of their prices: two versions cannot both follow the same one."""
    list(Product.objects.select_for_update().filter(pk__in={row.pk for row in products}).order_by("pk"))


def _whom(new_only: bool) -> str:
    return "for new services" if new_only else "for everyone"


def _check_price(amount: Decimal) -> None:
    refuse_if(
        not amount.is_finite() or not 0 <= amount * 1000 <= MOST_MINOR or amount != round(amount, 4),
        "not_an_amount", "A price is zero or more, with at most four decimal places.", field="amount",
    )  # fmt: skip


def _check_day(op: Operation, latest: Sequence[Price], valid_from: dt.date) -> None:
    """Refuse a day that is billed, or that does not come after every price there is."""
    refuse_if(valid_from < op.today, "price_in_the_past", "That day is billed. Use a day from today on.",
              field="valid_from")  # fmt: skip
    late = [price for price in latest if price.valid_from >= valid_from]
    if late:
        said = "; ".join(
            f"{price.product} has a {price.get_frequency_display().lower()} price from {date_text(price.valid_from)}"
            for price in late[:3]
        )
        more = f", and {len(late) - 3} more have one" if len(late) > 3 else ""
        last = max(price.valid_from for price in late)
        raise Refused("price_overlaps", f"{said} already{more}. Use a day after {date_text(last)}.", field="valid_from")


def _check_increase(increase: Increase, currency: str) -> None:
    percent, amount, step = increase.percent, increase.amount, increase.step
    refuse_if(
        (percent is None) == (amount is None), "not_an_increase", "Give either a percentage or an amount.",
        field="percent",
    )  # fmt: skip
    if percent is not None:
        refuse_if(
            not percent.is_finite() or not 0 < percent <= MOST_PERCENT, "not_an_increase",
            f"An increase is more than 0 and at most {MOST_PERCENT:,} percent. To lower a price, set it on the "
            "product's page.", field="percent",
        )  # fmt: skip
    if amount is not None:
        refuse_if(
            not amount.is_finite() or not 0 < amount * 1000 <= MOST_MINOR, "not_an_increase",
            "An increase is more than zero. To lower a price, set it on the product's page.", field="amount",
        )  # fmt: skip
    unit = Decimal(1).scaleb(-places(currency))
    refuse_if(
        not step.is_finite() or not unit <= step <= 1000 or step % unit, "not_a_step",
        f"Round to {unit} or a multiple of it: {currency} has no smaller unit.", field="step",
    )  # fmt: skip


@verb(label="Add coupon", whole=True)
def add_coupon(
    op: Operation,
    *,
    code: Annotated[str, Says(most=40)],
    percent_off: Decimal,
    valid_from: dt.date,
    valid_to: Annotated[dt.date | None, Called("valid_until", last=True)] = None,
    months: int | None = None,
    most_uses: int | None = None,
) -> Coupon:
    """The coupon can be taken from a day on, up to another and so many times: that much off for so many months."""
    tidy = code.upper()
    refuse_if(Coupon.objects.filter(code=tidy).exists(), "code_taken", f"There is a coupon {tidy}. Use another code.",
              field="code")  # fmt: skip
    refuse_if(
        not percent_off.is_finite() or not 0 < percent_off <= 100 or percent_off != round(percent_off, 3),
        "absurd_percent", "A coupon takes more than 0 and at most 100 percent off.", field="percent_off",
    )  # fmt: skip
    refuse_if(valid_to is not None and valid_to <= valid_from, "no_days", "It would end before it starts.",
              field="valid_to")  # fmt: skip
    refuse_if(months is not None and not 1 <= months <= 120, "absurd_months", "A discount lasts 1 to 120 months.",
              field="months")  # fmt: skip
    refuse_if(most_uses is not None and most_uses < 1, "absurd_uses", "Allow at least one service.",
              field="most_uses")  # fmt: skip
    made = Coupon.objects.create(
        code=tidy, percent_off=percent_off, valid_from=valid_from, valid_to=valid_to, months=months,
        most_uses=most_uses,
    )  # fmt: skip
    op.record("coupon.added", made, code=tidy, percent=f"{percent_off.normalize():f}")
    return made


@verb(label="End coupon", whole=True)
def end_coupon(op: Operation, *, coupon: Coupon) -> Coupon:
    """The coupon is not taken from today on. Services that have it keep their discount."""
    row = Coupon.objects.select_for_update().get(pk=coupon.pk)
    refuse_if(row.valid_to is not None and row.valid_to <= op.today, "already_so", f"{row.code} has ended already.")
    row.valid_to = max(op.today, row.valid_from)
    row.save(update_fields=["valid_to"])
    op.record("coupon.ended", row, code=row.code, on=row.valid_to)
    return row
