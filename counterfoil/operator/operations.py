"""Every write about the operator, and the areas and brands that customers belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from counterfoil.documents.logos import check_logo
from counterfoil.documents.operations import store_file
from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.operator import rules
from counterfoil.operator.countries import COUNTRIES
from counterfoil.operator.models import Area, BankAccount, Brand, Logo, Operator
from counterfoil.platform.callers import Caller
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Like, OneOf, Says


@step
def set_up_operator(op: Operation, /, **letterhead: Any) -> Operator:
    """The operator's row exists; what is there already is left alone."""
    operator, created = Operator.objects.get_or_create(pk=1, defaults={"name": "Your company", **letterhead})
    if created:
        op.record("operator.set_up", operator, name=operator.name)
    return operator


class Letterhead(TypedDict, total=False):
    """What is known of the operator; what is left out stays as it is."""

    name: str
    legal_name: str
    registration: str
    tax_number: str
    tax_name: str
    registration_name: str
    tax_number_name: str
    address: str
    city: str
    postcode: str
    email: str
    phone: str
    currency: str
    region: str
    pay_url: str
    account_prefix: str
    account_convention: str
    terms_days: int
    colour: str
    version: int


@joint
def keeps_currency() -> str:
    """Many are asked: a sentence why the company's currency cannot change any more, or none."""
    raise NotImplementedError


@verb(label="Change company details", was=("staff.change_operator",))
def change_operator(op: Operation, /, **letterhead: Annotated[Any, Like(Letterhead)]) -> Operator:
    """The operator's letterhead and defaults have the given values, on every document from now on.

    Documents that are issued keep the letterhead they were issued with. With a `version`, refused when somebody else
    saved since.
    """
    operator = _lock()
    refuse_if(
        letterhead.pop("version", operator.version) != operator.version, "stale_form",
        "Somebody saved this while you were editing. Their changes are shown; re-enter yours.",
    )  # fmt: skip
    letterhead = {name: _printable(Operator, name, value) for name, value in letterhead.items()}
    changes = {
        name: [getattr(operator, name), value] for name, value in letterhead.items() if getattr(operator, name) != value
    }
    for name, value in letterhead.items():
        setattr(operator, name, value)
    country = COUNTRIES.get(operator.region)
    if country is not None and {"tax_number", "region"} & set(changes):
        wrong = country.wrong_tax_number(operator.tax_number)
        refuse_if(wrong, "bad_letterhead", wrong, field="tax_number")
    if "currency" in changes:
        for sentence in keeps_currency():
            refuse_if(sentence, "still_needed", sentence, field="currency")
    if changes:
        operator.version += 1
        operator.save()
        op.record("operator.changed", operator, changes=changes)
    return operator


def _printable(model: type[Operator] | type[BankAccount], name: str, value: Any) -> Any:
    """A value of the letterhead that can be printed, paid to and counted in."""
    column = model._meta.get_field(name)
    label = name.replace("_", " ").capitalize()
    if not isinstance(value, str):
        return value
    tidy = "".join(ch for ch in value if ch.isprintable() or ch == "\n").strip()
    if name == "colour":
        tidy = tidy.lower()
    refuse_if(not (tidy or getattr(column, "blank", False)), "required", f"{label} is missing.", field=name)
    most = getattr(column, "max_length", None) or 0
    refuse_if(len(tidy) > most, "too_long", f"{label} has at most {most} characters.", field=name)
    if tidy and (wrong := rules.wrong_letterhead(name, tidy)):
        raise Refused("bad_letterhead", wrong, field=name)
    return tidy


def _look(caller: Caller, *, content: bytes | None) -> tuple[bytes, str] | None:
    return None if content is None else check_logo(content)


@verb(label="Set logo", before=_look)
def set_logo(op: Operation, *, content: bytes | None) -> Operator:
    """Documents from now on, and the pages of customers, bear this logo (SVG, PNG or JPEG); without one, the name.

    What is issued keeps the logo it was issued with.
    """
    operator = _lock()
    operator.logo = _kept_logo(op)
    operator.version += 1
    operator.save(update_fields=["logo", "version"])
    op.record("operator.logo_set" if operator.logo else "operator.logo_removed", operator, name=operator.name)
    return operator


def _kept_logo(op: Operation) -> Logo | None:
    """The logo that was looked at before, kept once however often it is set."""
    if op.ready is None:
        return None
    content, mime = op.ready
    file = store_file(op, content=content, mime=mime)
    logo, new = Logo.objects.get_or_create(file=file, defaults={"at": op.now})
    if new:
        op.record("logo.kept", logo)
    return logo


