"""Every read of bill runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum

from counterfoil.billing.models import BillRun, BillRunItem, Invoice
from counterfoil.customers.models import ContactPoint
from counterfoil.kernel.errors import NotFound
from counterfoil.platform.operations import Caller


def bill_runs(caller: Caller) -> QuerySet[BillRun]:
    """Every bill run, newest first. Runs are of all customers, so who sees some customers only sees none."""
    caller.must("billing.open_bill_run")
    return BillRun.objects.none() if caller.is_scoped else BillRun.objects.order_by("-pk")


def get_bill_run(caller: Caller, pk: int) -> BillRun:
    """A bill run the caller may see."""
    found = bill_runs(caller).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such bill run, or you may not see it.")
    return found


def get_bill_run_item(caller: Caller, pk: int) -> BillRunItem:
    """One customer of a run."""
    caller.must("billing.open_bill_run")
    found = BillRunItem.objects.filter(pk=pk).select_related("customer", "invoice", "run").first()
    if found is None or caller.is_scoped:
        raise NotFound("There is no such bill, or you may not see it.")
    return found


def items_of_run(run: BillRun, *states: str) -> QuerySet[BillRunItem]:
    """The customers of a run in these states, in order of the account."""
    rows = BillRunItem.objects.filter(run=run, state__in=states) if states else BillRunItem.objects.filter(run=run)
    return rows.select_related("customer", "invoice").order_by("customer_id")


EXCEPTIONS = (BillRunItem.State.HELD, BillRunItem.State.PARKED)


def run_totals(run: BillRun) -> dict[str, tuple[int, int]]:
    """How many customers are in each state, and what their bills come to in minor units."""
    rows = BillRunItem.objects.filter(run=run).values_list("state").annotate(n=Count("pk"), sum=Sum("total_minor"))
    return {state: (n, total or 0) for state, n, total in rows.order_by()}


def last_bills(customers: Sequence[int]) -> dict[int, int]:
    """What the newest issued bill of services of each customer came to."""
    newest = (
        Invoice.objects.filter(customer__in=customers, source="recurring", state=Invoice.State.ISSUED)
        .values("customer")
        .annotate(newest=Max("pk"))
        .order_by()
    )
    rows = Invoice.objects.filter(pk__in=[row["newest"] for row in newest])
    return dict(rows.values_list("customer_id", "total_minor"))


def billing_facts(customers: Sequence[int]) -> dict[int, bool]:
    """Of each customer whether there is any e-mail address."""
    rows = ContactPoint.objects.filter(contact__customer__in=customers, kind="email")
    return dict.fromkeys(rows.values_list("contact__customer_id", flat=True), True)


def last_run(run: BillRun) -> BillRun | None:
    """The run before it of the same group and frequency that was issued: what its totals are compared with."""
    same = BillRun.objects.filter(pk__lt=run.pk, group=run.group, frequency=run.frequency)
    return same.filter(state__in=("issued", "sent")).order_by("-pk").first()


def sent_of(run: BillRun) -> int:
    """How many invoices of a run were handed to the post."""
    return BillRunItem.objects.filter(run=run, sent=True).count()


def last_of(run: BillRun) -> Any:
    """What the last bills of the run's customers came to, in minor units."""
    return BillRunItem.objects.filter(run=run).aggregate(sum=Sum("last_minor"))["sum"] or 0
