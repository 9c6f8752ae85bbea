"""Home: what waits for this person, not a dashboard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.billing.queries import drafts
from counterfoil.billing.run_queries import EXCEPTIONS, items_of_run, run_under_way
from counterfoil.cards.queries import failures
from counterfoil.customers.queries import recently_joined
from counterfoil.debits.queries import under_way
from counterfoil.desk.approvals import waiting_for
from counterfoil.desk.first_steps import first_steps
from counterfoil.desk.home_figures import MONTH, home_figures
from counterfoil.desk.home_tables import (
    CARDS,
    CHANGES_SOON,
    DEBITS,
    DRAFTS,
    HELD_BACK,
    NEWEST,
    OVERDUE,
    TO_APPROVE,
    UNDELIVERED,
)
from counterfoil.desk.tables import JOBS
from counterfoil.messaging.queries import undelivered
from counterfoil.operator.queries import operator
from counterfoil.platform.callers import Caller
from counterfoil.platform.jobs import jobs_under_way
from counterfoil.platform.requests import Request
from counterfoil.platform.tables import Listing, Table
from counterfoil.receivables.lists import most_overdue
from counterfoil.subscriptions.coming import changes_soon
from counterfoil.tickets.queries import waiting_for as waiting_for_person
from counterfoil.tickets.tables import home_table


@dataclass(frozen=True)
class Waiting:
    """One list of the home page: who sees it, and where all of it is."""

    table: Table | Callable[[Caller], Table]
    sees: str
    read: Callable[[Caller], Any]
    all_url: Callable[[], str] | None = None
    note: str = ""
    # Not shown when there is nothing in it.
    quiet: bool = False


_SOON = dt.timedelta(days=14)
_WEEK = dt.timedelta(days=7)


def _held_back(caller: Caller) -> Any:
    run = run_under_way(caller)
    return list(items_of_run(run, *EXCEPTIONS)[:10]) if run else []


# In the order of weight; a role sees what it may act on.
HOME = (
    Waiting(JOBS, "desk.view", jobs_under_way, lambda: reverse("jobs"), "under way", quiet=True),
    Waiting(HELD_BACK, "billing.open_bill_run", _held_back, quiet=True),
    Waiting(TO_APPROVE, "platform.approve", waiting_for, lambda: reverse("approvals"), "by you", quiet=True),
    Waiting(
        home_table, "tickets.view", lambda caller: list(waiting_for_person(caller)[:10]),
        lambda: f"{reverse('tickets')}?view=mine", "flagged to you", quiet=True,
    ),
    Waiting(
        OVERDUE, "receivables.view", most_overdue, lambda: f"{reverse('customers')}?view=overdue&sort=-overdue"
    ),
    Waiting(
        DRAFTS, "billing.issue_invoices", lambda caller: list(drafts(caller)[:10]),
        lambda: f"{reverse('invoices')}?view=drafts", quiet=True,
    ),
    Waiting(
        DEBITS, "debits.freeze_debit_run", lambda caller: list(under_way()[:10]), lambda: reverse("debit-orders"),
        quiet=True,
    ),
    Waiting(
        CARDS, "cards.assign_card_event", lambda caller: list(failures(caller, caller.now - _WEEK)[:10]),
        lambda: f"{reverse('card-events')}?view=open", quiet=True,
    ),
    Waiting(
        UNDELIVERED, "messaging.view", lambda caller: undelivered(caller, caller.now - MONTH)[:10],
        lambda: reverse("messages"), "last 30 days", quiet=True,
    ),
    Waiting(
        CHANGES_SOON, "subscriptions.view", lambda caller: changes_soon(caller, caller.today + _SOON),
        note="next 14 days", quiet=True,
    ),
    Waiting(NEWEST, "customers.view", recently_joined, lambda: f"{reverse('customers')}?sort=-joined_on"),
)  # fmt: skip


def home(request: Request) -> HttpResponse:
    """The figures and lists that this person may act on."""
    caller = request.caller
    currency = operator().currency
    shown: list[tuple[Waiting, Listing, str]] = []
    for waiting in HOME:
        if caller.may(waiting.sees):
            table = waiting.table if isinstance(waiting.table, Table) else waiting.table(caller)
            listing = table.listing(waiting.read(caller), {}, "", currency=currency, today=caller.today, brief=10)
            if listing.count or not waiting.quiet:
                shown.append((waiting, listing, waiting.all_url() if waiting.all_url else ""))
    context = {"shown": shown, "steps": first_steps(caller), "figures": home_figures(caller)}
    return render(request, "desk/home.html", context)
