"""The bank accounts that customers pay into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from counterfoil.kernel.errors import refuse_if
from counterfoil.operator.models import BankAccount, Brand
from counterfoil.operator.operations.shared import lock, printable
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Like, OneOf, Says


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


@verb(label="Add bank account", whole=True)
def add_bank_account(op: Operation, *, details: Annotated[dict[str, Any], Like(BankDetails)]) -> BankAccount:
    """Customers can pay into the account. The first one is printed on documents from now on."""
    lock()
    row = BankAccount(is_default=not BankAccount.objects.filter(is_default=True).exists())
    _set_bank_details(row, details)
    row.save()
    op.record("bank_account.added", row, account=str(row))
    return row


@verb(label="Change bank account", whole=True)
def change_bank_account(
    op: Operation, *, account: BankAccount, details: Annotated[dict[str, Any], Like(BankDetails)]
) -> BankAccount:
    """The account has the given values, on documents from now on. What is issued keeps what it was issued with."""
    row = _open_account(account)
    if changes := _set_bank_details(row, details):
        row.save()
        op.record("bank_account.changed", row, account=str(row), changes=changes)
    return row


@verb(label="Use bank account on documents", whole=True)
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


@verb(label="Close bank account", whole=True)
def close_bank_account(op: Operation, *, account: BankAccount) -> BankAccount:
    """The account is not offered any more; what was issued with it stays as it is."""
    row = _open_account(account)
    refuse_if(
        row.is_default, "still_needed", "Documents show this account. Use another one on documents first.",
        field="account",
    )  # fmt: skip
    brand = Brand.objects.filter(account=row).order_by("name").first()
    refuse_if(
        brand is not None, "still_needed", f"Documents of {brand} show this account. Give {brand} another one first.",
        field="account",
    )  # fmt: skip
    row.closed_on = op.today
    row.save(update_fields=["closed_on"])
    op.record("bank_account.closed", row, account=str(row))
    return row


def _open_account(account: BankAccount) -> BankAccount:
    lock()
    row = BankAccount.objects.select_for_update().get(pk=account.pk)
    refuse_if(row.closed_on is not None, "closed", "This account is closed.", field="account")
    return row


def _set_bank_details(row: BankAccount, details: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The values are set, tidied, or refused where nobody could pay to them; returns what changed."""
    tidy = {name: printable(BankAccount, name, _without_spaces(name, value)) for name, value in details.items()}
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
