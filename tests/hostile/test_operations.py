"""Every operation with one argument after the other gone bad: done or refused, never broken, and the books hold.

The arguments are those of the permission examples, so a new operation is in here by itself. What is put in their place
is of the same type: what a form, a file or another programme could send.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, models, transaction

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.platform.checks import check_books
from counterfoil.platform.operations import VERBS
from counterfoil.testing.world import World, counts
from tests.hostile.conftest import Tally
from tests.permissions.conftest import place
from tests.permissions.examples import EXAMPLES
from tests.permissions.place import Place

__all__ = ["place"]

NUL, TURNED, HALF = "a\x00b", "\N{RIGHT-TO-LEFT OVERRIDE}evil", "\ud800"
TEXTS = ("", "   ", NUL, TURNED, HALF, "x" * 100_000, "<script>alert(1)</script>", "=1+1", "a\r\nBcc: b@c.example")
WHOLES = (0, -1, 10**30, 2**63, -(2**63), 2**31)
DECIMALS = tuple(Decimal(text) for text in ("NaN", "Infinity", "-1", "0", "1e30", "1e-30", "-0"))
DAYS = (dt.date.min, dt.date.max, dt.date(1899, 12, 31), dt.date(9999, 1, 1))


def bad(value: Any) -> Iterator[Any]:
    """What of the same type could stand in a value's place."""
    match value:
        case bool():
            yield not value
        case int():
            yield from WHOLES
        case str():
            yield from TEXTS
        case Decimal():
            yield from DECIMALS
        case dt.datetime():
            return
        case dt.date():
            yield from DAYS
        case bytes():
            yield from (b"", b"\x00" * 1000, b"\xff\xfe" + b"x" * 1000)
        case Period():
            yield Period(dt.date.min, dt.date.max)
        case list() | tuple():
            if isinstance(value, list):  # a pair has two, or the call is a programming mistake
                yield []
                yield [*value, *value]
            for place, item in enumerate(value):
                for other in bad(item):
                    yield type(value)([*value[:place], other, *value[place + 1 :]])
        case dict():
            for key, item in value.items():
                for other in bad(item):
                    yield {**value, key: other}
        case models.Model():
            return
        case _ if dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                for other in bad(getattr(value, field.name)):
                    yield dataclasses.replace(value, **{field.name: other})


def tried(name: str, arguments: dict[str, Any], world: World) -> str:
    """What became of it: done, refused with its code, or how it broke. Nothing of it is left."""
    try:
        with transaction.atomic():
            before = counts()
            try:
                VERBS[name](dataclasses.replace(world.caller(), user_id=None), **arguments)
                outcome = "done"
            except Refused as refusal:
                outcome = "refused" if refusal.sentence.strip() else "refused without a word"
                outcome = outcome if counts() == before else "refused, and yet something changed"
            # What is proved is the same on both databases, and on one of them in a fifth of the time.
            findings = check_books() if outcome == "done" and connection.vendor == "sqlite" else []
            if findings:
                outcome = f"done, and then: {findings[0].check}: {findings[0].sentence}"
            transaction.set_rollback(True)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        outcome = f"{type(error).__name__}: {str(error)[:200]}"
    assert connection.in_atomic_block
    return outcome


def shown(value: Any) -> str:
    return ascii(value)[:80]


@pytest.mark.hostile
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_no_argument_breaks_an_operation(place: Place, tally: Tally, name: str) -> None:
    arguments = EXAMPLES[name](place)
    broken, tries = [], 0
    for key, value in arguments.items():
        for other in bad(value):
            outcome = tried(name, {**arguments, key: other}, place.world)
            tries += 1
            if outcome not in ("done", "refused"):
                broken.append(f"{key}={shown(other)}: {outcome}")
    tally("operation arguments", tries, tries - len(broken))
    assert not broken, "\n".join(broken)
