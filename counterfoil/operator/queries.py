"""Reads about the operator."""

from __future__ import annotations

from counterfoil.documents.parties import Letterhead
from counterfoil.operator.models import Area, Brand, Logo, Operator
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view

declare_view("operator.view", "See the settings")


def operator() -> Operator:
    """The company's letterhead and defaults."""
    return Operator.objects.select_related("logo__file").defer("logo__file__content").get(pk=1)


def letterhead() -> Letterhead:
    """The company as printed on documents today."""
    return letterhead_of(operator())


def letterhead_of(house: Operator) -> Letterhead:
    """The same of a row, as it is or is about to be."""
    plain = [name for name in Letterhead.__dataclass_fields__ if name != "logo"]
    return Letterhead(
        **{name: getattr(house, name) for name in plain}, logo=house.logo.file.sha256 if house.logo else ""
    )


def is_logo(sha256: str) -> bool:
    """Whether documents bear or bore the logo with this hash: anybody may see it."""
    return Logo.objects.filter(file__sha256=sha256).exists()


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
