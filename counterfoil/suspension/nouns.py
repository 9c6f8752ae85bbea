"""What there is to read about suspension."""

from __future__ import annotations

from counterfoil.platform.showing import Noun
from counterfoil.suspension.models import Command, Exclusion, Holiday, NetworkChoice, Suspension, SuspensionPolicy

SUSPENSION = Noun(
    Suspension, path="suspensions", sees="suspension.view", related=("customer",),
    section="collections#suspension",
    labels={
        "state": "Stage", "amount_minor": "Overdue", "oldest_due_on": "Due since", "next_on": "Next step on",
        "because": "Because", "by_hand": "By hand", "paused_until": "First day without the pause",
        "unreached": "Not reached by e-mail",
    },
    shows=(
        "customer", "state", "amount_minor", "oldest_due_on", "listed_on", "approved_on", "approved_by",
        "first_warned_on", "second_warned_on", "suspended_on", "paused_until", "ended_on", "by_hand", "reason",
        "unreached", "next_step", "next_on", "because",
    ),
    title=lambda row: f"Suspension, {row.get_state_display().lower()}",
)  # fmt: skip
COMMAND = Noun(
    Command, path="network-commands", sees="suspension.view", related=("customer",),
    section="collections#network", word="network command", labels={"said": "The network said", "attempts": "Tries"},
    shows=("customer", "wanted", "state", "at", "attempts", "finished_at", "said"),
)  # fmt: skip
EXCLUSION = Noun(
    Exclusion, path="suspension-exclusions", sees="suspension.view", related=("customer",),
    section="collections#suspension", word="exclusion from suspension",
    shows=("customer", "reason", "since", "author", "ended_on"),
)  # fmt: skip
HOLIDAY = Noun(
    Holiday, path="holidays", sees="suspension.view", whose=(), shows=("day", "name", "active"),
    rows=lambda caller, rows: rows.filter(active=True),
)  # fmt: skip
POLICY = Noun(
    SuspensionPolicy, path="suspension-policies", sees="suspension.view", whose=(), word="suspension policy",
    related=("profile_class",), labels={"profile_class": "Class"},
    shows=(
        "profile_class", "withdrawn", "enabled", "overdue_days", "second_days", "suspend_days", "floor_minor",
        "promise_holds", "resets",
        "pause_days", "most_pauses", "longest_pause", "on_weekends", "on_holidays", "from_hour", "until_hour", "groups",
        "at", "author",
    ),
)  # fmt: skip
NETWORK = Noun(
    NetworkChoice, path="network-choices", sees="suspension.view", whose=(), word="choice of network",
    shows=("provisioner", "at", "author"),
)  # fmt: skip
