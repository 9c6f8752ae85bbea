"""Many people at work, in a process of their own: `python crowd.py`, told what they do as JSON, answers with times.

Each signs nothing in and decides nothing: they go through visits in a seeded order, read, think, and go on, until the
time is over. What they recorded is told, so that none of it can be lost unnoticed.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from typing import Any
from urllib.parse import urlencode

# What a page, a fragment, a saved form and a file answer with.
_FINE = (200, 204, 302)


class Person:
    """Somebody at a browser."""

    def __init__(self, told: dict[str, Any], number: int, end: float) -> None:
        self.told, self.number, self.end = told, number, end
        self.dice = random.Random(f"{told['seed']}:{number}")
        self.times: list[tuple[str, float]] = []
        self.errors: list[str] = []
        self.recorded: list[str] = []
        self.connection = http.client.HTTPConnection("127.0.0.1", told["port"], timeout=30)

    def work(self) -> None:
        """Visits until the time is over, with a pause to read after each request."""
        visits = self.told["visits"]
        weights = [visit["weight"] for visit in visits]
        # Not all at the same moment.
        self._think(self.dice.random())
        while time.monotonic() < self.end:
            (visit,) = self.dice.choices(visits, weights)
            place = self.dice.randrange(self.told["places"])
            for step in visit["steps"]:
                self._ask(step, place)
                self._think(self.dice.expovariate(1))
                if time.monotonic() >= self.end:
                    break

    def _think(self, times: float) -> None:
        time.sleep(max(0.0, min(times * self.told["think"], self.end - time.monotonic())))

    def _ask(self, step: dict[str, Any], place: int) -> None:
        address = step["address"].replace("{place}", self.told["numbers"][place])
        headers = {"Cookie": self.told["cookie"], **({"HX-Request": "true"} if step["htmx"] else {})}
        body, reference = None, ""
        if step["fields"] is not None:
            reference = f"L-{self.number}-{len(self.recorded)}-{self.dice.randrange(10**9)}"
            fields = {key: value.replace("{reference}", reference) for key, value in step["fields"].items()}
            body = urlencode(fields)
            headers |= {"X-CSRFToken": self.told["token"], "Content-Type": "application/x-www-form-urlencoded"}
        start = time.perf_counter()
        try:
            self.connection.request("POST" if body is not None else "GET", address, body, headers)
            answer = self.connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.errors.append(f"{address}: {error!r}")
            return
        self.times.append((step["kind"], time.perf_counter() - start))
        if answer.status not in _FINE:
            self.errors.append(f"{address}: {answer.status}")
        elif step["records"]:
            self.recorded.append(reference)


def main() -> None:
    """All of them at once; what took how long, what went wrong, and what was recorded."""
    told = json.load(sys.stdin)
    end = time.monotonic() + told["seconds"]
    people = [Person(told, number, end) for number in range(told["people"])]
    threads = [threading.Thread(target=person.work) for person in people]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer = {
        "seconds": time.perf_counter() - start,
        "times": [pair for person in people for pair in person.times],
        "errors": [error for person in people for error in person.errors],
        "recorded": [reference for person in people for reference in person.recorded],
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
