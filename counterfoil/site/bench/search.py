"""The search box among many customers: what people type, half and nearly all of the answers within so many ms."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from counterfoil.desk.search import find
from counterfoil.site.bench.book import account, person, settle_down, write_customers
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, percentiles, prove, timed


def measure(quick: bool) -> Iterator[Figure]:
    """A thousand to a hundred thousand customers, who share six hundred names as people do."""
    start = 0
    for stop in (50, 100) if quick else (1_000, 10_000, 100_000):
        write_customers(start, stop)
        start = stop
        settle_down()
        if stop <= 1_000:
            prove()
        for name, text in KINDS.items():
            rng = random.Random(name)
            texts = [text(rng.randrange(stop)) for _ in range(5 if quick else 60)]
            find(CALLER, texts[0], None)
            forget_peak()
            times = [timed(lambda said=said: find(CALLER, said, None)) for said in texts]  # type: ignore[misc]
            yield figure(f"search-{name}", stop, sum(times), done=len(times), **percentiles(times))


def _misspelt(n: int) -> str:
    first, _, last = person(n)[0].partition(" ")
    return f"{first} {last[0]}{last[2]}{last[1]}{last[3:]}"


KINDS: dict[str, Callable[[int], str]] = {
    "exact": lambda n: person(n)[0],
    "number": account,
    "partial": lambda n: person(n)[0][:5],
    "address": lambda n: person(n)[3],
    "misspelt": _misspelt,
    "telephone": lambda n: f"0{person(n)[2][3:5]} {person(n)[2][5:8]} {person(n)[2][8:]}",
    "nothing": lambda n: f"qqzx{n} wvvk",
}
