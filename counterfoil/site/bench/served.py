"""The served product in a process of its own, asked by eight people of a third process, on loopback only."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from counterfoil.site.bench.book import account, book, person, settle_down, write_customers, write_items
from counterfoil.site.bench.customer_page import signed_in
from counterfoil.site.bench.figures import Figure, figure, percentiles, prove

USERS, TURNS, MOST_SECONDS = 8, 60, 90


def measure(quick: bool) -> Iterator[Figure]:
    """A list, a customer, a section and a search, asked for in turn; a few hundred requests in all."""
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in signed_in().cookies.items())
    count, users, turns = (30, 2, 8) if quick else (10_000, USERS, TURNS)
    rows = book(20, 12)
    write_items(write_customers(0, count), 3)
    settle_down()
    if quick:
        prove()
    asks = []
    for place, row in enumerate(rows):
        here = f"/customers/{row.number}/"
        asks += [
            ("list", f"/customers/?page={place % 5 + 1}", False),
            ("page", here, False),
            ("fragment", f"{here}panels/invoices/", True),
            ("search", f"/find?q={quote(person(place * 7)[0] if place % 2 else account(place))}", True),
        ]
    with _served() as port:
        told = {"port": port, "cookie": cookie, "asks": asks, "users": users, "turns": turns,
                "most_seconds": MOST_SECONDS}  # fmt: skip
        load = Path(__file__).with_name("load.py")
        done = subprocess.run(
            [sys.executable, str(load)], input=json.dumps(told), capture_output=True, text=True, check=True,
            timeout=MOST_SECONDS + 60,
        )  # fmt: skip
    yield from _figures(count, json.loads(done.stdout))


def _figures(count: int, found: dict[str, object]) -> Iterator[Figure]:
    errors: list[str] = found["errors"]  # type: ignore[assignment]
    assert not errors, errors[:5]
    times: dict[str, list[float]] = found["times"]  # type: ignore[assignment]
    seconds = float(found["seconds"])  # type: ignore[arg-type]
    for kind, took in times.items():
        if took:
            yield figure(f"http-{kind}", count, seconds, done=len(took), errors=0, **percentiles(took))


@contextlib.contextmanager
def _served() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen([sys.executable, "-m", "counterfoil", "serve", "--port", str(port)])
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5):
                break
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)
