"""Two calls of the API beside the same call by a view written by hand: what declaring costs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.test import Client, override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from counterfoil.api.tokens import Bearer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.queries import visible
from counterfoil.payments.operations import record_receipt
from counterfoil.site import urls
from counterfoil.site.bench.book import book, settle_down
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, percentiles, prove, timed
from counterfoil.staff.operations import add_token, new_token
from counterfoil.staff.queries import digest_of

_COLUMNS = (
    "number", "name", "kind", "billing_type", "status", "group", "terms_days", "currency", "tax_number", "language",
    "version", "hold_reason",
)  # fmt: skip


def measure(quick: bool) -> Iterator[Figure]:
    """A list of a hundred customers, and one payment."""
    times = 4 if quick else 300
    rows = book(max(100, 3 * times), 2)
    settle_down()
    token = new_token()
    add_token(CALLER, name="Bench", role="administrator", digest=digest_of(token), ending=token[-4:])
    ask = Client(headers={"authorization": f"Bearer {token}"})

    def listed(address: str) -> Callable[[int], None]:
        def call(place: int) -> None:
            answer = ask.get(f"{address}?limit=100")
            assert len(answer.json()["rows"]) == 100, answer.content[:200]

        return call

    def paid(address: str) -> Callable[[int], None]:
        def call(place: int) -> None:
            body = {
                "amount": {"minor": 11_500, "currency": "ZAR"}, "on": CALLER.today.isoformat(), "method": "eft",
            }  # fmt: skip
            answer = ask.post(
                address.format(rows[place].number), json.dumps(body), content_type="application/json",
                headers={"idempotency-key": f"{address} {place}"},
            )  # fmt: skip
            assert answer.json()["result"]["number"], answer.content[:200]

        return call

    with override_settings(ROOT_URLCONF=__name__, API_CALLS_PER_MINUTE=1_000_000):
        yield _beside("api-list", times, listed("/api/v1/customers"), listed("/api/v1/by-hand/customers"))
        yield _beside(
            "api-payment",
            times,
            paid("/api/v1/customers/{}/record-receipt"),
            paid("/api/v1/by-hand/customers/{}/receipts"),
        )
    prove()


def _beside(name: str, times: int, made: Callable[[int], None], by_hand: Callable[[int], None]) -> Figure:
    """In turn, so that whatever else the machine does meets both."""
    made(0)
    by_hand(times)
    forget_peak()
    first, second = [], []
    for place in range(1, times):
        first.append(timed(lambda at=place: made(at)))  # type: ignore[misc]
        second.append(timed(lambda at=place: by_hand(at + times)))  # type: ignore[misc]
    told = {f"by_hand_{key}": value for key, value in percentiles(second).items()}
    return figure(
        name, 100 if "list" in name else 1, sum(first), sum(second), done=times - 1, **percentiles(first), **told
    )


# ------------------------------------------------------------------ by hand


def _customers(request: HttpRequest) -> HttpResponseBase:
    caller = Bearer()(request)
    rows = (
        visible(caller).select_related("manager", "area", "brand", "parent").order_by("pk")[: int(request.GET["limit"])]
    )
    return JsonResponse({
        "rows": [
            {
                **{name: getattr(row, name) for name in _COLUMNS}, "joined_on": row.joined_on.isoformat(),
                "manager": row.manager and row.manager.name, "area": row.area and row.area.name,
                "brand": row.brand and row.brand.name, "parent": row.parent and row.parent.number,
                "hold_ends": row.hold_ends and row.hold_ends.isoformat(),
            }
            for row in rows
        ]
    })  # fmt: skip


@csrf_exempt
def _receipts(request: HttpRequest, number: str) -> HttpResponseBase:
    caller = Bearer()(request).with_key(request.headers["idempotency-key"])
    told: dict[str, Any] = json.loads(request.body)
    made = record_receipt(
        caller, customer=CUSTOMER.get(caller, number), amount_minor=int(told["amount"]["minor"]),
        on=dt.date.fromisoformat(told["on"]), method=told["method"],
    )  # fmt: skip
    return JsonResponse({"result": {"id": made.pk, "number": made.number, "on": made.on.isoformat()}})


urlpatterns = [
    path("api/v1/by-hand/customers", _customers),
    path("api/v1/by-hand/customers/<str:number>/receipts", _receipts),
    *urls.urlpatterns,
]
