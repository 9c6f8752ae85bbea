"""Reads about the operator."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db.models import F, QuerySet

from counterfoil.documents.parties import Letterhead
from counterfoil.documents.speech import Speech
from counterfoil.kernel.errors import refuse_if
from counterfoil.operator.countries import address_lines
from counterfoil.operator.models import Area, BankAccount, Brand, Logo, Lookup, Operator
from counterfoil.platform import bulk
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view

declare_view("operator.view", "See the settings")


# What a brand says for itself, one by one.
_OWN = ("name", "legal_name", "registration", "tax_number", "email", "phone", "colour", "footer",
        "invoice_text", "credit_note_text", "statement_text", "language")  # fmt: skip


def operator() -> Operator:
    """The company's letterhead and defaults."""
    return Operator.objects.select_related("logo__file").defer("logo__file__content").get(pk=1)


def letterhead(brand_id: int | None = None) -> Letterhead:
    """The company, or one of its brands, as printed on documents today."""
    return letterheads([brand_id])[brand_id]


def letterheads(brand_ids: Iterable[int | None]) -> dict[int | None, Letterhead]:
    """The same of many, by the brand's key; the company's by None."""
    wanted = {pk for pk in brand_ids if pk is not None}
    house, usual = operator(), default_account()
    rows = Brand.objects.filter(pk__in=wanted).select_related("account", "logo__file")
    found: dict[int | None, Letterhead] = {None: letterhead_of(house, usual)}
    if wanted:
        for row in rows.defer("logo__file__content"):
            found[row.pk] = letterhead_of(house, row.account or usual, row)
    return found


def face(brand_id: int | None = None) -> Letterhead:
    """The same for who is not asked to pay: without an account."""
    rows = Brand.objects.filter(pk=brand_id or 0).select_related("logo__file").defer("logo__file__content")
    return letterhead_of(operator(), None, rows.first() if brand_id else None)


def letterhead_of(house: Operator, account: BankAccount | None, brand: Brand | None = None) -> Letterhead:
    """The same of rows, as they are or are about to be. What is empty of a brand is the company's."""
    known = {name: getattr(house, name) for name in Letterhead.__dataclass_fields__ if hasattr(house, name)}
    logo = house.logo
    if brand is not None:
        known["legal_name"] = house.legal_name or house.name
        known |= {name: value for name in _OWN if (value := getattr(brand, name))}
        if brand.address or brand.city or brand.postcode:
            known["address"] = brand.address
            known["address_lines"] = address_lines(brand.address, brand.city, brand.postcode, house.region)
        logo = brand.logo or logo
    known["logo"] = logo.file.sha256 if logo else ""
    if account is not None:
        known |= {
            "bank_holder": account.holder, "bank": account.bank, "bank_branch": account.branch,
            "bank_account": account.number, "bank_kind": account.get_kind_display() if account.kind else "",
            "iban": account.iban, "bic": account.bic,
        }  # fmt: skip
    return Letterhead(**known)


def languages() -> dict[int | None, str]:
    """What is read by customers of whom nothing else is known: of each brand by its key, of the company by None."""
    return {pk: speech.language for pk, speech in speeches().items()}


def speeches() -> dict[int | None, Speech]:
    """How documents say things: those of each brand by its key, of the company by None."""
    # One question, because each payment, each lot of documents and of messages asks it.
    found = {pk: said for pk, *said in bulk.asked(_SPEECHES)}
    usual, dates, numbers = found.pop(0, ("en", "", ""))
    return {
        None: Speech(usual or "en", dates, numbers),
        **{pk: Speech(own or usual or "en", dates, numbers) for pk, (own, *_) in found.items()},
    }


_SPEECHES = """
    SELECT 0, language, date_format, number_format FROM operator_operator WHERE id = 1
    UNION ALL SELECT id, language, '', '' FROM operator_brand
"""


def bank_accounts() -> list[BankAccount]:
    """Every account there is or was: the one on documents first, closed ones last."""
    return list(BankAccount.objects.order_by(F("closed_on").asc(nulls_first=True), "-is_default", "bank", "pk"))


