"""Reminds customers of tomorrow's visits. Running it twice does no harm: a job knows the day it was reminded of."""

from __future__ import annotations

import logging

from django.utils import timezone

from counterfoil.jobs import operations, queries
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.queries import missing_to_send
from counterfoil.platform.callers import System

logger = logging.getLogger(__name__)
# By the operator's clock: nobody is woken at midnight, and there is a day left to say that it does not suit.
_FROM_HOUR, _UNTIL_HOUR = 9, 20


def remind(system: System) -> int:
    """Customers are told of a visit tomorrow, and of one that moved since; how many. Run by the clock.

    Nothing is claimed to be sent while no mail can leave.
    """
    if not _FROM_HOUR <= timezone.localtime(system.now).hour < _UNTIL_HOUR or not queries.policy().reminds:
        return 0
    # All of them: one that is refused each time must not stand in the way of the others.
    waiting = list(queries.to_remind(system.now))
    if not waiting or missing_to_send():
        return 0
    told = 0
    for row in waiting:
        try:
            told += operations.remind_job(system, job=row)
        except Refused as refusal:
            logger.warning("The customer of job %s was not reminded: %s", row.number, refusal.sentence)
    return told
