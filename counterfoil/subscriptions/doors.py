"""How people meet what is to come of a service, where a form needs nothing of its own."""

from __future__ import annotations

from counterfoil.kernel.periods import date_text
from counterfoil.platform.plain import Door
from counterfoil.subscriptions import operations
from counterfoil.subscriptions.models import ServiceAction
from counterfoil.subscriptions.nouns import ONE_TIME_CHARGE, SERVICE_ACTION


def _what(row: ServiceAction) -> str:
    return f"{row.service}, {row.get_kind_display().lower()} on {date_text(row.on)}"


WITHDRAW_ACTION = Door(
    operations.withdraw_action, SERVICE_ACTION, "withdraw", "Withdraw", caption="Withdraw a scheduled change",
    offered=lambda row, day: row.state == ServiceAction.State.SCHEDULED, about=_what,
    done=lambda made, _: f"Scheduled change cancelled: {_what(made)}.",
)  # fmt: skip
DROP_ONE_TIME_CHARGE = Door(
    operations.drop_one_time_charge, ONE_TIME_CHARGE, "drop", "Take off", caption="Take off the next bill",
    danger=True,
    offered=lambda row, day: row.billed_on is None and not row.dropped,
    done=lambda made, _: f"{made.text} is on no bill.",
)  # fmt: skip