def default_account() -> BankAccount | None:
    """The account that documents show."""
    return BankAccount.objects.filter(is_default=True).first()


def is_logo(sha256: str) -> bool:
    """Whether documents bear or bore the logo with this hash: anybody may see it."""
    return Logo.objects.filter(file__sha256=sha256).exists()


def company_zone() -> str:
    """The name of the company's time zone; empty where it is that of the installation."""
    return str(Operator.objects.filter(pk=1).values_list("time_zone", flat=True).first() or "")


def week_starts() -> int:
    """The day that weeks begin with; 0 is Monday."""
    return Operator.objects.filter(pk=1).values_list("week_starts", flat=True).first() or 0


def operator_currency() -> str:
    """The currency of the operator, in which limits are."""
    return str(Operator.objects.filter(pk=1).values_list("currency", flat=True).first() or "ZAR")


def without_tax() -> str:
    """What is said beside a price that tax is added to, with the tax's own name: `excl. VAT`."""
    return f"excl. {tax_name()}"


def tax_name() -> str:
    """How the tax is called where the company is."""
    return Operator.objects.filter(pk=1).values_list("tax_name", flat=True).first() or "tax"


def areas(caller: Caller | None = None) -> list[Area]:
    """The areas, or those a limited caller works in."""
    rows = Area.objects.order_by("name")
    return list(rows.filter(pk__in=caller.scope["area"]) if caller and "area" in caller.scope else rows)


def brands(caller: Caller | None = None) -> list[Brand]:
    """The brands, or those a limited caller works for."""
    rows = Brand.objects.select_related("account", "logo").order_by("name")
    return list(rows.filter(pk__in=caller.scope["brand"]) if caller and "brand" in caller.scope else rows)


def offered(rows: list[Area] | list[Brand], kept: Collection[int] = ()) -> list[Any]:
    """Those to choose from: not what is retired, unless it is what somebody has."""
    return [row for row in rows if row.retired_on is None or row.pk in kept]


def house_name() -> str:
    """The operator's name for the head of each page; empty before it is set up."""
    return str(Operator.objects.filter(pk=1).values_list("name", flat=True).first() or "")


def lookups(kind: str, on: dt.date) -> list[Lookup]:
    """What can be chosen of a kind on a day, in its order."""
    rows = Lookup.objects.filter(kind=kind).order_by("position", "pk")
    return [row for row in rows if row.is_offered(on)]


def lookups_by_kind(kinds: Collection[str], on: dt.date) -> dict[str, list[Lookup]]:
    """The same of several kinds at once."""
    found: dict[str, list[Lookup]] = {kind: [] for kind in kinds}
    for row in Lookup.objects.filter(kind__in=kinds).order_by("position", "pk"):
        if row.is_offered(on):
            found[row.kind].append(row)
    return found


def check_offered(row: Lookup | None, kind: str, on: dt.date, *, field: str) -> None:
    """Refuses a choice of another list, and one that is not offered on a day: switched off while a form was open."""
    if row is None:
        return
    refuse_if(row.kind != kind, "wrong_list", f"{row.name} is no {kind.replace('_', ' ')}.", field=field)
    fresh = Lookup.objects.get(pk=row.pk)
    refuse_if(not fresh.is_offered(on), "not_offered", f"{fresh.name} is not offered any more. Choose another.",
              field=field)  # fmt: skip


def lookup_names(kind: str) -> Callable[[Caller], list[str]]:
    """What is offered of a kind today, by name: texts to choose from where another may be typed."""
    return lambda caller: [row.name for row in lookups(kind, caller.today)]


def all_lookups() -> QuerySet[Lookup]:
    """Every list that people choose from, whether offered or not."""
    return Lookup.objects.order_by("kind", "position", "pk")


def names_of(kind: str) -> dict[str, str]:
    """What each of a kind is called now, by its code, whether offered or not."""
    return dict(Lookup.objects.filter(kind=kind).values_list("code", "name"))


def delivered(kind: str, code: str) -> Lookup:
    """The choice that the product knows by this code."""
    return Lookup.objects.get(kind=kind, code=code)
