"""What is sold: products, and their prices as versions with a first day."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept, KeptWith


class Frequency(models.TextChoices):
    """How often a price is charged."""

    WEEK = "week", "Weekly"
    MONTH = "month", "Monthly"
    QUARTER = "quarter", "Quarterly"
    HALF_YEAR = "half_year", "Half-yearly"
    YEAR = "year", "Yearly"
    ONCE = "once", "Once"
    UNIT = "unit", "Per unit"


# What services are billed by.
RECURRING = [choice for choice in Frequency.choices if choice[0] not in (Frequency.ONCE, Frequency.UNIT)]


class Product(models.Model):
    """Something a customer can have: a package, a line, equipment, or a one-time charge."""

    kept: ClassVar[Kept] = Kept()

    # What is charged is compared with what was charged, as priced: with a price the way it is meant is settled.
    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.prices_include_tax <> NEW.prices_include_tax "
        "AND EXISTS (SELECT 1 FROM catalogue_price WHERE product_id = OLD.id)"
    )

    class Kind(models.TextChoices):
        DATA = "data", "Data package"
        VOICE = "voice", "Voice line"
        EQUIPMENT = "equipment", "Equipment"
        EXTRA = "extra", "Extra"
        ONE_TIME = "one_time", "One-time charge"
        USAGE = "usage", "Usage"

    code = models.CharField(max_length=40, unique=True)
    alternative_code = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Products of one family are up- and downgrades of each other, in the order of their tier.
    family = models.CharField(max_length=40, blank=True)
    tier = models.PositiveSmallIntegerField(default=0)
    # The kind of service that must be on the same subscription, or nothing.
    needs = models.CharField(max_length=10, choices=Kind.choices, blank=True)
    # The code of the tax rate; its version is that of the invoice date. Empty is untaxed.
    tax_code = models.CharField(max_length=20, blank=True)
    # Whether its prices, and a service's own price, have the tax in them; else it is added on the invoice.
    prices_include_tax = models.BooleanField(default=True)
    active = models.BooleanField(default=True)
    # What is charged once when a service with it starts: a product that is charged once, at its price of that day.
    set_up = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # What usage is measured in, and how much of it each billing period includes. Neither changes later: more included
    # is another product, so that a period billed long ago is still worked out as it was.
    unit = models.CharField(max_length=20, blank=True)
    included = models.DecimalField(max_digits=15, decimal_places=4, default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="usage") & ~Q(unit="") | ~Q(kind="usage") & Q(unit="", included=0),
                name="product_of_usage_has_a_unit",
            ),
            models.CheckConstraint(condition=Q(included__gte=0), name="product_included_not_negative"),
            models.CheckConstraint(
                condition=Q(set_up__isnull=True) | ~Q(kind="one_time"), name="product_charged_once_is_not_set_up"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """A version of a price, with tax or without as its product says, from its first day until the next version."""

    kept_with: ClassVar[KeptWith] = KeptWith(("product",))

    append_only: ClassVar[bool] = True

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices")
    frequency = models.CharField(max_length=10, choices=Frequency.choices)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=15, decimal_places=4)
    valid_from = models.DateField()
    # Services added before `valid_from` keep the version before (grandfathering).
    new_only = models.BooleanField(default=False)
    # Who set it and when; empty for what was set before that was kept.
    set_by = models.CharField(max_length=120, blank=True)
    set_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["product", "frequency", "currency", "valid_from"], name="price_version_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.amount} {self.currency} {self.frequency}"


class BundlePart(models.Model):
    """A product that comes with another one, within its price."""

    kept_with: ClassVar[KeptWith] = KeptWith(("bundle",))

    bundle = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="parts")
    part = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["bundle", "part"], name="bundle_part_once")]

    def __str__(self) -> str:
        return f"{self.quantity} {self.part} in {self.bundle}"


class Coupon(models.Model):
    """A discount by its code: so much off a service for so many months, while it is offered."""

    kept: ClassVar[Kept] = Kept()

    code = models.CharField(max_length=40, unique=True)
    percent_off = models.DecimalField(max_digits=6, decimal_places=3)
    # How long the discount lasts once it is taken; null is for good.
    months = models.PositiveSmallIntegerField(null=True)
    valid_from = models.DateField()
    # The first day on which it is not taken any more.
    valid_to = models.DateField(null=True)
    # How many services may have it; null is any number.
    most_uses = models.PositiveIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(percent_off__gt=0, percent_off__lte=100), name="coupon_percent_sane"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="coupon_has_days"
            ),
        ]

    def __str__(self) -> str:
        return self.code
