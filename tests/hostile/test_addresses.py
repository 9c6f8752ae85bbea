"""Every address as somebody of each kind, with whatever a browser, a scanner or a fool may send: never a server error.

Seeded: which address, method, header, field and value comes next is the same each time. The books are checked after it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from counterfoil.access.models import Access
from counterfoil.access.operations import set_password
from counterfoil.billing.models import BillRun
from counterfoil.customers.models import Attachment
from counterfoil.customers.operations import attach_file
from counterfoil.desk.tests.test_hostile_addresses import addresses
from counterfoil.portal.tests.conftest import PASSWORD, signed_in
from tests.hostile.conftest import Tally
from tests.permissions.conftest import place
from tests.permissions.place import Place

__all__ = ["place"]
SEED = int(os.environ.get("SEED", "20261126"))
VALUES = (
    "",
    "0",
    "1",
    "-1",
    "1e999",
    "NaN",
    "9" * 40,
    "2026-02-31",
    "9999-12-31",
    "0000-00-00",
    "x" * 5000,
    "a\x00b",
    "%00",
    "\N{RIGHT-TO-LEFT OVERRIDE}x",
    "<script>alert(1)</script>",
    "' OR 1=1--",
    "../../etc/passwd",
    "\N{FULLWIDTH DIGIT ONE}",
    "=cmd()",
    "null",
    "true",
    "[]",
    "{}",
    "10.00",
    "100",
    "2026-03-31",
    "month",
    "csv",
    "pdf",
    "eft",
    "oldest",
    "yes",
)
NAMES = (
    "q",
    "page",
    "sort",
    "view",
    "format",
    "as_of",
    "from",
    "to",
    "on",
    "amount",
    "key",
    "reason",
    "id",
    "ids",
    "all",
    "preview",
    "next",
    "in",
    "version",
    "customer",
    "style",
    "text",
    "name",
    "email",
)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"HX-Request": "true"},
    {"HX-Request": "true", "HX-Current-URL": "javascript:alert(1)"},
    {"Accept-Language": "\xff" * 50},
    {"Referer": "http://evil.example/" + "x" * 3000},
    {"Range": "bytes=0-,0-"},
    {"X-Forwarded-For": "a" * 2000},
    {"Cookie": "sessionid=%00; csrftoken=" + "y" * 5000},
    # A quoted cookie may name any byte by its number.
    {"Cookie": 'sessionid="aaaaaaaa\\000"; portal_session="aaaaaaaa\\000"; csrftoken="\\000"; messages="\\000"'},
    {"If-Modified-Since": "soon"},
)
METHODS = ("get", "get", "get", "post", "post", "head", "put", "delete", "options", "patch")
BODIES = (
    ("application/json", '{"a": ' * 200),
    ("application/json", "\x00"),
    ("application/json", "[" * 100_000),
    ("application/json", "9" * 5000),
    ("text/xml", "<!DOCTYPE x [<!ENTITY y 'z'>]>"),
    ("multipart/form-data; boundary=x", '--x\r\nContent-Disposition: form-data; name="file"; filename="../x"\r\n\r\n'),
    ("multipart/form-data", ""),
    ("application/x-www-form-urlencoded; charset=utf-7", "a=%FF%FE&&&=&b"),
    ("", "x"),
)


def sent(dice: random.Random, address: str) -> dict[str, str]:
    """Fields for an address: of its form, where it has one, and some of no form."""
    try:
        form = getattr(resolve(address).func, "form_class", None)
    except (Resolver404, UnicodeError):
        form = None
    names = [*(form.base_fields if form else ()), *dice.sample(NAMES, 3)]
    return {name: dice.choice(VALUES) for name in names if dice.random() < 0.8}


def requests(dice: random.Random, count: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, address and what goes with it."""
    known = [address for address in addresses() if "sign-out" not in address]
    for _ in range(count):
        address, method = dice.choice(known), dice.choice(METHODS)
        more: dict[str, Any] = {"headers": dice.choice(HEADERS)}
        if method == "post" and dice.random() < 0.2:
            more["content_type"], more["data"] = dice.choice(BODIES)
        else:
            more["data"] = sent(dice, address)
        yield method, address, more


def everybody(place: Place, client: Client) -> dict[str, Client]:
    """Browsers of an administrator, of somebody who may do less, of a customer, and of nobody."""
    boss, agent, customer = Client(raise_request_exception=False), Client(raise_request_exception=False), client
    boss.force_login(place.me)
    agent.force_login(place.other)
    customer.raise_request_exception = False
    return {"boss": boss, "agent": agent, "customer": customer, "nobody": Client(raise_request_exception=False)}


@pytest.mark.parametrize(
    "count", [pytest.param(800, marks=pytest.mark.long), pytest.param(20_000, marks=pytest.mark.hostile)]
)
def test_whatever_is_sent_is_answered(place: Place, tally: Tally, count: int) -> None:
    place.run()
    place.world.pays(place.zara, "40.00")
    place.agreement()
    attach_file(place.by, customer=place.zara, kind="other", name="a.txt", content=b"text")
    login = place.access().login
    set_password(place.by, login=login, password=PASSWORD, current=None, customer=place.zara)
    customer = signed_in(login.email)
    assert BillRun.objects.exists()
    assert Attachment.objects.exists()
    assert Access.objects.exists()
    people = everybody(place, customer)
    dice, broken = random.Random(SEED), []
    for number, (method, address, more) in enumerate(requests(dice, count)):
        who = dice.choice(list(people))
        try:
            answer = getattr(people[who], method)(address, **more)
        except Exception as error:  # noqa: BLE001 - the test client itself may refuse to send it
            broken.append(f"{number} {who} {method} {address} {more}: {error!r}"[:300])
            continue
        if answer.status_code >= 500:
            broken.append(f"{number} {who} {method} {address} {str(more)[:300]}: {answer.status_code}")
    tally("requests", count, count - len(broken))
    assert not broken, f"{len(broken)} of {count}:\n" + "\n".join(broken[:20])
