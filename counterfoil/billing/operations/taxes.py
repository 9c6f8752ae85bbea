"""Taxes and their rates: a version follows another from a day on, and what is issued keeps the one it has."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from django.db.models import Max

from counterfoil.billing.models import InvoiceLine, TaxRate
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.operator.countries import COUNTRIES
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import OneOf, Says

_LONG_AGO = dt.date(2000, 1, 1)


@verb(label="Change tax rates")
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
    """From a day on the tax of this code has this rate; the version before it ends the day before."""
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


@verb(label="Use the tax rates of a country")
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
    return made
