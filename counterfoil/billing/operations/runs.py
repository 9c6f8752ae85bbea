"""Bill runs: many customers billed up to a day, in chunks that any number of workers take (domain 4.8)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import Case, Count, F, Sum, When

from counterfoil.billing import run_queries
from counterfoil.billing.charges import Catalogue, due_charges, read_catalogue
from counterfoil.billing.models import BillRun, BillRunItem, Invoice
from counterfoil.billing.operations.bills import Outcome, bill_customers, mark_services
from counterfoil.catalogue.queries import newest_price
from counterfoil.customers.queries import lock_accounts
from counterfoil.customers.reaching import reachable
from counterfoil.kernel.checks import check_day
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import long_date_text
from counterfoil.messaging.queries import refuse_unless_sendable
from counterfoil.operator.queries import operator
from counterfoil.operator.readiness import refuse_unless_ready
from counterfoil.platform import bulk, write_guard
from counterfoil.platform.callers import System
from counterfoil.platform.jobs import settle_items, start_job
from counterfoil.platform.models import Job
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.subscriptions.queries import customers_to_bill

CHUNK = 500
_FARTHEST = dt.timedelta(days=62)
# A bill this many times the last one, and this much above it in minor units, is looked at first.
_TIMES, _ABOVE = 2, 50_000
_State = BillRunItem.State


@verb(label="Open a bill run", whole=True)
def open_bill_run(
    op: Operation,
    *,
    bill_to: dt.date,
    on: dt.date | None = None,
    group: str = "",
    frequency: str = "",
    currency: str = "",
) -> BillRun:
    """Every customer with something due up to a day, in one currency (the operator's unless named), is selected.

    There is one row for each, so each is billed once by the run. With an invoice date to come, it can be approved now
    and issues by itself on that day.
    """
    day = on or op.today
    if day <= op.today:
        check_day(day, op.today)
    for field, asked in (("bill_to", bill_to), ("on", day)):
        refuse_if(
            abs(asked - op.today) > _FARTHEST, "absurd_date", "Bill up to a day within two months of today.",
            field=field,
        )  # fmt: skip
    run = BillRun.objects.create(
        name=f"Bills to {long_date_text(bill_to)}" + (f", {group}" if group else ""), bill_to=bill_to, on=day,
        group=group, frequency=frequency, currency=currency or operator().currency,
        prices_to=newest_price(), author=op.caller.name[:120], at=op.now,
    )  # fmt: skip
    run.customers = _select(run)
    refuse_if(not run.customers, "nothing_to_bill", "No customer has anything to bill up to that day.", field="bill_to")
    run.job = _job(op, run, "bill_run_preview", "Preview", run.customers)
    run.save(update_fields=["customers", "job"])
    op.record("bill_run.opened", run, name=run.name, customers=run.customers)
    return run


def _select(run: BillRun) -> int:
    """One statement, whatever their number."""
    write_guard.require_open("billing_billrunitem")
    due, values = bulk.as_sql(customers_to_bill(run.bill_to, run.currency, group=run.group, frequency=run.frequency))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_billrunitem (run_id, customer_id, state, total_minor, code, said, approved, sent) "
            f"SELECT %s, due.customer_id, 'waiting', 0, '', '', %s, %s FROM ({due}) AS due WHERE NOT EXISTS "
            "(SELECT 1 FROM billing_billrunitem i WHERE i.run_id = %s AND i.customer_id = due.customer_id) "
            "ORDER BY due.customer_id",
            [run.pk, False, False, *values, run.pk],
        )
        return int(cursor.rowcount)


def catalogue_of(run: BillRun) -> Catalogue:
    """Prices as they were when the run was opened."""
    return read_catalogue(run.on, run.prices_to)


def _keep_figures(run: BillRun) -> None:
    """What the run comes to stays with it until somebody works on its rows again."""
    run.figures = dataclasses.asdict(run_queries.added_up(run))
    run.save(update_fields=["figures"])


def _forget_figures(run: BillRun) -> None:
    # Most of the time there are none, and the row of the run is not waited for.
    BillRun.objects.filter(pk=run.pk, figures__isnull=False).update(figures=None)


def _take(run: BillRun, state: str, limit: int) -> list[tuple[int, int, bool]]:
    """Items nobody else is at, locked until the end of the transaction; workers step over each other's."""
    rows = BillRunItem.objects.filter(run=run, state=state).order_by("customer_id")
    if connection.vendor == "postgresql":
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    return list(rows.values_list("pk", "customer_id", "approved")[:limit])


@step
def preview_chunk(op: Operation, *, run: BillRun, catalogue: Catalogue, limit: int = CHUNK) -> Counter[str]:
    """The next customers know what their bill will come to, and whether somebody should look at it first.

    Periods with nothing to charge are passed, so that nobody is selected for them again. Returns how many are how.
    """
    _forget_figures(run)
    taken = _take(run, _State.WAITING, limit)
    customers = [customer for _, customer, _ in taken]
    dues = due_charges(customers, run.bill_to, catalogue)
    if quiet := [customer for customer, due in dues.items() if due.is_quiet]:
        # Usage or a change may be on its way in meanwhile: what is marked as billed is looked at again under the lock.
        lock_accounts(quiet)
        dues |= due_charges(quiet, run.bill_to, catalogue)
        mark_services([due for due in dues.values() if due.is_quiet], run.on)
    last = run_queries.last_bills(customers)
    found = reachable(customers, "invoice")
    rows: list[tuple[Any, ...]] = []
    for pk, customer, approved in taken:
        due = dues.get(customer)
        total = due.total_minor if due else 0
        state, code, said = _State.READY, "", ""
        if due is None or due.is_nothing:
            state = _State.NOTHING
        elif due.refused is not None:
            state, code, said = _State.HELD, due.refused.code, due.refused.sentence
        elif not approved:
            code, said = _exception(total, last.get(customer), due.currency, customer in found)
            state = _State.HELD if code else _State.READY
        rows.append((state, total, last.get(customer), code, said[:300], pk))
    bulk.update_rows(BillRunItem, ("state", "total_minor", "last_minor", "code", "said"), rows)
    return Counter(row[0] for row in rows)


def _exception(total: int, last: int | None, currency: str, has_address: bool) -> tuple[str, str]:
    if total < 0:
        return "negative_bill", f"The total is {money_text(total, currency)}. A credit note will be issued."
    if last and total > _TIMES * last and total - last > _ABOVE:
        return "far_above", f"{money_text(total, currency)} is far above the last bill of {money_text(last, currency)}."
    if not has_address:
        return "no_address", "There is no e-mail address to send it to."
    return "", ""


@step
def issue_chunk(op: Operation, *, run: BillRun, catalogue: Catalogue, limit: int = CHUNK) -> Counter[str]:
    """The next customers have their invoices, issued and posted. Those whose data do not allow it are set apart.

    Returns how many are how; none when nobody is left that no other worker is at.
    """
    _forget_figures(run)
    taken = _take(run, _State.READY, limit)
    items, states = {customer: pk for pk, customer, _ in taken}, Counter[str]()

    def note(outcomes: Mapping[int, Outcome]) -> None:
        rows = [(*_noted(outcome), items[customer]) for customer, outcome in outcomes.items()]
        bulk.update_rows(BillRunItem, ("state", "total_minor", "code", "said", "invoice"), rows)
        states.update([row[0] for row in rows])

    outcomes = bill_customers(
        op, customers=[*items], bill_to=run.bill_to, on=run.on, catalogue=catalogue,
        may_credit={customer for _, customer, approved in taken if approved}, note=note,
    )  # fmt: skip
    note(dict.fromkeys(items.keys() - outcomes.keys(), Outcome(code="nothing_to_bill")))
    return states


def _noted(outcome: Outcome) -> tuple[Any, ...]:
    """What the run says of a customer: state, total, and why there is no invoice, or the invoice."""
    if outcome.code == "nothing_to_bill":
        return _State.NOTHING, 0, "", "", None
    if outcome.code:
        return _State.PARKED, 0, outcome.code[:30], outcome.said[:300], None
    return _State.BILLED, outcome.total_minor, "", "", outcome.invoice_id


def _locked(op: Operation, run: BillRun, *states: str) -> BillRun:
    row = BillRun.objects.select_for_update().get(pk=run.pk)
    refuse_if(row.state not in states, "not_now", f"The run is {row.get_state_display().lower()}.")
    return row


@step
def finish_preview(op: Operation, *, run: BillRun) -> BillRun:
    """The run waits for somebody to approve it; one that went further only had exceptions checked again.

    One that was approved, and whose day has come, is issued.
    """
    row = BillRun.objects.select_for_update().get(pk=run.pk)
    row.previewed_on = op.today
    if row.state == BillRun.State.OPEN:
        row.state = BillRun.State.PREVIEWED
    row.save(update_fields=["state", "previewed_on"])
    _keep_figures(row)
    if row.state == BillRun.State.APPROVED and row.on <= op.today:
        _issue(op, row)
    return row


@verb(label="Review exceptions of a bill run", whole=True)
def review_items(op: Operation, *, run: BillRun, items: Iterable[int], verdict: str) -> int:
    """`approve` lets held customers go ahead as they are, `hold` holds ready ones back. Returns how many."""
    row = _locked(op, run, "previewed", "approved", "issuing", "issued", "sent")
    chosen = BillRunItem.objects.filter(run=row, pk__in=list(items))
    refuse_if(verdict not in ("approve", "hold"), "no_such_verdict", "Choose what to do with them.", field="verdict")
    if verdict == "approve":
        priced = chosen.filter(state=_State.HELD, code__in=run_queries.APPROVABLE)
        count = priced.update(state=_State.READY, approved=True)
    else:
        count = chosen.filter(state=_State.READY).update(state=_State.HELD, code="held", said="Put on hold by hand.")
    if count:
        _forget_figures(row)
        what = "Approved" if verdict == "approve" else "On hold"
        op.record("bill_run.reviewed", row, name=row.name, what=what, customers=count)
    return count


@verb(label="Check exceptions of a bill run again", whole=True)
def recheck_exceptions(op: Operation, *, run: BillRun) -> BillRun:
    """Everybody held back or failed is previewed again, as a job: what was wrong with them may be mended by now."""
    row = _locked(op, run, "previewed", "approved", "issued", "sent")
    again = BillRunItem.objects.filter(run=row, state__in=run_queries.EXCEPTIONS)
    count = again.update(state=_State.WAITING, approved=False, code="", said="")
    refuse_if(not count, "nothing_held", "Nobody is on hold.")
    _forget_figures(row)
    row.job = _job(op, row, "bill_run_preview", "Check again", count)
    row.save(update_fields=["job"])
    op.record("bill_run.reviewed", row, name=row.name, what="Checked again", customers=count)
    return row


@verb(label="Issue a bill run", whole=True)
def begin_issuing(op: Operation, *, run: BillRun) -> BillRun:
    """The run is approved: workers issue its invoices. What is held back stays behind and can follow later.

    Before the day of its invoices it waits for that day, and issues then by itself.
    """
    refuse_unless_ready()
    row = _locked(op, run, "previewed", "issuing", "issued", "sent")
    ready = BillRunItem.objects.filter(run=row, state=_State.READY)
    found = ready.aggregate(count=Count("pk"), total=Sum("total_minor"))
    refuse_if(not found["count"], "nothing_ready", "Nobody in this run is ready to be billed.")
    if row.on <= op.today:
        return _issue(op, row)
    BillRunItem.objects.filter(run=row).update(approved_minor=Case(When(state=_State.READY, then=F("total_minor"))))
    row.state = BillRun.State.APPROVED
    row.approved_by, row.approved_user_id = op.caller.name[:120], op.caller.user_id
    row.approved_count, row.approved_minor = found["count"], found["total"]
    row.save()
    op.record(
        "bill_run.approved", row, name=row.name, on=row.on, invoices=found["count"],
        total=money_text(found["total"], row.currency),
    )  # fmt: skip
    return row


def _issue(op: Operation, run: BillRun) -> BillRun:
    count = BillRunItem.objects.filter(run=run, state=_State.READY).count()
    run.state = BillRun.State.ISSUING
    run.job = _job(op, run, "bill_run_issue", "Issue", count)
    run.save(update_fields=["state", "job"])
    return run


@verb(label="Withdraw the approval of a bill run", whole=True)
def take_back_approval(op: Operation, *, run: BillRun) -> BillRun:
    """The run waits for somebody to approve it again; nothing was issued yet."""
    row = _locked(op, run, "approved")
    row.state = BillRun.State.PREVIEWED
    row.approved_by, row.approved_user_id, row.approved_count, row.approved_minor = "", None, None, None
    row.save()
    BillRunItem.objects.filter(run=row).update(approved_minor=None)
    op.record("bill_run.approval_taken_back", row, name=row.name)
    return row


@verb(label="Preview an approved bill run again", whole=True)
def preview_again(op: Operation, *, run: BillRun) -> BillRun:
    """What every bill of an approved run comes to by now, as a job, with those who have something due since.

    Prices are those of today. On the day of the run it is issued when that is known.
    """
    row = _locked(op, run, "approved")
    refuse_if(row.job is not None and not row.job.is_over, "being_previewed", "It is being previewed already.")
    again = BillRunItem.objects.filter(run=row, state__in=(_State.READY, _State.NOTHING, *run_queries.EXCEPTIONS))
    again.exclude(code="held").update(state=_State.WAITING, code="", said="")
    _forget_figures(row)
    row.customers += _select(row)
    row.prices_to = newest_price()
    row.job = _job(op, row, "bill_run_preview", "Preview", row.customers)
    row.save(update_fields=["customers", "prices_to", "job"])
    return row


@step
def issue_again(op: Operation, *, run: BillRun) -> BillRun:
    """What broke off while a run was issued goes on, as another job: who is billed already is not billed again."""
    row = _locked(op, run, "issuing")
    refuse_if(row.job is not None and not row.job.is_over, "being_issued", "It is being issued already.")
    return _issue(op, row)


def preview_approved_runs(system: System) -> int:
    """Every approved run is previewed again, once a day, and what broke off is tried again; returns how many runs.

    Run by the clock.
    """
    due, broken = run_queries.to_preview(system.now, system.today), run_queries.to_issue_again(system.now)
    runs = [preview_again(system, run=run) for run in due]
    return len(runs) + len([issue_again(system, run=run) for run in broken])


def _job(op: Operation, run: BillRun, kind: str, verb: str, total: int | None, **more: Any) -> Job:
    return start_job(
        op, kind=kind, title=f"{verb}: {run.name}", unit="customers", total=total, arguments={"run": run.pk}, **more
    )


@verb(label="Send the invoices of a bill run", whole=True)
def send_bill_run(op: Operation, *, run: BillRun) -> BillRun:
    """The invoice of each customer billed leaves to their own addresses, as a job; who has it already is left out."""
    refuse_unless_sendable()
    row = _locked(op, run, "issued", "sent")
    refuse_if(
        row.state == BillRun.State.SENT and row.job is not None and not row.job.is_over, "being_sent",
        "They are being sent already.",
    )  # fmt: skip
    items = run_queries.to_send(row).order_by("pk").values_list("pk", "customer__name")
    refuse_if(not items, "nothing_to_send", "Every invoice of this run was sent.")
    row.state = BillRun.State.SENT
    row.job = _job(op, row, "bill_run_send", "Send", None, items=items)
    row.save(update_fields=["state", "job"])
    return row


@step
def finish_issuing(op: Operation, *, run: BillRun) -> BillRun:
    """The run is issued: its totals are those of its invoices and of their open items, or it stops here.

    Does nothing while somebody else still issues.
    """
    row = BillRun.objects.select_for_update().get(pk=run.pk)
    left = BillRunItem.objects.filter(run=row, state__in=(_State.WAITING, _State.READY)).exists()
    if row.state != BillRun.State.ISSUING or left:
        return row
    billed = BillRunItem.objects.filter(run=row, state=_State.BILLED, total_minor__gt=0)
    sums = billed.aggregate(
        n=Count("pk"), run=Sum("total_minor"), invoices=Sum("invoice__total_minor"),
        items=Sum("invoice__item__amount_minor"),
    )  # fmt: skip
    if len({sums["run"], sums["invoices"], sums["items"]}) != 1:
        raise Refused("totals_differ", f"The run says {sums['run']}, its invoices {sums['invoices']}, the items "
                      f"{sums['items']}. Nothing is sent; run check-books.")  # fmt: skip
    row.state, row.finished_at = BillRun.State.ISSUED, op.now
    row.save(update_fields=["state", "finished_at"])
    _keep_figures(row)
    op.record(
        "bill_run.issued", row, name=row.name, invoices=sums["n"],
        total=money_text(sums["run"] or 0, row.currency),
    )  # fmt: skip
    return row


@step
def note_sent(op: Operation, *, run: BillRun, items: Collection[int], said: Mapping[int, str]) -> None:
    """The invoices of these customers of a run (by key of the item) were handed to the post, and the job knows.

    `said` is why a piece of the job failed, by its key; nothing for one that is done.
    """
    settle_items(op, said=said)
    BillRunItem.objects.filter(bulk.among("pk", items), run=run).update(sent=True)
    _forget_figures(run)


@step
def finish_sending(op: Operation, *, run: BillRun) -> BillRun:
    """What was sent, and what is left to send, stays with the run."""
    row = BillRun.objects.select_for_update().get(pk=run.pk)
    _keep_figures(row)
    return row


@verb(label="Discard a bill run", whole=True)
def discard_bill_run(op: Operation, *, run: BillRun) -> BillRun:
    """A run that issued nothing is over; its customers wait for another."""
    row = _locked(op, run, "open", "previewed", "approved")
    refuse_if(
        Invoice.objects.filter(pk__in=BillRunItem.objects.filter(run=row).values("invoice")).exists(), "has_invoices",
        "It has issued invoices; those are corrected by credit notes.",
    )  # fmt: skip
    row.state = BillRun.State.DISCARDED
    row.save(update_fields=["state"])
    op.record("bill_run.discarded", row, name=row.name)
    return row
