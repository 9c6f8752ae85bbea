"""How people meet suspension, where a form needs nothing of its own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from counterfoil.collections.queries import open_promises_of
from counterfoil.credit.models import ProfileClass
from counterfoil.credit.nouns import PROFILE_CLASS
from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.kernel.errors import NotFound
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text, deadline_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.suspension import operations, queries, rules
from counterfoil.suspension.models import Holiday, Suspension
from counterfoil.suspension.nouns import HOLIDAY
from counterfoil.suspension.operations.policy import NETWORKS

_OFF = (rules.SUSPENDED, rules.PAUSED)


def _process(caller: Caller, row: Customer) -> Suspension:
    if (found := queries.suspension_of(row)) is None:
        raise NotFound(f"{row.name} is not under suspension.")
    return found


def _stage(row: Customer) -> str:
    return queries.at_hand(row).stage


def _policy(caller: Caller, row: ProfileClass | None) -> dict[str, Any]:
    now = queries.policy(row.pk if row else None)
    return {**{name: value for name, value in vars(now).items() if name != "floor_minor"}, "floor": now.floor_minor,
            "groups": list(now.groups)}  # fmt: skip


def _at_once(row: Customer) -> str:
    """What it does, and what the customer has promised to pay."""
    said, today = (
        "The service is switched off at once, whatever the policy says. Billing goes on.",
        timezone.localdate(),
    )
    ahead = [promise for promise in open_promises_of(row) if promise.due_on >= today]
    if not ahead:
        return said
    first, more = ahead[0], len(ahead) - 1
    amount = money_text(first.amount_minor, first.currency)
    after = f" and {plural(more, 'more payment')} after it" if more else ""
    return f"{said} They promised {amount} by {date_text(first.due_on, today=today)}{after}."


def _left(caller: Caller, row: Customer) -> str:
    found, rule = queries.suspension_of(row), queries.policy_of(row)
    used = [pause.days for pause in found.pauses.all()] if found else []
    left = max(rule.longest_pause - sum(used), 0) if len(used) < rule.most_pauses else 0
    return f"At most {plural(left, 'day')} more. Unpaid by then, the service is suspended again."


def _paused(made: Suspension, row: Customer) -> str:
    assert made.paused_until is not None
    last = made.paused_until - dt.timedelta(days=1)
    return f"{row.name} is switched on up to {deadline_text(last, today=made.stepped_on)}."


_FIELDS = {
    "enabled": Says("Warn and suspend accounts that are overdue"),
    "overdue_days": Says("Days after the due day until the first warning"),
    "second_days": Says("Days after that until the second warning"),
    "suspend_days": Says("Days after that until the suspension"),
    "floor": Says("Only above", "Accounts that owe this much or less are left alone.", optional=True),
    "promise_holds": Says("An open promise to pay holds warnings and suspension"),
    "resets": Says("Switch on again by itself once nothing is overdue"),
    "pause_days": Says("Usual pause, days"),
    "most_pauses": Says("Most pauses of one suspension"),
    "longest_pause": Says("Longest pause in all, days"),
    "on_weekends": Says("Suspend on weekends too"),
    "on_holidays": Says("Suspend on holidays too"),
    "from_hour": Says("Not before, hour"), "until_hour": Says("Not after, hour"),
    "groups": Says("Groups that are never suspended", "One per line.", optional=True),
}  # fmt: skip

RESET = Door(
    operations.reset_suspension, CUSTOMER, "switch-on", "Switch on again", name="reset-suspension",
    caption="Switch on again", icon="check", words="reconnect reset unsuspend restore suspension",
    offered=lambda row, day: _stage(row) == rules.SUSPENDED, given={"suspension": _process},
    start=lambda caller, row: {"reason": "Payment received"},
    done=lambda made, row: f"{row.name} is being switched on again.",
)  # fmt: skip
END = Door(
    operations.reset_suspension, CUSTOMER, "end-suspension", "End the suspension", name="end-suspension",
    caption="End the suspension", icon="check", words="reset clear pause suspension paid",
    offered=lambda row, day: _stage(row) == rules.PAUSED, given={"suspension": _process},
    start=lambda caller, row: {"reason": "Payment received"},
    lead=lambda row: "The service is on, and stays on.",
    done=lambda made, row: f"The suspension of {row.name} is over.",
)  # fmt: skip
STOP = Door(
    operations.reset_suspension, CUSTOMER, "stop-suspension", "Stop process", name="stop-suspension",
    caption="Stop suspension process", icon="undo", words="clear warning suspension",
    offered=lambda row, day: _stage(row) not in ("", *_OFF), given={"suspension": _process},
    done=lambda made, row: f"{row.name} gets no more warnings of this process.",
)  # fmt: skip
PAUSE = Door(
    operations.pause_suspension, CUSTOMER, "pause-suspension", "Pause", caption="Pause suspension", icon="clock",
    words="pause suspension temporary switch on", offered=lambda row, day: _stage(row) in _OFF,
    given={"suspension": _process}, fields={"days": Says("Days")}, helps={"days": _left},
    start=lambda caller, row: {"days": queries.policy_of(row).pause_days}, done=_paused,
)  # fmt: skip
SUSPEND_NOW = Door(
    operations.suspend_now, CUSTOMER, "suspend", "Suspend now", caption="Suspend now", icon="ban", danger=True,
    words="suspend cut off disconnect block",
    offered=lambda row, day: row.status == Customer.Status.ACTIVE and _stage(row) != rules.SUSPENDED,
    lead=_at_once,
    done=lambda made, row: f"{row.name} is being switched off.",
)  # fmt: skip
APPROVE_FAMILY = Door(
    operations.approve_family, CUSTOMER, "approve-suspension", "Approve", caption="Approve suspension",
    icon="circle-check", words="approve suspension reseller accounts below",
    offered=lambda row, day: queries.at_hand(row).any_listed,
    lead=lambda row: "This account and all accounts below it that are listed are warned from now on.",
    done=lambda made, row: f"{plural(len(made), 'suspension')} approved.",
)  # fmt: skip
NEVER_SUSPEND = Door(
    operations.never_suspend, CUSTOMER, "never-suspend", "Never suspend", caption="Never suspend", icon="flag",
    words="exclude exempt suspension",
    offered=lambda row, day: row.status == Customer.Status.ACTIVE and queries.at_hand(row).exclusion is None,
    done=lambda made, row: f"{row.name} is never suspended.",
)  # fmt: skip
ALLOW_SUSPENSION = Door(
    operations.allow_suspension, CUSTOMER, "allow-suspension", "Allow", caption="Allow suspension again", icon="flag",
    words="include suspension", offered=lambda row, day: queries.at_hand(row).exclusion is not None,
    about=lambda row: f"{row.name}: {queries.exclusion_of(row) or ''}",
    done=lambda made, row: f"{row.name} may be suspended again.",
)  # fmt: skip
SUSPENSION_POLICY = Door(
    operations.set_suspension_policy, None, "suspension", "Save", name="suspension-policy", under="settings",
    caption="Suspension", about=lambda _: "Settings", home=lambda _: reverse("settings"), start=_policy,
    given={"profile_class": lambda caller, _: None}, fields=_FIELDS,
    done=lambda made, _: f"Suspension is set: {made}.",
)  # fmt: skip
CLASS_POLICY = Door(
    operations.set_suspension_policy, PROFILE_CLASS, "suspension", "Save", name="class-suspension-policy",
    caption="Suspension days", about=lambda row: row.name, start=_policy,
    given={"profile_class": lambda caller, row: row}, fields=_FIELDS,
    lead=lambda row: "Instead of what holds for all others.",
    done=lambda made, row: f"Suspension of {row.name} is set: {made}.",
)  # fmt: skip
DROP_CLASS_POLICY = Door(
    operations.drop_suspension_policy, PROFILE_CLASS, "suspension/drop", "Suspend like all others",
    caption="Suspend like all others", about=lambda row: row.name,
    offered=lambda row, day: queries.has_own_policy(row.pk),
    done=lambda made, row: f"{row.name} is suspended like all others.",
)  # fmt: skip
ADD_HOLIDAYS = Door(
    operations.add_holidays, None, "add", "Add", name="add-holidays", under="settings/holidays",
    caption="Add holidays", about=lambda _: "Nobody is suspended on these days.", home=lambda _: reverse("holidays"),
    done=lambda made, _: f"{plural(len(made), 'holiday')} added.",
)  # fmt: skip
REMOVE_HOLIDAY = Door(
    operations.remove_holiday, HOLIDAY, "remove", "Remove", danger=True, about=lambda row: _day(row),
    home=lambda row: reverse("holidays"), done=lambda made, _: f"{_day(made)} removed.",
)  # fmt: skip
CHOOSE_NETWORK = Door(
    operations.choose_network, None, "network", "Save", name="network", under="settings", caption="Network",
    about=lambda _: "What switches services off and on.", home=lambda _: reverse("settings"),
    fields={"provisioner": Says("Services are switched by")},
    offers={
        "provisioner": lambda caller, _: [
            (key, NETWORKS.get(key, key).capitalize()) for key in ("", *settings.PROVISIONERS)
        ],
    },
    start=lambda caller, _: {"provisioner": queries.provisioner_key()},
    done=lambda made, _: f"Services are switched by {NETWORKS.get(made.provisioner, made.provisioner)}.",
)  # fmt: skip


def _day(row: Holiday) -> str:
    return f"{row.name or 'Holiday'}, {date_text(row.day)}"
