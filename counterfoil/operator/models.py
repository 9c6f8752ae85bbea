"""Facts about the company that runs this installation."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from counterfoil.platform.kept import Kept


class Operator(models.Model):
    """The company that runs this installation, as printed on its documents. One row."""

    kept: ClassVar[Kept] = Kept()
    trail_name: ClassVar[str] = "staff.operator"

    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=160, blank=True)
    registration = models.CharField(max_length=60, blank=True)
    tax_number = models.CharField(max_length=40, blank=True)
    tax_name = models.CharField(max_length=20, default="VAT")
    address = models.CharField(max_length=240, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3, default="ZAR")
    # For telephone numbers written without a country code.
    region = models.CharField(max_length=2, default="ZA")
    bank = models.CharField(max_length=80, blank=True)
    bank_account = models.CharField(max_length=40, blank=True)
    pay_url = models.CharField(max_length=120, blank=True)
    account_prefix = models.CharField(max_length=8, default="CF-")
    # How new account numbers are made: a key of customers.rules.CONVENTIONS.
    account_convention = models.CharField(max_length=12, default="sequential")
    terms_days = models.PositiveSmallIntegerField(default=30)

    def __str__(self) -> str:
        return self.name


class Area(models.Model):
    """A part of the operator's territory that customers belong to, and that people can be limited to."""

    kept: ClassVar[Kept] = Kept()
    trail_name: ClassVar[str] = "staff.area"

    name = models.CharField(max_length=60, unique=True)

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    """A name the operator trades under that customers belong to, and that people can be limited to."""

    kept: ClassVar[Kept] = Kept()
    trail_name: ClassVar[str] = "staff.brand"

    name = models.CharField(max_length=60, unique=True)

    def __str__(self) -> str:
        return self.name
