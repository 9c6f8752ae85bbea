"""A figure: a rate of the product beside the rate of the plain driver on the same rows, in the same run."""

from __future__ import annotations

import contextlib
import gc
import json
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books

CALLER = Caller.system("bench")


@dataclass(frozen=True)
class Figure:
    """One measurement. `ratio` is floor rate by rate: how many times slower than the plain driver."""

    name: str
    database: str
    n: int
    seconds: float
    rate: float
    floor_rate: float | None
    ratio: float | None
    peak_mb: int
    # What else this bench says, by name: queries, p95_ms.
    more: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> str:
        """One line; what a bench says besides stands beside the rest."""
        plain = asdict(self)
        return json.dumps(plain | plain.pop("more"))

    @classmethod
    def read(cls, line: str) -> Figure:
        """The figure of a line of JSON."""
        told = json.loads(line)
        own = {key: told.pop(key) for key in list(cls.__dataclass_fields__) if key in told}
        return cls(**own, more=told)

    def as_text(self) -> str:
        floor = f"{self.floor_rate:>12,.0f}{self.ratio:>8.2f}" if self.floor_rate and self.ratio else f"{'':>20}"
        more = "  " + ", ".join(f"{key} {value:,}" for key, value in self.more.items()) if self.more else ""
        return (
            f"{self.name:<16}{self.database:<10}{self.n:>10,}{self.seconds:>10.2f}{self.rate:>12,.1f}"
            f"{floor}{self.peak_mb:>9}{more}"
        )


HEAD = f"{'name':<16}{'database':<10}{'n':>10}{'seconds':>10}{'rate/s':>12}{'floor/s':>12}{'ratio':>8}{'peak MB':>9}"


def figure(
    name: str, n: int, seconds: float, floor_seconds: float | None = None, *, done: int = 0, **more: Any
) -> Figure:
    """`n` is the size; `done` is how many things took the seconds, where that is another number."""
    count = done or n
    floor = count / floor_seconds if floor_seconds else None
    rate = count / seconds
    database = "postgres" if connection.vendor == "postgresql" else "sqlite"
    ratio = round(floor / rate, 2) if floor else None
    floor_rate = round(floor, 1) if floor else None
    peak = more.pop("peak_mb", None) or peak_mb()
    return Figure(name, database, n, round(seconds, 4), round(rate, 1), floor_rate, ratio, peak, more)


def timed(work: Callable[[], Any]) -> float:
    """Seconds that the work takes, once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def best(work: Callable[[], Any], tries: int = 3) -> float:
    """Seconds of the quickest of a few runs, after one that warms up: a shared machine only ever makes it slower."""
    work()
    return min(timed(work) for _ in range(tries))


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """Milliseconds within which half and nearly all were answered."""
    cuts = statistics.quantiles(times, n=20, method="inclusive") if len(times) > 1 else list(times) * 19
    return {"p50_ms": round(cuts[9] * 1000, 2), "p95_ms": round(cuts[18] * 1000, 2)}


def forget_peak() -> None:
    """Count peak memory from now, where the system can: one size must not be measured by the one before."""
    gc.collect()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> int:
    """The most memory this process has held since `forget_peak`."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def prove() -> None:
    """What was measured left books that prove themselves."""
    findings = check_books()
    assert not findings, "\n".join(f"{finding.check}: {finding.sentence}" for finding in findings[:10])
