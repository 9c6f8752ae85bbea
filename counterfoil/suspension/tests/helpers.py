"""A world in which the clock runs: payments and passes at an hour of a day, and what came of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.messaging.models import Message
from counterfoil.platform.callers import Caller, System
from counterfoil.suspension.models import Command, Suspension
from counterfoil.suspension.operations import approve_suspensions, set_suspension_policy, take_all_steps
from counterfoil.testing.world import World

D = dt.date.fromisoformat
EVERY_DAY = {"on_weekends": True, "on_holidays": True}


def at(day: dt.date | str, hour: int = 9) -> dt.datetime:
    """A moment in the operator's time zone."""
    found = D(day) if isinstance(day, str) else day
    return timezone.make_aware(dt.datetime.combine(found, dt.time(hour)))


def system(day: dt.date | str, hour: int = 9) -> System:
    return Caller.system("schedule", at=at(day, hour))


def runs(world: World, **changes: Any) -> None:
    """Suspension is switched on, on every day of the week unless told otherwise."""
    set_suspension_policy(world.caller(), changes={"enabled": True, **EVERY_DAY, **changes})


def passes(day: str, hour: int = 9) -> str:
    """The stage of the one account after the pass of a day, which is made twice and does nothing the second time."""
    take_all_steps(system(day, hour))
    before = facts()
    assert take_all_steps(system(day, hour)) == 0
    assert facts() == before
    return stage()


def stage() -> str:
    row = Suspension.objects.order_by("-pk").first()
    return row.state if row else "not_due"


def approve(world: World, day: str, customer: Customer | None = None) -> None:
    rows = Suspension.objects.filter(state="overdue")
    with world.on(day):
        approve_suspensions(world.caller(), suspensions=list(rows.filter(customer=customer) if customer else rows))


def sent() -> list[str]:
    """The kinds of messages that were queued, in order."""
    return list(Message.objects.order_by("pk").values_list("kind", flat=True))


def told() -> list[str]:
    """What the network was asked for, in order."""
    return list(Command.objects.order_by("pk").values_list("wanted", flat=True))


def facts() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Suspension, Command, Message)]
