"""A hundred people at work while a bill run is issued and a file comes in: web and worker processes as they are served.

Every payment that a browser was told is recorded must be there, the books must check, and the memory of a web process
must stay what it is over as many requests as an hour brings.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.utils.crypto import get_random_string

from counterfoil.billing.models import BillRun
from counterfoil.billing.operations import begin_issuing, open_bill_run, review_items
from counterfoil.billing.operations.runs import catalogue_of, finish_preview, preview_chunk
from counterfoil.customers.models import Customer
from counterfoil.payments.models import Receipt
from counterfoil.site.bench.bill_run import add_products, subscribe
from counterfoil.site.bench.book import book, person, settle_down, write_customers, write_items
from counterfoil.site.bench.customer_page import signed_in
from counterfoil.site.bench.figures import CALLER, Figure, figure, percentiles, prove

# How long somebody reads before the next click, on average, in seconds.
THINK = 6.0
MAPPING = """
name = "People"
source = "load"
[customers]
key = "{number}"
number = "{number}"
name = "{name}"
"""


def measure(quick: bool) -> Iterator[Figure]:
    """The mix for a minute, then an hour's worth of requests as fast as they come."""
    people, seconds, billed, rows = (4, 4, 20, 10) if quick else (100, 60, 10_000, 1_000)
    others, hour = (100, 40) if quick else (10_000, 60_000)
    numbers = [row.number for row in book(20 if quick else 200, 12)]
    write_items(write_customers(0, others), 3)
    run = _previewed(others, billed)
    settle_down()
    with _served() as (port, server):
        web = _children(server.pid)
        beside = threading.Thread(target=_beside, args=(run.pk, rows, seconds))
        beside.start()
        told = _told(port, numbers, people, seconds, 0.5 if quick else THINK)
        found = _crowd(told)
        beside.join()
        yield _judged("load", others + billed, found, max(_peak_mb(pid) for pid in web))
        _wait_until_issued(run.pk)
        yield from _hour(told, web, hour, others + billed)
    connection.close()
    lost = set(found["recorded"]) - set(Receipt.objects.values_list("reference", flat=True))
    assert not lost, f"{len(lost)} payments that were told as recorded are not there"
    assert Customer.objects.filter(number__startswith="LOAD-").count() == rows
    prove()


def _previewed(start: int, customers: int) -> BillRun:
    subscribe(start, start + customers, add_products())
    run = open_bill_run(CALLER, bill_to=CALLER.today)
    catalogue = catalogue_of(run)
    while preview_chunk(CALLER, run=run, catalogue=catalogue):
        pass
    finish_preview(CALLER, run=run)
    review_items(CALLER, run=run, items=list(run.items.values_list("pk", flat=True)), verdict="approve")
    return run


