"""`counterfoil dunning`: what would be sent, as a list for programs, and a run."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from counterfoil.customers.operations import add_contact
from counterfoil.dunning.models import Correspondence
from counterfoil.testing.world import World, counts


def dunning(*words: str) -> str:
    out = io.StringIO()
    call_command("dunning", *words, stdout=out)
    return out.getvalue()


def test_a_dry_run_lists_everybody_who_owes_and_repeats_itself(world: World) -> None:
    ann = world.customer("Ann", {"2026-03-10": "100.00", "2026-03-30": "50.00"})
    ben = world.customer("Ben", {"2026-04-10": "70.00"})
    world.customer("Cas")
    before = counts()
    told: list[dict[str, Any]] = json.loads(dunning("--as-of", "2026-03-31", "--dry-run", "--format", "json"))
    assert told == [
        {
            "number": ann.number, "currency": "ZAR", "letter": "STANDARD1", "level": 1,
            "items": [
                {"number": "INV-000001", "due_on": "2026-03-10", "days_late": 21, "open_minor": 10000,
                 "disputed_minor": 0},
                {"number": "INV-000002", "due_on": "2026-03-30", "days_late": 1, "open_minor": 5000,
                 "disputed_minor": 0},
            ],
            "total_minor": 15000, "interest_minor": 0, "fee_minor": 0,
        },
        {"number": ben.number, "currency": "ZAR", "reason": "not overdue"},
    ]  # fmt: skip
    assert json.loads(dunning("--as-of", "2026-03-31", "--dry-run", "--format", "json")) == told
    assert dunning("--as-of", "2026-03-31", "--dry-run") == (
        f"{ann.number}: STANDARD1, R150.00\n{ben.number}: not overdue\n"
    )
    assert counts() == before


def test_what_a_day_was_stays_the_same_whatever_was_sent_since(world: World) -> None:
    ann = world.customer("Ann", {"2026-03-10": "100.00"})
    add_contact(world.caller(), customer=ann, name="Ann", roles=["primary"], emails=["ann@mail.example"])
    asked = ("--as-of", "2026-03-20", "--dry-run", "--format", "json")
    before = dunning(*asked)
    assert dunning("--as-of", "2026-03-31") == "1 letter for R100.00\n"
    assert dunning(*asked) == before
    assert json.loads(dunning("--as-of", "2026-03-31", *asked[2:]))[0]["reason"] == "letter sent today"
    # A run knows of it.
    assert dunning("--as-of", "2026-03-20") == "No letters.\nLetter sent already: 1\n"


def test_a_book_without_debts_is_an_empty_list(world: World) -> None:
    assert json.loads(dunning("--as-of", "2026-03-31", "--dry-run", "--format", "json")) == []


def test_a_run_says_what_it_sent_and_whom_it_holds(world: World) -> None:
    ann = world.customer("Ann", {"2026-03-10": "100.00"})
    add_contact(world.caller(), customer=ann, name="Ann", roles=["primary"], emails=["ann@mail.example"])
    ben = world.customer("Ben", {"2026-03-10": "70.00"})
    said = dunning("--as-of", "2026-03-31")
    assert said == (f"1 letter for R100.00\nOn hold: {ben.number}, no e-mail address and no address to post it to\n")
    assert Correspondence.objects.count() == 1
    told = json.loads(dunning("--as-of", "2026-03-31", "--format", "json"))
    assert (told["sent"], told["left_out"]) == ([], {"sent": 1})


def test_a_day_ahead_is_refused(world: World) -> None:
    ahead = (timezone.localdate() + dt.timedelta(days=1)).isoformat()
    before = counts()
    for more in ((), ("--dry-run",)):
        with pytest.raises(CommandError, match="lies ahead"):
            dunning("--as-of", ahead, *more)
    assert counts() == before
