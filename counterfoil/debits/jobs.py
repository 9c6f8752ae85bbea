"""What is done of debit orders in the background: some at a time, so that nobody waits and a killed job goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from counterfoil.debits import queries
from counterfoil.debits.models import DebitOrder
from counterfoil.debits.nouns import DEBIT_RUN
from counterfoil.debits.operations import do_answer, finish_debit_run, send_notices, settle_due_run, settle_orders
from counterfoil.platform.bulk import among, chunks
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.jobs import Done, job_kind, settle_items, work_in_chunks
from counterfoil.platform.models import Job, JobItem

# So many payments are one transaction.
AT_ONCE = 500
NOTICES_AT_ONCE = 100


@job_kind("debit_orders_paid")
def paid(caller: Caller, job: Job) -> Iterator[Done]:
    """Orders that are still with the bank are recorded as paid, the first first."""
    run = DEBIT_RUN.get(caller, job.arguments["run"])
    system = Caller.system("job", behalf=caller)
    rows = DebitOrder.objects.filter(run=run, state=DebitOrder.State.SENT).order_by("pk")
    while some := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        yield settle_orders(system, run=run, orders=some)
    finish_debit_run(system, run=run)


@job_kind("debit_notices")
def told(caller: Caller, job: Job) -> Iterator[Done]:
    """Everybody whose debit order was approved is told of it, once."""
    run = DEBIT_RUN.get(caller, job.arguments["run"])
    system = Caller.system("job", behalf=caller)
    live = DebitOrder.objects.filter(run=run, state__in=(DebitOrder.State.CHOSEN, DebitOrder.State.SENT)).order_by("pk")
    for some in chunks(list(live.values_list("pk", flat=True)), NOTICES_AT_ONCE):
        send_notices(system, run=run, orders=some)
        yield len(some)


@job_kind("debit_answers")
def answers(caller: Caller, job: Job) -> Iterator[Done]:
    """What the bank said of each order is done; one that cannot be done is told, and stops no other."""
    system = Caller.system("job", behalf=caller)
    told = job.arguments["answers"]

    def one(items: list[JobItem]) -> int:
        (item,) = items
        said = told[str(item.subject_id)]
        row = DebitOrder.objects.get(pk=item.subject_id)
        on = dt.date.fromisoformat(said["on"]) if said["on"] else None
        do_answer(system, order=row, kind=said["kind"], code=said["code"], meaning=said["meaning"], on=on)
        settle_items(system, said={item.pk: ""})
        return 1

    yield from work_in_chunks(job, one, 1)
    orders = DebitOrder.objects.filter(among("pk", map(int, told))).values_list("run", flat=True).distinct()
    for pk in list(orders):
        finish_debit_run(system, run=DEBIT_RUN.get(caller, pk))


def settle_due(system: System) -> int:
    """Runs whose day has come begin to be recorded as paid; how many. Run by the clock."""
    return sum(settle_due_run(system, run=run) for run in queries.to_settle(system.today))
