"""What happens because of time. `counterfoil tick` runs the list once a minute; running it twice does no harm."""

from __future__ import annotations

import logging
from collections.abc import Callable

from counterfoil.access.operations import prune_access
from counterfoil.billing.operations import draft_due_recurring
from counterfoil.billing.operations.revenue import release_last_month
from counterfoil.billing.operations.runs import preview_approved_runs
from counterfoil.customers.tasks import wake_picturing
from counterfoil.messaging.tasks import wake as wake_sending
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.jobs import prune_job_files, wake_jobs
from counterfoil.platform.upkeep import prune_cache, prune_tasks, seal_trail
from counterfoil.receivables.operations import keep_standings
from counterfoil.sales.operations import end_due_agreements
from counterfoil.site.anchoring import anchor_daily
from counterfoil.subscriptions.operations import run_due_actions

logger = logging.getLogger(__name__)

SCHEDULE: list[tuple[str, Callable[[System], int]]] = [
    # First after midnight: until then lists by what is overdue add up what has changed with the day.
    ("Keep what is overdue up to date", keep_standings),
    ("Send what is due", wake_sending),
    ("Picture what was attached", wake_picturing),
    ("Wake jobs", wake_jobs),
    ("Do scheduled changes of services", run_due_actions),
    # After the changes of the day, which they bill.
    ("Preview and issue approved bill runs", preview_approved_runs),
    # Before what is drafted for them.
    ("Renew and end agreements", end_due_agreements),
    ("Draft recurring invoices", draft_due_recurring),
    ("Release what was earned last month", release_last_month),
    ("Seal the trail", seal_trail),
    ("Anchor the seals", anchor_daily),
    ("Forget files of old jobs", prune_job_files),
    ("Forget finished tasks", prune_tasks),
    ("Forget what was counted while the clock was ahead", prune_cache),
    ("Forget links, tries and sessions that are over", prune_access),
]


def tick() -> dict[str, int | None]:
    """Run everything that is due; one that fails (None) does not stop the others. Returns how much each did."""
    done: dict[str, int | None] = {}
    for name, function in SCHEDULE:
        try:
            done[name] = function(Caller.system("schedule"))
        except Exception:  # noqa: BLE001 - the next minute tries again
            logger.exception("“%s” failed", name)
            done[name] = None
    return done