class BankDetails(TypedDict, total=False):
    """What is known of a bank account; what is left out stays as it is."""

    bank: Annotated[str, Says("Bank", most=80, optional=True)]
    branch: Annotated[str, Says("Branch code", most=20, optional=True)]
    number: Annotated[str, Says("Account number", most=40, optional=True)]
    kind: Annotated[str, OneOf(BankAccount.Kind), Says("Type of account", optional=True)]
    iban: Annotated[str, Says("IBAN", most=42, optional=True)]
    bic: Annotated[str, Says("BIC", most=11, optional=True)]
    holder: Annotated[
        str,
        Says("Account holder", "Only where it is not the company's name.", 120, optional=True),
    ]
    currency: Annotated[str, Says("Currency", "If left empty, the company's.", 3, optional=True)]


@verb(label="Add bank account")
def add_bank_account(op: Operation, *, details: Annotated[dict[str, Any], Like(BankDetails)]) -> BankAccount:
    """Customers can pay into the account. The first one is printed on documents from now on."""
    _lock()
    row = BankAccount(is_default=not BankAccount.objects.filter(is_default=True).exists())
    _set_bank_details(row, details)
    row.save()
    op.record("bank_account.added", row, account=str(row))
    return row


@verb(label="Change bank account")
def change_bank_account(
    op: Operation, *, account: BankAccount, details: Annotated[dict[str, Any], Like(BankDetails)]
) -> BankAccount:
    """The account has the given values, on documents from now on. What is issued keeps what it was issued with."""
    row = _open_account(account)
    if changes := _set_bank_details(row, details):
        row.save()
        op.record("bank_account.changed", row, account=str(row), changes=changes)
    return row


@verb(label="Use bank account on documents")
def use_bank_account(op: Operation, *, account: BankAccount) -> BankAccount:
    """The account is printed on documents from now on, and the one of before is not."""
    row = _open_account(account)
    before = BankAccount.objects.filter(is_default=True).exclude(pk=row.pk).first()
    if before is not None:
        before.is_default = False
        before.save(update_fields=["is_default"])
        op.keep(before)
    row.is_default = True
    row.save(update_fields=["is_default"])
    op.record("bank_account.used", row, account=str(row))
    return row


@verb(label="Close bank account")
def close_bank_account(op: Operation, *, account: BankAccount) -> BankAccount:
    """The account is not offered any more; what was issued with it stays as it is."""
    row = _open_account(account)
    refuse_if(
        row.is_default, "still_needed", "Documents show this account. Use another one on documents first.",
        field="account",
    )  # fmt: skip
    row.closed_on = op.today
    row.save(update_fields=["closed_on"])
    op.record("bank_account.closed", row, account=str(row))
    return row


def _lock() -> Operator:
    """The company, held: which of its accounts is printed is decided by one at a time."""
    return Operator.objects.select_for_update().get(pk=1)


def _open_account(account: BankAccount) -> BankAccount:
    _lock()
    row = BankAccount.objects.select_for_update().get(pk=account.pk)
    refuse_if(row.closed_on is not None, "closed", "This account is closed.", field="account")
    return row


def _set_bank_details(row: BankAccount, details: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The values are set, tidied, or refused where nobody could pay to them; returns what changed."""
    tidy = {name: _printable(BankAccount, name, _without_spaces(name, value)) for name, value in details.items()}
    changes = {name: [getattr(row, name), value] for name, value in tidy.items() if getattr(row, name) != value}
    for name, value in tidy.items():
        setattr(row, name, value)
    refuse_if(row.kind not in BankAccount.Kind.values, "unknown_choice", "Choose a type of account.", field="kind")
    refuse_if(
        not (row.number or row.iban), "required", "Enter an account number or an IBAN.",
        field="number",
    )  # fmt: skip
    return changes


def _without_spaces(name: str, value: str) -> str:
    """IBAN, BIC and currency as programs write them, however they were typed."""
    return "".join(value.split()).upper() if name in ("iban", "bic", "currency") else value


@verb(label="Add area", was=("staff.add_area",))
def add_area(op: Operation, *, name: str) -> Area:
    """Customers can belong to the area, and people can be limited to it."""
    row = Area.objects.create(name=_free_name(Area, name))
    op.record("area.added", row, name=row.name)
    return row


@verb(label="Add brand", was=("staff.add_brand",))
def add_brand(op: Operation, *, name: str) -> Brand:
    """Customers can belong to the brand, and people can be limited to it."""
    row = Brand.objects.create(name=_free_name(Brand, name))
    op.record("brand.added", row, name=row.name)
    return row


def _free_name(model: type[Area] | type[Brand], text: str) -> str:
    tidy = tidy_name(text, 60)
    refuse_if(model._base_manager.filter(name__iexact=tidy).exists(), "taken", f"{tidy} exists already.", field="name")
    return tidy
