"""Reads about the operator."""

from __future__ import annotations

from django.db.models import F

from counterfoil.documents.parties import Letterhead
from counterfoil.operator.models import Area, BankAccount, Brand, Logo, Operator
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view

declare_view("operator.view", "See the settings")


def operator() -> Operator:
    """The company's letterhead and defaults."""
    return Operator.objects.select_related("logo__file").defer("logo__file__content").get(pk=1)


def letterhead() -> Letterhead:
    """The company as printed on documents today."""
    return letterhead_of(operator(), default_account())


def letterhead_of(house: Operator, account: BankAccount | None) -> Letterhead:
    """The same of rows, as they are or are about to be."""
    known = {name: getattr(house, name) for name in Letterhead.__dataclass_fields__ if hasattr(house, name)}
    known["logo"] = house.logo.file.sha256 if house.logo else ""
    if account is not None:
        known |= {
            "bank_holder": account.holder, "bank": account.bank, "bank_branch": account.branch,
            "bank_account": account.number, "bank_kind": account.get_kind_display() if account.kind else "",
            "iban": account.iban, "bic": account.bic,
        }  # fmt: skip
    return Letterhead(**known)


def bank_accounts() -> list[BankAccount]:
    """Every account there is or was: the one on documents first, closed ones last."""
    return list(BankAccount.objects.order_by(F("closed_on").asc(nulls_first=True), "-is_default", "bank", "pk"))


def default_account() -> BankAccount | None:
    """The account that documents show."""
    return BankAccount.objects.filter(is_default=True).first()


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
