"""What the operator decides about suspension: the policy, holidays, and what switches services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

from django.conf import settings

from counterfoil.credit.models import ProfileClass
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Like, Says
from counterfoil.suspension import queries, rules
from counterfoil.suspension.models import Holiday, LastPass, NetworkChoice, SuspensionPolicy

_Days = Annotated[int, Says(least=1)]
_Hour = Annotated[int, Says(least=0)]


class PolicyChanges(TypedDict, total=False):
    """What of the policy can change (`rules.Policy`); what is left out stays as it is."""

    enabled: bool
    overdue_days: _Days
    second_days: _Days
    suspend_days: _Days
    floor_minor: int
    promise_holds: bool
    resets: bool
    pause_days: _Days
    most_pauses: Annotated[int, Says(least=0)]
    longest_pause: Annotated[int, Says(least=0)]
    on_weekends: bool
    on_holidays: bool
    from_hour: _Hour
    until_hour: _Hour
    groups: Sequence[str]


@verb(label="Change when accounts are suspended", whole=True)
def set_suspension_policy(
    op: Operation, *, changes: Annotated[dict[str, Any], Like(PolicyChanges)], profile_class: ProfileClass | None = None
) -> SuspensionPolicy:
    """From now on accounts are warned and suspended like this. What is not named stays as it is.

    Those of a class, or all whose class has no policy of its own.
    """
    pk = profile_class.pk if profile_class else None
    now = queries.policy(pk)
    meant = {**vars(now), **changes}
    meant["groups"] = rules.read_groups(meant["groups"])
    _check(meant)
    new = pk is not None and not queries.has_own_policy(pk)
    refuse_if(meant == vars(now) and not new, "no_change", "It is already set that way.")
    return _write(op, meant, profile_class)


@verb(right=set_suspension_policy, label="Give up a class's own suspension policy", whole=True)
def drop_suspension_policy(op: Operation, *, profile_class: ProfileClass) -> SuspensionPolicy:
    """Accounts of the class are warned and suspended like all others from now on."""
    refuse_if(not queries.has_own_policy(profile_class.pk), "no_change", "It has no policy of its own.")
    return _write(op, {**vars(queries.policy())}, profile_class, withdrawn=True)


def _write(
    op: Operation, meant: dict[str, Any], profile_class: ProfileClass | None, *, withdrawn: bool = False
) -> SuspensionPolicy:
    row = SuspensionPolicy.objects.create(
        **{**meant, "groups": list(meant["groups"])}, profile_class=profile_class, withdrawn=withdrawn, at=op.now,
        author=op.caller.name[:120],
    )  # fmt: skip
    _look_again()
    whose = f"{profile_class.name}: " if profile_class else ""
    op.record("suspension_policy.changed", row, what=f"{whose}{row}")
    return row


def _check(meant: dict[str, Any]) -> None:
    for name in ("overdue_days", "second_days", "suspend_days", "pause_days"):
        refuse_if(not 1 <= meant[name] <= rules.MOST_DAYS, "absurd_days",
                  f"Give a number of days from 1 to {rules.MOST_DAYS}.", field=name)  # fmt: skip
    for name, most in (("most_pauses", 100), ("longest_pause", rules.MOST_DAYS)):
        refuse_if(not 0 <= meant[name] <= most, "absurd_days", f"Give a number from 0 to {most}.", field=name)
    refuse_if(meant["most_pauses"] > 0 and meant["longest_pause"] < meant["pause_days"], "pause_too_short",
              "The longest pause is shorter than the usual one.", field="longest_pause")  # fmt: skip
    refuse_if(not 0 <= meant["floor_minor"] < 10**15, "absurd_amount", "Give an amount of zero or more.", field="floor")
    hours = 0 <= meant["from_hour"] < meant["until_hour"] <= 24
    refuse_if(not hours, "wrong_order", "The last hour must be after the first, and at most 24.", field="until_hour")
    refuse_if(sum(map(len, meant["groups"])) > 2000, "too_long", "Those are too many groups.", field="groups")


@verb(label="Change holidays", whole=True)
def add_holidays(
    op: Operation, *, days: Annotated[str, Says("Days", "One per line, such as 25 dec 2026 Christmas.", most=10_000)]
) -> list[Holiday]:
    """The days, one on each line, each with its name after it, are holidays: nobody is suspended on them."""
    found = rules.read_holidays(days, today=op.today)
    known = {row.day: row for row in Holiday.objects.filter(day__in=found)}
    rows = []
    for day, name in sorted(found.items()):
        row = known.get(day) or Holiday(day=day)
        if row.pk and row.active and row.name == (name or row.name):
            continue
        row.active, row.name = True, name or row.name
        row.save()
        op.record("holiday.added", row, name=str(row), day=day)
        rows.append(row)
    refuse_if(not rows, "no_change", "They are on the list already.", field="days")
    _look_again()
    return rows


@verb(right=add_holidays, whole=True)
def remove_holiday(op: Operation, *, holiday: Holiday) -> Holiday:
    """The day is no holiday any more."""
    row = Holiday.objects.select_for_update().get(pk=holiday.pk)
    refuse_if(not row.active, "no_change", f"{date_text(row.day)} is no holiday.")
    row.active = False
    row.save(update_fields=["active"])
    op.record("holiday.removed", row, name=str(row), day=row.day)
    _look_again()
    return row


@verb(label="Choose what switches services", whole=True)
def choose_network(op: Operation, *, provisioner: Annotated[str, Says(most=20)] = "") -> NetworkChoice:
    """Services are switched off and on by this connector from now on; by none, commands wait."""
    refuse_if(
        bool(provisioner) and provisioner not in settings.PROVISIONERS, "unknown_choice",
        "There is no such network.", field="provisioner",
    )  # fmt: skip
    refuse_if(provisioner == queries.provisioner_key(), "no_change", "It is already set that way.")
    row = NetworkChoice.objects.create(provisioner=provisioner, at=op.now, author=op.caller.name[:120])
    op.record("network.chosen", row, what=NETWORKS.get(provisioner, provisioner))
    return row


# What people read of each.
NETWORKS = {"": "nothing: commands wait", "recording": "a recording, which switches nothing",
            "radius": "RADIUS: the walled garden, and an end to open sessions"}  # fmt: skip


def _look_again() -> None:
    """The next pass looks at every account: what comes next, and when, may be another."""
    LastPass.objects.all().delete()
