"""A run of debit orders from choosing to its file: everybody has a mandate and owes two invoices."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.debits.files import file_of
from counterfoil.debits.models import BillingDetails, DebitScheme, Mandate
from counterfoil.debits.operations import (
    add_debit_scheme,
    approve_debit_run,
    freeze_debit_run,
    open_debit_run,
    send_debit_run,
    set_debit_policy,
)
from counterfoil.debits.queries import first_possible
from counterfoil.operator.operations import add_bank_account
from counterfoil.platform import bulk
from counterfoil.platform.secrets import encrypt
from counterfoil.platform.write_guard import writing
from counterfoil.site.bench.book import settle_down, write_customers, write_items
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, timed

EACH = 2
_MANDATE = (
    "customer", "number", "way", "holder", "account_box", "account_end", "bank", "account_type", "currency",
    "signed_on", "end_reason", "author", "at",
)  # fmt: skip


def measure(quick: bool) -> Iterator[Figure]:
    """A thousand, ten thousand and a hundred thousand mandates more; each run is those that no run holds yet."""
    details = {"bank": "Nedbank", "branch": "198765", "number": "1014552890"}
    account = add_bank_account(CALLER, details=details)
    key = "5c9f0d3e-2c1b-4f7e-9a55-3f0d6a1f7b21"
    scheme = add_debit_scheme(CALLER, way="netcash", bank_account=account, creditor=key)
    set_debit_policy(CALLER, least_minor=0, fee_minor=0, most_tries=3, on_day=True, second_person=False)
    start = 0
    for stop in (20, 200) if quick else (1_000, 10_000, 100_000):
        customers = write_customers(start, stop)
        write_items(customers, EACH)
        _mandates(customers)
        start = stop
        settle_down()
        forget_peak()
        done: list[int] = []
        seconds = timed(lambda scheme=scheme, done=done: done.append(_collect(scheme)))  # type: ignore[misc]
        yield figure("debit-orders", stop, seconds, done=done[0])


def _mandates(customers: list[int]) -> None:
    with writing():
        rows = (
            (pk, f"M{pk}", "netcash", f"Customer {pk}", encrypt(f"{62_000_000_000 + pk}"), "1234", "250655", "current",
             "ZAR", CALLER.today, "", "bench", CALLER.now)
            for pk in customers
        )  # fmt: skip
        bulk.insert_rows(Mandate, _MANDATE, rows)
        bulk.insert_rows(BillingDetails, ("customer", "method"), ((pk, "debit_order") for pk in customers))


def _collect(scheme: DebitScheme) -> int:
    run = open_debit_run(CALLER, scheme=scheme, on=first_possible(CALLER.today))
    for step in (freeze_debit_run, approve_debit_run, send_debit_run):
        run = step(CALLER, run=run)
    return file_of(run).count
