"""Taxes and their rates: a version follows another from a day on, and what is issued keeps the one it has."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from django.db.models import Max

from counterfoil.billing.models import InvoiceLine, TaxPolicy, TaxRate
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.operator.countries import COUNTRIES
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import OneOf, Says

_LONG_AGO = dt.date(2000, 1, 1)


@verb(label="Change tax rates", whole=True)
def save_tax_rate(
    op: Operation,
    *,
    code: Annotated[str, Says(most=20)],
    name: Annotated[str, Says(most=60)],
    category: str,
    percent: Decimal,
    valid_from: dt.date,
    is_default: bool = False,
) -> TaxRate:
    """From a day on the tax of this code has this rate; the version before it ends the day before.

    Whoever saves a rate has decided to charge tax.
    """
    rate = write_rate(op, code, name, category, percent, valid_from, is_default=is_default)
    _charge(op)
    return rate


def write_rate(
    op: Operation, code: str, name: str, category: str, percent: Decimal, valid_from: dt.date, *, is_default: bool
) -> TaxRate:
    """The version of a rate as above, whatever was decided about tax."""
    refuse_if(
        not percent.is_finite() or not 0 <= percent < 100,
        "absurd_percent",
        "A tax rate is from 0 up to 100 percent.",
        field="percent",
    )
    known = category in TaxRate.Category.values
    refuse_if(not known, "unknown_category", "Choose standard, reduced, zero or exempt.", field="category")
    taxed = InvoiceLine.objects.filter(tax_rate__code=code, invoice__state="issued", invoice__on__gte=valid_from)
    if (last := taxed.aggregate(last=Max("invoice__on"))["last"]) is not None:
        raise Refused(
            "rate_in_use", f"An invoice of {date_text(last)} has this tax. Choose a later day.", field="valid_from"
        )
    before = TaxRate.objects.filter(code=code, valid_to__isnull=True).first()
    if before is not None:
        refuse_if(before.valid_from >= valid_from, "rate_overlaps", "A later rate exists already.", field="valid_from")
        before.valid_to = valid_from
        before.save(update_fields=["valid_to"])
        op.keep(before)
    if is_default:
        op.keep(*TaxRate.objects.filter(is_default=True))
        TaxRate.objects.filter(is_default=True).update(is_default=False)
    rate = TaxRate.objects.create(
        code=code, name=name, category=category, percent=percent, valid_from=valid_from, is_default=is_default
    )
    op.record("tax_rate.saved", rate, name=name, percent=str(percent), valid_from=valid_from)
    return rate


@verb(label="Use the tax rates of a country", whole=True)
def use_tax_rates(op: Operation, *, country: Annotated[str, OneOf(tuple(COUNTRIES))]) -> list[TaxRate]:
    """The taxes are those of the country, for a start. Refused once an invoice has a tax that would be another."""
    refuse_if(country not in COUNTRIES, "unknown_choice", "Choose one of the countries.", field="country")
    made = []
    for code, name, category, percent in COUNTRIES[country].rates:
        new = {"name": name, "category": category, "percent": Decimal(percent)}
        row = TaxRate.objects.filter(code=code, valid_to=None).first() or TaxRate(code=code, valid_from=_LONG_AGO)
        if row.pk is not None and all(getattr(row, key) == value for key, value in new.items()):
            continue
        # What no document has can still be another; from then on a newer version follows.
        used = row.pk is not None and InvoiceLine.objects.filter(tax_rate__code=code).exists()
        refuse_if(used, "rate_in_use", f"There are invoices with {row.name}. Change its rate from a day on.")
        for key, value in new.items():
            setattr(row, key, value)
        row.is_default = row.is_default or (
            category == "standard" and not TaxRate.objects.filter(is_default=True).exists()
        )
        row.save()
        op.record("tax_rate.saved", row, name=name, percent=percent, valid_from=row.valid_from)
        made.append(row)
    _charge(op)
    return made


@verb(label="Decide about tax", whole=True)
def decide_tax(op: Operation, *, charges: bool) -> TaxPolicy:
    """The company charges tax by its rates, or charges none: then new lines and products begin without one.

    Products and drafts keep the tax they have.
    """
    before = TaxPolicy.objects.order_by("-pk").first()
    refuse_if(before is not None and before.charges == charges, "no_change", "It is already set that way.")
    default = TaxRate.objects.filter(is_default=True)
    if charges and not default.exists():
        usual = TaxRate.objects.filter(category=TaxRate.Category.STANDARD, valid_to=None).order_by("pk")[:1]
        _begin_with(op, list(usual), is_default=True)
    elif not charges:
        _begin_with(op, list(default), is_default=False)
    row = TaxPolicy.objects.create(charges=charges)
    op.record("tax_policy.decided", row, what=str(row))
    return row


def _begin_with(op: Operation, rates: list[TaxRate], *, is_default: bool) -> None:
    TaxRate.objects.filter(pk__in=[rate.pk for rate in rates]).update(is_default=is_default)
    op.keep(*rates)


def _charge(op: Operation) -> None:
    if TaxPolicy.objects.order_by("-pk").values_list("charges", flat=True).first() is None:
        decide_tax(op, charges=True)
