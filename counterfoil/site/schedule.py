"""The clock: `counterfoil tick` runs what happens because of time once a minute; running it twice does no harm."""

from __future__ import annotations

import logging

from counterfoil.platform.callers import Caller
from counterfoil.site.wiring import SCHEDULE
from counterfoil.site.zones import local

logger = logging.getLogger(__name__)


def tick() -> dict[str, int | None]:
    """Run everything that is due; one that fails (None) does not stop the others. Returns how much each did."""
    done: dict[str, int | None] = {}
    with local():
        for name, function in SCHEDULE:
            try:
                done[name] = function(Caller.system("schedule"))
            except Exception:  # noqa: BLE001 - the next minute tries again
                logger.exception("“%s” failed", name)
                done[name] = None
    return done
