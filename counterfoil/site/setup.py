"""What every installation has before its first customer: roles, ledger accounts, numbers, buckets, tax rates."""

import datetime as dt
from decimal import Decimal

from counterfoil.billing.operations import set_up_billing
from counterfoil.credit.operations import set_up_credit
from counterfoil.jobs.operations import set_up_jobs
from counterfoil.ledger.operations import set_up_ledger
from counterfoil.network.operations.policy import set_up_network
from counterfoil.operator.operations import set_up_lookups, set_up_operator
from counterfoil.payments.operations import set_up_payments
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, step
from counterfoil.platform.upkeep import keep_old_rows
from counterfoil.receivables.operations import set_up_receivables
from counterfoil.sales.operations import set_up_sales
from counterfoil.site.roles import ROLES
from counterfoil.staff.operations import set_up_roles
from counterfoil.subscriptions.operations import set_up_subscriptions
from counterfoil.tickets.operations import set_up_tickets

RATES = (
    {"code": "standard", "name": "VAT 15%", "category": "standard", "percent": Decimal(15), "is_default": True},
    {"code": "zero", "name": "Zero-rated", "category": "zero", "percent": Decimal(0)},
    {"code": "exempt", "name": "Exempt", "category": "exempt", "percent": Decimal(0)},
)
LONG_AGO = dt.date(2000, 1, 1)


@step
def set_up_all(op: Operation) -> None:
    """Everything a new installation needs is there; run again, it adds only what is missing."""
    set_up_operator(op)
    set_up_lookups(op)
    set_up_roles(op, roles=ROLES)
    set_up_ledger(op)
    set_up_credit(op)
    set_up_receivables(op)
    set_up_billing(op, rates=[{**rate, "valid_from": LONG_AGO} for rate in RATES])
    set_up_payments(op)
    set_up_subscriptions(op)
    set_up_sales(op)
    set_up_tickets(op)
    set_up_network(op)
    set_up_jobs(op)
    keep_old_rows(op)


def set_up() -> None:
    """Run the set-up as the product itself."""
    set_up_all(Caller.system("shell"))
