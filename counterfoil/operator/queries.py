"""Reads about the operator."""

from __future__ import annotations

from counterfoil.operator.models import Area, Brand, Operator
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view

declare_view("operator.view", "See the settings")


def operator() -> Operator:
    """The company's letterhead and defaults."""
    return Operator.objects.get(pk=1)


def operator_currency() -> str:
    """The currency of the operator, in which limits are."""
    return str(Operator.objects.filter(pk=1).values_list("currency", flat=True).first() or "ZAR")


def without_tax() -> str:
    """What is said beside a price that tax is added to, with the tax's own name: `excl. VAT`."""
    name = Operator.objects.filter(pk=1).values_list("tax_name", flat=True).first()
    return f"excl. {name or 'tax'}"


def areas(caller: Caller | None = None) -> list[Area]:
    """The areas, or those a limited caller works in."""
    rows = Area.objects.order_by("name")
    return list(rows.filter(pk__in=caller.scope["area"]) if caller and "area" in caller.scope else rows)


def brands(caller: Caller | None = None) -> list[Brand]:
    """The brands, or those a limited caller works for."""
    rows = Brand.objects.order_by("name")
    return list(rows.filter(pk__in=caller.scope["brand"]) if caller and "brand" in caller.scope else rows)


def house_name() -> str:
    """The operator's name for the head of each page; empty before it is set up."""
    return str(Operator.objects.filter(pk=1).values_list("name", flat=True).first() or "")
