"""A server whose clock was an hour off about midnight sends nobody a letter twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from counterfoil.dunning.models import Correspondence, DunningRun
from counterfoil.testing.world import World


def test_a_run_of_tomorrow_by_mistake_is_not_repeated_today_or_tomorrow(
    world: World, run: Callable[..., DunningRun]
) -> None:
    world.customer("Ann", {"2026-03-11": "100.00"}, emails=("ann@x.example",))
    today = world.today
    with world.on(today + dt.timedelta(days=1)):
        run(as_of=world.today)
    assert Correspondence.objects.count() == 1
    # The clock is right again: the same letter is not sent for the day before, nor when tomorrow comes.
    run(as_of=today)
    with world.on(today + dt.timedelta(days=1)):
        run(as_of=world.today)
    assert Correspondence.objects.count() == 1
