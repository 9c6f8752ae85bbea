"""Every address with every kind of nonsense: an answer in words, never a server error, and nothing changes."""

import dataclasses
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import Resolver404, URLPattern, get_resolver, resolve
from django.utils.http import urlencode

from counterfoil.platform.operations import VERBS
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

NUMBERS = ("0", "1", "99999", str(10**30))
TEXTS = ("CF-000001", "nobody", "%00", "<script>", "..%2f..", "\N{RIGHT-TO-LEFT OVERRIDE}x", "x" * 300)
QUERIES = (
    "",
    "?format=csv",
    "?format=exe",
    "?page=0&sort=-nothing&q=%00",
    "?page=999999999999&sort=balance&all=1",
    "?as_of=soon",
    "?as_of=9999-12-31&bucket=Nope&buckets=abc&customer=zzz",
    "?from=2026-02-31&to=1999-01-01&style=odd",
    "?from=2026-03-01&to=2026-03-31&format=pdf",
    "?q=%27%20OR%201=1--&status=<script>&group=%F0%9F%92%A9&manager=x",
    "?from=0001-01-01&to=9999-12-31",
)
PACKAGE = ("/me/", "/sign-in/", "/sso/")


# What is there is asked everything; of what is not, an address with nothing behind it is enough.
OF_ROWS = 2
FILLINGS = list(zip(NUMBERS * 2, TEXTS, strict=False))
# In short: one filling that is of no row for each address, and for the next address another.
IN_TURN = pytest.mark.parametrize("more", [1, pytest.param(len(TEXTS), marks=pytest.mark.hostile)])


def addresses(more: int = 1) -> list[str]:
    """Each address of the product with values in the place of its parameters: two of rows, and so many more."""
    found = []
    for place, text in enumerate(_patterns(get_resolver().url_patterns)):
        if "<" not in text:
            found.append(f"/{text}")
            continue
        others = FILLINGS[OF_ROWS:]
        turn = place % len(others)
        for number, word in FILLINGS[:OF_ROWS] + (others[turn:] + others[:turn])[:more]:
            filled = text.replace("<int:pk>", number).replace("<slug:key>", "billing").replace("<slug:name>", "tax")
            filled = re.sub(r"<str:(number|token|ticket)>", lambda _, word=word: word, filled)
            found.append(f"/{filled}")
    return sorted(set(found))


def _patterns(patterns: list[Any], before: str = "") -> list[str]:
    flat = []
    for pattern in patterns:
        text = before + str(pattern.pattern).replace("^", "").replace("$", "")
        flat += [text] if isinstance(pattern, URLPattern) else _patterns(pattern.url_patterns, text)
    return flat


@pytest.fixture
def client(world: World) -> Client:
    add_user(world.caller(), email="b@x.example", name="B", role="administrator", password="s3cret-enough")
    zara = world.customer("Zara", owing={"2026-01-31": "100.00"}, emails=["zara@mail.example"])
    world.pays(zara, "40.00")
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get())
    return client


@pytest.mark.long
@IN_TURN
def test_no_address_ends_in_a_server_error(client: Client, more: int) -> None:
    before = counts()
    thorough = set(addresses(0))
    for place, address in enumerate(addresses(more)):
        # The pages of the sign-in package know none of our parameters.
        plain = address not in thorough or address.startswith(PACKAGE) or "sign-out" in address
        # Each address is asked some of these, and the next one others: what answers them is the same for all.
        for query in ("",) if plain else (QUERIES if more > 1 else QUERIES[place % 6 :: 6]):
            answer = client.get(address + query)
            assert answer.status_code < 500, address + query
    assert counts() == before


