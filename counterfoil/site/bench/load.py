"""A few people at once, in a process of their own: `python load.py`, told what to ask as JSON, answers with times."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from typing import Any


def main() -> None:
    """Each user asks for the given addresses in turn and stops by itself, done or out of time."""
    told = json.load(sys.stdin)
    times: dict[str, list[float]] = {kind: [] for kind, _, _ in told["asks"]}
    errors: list[str] = []
    end = time.monotonic() + told["most_seconds"]
    users = [threading.Thread(target=_user, args=(told, number, end, times, errors)) for number in range(told["users"])]
    start = time.perf_counter()
    for user in users:
        user.start()
    for user in users:
        user.join()
    json.dump({"seconds": time.perf_counter() - start, "times": times, "errors": errors}, sys.stdout)


def _user(told: dict[str, Any], number: int, end: float, times: dict[str, list[float]], errors: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", told["port"], timeout=20)
    asks = told["asks"]
    for turn in range(told["turns"]):
        kind, address, htmx = asks[(number * 7 + turn) % len(asks)]
        if time.monotonic() > end:
            break
        headers = {"Cookie": told["cookie"], **({"HX-Request": "true"} if htmx else {})}
        start = time.perf_counter()
        try:
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            errors.append(f"{address}: {error!r}")
            continue
        times[kind].append(time.perf_counter() - start)
        if status != 200:
            errors.append(f"{address}: {status}")


if __name__ == "__main__":
    main()
