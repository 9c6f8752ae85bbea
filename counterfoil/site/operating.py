"""For whoever runs the machine: is it alive, can it serve, and what is counted."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from counterfoil.messaging.queries import due_deliveries, mail_server_silent
from counterfoil.platform import append_only, metrics
from counterfoil.platform.jobs import how_many_wait
from counterfoil.trail.queries import unsealed_events

_PROBE = 256 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
READINGS: tuple[metrics.Reading, ...] = (
    ("counterfoil_deliveries_due", "Messages that should have left", lambda: due_deliveries(timezone.now())),
    ("counterfoil_mail_server_silent", "1 while the mail server gives no answer", mail_server_silent),
    ("counterfoil_jobs_waiting", "Jobs that wait for a worker or run", how_many_wait),
    ("counterfoil_events_unsealed", "Events that are not under a seal yet", unsealed_events),
)


def health(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """The database can be reached and written, is of this version, and refuses to change what is frozen."""
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        missing = append_only.missing()
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    if waiting:
        return JsonResponse({"status": "not migrated"}, status=503)
    if missing:
        return JsonResponse({"status": "triggers are missing"}, status=503)
    if why := _why_not_writable():
        return JsonResponse({"status": why}, status=503)
    return JsonResponse({"status": "ok"})


def _why_not_writable() -> str:
    """Why nothing could be recorded now; empty when it could. A database server watches its own disk."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'")
            return "database is read-only" if cursor.fetchone()[0] else ""
    file = Path(str(connection.settings_dict["NAME"]))
    if not file.is_file():
        return ""  # in memory
    try:
        if not os.access(file, os.W_OK):
            return "database is read-only"
        # A file beside it of the size of what an operation writes: it takes no lock, so nobody waits for the answer.
        with tempfile.TemporaryFile(dir=file.parent) as probe:
            probe.write(bytes(_PROBE))
            probe.flush()
    except OSError as error:
        return "disk is full" if error.errno in _FULL else f"disk cannot be written: {error.strerror}"
    return ""


def metrics_page(request: HttpRequest) -> HttpResponse:
    """What is counted, for who has the token; without one, for the machine itself. To others it is not there."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN:
        allowed = constant_time_compare(given, settings.METRICS_TOKEN)
    else:
        allowed = not settings.PRODUCTION and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")
    if not allowed:
        raise Http404
    return HttpResponse(metrics.as_text(READINGS), content_type="text/plain; version=0.0.4; charset=utf-8")
