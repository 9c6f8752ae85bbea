"""Customers who pay by debit order: one run that is answered, with what came back, and one that waits for approval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from counterfoil.customers.models import Customer
from counterfoil.debits.models import DebitOrder, DebitScheme
from counterfoil.debits.operations import (
    add_debit_scheme,
    add_mandate,
    approve_debit_run,
    finish_debit_run,
    freeze_debit_run,
    open_debit_run,
    return_debit_order,
    send_debit_run,
    set_debit_policy,
    settle_orders,
)
from counterfoil.debits.queries import first_possible
from counterfoil.operator.operations import add_bank_account
from counterfoil.platform.callers import Caller
from counterfoil.receivables.models import OpenItem

_Staff = Callable[[str, dt.date, int], Caller]
_BRANCHES = ("250655", "198765", "051001", "470010", "632005")
_BACK = ("02", "12", "04", "02")
_BEFORE = 14


def collect_some(by: _Staff, today: dt.date) -> None:
    """Every sixth customer who owes something has a mandate; some of them are not signed, or allow too little."""
    then = today - dt.timedelta(days=_BEFORE)
    finance = by("finance", then, 8)
    account = add_bank_account(
        finance, details={"bank": "Nedbank", "branch": "198765", "number": "1014 552 890", "kind": "current"}
    )
    scheme = add_debit_scheme(
        finance, way="netcash", bank_account=account, creditor="5c9f0d3e-2c1b-4f7e-9a55-3f0d6a1f7b21"
    )
    set_debit_policy(finance, least_minor=5000, fee_minor=4500, most_tries=3, on_day=True, second_person=True)
    for place, customer in enumerate(_owing(then)):
        add_mandate(
            finance, customer=customer, way="netcash", holder=customer.name,
            account=f"{62_000_000_000 + place * 7_919_331}", bank=_BRANCHES[place % 5],
            account_type="savings" if place % 4 == 3 else "current", day=None,
            most_minor=50_000 if place % 11 == 5 else None,
            signed_on=None if place % 9 == 7 else then - dt.timedelta(days=200 + place),
        )  # fmt: skip
    _answered(by, scheme, then)
    run = open_debit_run(by("billing", today, 8), scheme=scheme, on=first_possible(today))
    freeze_debit_run(by("billing", today, 9), run=run)


def _owing(day: dt.date) -> list[Customer]:
    owing = OpenItem.objects.filter(side="debit", open_minor__gt=0, currency="ZAR", on__lte=day).values("customer")
    return list(Customer.objects.filter(pk__in=owing, status="active").order_by("number"))[::6]


def _answered(by: _Staff, scheme: DebitScheme, then: dt.date) -> None:
    run = open_debit_run(by("billing", then, 9), scheme=scheme, on=first_possible(then))
    freeze_debit_run(by("billing", then, 10), run=run)
    approve_debit_run(by("finance", then, 11), run=run)
    send_debit_run(by("finance", then, 12), run=run)
    system = Caller.system("job", behalf=by("billing", run.on, 10))
    orders = list(DebitOrder.objects.filter(run=run, state="sent").order_by("pk").values_list("pk", flat=True))
    settle_orders(system, run=run, orders=orders)
    finish_debit_run(system, run=run)
    later = run.on + dt.timedelta(days=3)
    for pk, code in zip(orders[::5], _BACK, strict=False):
        return_debit_order(by("billing", later, 9), order=DebitOrder.objects.get(pk=pk), code=code, on=later)
