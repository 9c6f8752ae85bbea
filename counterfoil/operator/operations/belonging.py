"""The areas and brands that customers belong to."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict, TypeVar

from counterfoil.documents.speech import LANGUAGES
from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import refuse_if
from counterfoil.operator.countries import COUNTRIES
from counterfoil.operator.models import Area, BankAccount, Brand
from counterfoil.operator.operations.numbers import refit_numbers
from counterfoil.operator.operations.shared import lock, printable
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Like, OneOf, Says


@verb(label="Add area", was=("staff.add_area",), whole=True)
def add_area(op: Operation, *, name: str) -> Area:
    """Customers can belong to the area, and people can be limited to it."""
    row = Area.objects.create(name=_free_name(Area, name))
    op.record("area.added", row, name=row.name)
    return row


@verb(label="Add brand", was=("staff.add_brand",), whole=True)
def add_brand(op: Operation, *, name: str) -> Brand:
    """Customers can belong to the brand, and people can be limited to it."""
    row = Brand.objects.create(name=_free_name(Brand, name))
    op.record("brand.added", row, name=row.name)
    return row


class BrandDetails(TypedDict, total=False):
    """What a brand says on documents and in messages; what is empty of it, the company says."""

    name: Annotated[str, Says("Trading name", most=60)]
    code: Annotated[
        str, Says("Code", "What {brand} stands for in document numbers; capital letters and digits.", 8, optional=True)
    ]
    legal_name: Annotated[str, Says("Legal name", most=160, optional=True)]
    registration: Annotated[str, Says("Registration number", most=60, optional=True)]
    tax_number: Annotated[str, Says("Tax number", most=40, optional=True)]
    address: Annotated[str, Says("Street", most=240, optional=True)]
    city: Annotated[str, Says("Town", most=80, optional=True)]
    postcode: Annotated[str, Says("Postal code", most=20, optional=True)]
    email: Annotated[str, Says("E-mail customers write to", "Messages come from it.", 254, optional=True)]
    phone: Annotated[str, Says("Telephone", most=40, optional=True)]
    colour: Annotated[
        str, Says("Colour of headings and buttons", "# and six digits, such as #14171d.", 7, optional=True)
    ]
    account: Annotated[BankAccount | None, Says("Bank account on documents", optional=True)]
    footer: Annotated[str, Says("Footer of documents", most=240, optional=True)]
    invoice_text: Annotated[str, Says("Text on invoices", most=600, optional=True)]
    credit_note_text: Annotated[str, Says("Text on credit notes", most=600, optional=True)]
    statement_text: Annotated[str, Says("Text on statements", most=600, optional=True)]
    language: Annotated[str, OneOf(("", *LANGUAGES)), Says("Language of documents", optional=True)]


@verb(label="Change brand", whole=True)
def change_brand(op: Operation, *, brand: Brand, details: Annotated[dict[str, Any], Like(BrandDetails)]) -> Brand:
    """Documents and messages to the brand's customers say this from now on; what is empty of it, the company says.

    What is issued keeps the letterhead it was issued with.
    """
    house = lock()
    row = Brand.objects.select_for_update().get(pk=brand.pk)
    tidy = {name: _detail(row, name, value) for name, value in details.items()}
    changes = {name: [_said(getattr(row, name)), _said(value)] for name, value in tidy.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    country = COUNTRIES.get(house.region)
    if country is not None and "tax_number" in changes:
        wrong = country.wrong_tax_number(tidy["tax_number"])
        refuse_if(wrong, "bad_letterhead", wrong, field="tax_number")
    if changes:
        for name in changes:
            setattr(row, name, tidy[name])
        row.save()
        if "code" in changes:
            refit_numbers()
        op.record("brand.changed", row, name=row.name, changes=changes)
    return row


def _detail(row: Brand, name: str, value: Any) -> Any:
    if name == "name":
        return _free_name(Brand, value, row)
    if name == "account" and value is not None and value.pk != row.account_id:
        account = BankAccount.objects.select_for_update().get(pk=value.pk)
        refuse_if(account.closed_on is not None, "closed", "This account is closed.", field="account")
        return account
    return printable(Brand, name, value)


def _said(value: Any) -> str:
    return "" if value is None else str(value)


@verb(label="Rename area", whole=True)
def change_area(op: Operation, *, area: Area, name: str) -> Area:
    """The area has this name, wherever it is shown."""
    row = Area.objects.select_for_update().get(pk=area.pk)
    before, row.name = row.name, _free_name(Area, name, row)
    if row.name != before:
        row.save(update_fields=["name"])
        op.record("area.renamed", row, before=before, name=row.name)
    return row


@verb(label="Retire area", whole=True)
def retire_area(op: Operation, *, area: Area) -> Area:
    """The area is not offered any more. Customers and people who have it keep it."""
    return _retire(op, Area.objects.select_for_update().get(pk=area.pk), "area.retired")


@verb(label="Retire brand", whole=True)
def retire_brand(op: Operation, *, brand: Brand) -> Brand:
    """The brand is not offered any more. Customers who have it keep it, and their documents bear it."""
    return _retire(op, Brand.objects.select_for_update().get(pk=brand.pk), "brand.retired")


@verb(label="Use area again", whole=True)
def restore_area(op: Operation, *, area: Area) -> Area:
    """The area is offered again."""
    return _restore(op, Area.objects.select_for_update().get(pk=area.pk), "area.restored")


@verb(label="Use brand again", whole=True)
def restore_brand(op: Operation, *, brand: Brand) -> Brand:
    """The brand is offered again."""
    return _restore(op, Brand.objects.select_for_update().get(pk=brand.pk), "brand.restored")


Row = TypeVar("Row", Area, Brand)


def _retire(op: Operation, row: Row, event: str) -> Row:
    refuse_if(row.retired_on is not None, "already_so", f"{row.name} is retired already.")
    row.retired_on = op.today
    row.save(update_fields=["retired_on"])
    op.record(event, row, name=row.name)
    return row


def _restore(op: Operation, row: Row, event: str) -> Row:
    refuse_if(row.retired_on is None, "already_so", f"{row.name} is not retired.")
    row.retired_on = None
    row.save(update_fields=["retired_on"])
    op.record(event, row, name=row.name)
    return row


def _free_name(model: type[Area] | type[Brand], text: str, row: Area | Brand | None = None) -> str:
    tidy = tidy_name(text, 60)
    others = model._base_manager.exclude(pk=row.pk if row else 0)
    refuse_if(others.filter(name__iexact=tidy).exists(), "taken", f"{tidy} exists already.", field="name")
    return tidy
