"""The file of a run: made anew of what was sent whenever it is asked for, always the same bytes.

Nothing of it is stored but its digest: account numbers stand encrypted with their mandates and nowhere else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

from counterfoil.debits import queries
from counterfoil.debits.formats import nacha, nedbank, netcash, pain008
from counterfoil.debits.formats.order import Creditor, FormatError, Order, OrderFile
from counterfoil.debits.models import DebitOrder, DebitRun, DebitScheme
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.operator.queries import house_name
from counterfoil.platform.secrets import decrypt

# What Netcash gives to software that has no agreement of its own with it (api.netcash.co.za, software vendor key).
_ANY_SOFTWARE = "24ade73c-98cf-47b3-99be-cc7b867b3080"


def creditor_of(scheme: DebitScheme) -> Creditor:
    """Who collects, as the bank of a scheme knows them."""
    account = scheme.bank_account
    sepa = scheme.way.startswith("sepa")
    return Creditor(
        account.holder or house_name() or "Creditor", account.iban if sepa else account.number,
        account.bic if sepa else account.branch, decrypt(scheme.creditor_box), scheme.bank_name or account.bank,
        scheme.vendor_key or _ANY_SOFTWARE,
    )  # fmt: skip


def order_of(row: DebitOrder) -> Order:
    """An order as a file says it, with the account that it is taken from."""
    mandate = row.mandate
    assert mandate is not None
    assert mandate.signed_on is not None
    return Order(
        row.reference, mandate.number, mandate.signed_on, mandate.holder, decrypt(mandate.account_box), mandate.bank,
        "savings" if mandate.account_type == "savings" else "current", row.amount_minor, row.currency, row.first,
        row.customer.number,
    )  # fmt: skip


def message_of(run: DebitRun) -> str:
    """What the file of a run is called, in it and in the bank's answers."""
    return f"CF{run.pk:06d}-{run.on:%Y%m%d}"


def made_of(run: DebitRun, orders: Sequence[DebitOrder], at: dt.datetime) -> OrderFile:
    """The file that asks the bank for these orders, as if made at an instant; refused in words where it cannot be."""
    creditor, asked = creditor_of(run.scheme), [order_of(row) for row in orders]
    message, created = message_of(run), at.replace(microsecond=0)
    try:
        match run.scheme.way:
            case "sepa_core" | "sepa_b2b" | "bacs" as way:
                kind = {"sepa_core": "core", "sepa_b2b": "b2b", "bacs": "bacs"}[way]
                return pain008.write(
                    creditor, asked, scheme=kind, message=message, created=created, collect_on=run.on,  # type: ignore[arg-type]
                )  # fmt: skip
            case "nacha":
                letter = chr(ord("A") + run.pk % 26)
                return nacha.write(creditor, asked, created=created, collect_on=run.on, modifier=letter, batch=run.pk)
            case "netcash":
                return netcash.write(creditor, asked, message=message, collect_on=run.on)
            case "nedbank":
                return nedbank.write(creditor, asked, number=run.pk, collect_on=run.on)
    except FormatError as error:
        raise Refused(error.code, error.sentence) from error
    raise AssertionError(run.scheme.way)


def digest(file: OrderFile) -> str:
    """By which a file is known again."""
    return hashlib.sha256(file.content).hexdigest()


def file_of(run: DebitRun) -> OrderFile:
    """The file of a run that was made; refused should it differ from what was made then."""
    refuse_if(not run.file_sha256 or run.sent_at is None, "no_file", "The file of this run is not made yet.")
    assert run.sent_at is not None
    file = made_of(run, list(queries.sent_orders(run)), run.sent_at)
    refuse_if(digest(file) != run.file_sha256, "file_differs",
              "What the file says was changed since it was made. Do not send it; run check-books.")  # fmt: skip
    return file
