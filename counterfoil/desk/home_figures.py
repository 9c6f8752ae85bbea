"""The figures at the top of the home page: what there is to do, by what a person may do about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse

from counterfoil.billing.queries import drafts_by_currency
from counterfoil.billing.run_queries import EXCEPTIONS, run_figures, run_under_way
from counterfoil.desk.approvals import how_many
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.messaging.queries import undelivered
from counterfoil.payments.queries import received_on
from counterfoil.platform.approvals import approve
from counterfoil.platform.callers import Caller

MONTH = dt.timedelta(days=30)


@dataclass(frozen=True)
class HomeFigure:
    """A figure with what it is, where it leads, and one line about it."""

    title: str
    value: str
    note: str
    url: str
    bad: bool = False


def home_figures(caller: Caller) -> list[HomeFigure]:
    """In the order of a day's work."""
    found = []
    if (run := run_under_way(caller)) is not None:
        figures, url = run_figures(run), reverse("bill-run", args=[run.pk])
        count, minor = figures.of("ready", "billed")
        value = money_text(minor, run.currency)
        found.append(HomeFigure(run.name, value, f"{_many(count, 'customer')}, {run.get_state_display().lower()}", url))
        held, minor = figures.of(*EXCEPTIONS)
        note = f"{money_text(minor, run.currency)} with them" if held else "Nobody held back"
        found.append(HomeFigure("On hold", str(held), note, f"{url}#exceptions", bad=bool(held)))
    if caller.may("billing.issue_invoices"):
        waiting = drafts_by_currency(caller)
        found.append(_money("Drafts to issue", waiting, "draft", f"{reverse('invoices')}?view=drafts", "No drafts"))
    if caller.may("payments.view"):
        came = received_on(caller, caller.today)
        when = date_text(caller.today, today=caller.today)
        found.append(_money("Received today", came, "payment", reverse("payments"), f"Nothing on {when}"))
    if caller.may("messaging.view"):
        count = len(undelivered(caller, caller.now - MONTH))
        more = "or more, " if count == 20 else ""  # noqa: PLR2004 - as many as are read
        found.append(
            HomeFigure("Not delivered", str(count), f"{more}last 30 days", reverse("messages"), bad=bool(count))
        )
    if caller.may(approve):
        count = how_many(caller)
        found.append(
            HomeFigure("Waits for approval", str(count), "By you" if count else "Nothing", reverse("approvals"))
        )
    return found


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _money(title: str, sums: Mapping[str, tuple[int, int]], what: str, url: str, nothing: str) -> HomeFigure:
    """Amounts of one currency, or of several beside each other."""
    if not sums:
        return HomeFigure(title, "0", nothing, url)
    amounts = " + ".join(money_text(minor, code) for code, (_, minor) in sorted(sums.items()))
    return HomeFigure(title, amounts, _many(sum(count for count, _ in sums.values()), what), url)