@pytest.mark.once
@pytest.mark.long
@IN_TURN
def test_no_empty_or_absurd_form_ends_in_a_server_error(client: Client, more: int) -> None:
    nonsense = {
        "amount": "1e999",
        "on": "9999-99-99",
        "method": "gold",
        "reason": "\x00" * 5,
        "text": "x" * 20_000,
        "name": "\N{RIGHT-TO-LEFT OVERRIDE}" * 400,
        "version": "abc",
        "key": "k" * 500,
        "lines-0-quantity": "NaN",
        "lines-0-unit_price": "-1",
        "lines-0-text": "x",
        "addresses": "a@b.example\nBcc: c@d.example",
        "period": "odd",
        "allocate": "x",
        "email": "<a@b>",
        "theme": "pink",
        "roles": "king",
        "due_on": "soon",
        "quantity": "\N{ARABIC-INDIC DIGIT THREE}",
    }
    money = ("payments.", "receivables.OpenItem", "ledger.", "billing.CreditNote")
    before = {name: count for name, count in counts().items() if name.startswith(money)}
    thorough = set(addresses(0))
    for address in addresses(more):
        if "sign-out" in address:
            continue
        for data in ({}, nonsense) if address in thorough else (nonsense,):
            answer = client.post(address, data)
            assert answer.status_code < 500, address
            if not _has_form(address):
                continue
            answer = client.post(f"{address}?preview=1", data, headers={"HX-Request": "true"})
            assert answer.status_code < 500, f"{address}?preview=1"
    after = {name: count for name, count in counts().items() if name.startswith(money)}
    # A button without fields (issue, allocate) may do its work; absurd amounts must have moved no money.
    assert after == before


def _has_form(address: str) -> Any:
    """The class of the form at an address; none where there is no page, or no form."""
    try:
        return getattr(resolve(address).func, "form_class", None)
    except Resolver404:
        return None


STARTS = ("x", "-1", "1e999", "2026-02-31", "9" * 40, "\N{RIGHT-TO-LEFT OVERRIDE}\N{FULLWIDTH DIGIT ONE}")


@pytest.mark.once
@pytest.mark.long
@IN_TURN
def test_no_starting_value_in_an_address_ends_in_a_server_error(client: Client, more: int) -> None:
    before = counts()
    asked = 0
    for place, address in enumerate(addresses(0)):
        form = _has_form(address)
        # By the class: some fields are made for their subject only, and read from the address in the same way.
        for start in (STARTS if more > 1 else STARTS[place % 3 :: 3]) if form else ():
            answer = client.get(f"{address}?{urlencode([(name, start) for name in form.base_fields])}")
            assert answer.status_code < 500, f"{address} {start}"
            asked += 1
    assert asked > 300
    assert counts() == before


def test_nobody_may_do_anything_and_nothing_changes(world: World) -> None:
    before = counts()
    # A customer in the portal has no affairs of their own at the desk.
    nobody = dataclasses.replace(world.nobody, only=frozenset())
    for name, operation in VERBS.items():
        with pytest.raises(Exception, match="may not") as refused:
            operation(nobody)
        assert getattr(refused.value, "code", "") == "not_allowed", name
    assert counts() == before


def test_nobody_is_asked_to_sign_in(world: World) -> None:
    client = Client()
    for address in addresses():
        # What the portal shows to strangers is the business of its own tests.
        if address in ("/sign-in/", "/sign-out/") or address.startswith("/portal/"):
            continue
        answer = client.get(address)
        if not address.startswith(
            (
                "/sign-in/",
                "/sign-out/",
                "/sso/",
                "/me/sign-in/authenticate",
                "/me/sign-in/webauthn/login",
                # For whoever runs the machine; they show nothing of anybody.
                "/health/",
                "/ready/",
                "/metrics",
                # How programs call, in words.
                "/api/v1/",
            )  # fmt: skip
        ):
            # What gateways call takes what they sign, and answers nothing to who looks.
            # Payment links and calendars open without signing in; one that is none is not there, or no address at all.
            wanted = {
                "/hooks/": (405,),
                "/radius/": (405, 404, 400),
                "/pay/": (404, 400),
                "/calendar/": (404, 400),
            }.get(f"/{address.split('/')[1]}/", (302, 404))
            assert answer.status_code in wanted, address
            if answer.status_code == 302:
                assert answer.headers["Location"].startswith("/sign-in/"), address
