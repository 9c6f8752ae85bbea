"""Every list, sort, view, filter and page, home and search, as the number of customers grows: none may slow down."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from counterfoil.platform import write_guard
from counterfoil.receivables.models import Standing
from counterfoil.receivables.operations import keep_standings
from counterfoil.site.bench.book import account, person
from counterfoil.site.bench.customer_page import signed_in
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, percentiles, timed
from counterfoil.site.bench.large import LargeBook, settle_down
from counterfoil.staff.models import User

Address = Callable[[random.Random, int], str]
# One in so many customers has something that fell due in the night.
_IN_THE_NIGHT = 30


def _plain(query: str) -> Address:
    return lambda rng, count: f"/customers/?{query}"


def _deep(query: str) -> Address:
    """The page after any customer of all."""
    return lambda rng, count: f"/customers/?{query}&after={rng.randrange(1, count)}"


def _back(query: str) -> Address:
    return lambda rng, count: f"/customers/?{query}&before={rng.randrange(1, count)}"


def _sought(text: Callable[[int], str]) -> Address:
    return lambda rng, count: f"/customers/?{urlencode({'q': text(rng.randrange(count))})}"


def _found(text: Callable[[int], str]) -> Address:
    return lambda rng, count: f"/find?{urlencode({'q': text(rng.randrange(count))})}"


SORTS = ("name", "status", "group", "area", "joined_on", "balance", "overdue")
VIEWS = ("overdue", "credit", "new", "mine", "former")
LISTS: dict[str, Address] = {
    "home": lambda rng, count: "/",
    **{f"sort-{sort}": _plain(f"sort={sort}") for sort in SORTS},
    **{f"sort-{sort}-down": _plain(f"sort=-{sort}") for sort in SORTS},
    **{f"view-{view}": _plain(f"view={view}") for view in VIEWS},
    "view-overdue-by-overdue": _plain("view=overdue&sort=-overdue"),
    "view-credit-by-balance": _plain("view=credit&sort=balance"),
    "filter-status": _plain("status=inactive"),
    "filter-group": _plain("group=Group+7"),
    "filter-group-by-balance": _plain("group=Group+7&sort=-balance"),
    "filter-area": _plain("area=1"),
    "filter-tag": _plain("tag=Slow+payer"),
    "filter-manager": _plain("manager=1"),
    "page-3": _plain("page=3"),
    "page-40": _plain("page=40"),
    "page-beyond": _plain("page=99999999"),
    "page-last": _plain("page=last"),
    "page-last-by-overdue": _plain("sort=-overdue&page=last"),
    "page-last-by-group": _plain("sort=group&page=last"),
    **{f"deep-by-{sort}": _deep(f"sort={sort}") for sort in SORTS},
    "deep-overdue": _deep("view=overdue&sort=-overdue"),
    "back-by-name": _back("sort=name"),
    "back-by-balance": _back("sort=-balance"),
    "list-search-name": _sought(lambda n: person(n)[0]),
    "list-search-part": _sought(lambda n: person(n)[0][:5]),
    "list-search-number": _sought(account),
    "list-search-nothing": _sought(lambda n: f"qqzx{n} wvvk"),
    "find-name": _found(lambda n: person(n)[0]),
    "find-part": _found(lambda n: person(n)[0][:5]),
    "find-address": _found(lambda n: person(n)[3]),
    "find-account": _found(account),
    "find-invoice": _found(lambda n: f"INV-{n:07d}"),
    "find-invoices": _found(lambda n: "INV"),
    "find-nothing": _found(lambda n: f"qqzx{n} wvvk"),
    "runs": lambda rng, count: "/bill-runs/",
    "run": lambda rng, count: "/bill-runs/1/",
    "run-held": lambda rng, count: "/bill-runs/1/?state=held",
    **{
        f"run-by-{sort.replace('-', '')}": lambda rng, count, sort=sort: f"/bill-runs/1/?sort={sort}"  # type: ignore[misc]
        for sort in ("customer", "number", "-state", "-total")
    },
    "run-page-last": lambda rng, count: "/bill-runs/1/?page=last",
    "run-deep": lambda rng, count: f"/bill-runs/1/?after={rng.randrange(1, count)}",
    "run-search": lambda rng, count: f"/bill-runs/1/?q={person(rng.randrange(count))[0].split()[1]}",
}


def measure(quick: bool) -> Iterator[Figure]:
    """Ten thousand to a million customers with ten items each."""
    client = signed_in()
    sizes = (20, 40) if quick else (10_000, 100_000, 1_000_000)
    book: LargeBook | None = None
    for size in sizes:
        if book is None:
            book = LargeBook(size, User.objects.get(email="bench@x.example").pk)
        else:
            book.grow(size)
        settle_down()
        for name, address in LISTS.items():
            yield _asked(name, size, client, address, 1 if quick else 20)
        yield from _night(size, client, 1 if quick else 5)


def _asked(name: str, size: int, client: Client, address: Address, times: int) -> Figure:
    rng = random.Random(name)
    addresses = [address(rng, size) for _ in range(times + 1)]
    _read(client, addresses[0])
    with CaptureQueriesContext(connection) as seen:
        _read(client, addresses[0])
        asked = list(seen.captured_queries)
    forget_peak()
    took = [timed(lambda at=at: _read(client, at)) for at in addresses[1:]]  # type: ignore[misc]
    sql = sum(float(query["time"]) for query in asked)
    return figure(
        name, size, sum(took), done=len(took), **percentiles(took), queries=len(asked),
        sql_ms=round(sql * 1000, 1),
    )  # fmt: skip


def _read(client: Client, address: str) -> None:
    # As a browser asks for another order or page: the customers of a run without what stands above them.
    part: dict[str, Any] = (
        {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "t-bill-run-items-body"} if "/bill-runs/1/?" in address else {}
    )
    answer = client.get(address, **part)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"


def _night(size: int, client: Client, times: int) -> Iterator[Figure]:
    """The list by what is overdue when much fell due a moment ago, and how long the clock takes to keep up."""
    with write_guard.writing(), transaction.atomic():
        late = Standing.objects.filter(pk__in=range(1, size, _IN_THE_NIGHT))
        late.update(until_on=CALLER.today - dt.timedelta(days=1))
    yield _asked("overdue-at-midnight", size, client, _plain("view=overdue&sort=-overdue"), times)
    done: list[int] = []
    seconds = timed(lambda: done.append(keep_standings(CALLER)))
    yield figure("overdue-brought-up", size, seconds, done=max(done[0], 1))
