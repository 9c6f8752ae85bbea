"""What a run does in the background: customer by customer in the order of keys, so that it goes on where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from counterfoil.customers.models import Customer
from counterfoil.dunning.models import DunningRun, HeldLetter
from counterfoil.dunning.nouns import DUNNING_RUN
from counterfoil.dunning.operations import finish_run, send_held, send_letters
from counterfoil.dunning.operations.sending import asked_of
from counterfoil.dunning.rules import Left
from counterfoil.dunning.selecting import Found, Selection
from counterfoil.platform.bulk import chunks
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.jobs import Done, job_kind
from counterfoil.platform.models import Job

# So many letters are one transaction: somebody who pays meanwhile waits for no longer.
AT_ONCE = 100


@job_kind("dunning_run")
def send(caller: Caller, job: Job) -> Iterator[Done]:
    """The letters of a run: those on hold first, then of everybody after the last customer it is through with."""
    run = DUNNING_RUN.get(caller, job.arguments["run"])
    yield from work(Caller.system("job", behalf=caller), run)


def work(system: System, run: DunningRun, at_once: int = AT_ONCE) -> Iterator[int]:
    """How many customers were looked at, again and again until there is none left."""
    held = HeldLetter.objects.filter(run=run).order_by("customer").values_list("customer_id", flat=True)
    for some in chunks(list(dict.fromkeys(held)), at_once):
        send_held(system, run=run, customers=some)
        yield len(some)
    selection, everybody = Selection(asked_of(run)), Customer.objects.all()
    while accounts := next(selection.accounts(everybody, _reached(run)), None):
        # Between two transactions the job is heard of, and may be paused.
        yield from _pass(system, run, selection.of(accounts), accounts[-1].pk, at_once)
    finish_run(system, run=run)


def _reached(run: DunningRun) -> int:
    return DunningRun.objects.values_list("reached", flat=True).get(pk=run.pk)


def _pass(system: System, run: DunningRun, found: list[Found], last: int, at_once: int) -> Iterator[int]:
    """Send what was found, some at a time, up to a customer; as far as no other worker comes first."""
    after, seen, waiting = _reached(run), 0, list[int]()
    skipped: Counter[str] = Counter()
    for pk, parts in groupby(found, key=lambda one: one.account.pk):
        seen += 1
        decided = [one.decision for one in parts]
        left = [one.code for one in decided if isinstance(one, Left) and not one.held]
        if len(left) == len(decided):
            skipped.update(left)
            continue
        waiting.append(pk)
        if len(waiting) == at_once:
            if not send_letters(system, run=run, after=after, upto=pk, customers=waiting, skipped=dict(skipped)):
                return
            yield seen
            after, seen, waiting, skipped = pk, 0, [], Counter()
    # Also where nobody is left to be sent one: they are through with.
    send_letters(system, run=run, after=after, upto=last, customers=waiting, skipped=dict(skipped))
    yield seen
