"""Who calls whom, and how promises are treated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from counterfoil.collections.models import CollectionsPolicy
from counterfoil.credit.operations import give_collector
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.staff.models import User


@verb(label="Give to a collector")
def assign_collector(op: Operation, *, customers: Sequence[Customer], collector: User | None) -> list[Customer]:
    """These customers are in this collector's queue; with none, in everybody's."""
    refuse_if(collector is not None and not collector.is_active, "inactive",
              f"{collector} cannot sign in any more. Choose somebody else.", field="collector")  # fmt: skip
    locked = lock([row.pk for row in customers])
    for owner in locked.values():
        give_collector(op, customer=owner, collector=collector)
    return list(locked.values())


@verb(label="Change collections policy", whole=True)
def set_collections_policy(
    op: Operation,
    *,
    promises_hold: bool,
    hold_percent: Annotated[int, Says("Percent of what is overdue that holds")],
    longest_days: Annotated[int, Says("Farthest promise, in days")],
    portal_days: Annotated[int, Says("Days ahead in the portal")],
    portal_instalments: Annotated[int, Says("Instalments in the portal")],
) -> CollectionsPolicy:
    """From now on promises hold dunning and suspension or do not, and customers may promise so much by themselves."""
    for name, value, least, most in (
        ("hold_percent", hold_percent, 0, 100), ("longest_days", longest_days, 1, 366),
        ("portal_days", portal_days, 0, 90), ("portal_instalments", portal_instalments, 0, 12),
    ):  # fmt: skip
        refuse_if(not least <= value <= most, "out_of_range", f"A number from {least} to {most}.", field=name)
    row = CollectionsPolicy.objects.create(
        promises_hold=promises_hold, hold_percent=hold_percent, longest_days=longest_days, portal_days=portal_days,
        portal_instalments=portal_instalments,
    )  # fmt: skip
    op.record("collections_policy.changed", row, what=str(row), days=portal_days, instalments=portal_instalments)
    return row