def _beside(run_id: int, rows: int, seconds: float) -> None:
    """The bill run is begun and the file brought in, as by two more people."""
    try:
        time.sleep(seconds / 10)
        begin_issuing(CALLER, run=BillRun.objects.get(pk=run_id))
        time.sleep(seconds / 3)
        with tempfile.TemporaryDirectory() as folder:
            file, mapping = Path(folder) / "people.csv", Path(folder) / "people.toml"
            file.write_text("number,name\n" + "".join(f"LOAD-{n},Person {n}\n" for n in range(rows)))
            mapping.write_text(MAPPING)
            subprocess.run(
                [sys.executable, "-m", "counterfoil", "import", str(file), "--mapping", str(mapping)],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
    finally:
        connection.close()


def _told(port: int, numbers: list[str], people: int, seconds: float, think: float) -> dict[str, Any]:
    token = get_random_string(32)
    cookies = {name: morsel.value for name, morsel in signed_in().cookies.items()} | {"csrftoken": token}
    return {
        "port": port, "seed": 20261126, "people": people, "seconds": seconds, "think": think, "token": token,
        "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "numbers": numbers, "places": len(numbers), "visits": VISITS,
    }  # fmt: skip


def _step(kind: str, address: str, *, htmx: bool = False, records: bool = False, **fields: str) -> dict[str, Any]:
    return {"kind": kind, "address": address, "htmx": htmx, "records": records, "fields": fields or None}


_PAYMENT: dict[str, Any] = {
    "amount": "10.00", "on": CALLER.today.isoformat(), "method": "eft", "reference": "{reference}",
    "spread": "oldest", "key": "{reference}",
}  # fmt: skip
_HERE = "/customers/{place}/"
VISITS = [
    # Somebody calls: found by typing, the page, a section of it.
    {"weight": 30, "steps": [
        _step("search", f"/find?q={quote(person(11)[0][:4])}", htmx=True),
        _step("search", f"/find?q={quote(person(11)[0])}", htmx=True),
        _step("page", _HERE),
        _step("fragment", f"{_HERE}panels/invoices/", htmx=True),
    ]},
    {"weight": 20, "steps": [_step("list", "/customers/?view=overdue"), _step("list", "/customers/?page=3"),
                             _step("page", _HERE)]},
    {"weight": 20, "steps": [
        _step("page", _HERE),
        _step("form", f"{_HERE}payment/", htmx=True),
        _step("preview", f"{_HERE}payment/?preview=1", htmx=True, **_PAYMENT),
        _step("payment", f"{_HERE}payment/", records=True, **_PAYMENT),
    ]},
    {"weight": 10, "steps": [_step("page", f"{_HERE}billing/"), _step("statement", f"{_HERE}statement/?format=pdf")]},
    {"weight": 5, "steps": [_step("report", "/reports/age-analysis/")]},
    {"weight": 10, "steps": [_step("home", "/"), _step("page", f"{_HERE}messages/")]},
]  # fmt: skip


def _crowd(told: dict[str, Any]) -> dict[str, Any]:
    crowd = Path(__file__).with_name("crowd.py")
    done = subprocess.run(
        [sys.executable, str(crowd)], input=json.dumps(told), capture_output=True, text=True, check=True,
        timeout=told["seconds"] + 120,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _judged(name: str, n: int, found: dict[str, Any], peak: int) -> Figure:
    assert not found["errors"], found["errors"][:5]
    took = [seconds for _, seconds in found["times"]]
    kinds = sorted({kind for kind, _ in found["times"]})
    by_kind = {
        f"{kind}_p95_ms": percentiles([seconds for asked, seconds in found["times"] if asked == kind])["p95_ms"]
        for kind in kinds
    }
    return figure(
        name, n, found["seconds"], done=len(took), errors=len(found["errors"]), peak_mb=peak,
        payments=len(found["recorded"]), **percentiles(took), **by_kind,
    )  # fmt: skip


def _hour(told: dict[str, Any], web: list[int], requests: int, n: int) -> Iterator[Figure]:
    """As many requests as a hundred people make in an hour, by eight who do not think; memory at each quarter."""
    sizes, done = [], 0
    start = time.perf_counter()
    while done < requests:
        found = _crowd({**told, "people": 8, "think": 0.0, "seconds": 1 if requests < 1000 else 30,
                        "seed": told["seed"] + done, "visits": [v for v in VISITS if not _writes(v)]})  # fmt: skip
        assert not found["errors"], found["errors"][:5]
        done += len(found["times"])
        sizes.append((done, max(_now_mb(pid) for pid in web)))
    seconds = time.perf_counter() - start
    first = next(size for made, size in sizes if made * 4 >= done)
    yield figure(
        "load-hour", n, seconds, done=done, peak_mb=max(_peak_mb(pid) for pid in web),
        grown_mb=sizes[-1][1] - first,
    )  # fmt: skip


def _writes(visit: dict[str, Any]) -> bool:
    return any(step["fields"] for step in visit["steps"])


def _wait_until_issued(run_id: int) -> None:
    for _ in range(600):
        if BillRun.objects.get(pk=run_id).state == BillRun.State.ISSUED:
            return
        time.sleep(0.5)
    raise AssertionError("The bill run was not issued.")


# ------------------------------------------------------------------ the served processes


def _children(pid: int) -> list[int]:
    """The web processes of a server: its children but the worker."""
    found = []
    for name in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        command = Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
        if b"worker" not in command:
            found.append(int(name))
    assert found, "there is no web process"
    return found


def _memory(pid: int, what: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) // 1024


def _peak_mb(pid: int) -> int:
    return _memory(pid, "VmHWM:")


def _now_mb(pid: int) -> int:
    return _memory(pid, "VmRSS:")


@contextlib.contextmanager
def _served() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "counterfoil", "serve", "--port", str(port), "--with-worker"]
    server = subprocess.Popen(command, env={**os.environ})
    try:
        for _ in range(150):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5):
                break
            time.sleep(0.2)
        yield port, server
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
