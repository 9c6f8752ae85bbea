"""For whoever runs the machine: is it alive, can it serve, and what is counted."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from counterfoil.messaging.queries import due_deliveries
from counterfoil.platform import append_only, metrics
from counterfoil.platform.jobs import how_many_wait
from counterfoil.trail.queries import unsealed_events

READINGS: tuple[metrics.Reading, ...] = (
    ("counterfoil_deliveries_due", "Messages that should have left", lambda: due_deliveries(timezone.now())),
    ("counterfoil_jobs_waiting", "Jobs that wait for a worker or run", how_many_wait),
    ("counterfoil_events_unsealed", "Events that are not under a seal yet", unsealed_events),
)


def health(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """The database can be reached, is of this version, and refuses to change what is frozen: traffic may come."""
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
    return JsonResponse({"status": "ok"})


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
