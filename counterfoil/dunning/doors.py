"""How people start runs, and go on with what is on hold."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from counterfoil.credit.queries import letter_sets
from counterfoil.dunning import operations
from counterfoil.dunning.forms import SendLettersForm
from counterfoil.dunning.nouns import DUNNING_RUN
from counterfoil.kernel.periods import long_date_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved
from counterfoil.platform.plain import Door
from counterfoil.staff.queries import people


def _sets(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(None, "Any"), *((one, one.name) for one in letter_sets(offered=True))]


def _collectors(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(None, "Any"), *((one, one.name) for one in people())]


START_RUN = Door(
    operations.start_dunning_run, None, "new", "Send letters", under="dunning", caption="Send letters",
    home=lambda row: reverse("dunning"), form=SendLettersForm, start=lambda caller, row: {"as_of": caller.today},
    offers={"letter_set": _sets, "collector": _collectors},
    lead=lambda row: "Everybody who is late and was asked for is sent their letter. Preview the list first: it says "
                     "who is left out and why.",
    done=lambda made, _: Saved(f"Sending letters as of {long_date_text(made.as_of)}.", DUNNING_RUN.url(made)),
)  # fmt: skip
RETRY_HELD = Door(
    operations.retry_held_letters, DUNNING_RUN, "retry", "Try again", name="retry-held-letters", under="dunning",
    at_once=True, done=lambda made, _: Saved("Looking at those on hold again.", DUNNING_RUN.url(made)),
)  # fmt: skip
