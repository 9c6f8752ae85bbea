"""A company with a bank account, customers who are late, and a run that is done at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from counterfoil.dunning.jobs import work
from counterfoil.dunning.models import DunningRun
from counterfoil.dunning.operations import start_dunning_run
from counterfoil.testing.world import World


@pytest.fixture
def run(world: World) -> Callable[..., DunningRun]:
    """Start a run as of the world's day, unless told otherwise, and do all of it."""

    def do(**asked: Any) -> DunningRun:
        made = start_dunning_run(world.caller(), **{"as_of": world.today, **asked})
        for _ in work(world.system(), made, asked.pop("at_once", 100)):
            pass
        return DunningRun.objects.get(pk=made.pk)

    return do
