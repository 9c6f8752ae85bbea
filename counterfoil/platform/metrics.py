"""What is counted, for Prometheus. Several web processes count together through files (PROMETHEUS_MULTIPROC_DIR)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client import multiprocess as several

REQUESTS = Counter("counterfoil_requests", "Requests answered", ["route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "counterfoil_request_seconds", "Time to answer a request", ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip
OPERATIONS = Counter("counterfoil_operations", "Operations, by how they ended", ["operation", "outcome"])

# Read from the database when asked: (name, what it is, how many).
Reading = tuple[str, str, Callable[[], float]]


def as_text(readings: Iterable[Reading]) -> bytes:
    """Everything that was counted and is read now, in the text format of Prometheus."""
    counted = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        several.MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    else:
        for metric in (REQUESTS, REQUEST_SECONDS, OPERATIONS):
            counted.register(metric)
    # What is read now belongs to no process.
    text = [f"# HELP {name} {said}\n# TYPE {name} gauge\n{name} {float(read())}\n" for name, said, read in readings]
    return generate_latest(counted) + "".join(text).encode()
