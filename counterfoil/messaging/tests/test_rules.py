"""Addresses, header lines and the times of trying again."""

import datetime as dt

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.messaging import rules


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example",
        "first.last+tag@mail.b.example",
        "o'neil@b.example",
        "naam@münchen.example",
        "x" * 64 + "@b.example",
    ],
)
def test_addresses_that_are_good(address: str) -> None:
    assert rules.check_addresses([f" {address} "]) == [address]


@pytest.mark.parametrize(
    "address",
    [
        "a", "a@b", "@b.example", "a@", "a b@c.example", "a@b..example", "a@-b.example", "a..b@c.example",
        ".a@b.example",
        "a@b.example,c@d.example", "<a@b.example>", '"a b"@c.example', "a@b.example\nX: y", "a\x00@b.example",
        "x" * 65 + "@b.example", "a@[127.0.0.1]", "a@b_c.example", "a@" + "b" * 260 + ".example",
    ],
)  # fmt: skip
def test_addresses_that_are_not(address: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.check_addresses(["fine@b.example", address])
    assert (refused.value.code, refused.value.field) == ("bad_address", "addresses")


def test_tries_are_further_and_further_apart_and_then_end() -> None:
    now = dt.datetime(2026, 3, 31, tzinfo=dt.UTC)
    waits = [rules.next_try(attempts, now) for attempts in range(1, 7)]
    assert [round((wait - now).total_seconds() / 60) if wait else None for wait in waits] == [1, 5, 30, 120, 720, None]
