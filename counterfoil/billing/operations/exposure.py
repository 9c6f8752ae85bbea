"""The credit check: who owes a lot, or orders a lot, is sold more by somebody who may decide it (domain 14)."""

from __future__ import annotations

from counterfoil.credit.queries import EXCEED, credit_limits
from counterfoil.customers.models import Customer, Site
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text
from counterfoil.platform.callers import System
from counterfoil.platform.operations import Operation
from counterfoil.receivables.models import Standing


def refuse_exposure(op: Operation, customer: Customer, site: Site | None, more_minor: int, /) -> None:
    """Refuses to sell so much more a period to a customer whose limits it exceeds, unless the caller may.

    The caller holds the customer's lock. What the product does on its day was checked when it was asked for.
    """
    if more_minor <= 0 or isinstance(op.caller, System) or op.caller.may(EXCEED):
        return
    limits = credit_limits(customer, site.pk if site else None)
    if limits is None:
        return

    def text(minor: int) -> str:
        return money_text(minor, customer.currency)

    if limits.order_is_over(more_minor):
        assert limits.order_minor is not None
        raise Refused(
            "needs_approval",
            f"{text(more_minor)} is more than {customer.name} may order at once, which is "
            f"{text(limits.most(limits.order_minor))}. Ask for approval.",
        )
    owed = Standing.objects.get(customer=customer).balance_minor
    if limits.total_is_over(owed, more_minor):
        assert limits.total_minor is not None
        raise Refused(
            "needs_approval",
            f"{customer.name} owes {text(max(owed, 0))}. With {text(more_minor)} more that is over the credit limit of "
            f"{text(limits.most(limits.total_minor))}. Ask for approval.",
        )
