"""Runs: begun by a person, worked on by a job."""

from __future__ import annotations

from typing import Annotated

from counterfoil.credit.models import LetterSet
from counterfoil.dunning.models import DunningRun, HeldLetter
from counterfoil.kernel.errors import refuse_if
from counterfoil.messaging.queries import refuse_unless_sendable
from counterfoil.platform.jobs import start_job
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import PastDay
from counterfoil.staff.models import User


@verb(label="Send letters to late customers", whole=True)
def start_dunning_run(
    op: Operation, *, as_of: Annotated[PastDay, Says("As of")],
    letter_set: Annotated[LetterSet | None, Says("Letter set", optional=True)] = None,
    collector: Annotated[User | None, Says("Collector", optional=True)] = None,
    first_number: Annotated[str, Says("Accounts from", most=40)] = "",
    last_number: Annotated[str, Says("Accounts to", most=40)] = "",
) -> DunningRun:  # fmt: skip
    """Everybody who is late as of the day, and was asked for, is sent their letter, as a job.

    Who was sent one on that day is sent none. Interest and fees are charged with the letter that says so.
    """
    # A run is of everybody, whatever the caller is limited to.
    refuse_unless_sendable()
    refuse_if(
        bool(first_number and last_number) and first_number > last_number, "no_accounts",
        "The first account comes after the last.", field="last_number",
    )  # fmt: skip
    run = DunningRun(
        as_of=as_of, letter_set=letter_set, collector=collector, first_number=first_number, last_number=last_number,
        author=op.caller.name[:120], at=op.now,
    )  # fmt: skip
    run.save()
    run.job = start_job(
        op, kind="dunning_run", title=str(run), unit="customers", arguments={"run": run.pk},
    )  # fmt: skip
    run.save(update_fields=["job"])
    op.record("dunning_run.started", run, name=str(run))
    return run


@verb(label="Try letters on hold again", whole=True)
def retry_held_letters(op: Operation, *, run: DunningRun) -> DunningRun:
    """Who is on hold is looked at again, as of the day of the run: what was wrong may be mended by now.

    A run whose job was cancelled or broke off goes on, too.
    """
    row = DunningRun.objects.select_related("job").select_for_update(of=("self",)).get(pk=run.pk)
    done = row.state == DunningRun.State.DONE
    refuse_if(not done and not (row.job and row.job.is_over), "not_now", "The run is still sending.")
    held = HeldLetter.objects.filter(run=row).count()
    refuse_if(done and not held, "nothing_held", "No letter of this run is on hold.")
    row.state, row.finished_at = DunningRun.State.RUNNING, None
    row.job = start_job(
        op, kind="dunning_run", title=str(row), unit="customers", arguments={"run": row.pk},
    )  # fmt: skip
    row.save(update_fields=["state", "finished_at", "job"])
    op.record("dunning_run.retried", row, name=str(row), customers=held)
    return row
