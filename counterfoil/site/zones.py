"""The company's time zone: what requests, tasks, the clock and the console go by (decision 0053).

Django's zone of the thread is set where work comes in, and put back where it ends; all that asks what day it is goes by
it. The name is read once in a while, so that a request costs no query more, and every process follows a change soon.
"""

from __future__ import annotations

import contextlib
import logging
import time
import zoneinfo
from collections.abc import Callable, Iterator

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from counterfoil.operator.queries import company_zone

logger = logging.getLogger(__name__)
# How soon every process follows a change.
KNOWN_SECONDS = 20.0


class _Known:
    """What was read last, and until when it is good."""

    name = ""
    until = 0.0


def forget() -> None:
    """The next who asks reads it again."""
    _Known.until = 0.0


def hold(name: str) -> None:
    """It is this one, and nobody reads it: for tests, which count queries."""
    _Known.name, _Known.until = name, float("inf")


def zone() -> zoneinfo.ZoneInfo | None:
    """The company's time zone, none where it is the installation's, or cannot be read."""
    if time.monotonic() >= _Known.until:
        try:
            _Known.name = company_zone()
        except DatabaseError:
            # Before the tables are there, or without a database: whatever comes in says so itself.
            logger.debug("The company's time zone cannot be read", exc_info=True)
        _Known.until = time.monotonic() + KNOWN_SECONDS
    try:
        return zoneinfo.ZoneInfo(_Known.name) if _Known.name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        # A zone that this machine does not know any more, which another one did.
        logger.error("There is no time zone %s on this machine; the installation's is used", _Known.name)
        return None


@contextlib.contextmanager
def local() -> Iterator[None]:
    """What is done inside goes by the company's time zone."""
    with timezone.override(zone()):
        yield


class ZoneMiddleware:
    """Each request goes by it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with local():
            return self.get_response(request)
