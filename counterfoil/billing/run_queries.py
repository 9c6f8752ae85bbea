"""Every read of bill runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from counterfoil.billing.models import BillRun, BillRunItem, Invoice
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import matching
from counterfoil.kernel.clock import SKEW
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller


def bill_runs(caller: Caller) -> QuerySet[BillRun]:
    """Every bill run, newest first. Runs are of all customers, so who sees some customers only sees none."""
    caller.must("billing.open_bill_run")
    rows = with_unsent(BillRun.objects.select_related("job"))
    return rows.none() if caller.is_scoped else rows.order_by("-pk")


def with_unsent(runs: QuerySet[BillRun]) -> QuerySet[BillRun]:
    """With whether invoices of a run wait to be sent (`unsent`)."""
    return runs.annotate(unsent=Exists(_unsent().filter(run=OuterRef("pk"))))


def bill_run_items(caller: Caller, run: BillRun, pks: Collection[int]) -> dict[int, BillRunItem]:
    """Some customers of a run, by key, as far as the caller may see them."""
    caller.must("billing.open_bill_run")
    rows = BillRunItem.objects.filter(among("pk", pks), run=run).select_related("invoice__customer").order_by("pk")
    return {} if caller.is_scoped else {row.pk: row for row in rows}


def items_of_run(run: BillRun, *states: str) -> QuerySet[BillRunItem]:
    """The customers of a run in these states, in order of the account."""
    rows = BillRunItem.objects.filter(run=run, state__in=states) if states else BillRunItem.objects.filter(run=run)
    return rows.select_related("customer", "invoice").order_by("customer_id")


def items_matching(items: QuerySet[BillRunItem], text: str) -> QuerySet[BillRunItem]:
    """Those of the customers of a run that a search for the text finds."""
    return items.filter(customer__in=matching(Customer.objects.all(), text))


EXCEPTIONS = (BillRunItem.State.HELD, BillRunItem.State.PARKED)
# What somebody may let through as it is; the rest needs mending.
APPROVABLE = ("negative_bill", "far_above", "no_address", "held")


@dataclass(frozen=True)
class RunFigures:
    """What a run comes to: customers and minor units by state, and how many invoices were sent and are still to be."""

    states: dict[str, tuple[int, int]]
    sent: int
    to_send: int

    def of(self, *states: str) -> tuple[int, int]:
        """Customers and minor units in these states together."""
        found = [self.states.get(state, (0, 0)) for state in states]
        return sum(count for count, _ in found), sum(minor for _, minor in found)


def run_figures(run: BillRun) -> RunFigures:
    """What a run comes to: as it is kept while nobody works on the run, else added up."""
    # Read now: somebody may have begun to work on it since the row was.
    kept = BillRun.objects.filter(pk=run.pk).values_list("figures", flat=True).get()
    if kept is None:
        return added_up(run)
    states = {state: (count, minor) for state, (count, minor) in kept["states"].items()}
    return RunFigures(states, kept["sent"], kept["to_send"])


def added_up(run: BillRun) -> RunFigures:
    """What a run comes to, by one look at an index that has it all."""
    billed = Q(state=BillRunItem.State.BILLED, total_minor__gt=0, sent=False)
    rows = BillRunItem.objects.filter(run=run).values_list("state").annotate(
        n=Count("*"), sum=Sum("total_minor"), handed=Count("run", filter=Q(sent=True)), left=Count("run", filter=billed)
    )  # fmt: skip
    found = list(rows.order_by())
    states = {state: (n, total or 0) for state, n, total, *_ in found}
    return RunFigures(states, sum(row[3] for row in found), sum(row[4] for row in found))


def last_bills(customers: Sequence[int]) -> dict[int, int]:
    """What the newest issued bill of services of each customer came to."""
    newest = (
        Invoice.objects.filter(among("customer", customers), source="recurring", state=Invoice.State.ISSUED)
        .values("customer")
        .annotate(newest=Max("pk"))
        .order_by()
    )
    rows = Invoice.objects.filter(among("pk", [row["newest"] for row in newest]))
    return dict(rows.values_list("customer_id", "total_minor"))


# What broke off is tried again after so long: most of what fails on a server is over by then.
_AGAIN = dt.timedelta(hours=1)


def _broke_off_lately(now: dt.datetime) -> Q:
    return Q(job__state="failed", job__finished_at__gt=now - _AGAIN, job__finished_at__lte=now + SKEW)


def to_preview(now: dt.datetime, day: dt.date) -> QuerySet[BillRun]:
    """Approved runs that were not previewed on this day, that no job works on, and none has failed at lately."""
    rows = BillRun.objects.filter(state=BillRun.State.APPROVED).exclude(previewed_on=day)
    # One that somebody stopped today waits for somebody.
    rows = rows.exclude(job__state="cancelled", job__at__date=day).exclude(_broke_off_lately(now))
    return rows.exclude(job__state__in=("waiting", "running", "paused")).order_by("pk")


def to_issue_again(now: dt.datetime) -> QuerySet[BillRun]:
    """Runs approved before their day whose issuing broke off, but not lately."""
    rows = BillRun.objects.filter(state=BillRun.State.ISSUING, job__state="failed").exclude(approved_by="")
    return rows.exclude(_broke_off_lately(now)).order_by("pk")


def changed_since_approved(run: BillRun) -> QuerySet[BillRunItem]:
    """The customers of a run whose bill comes to something else than when it was approved, or who are new in it."""
    now = Case(When(state=BillRunItem.State.READY, then=F("total_minor")), default=0)
    rows = BillRunItem.objects.filter(run=run).exclude(state=BillRunItem.State.WAITING)
    rows = rows.alias(now_minor=now, then_minor=Coalesce("approved_minor", 0)).exclude(now_minor=F("then_minor"))
    return rows.select_related("customer").order_by("customer__number")


def last_run(run: BillRun) -> BillRun | None:
    """The issued run before it of the same group, frequency and currency: what its totals are compared with."""
    same = BillRun.objects.filter(pk__lt=run.pk, group=run.group, frequency=run.frequency, currency=run.currency)
    return same.filter(state__in=("issued", "sent")).order_by("-pk").first()


def run_under_way(caller: Caller) -> BillRun | None:
    """The newest run that is not issued yet, for whom runs are; none where all are."""
    if caller.is_scoped or not caller.may("billing.open_bill_run"):
        return None
    return BillRun.objects.filter(state__in=("previewed", "approved", "issuing")).order_by("-pk").first()


def to_send(run: BillRun) -> QuerySet[BillRunItem]:
    """The customers of a run whose new invoice was not handed to the post yet."""
    return _unsent().filter(run=run)


def _unsent() -> QuerySet[BillRunItem]:
    billed = BillRunItem.objects.filter(state=BillRunItem.State.BILLED, invoice__isnull=False)
    return billed.filter(total_minor__gt=0, sent=False)


def status_of(run: BillRun) -> tuple[str, str]:
    """How a run of `bill_runs` stands, in words, and the tone: it is sent when all its invoices are."""
    if run.state == BillRun.State.SENT and getattr(run, "unsent", False):
        return ("Sending", "info") if run.job is not None and not run.job.is_over else ("Not all sent", "warn")
    return run.get_state_display(), _TONES.get(run.state, "")


_TONES = {"issued": "ok", "sent": "ok", "issuing": "info", "previewed": "warn", "approved": "info"}
