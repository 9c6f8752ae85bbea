"""How people meet the ledger accounts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from counterfoil.kernel.periods import date_text, month_of
from counterfoil.ledger import queries
from counterfoil.ledger.models import Way
from counterfoil.ledger.nouns import LEDGER_ACCOUNT
from counterfoil.ledger.operations import change_ledger_account, close_books, reopen_books
from counterfoil.ledger.rules import POSTED
from counterfoil.platform.callers import Caller
from counterfoil.platform.plain import Door

CHANGE_LEDGER_ACCOUNT = Door(
    change_ledger_account, LEDGER_ACCOUNT, "edit", "Save account", under="settings/ledger-accounts",
    caption="Edit ledger account", about=str, home=lambda row: reverse("ledger-accounts"),
    start=lambda caller, row: {"name": row.name, "number": row.number},
    lead=lambda row: f"{POSTED.get(row.code, row.get_kind_display())}. Nothing that is posted moves.",
    done=lambda made, _: f"{made} saved.",
)  # fmt: skip

FINAL = {Way.FINAL: " for good", Way.YEAR: " for good, and the year with them"}


def _next_end(caller: Caller, row: Any) -> dict[str, Any]:
    """The first month that is over and not closed."""
    last = queries.closing().closed_to
    before = month_of(caller.today).start - dt.timedelta(days=1)
    return {"up_to": min(month_of(last + dt.timedelta(days=1)).last, before) if last else before}


CLOSE_BOOKS = Door(
    close_books, None, "close", "Close", name="close-books", under="settings/closing", caption="Close the books",
    about=lambda _: "Closing the books",
    lead=lambda _: "Nothing is posted up to this day any more: no invoice, no payment, no correction.",
    home=lambda _: reverse("closing"), start=_next_end, words="close month period year end lock ledger",
    done=lambda made, _: f"The books are closed {made}{FINAL.get(made.how, '')}.",
)  # fmt: skip
REOPEN_BOOKS = Door(
    reopen_books, None, "reopen", "Reopen", name="reopen-books", under="settings/closing", caption="Reopen the books",
    about=lambda _: "Closing the books", lead=lambda _: "From this day on everything is posted as on any day.",
    home=lambda _: reverse("closing"), words="open unlock month period",
    start=lambda caller, _: {"since": month_of(last).start} if (last := queries.closing().closed_to) else {},
    done=lambda made, _: f"The books are open again from {date_text(made.closed_to + dt.timedelta(days=1))}.",
)  # fmt: skip
