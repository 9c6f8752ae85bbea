"""The month's end as a list that ticks itself off: what is left to do, and where (domain 4.3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse

from counterfoil.bank import queries as bank
from counterfoil.billing import run_queries as runs
from counterfoil.billing.queries import drafts
from counterfoil.debits import queries as debits
from counterfoil.debits.nouns import DEBIT_RUN
from counterfoil.imports.operations import import_file
from counterfoil.kernel.periods import date_text, month_of
from counterfoil.ledger.queries import closing
from counterfoil.platform.callers import Caller
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.subscriptions.queries import failed_since, many_due
from counterfoil.usage.queries import any_metered, newest_day


@dataclass(frozen=True)
class Step:
    """One thing to have done: how it stands, and the page where it is done; nothing left is done."""

    title: str
    said: str
    done: bool
    url: str = ""
    link: str = ""


def month_end(caller: Caller) -> list[Step]:
    """The steps of this month in order; none for people who are limited to some customers, as bill runs are."""
    if caller.is_scoped:
        return []
    return [
        _failed(caller),
        _usage(caller),
        _due(caller),
        _held(caller),
        _sent(caller),
        _drafts(caller),
        _debits(caller),
        _bank(caller),
        _closing(caller),
    ]


def _usage(caller: Caller) -> Step:
    last = month_of(caller.today).start - dt.timedelta(days=1)
    newest = newest_day()
    if newest is not None and newest >= last:
        return Step("Usage", f"Usage loaded to {date_text(newest)}.", done=True)
    if not any_metered():
        return Step("Usage", "Nothing is charged by usage.", done=True)
    said = f"Usage loaded to {date_text(newest)}." if newest else "No usage loaded yet."
    may = caller.may(import_file)
    return Step("Usage", said, done=False, url=reverse("imports") if may else "", link="Import usage")


def _failed(caller: Caller) -> Step:
    rows = failed_since(caller, month_of(caller.today).start)
    if not rows:
        return Step("Package changes", "None of this month failed.", done=True)
    number = rows[0].service.subscription.customer.number
    url = f"{reverse('customer-tab', args=[number, 'services'])}#package-changes"
    return Step("Package changes", f"{len(rows):,} of this month failed.", done=False, url=url, link=number)


def _due(caller: Caller) -> Step:
    due = many_due(caller.today)
    said = f"{plural(due, 'account has', 'accounts have')} something to bill up to today." if due else "Nothing is due."
    return Step("Bill run", said, done=not due, url=reverse("new-bill-run") if due else "", link="Bill them")


def _held(caller: Caller) -> Step:
    for run in runs.bill_runs(caller).filter(state__in=("previewed", "issuing", "issued"))[:20]:
        if held := runs.items_of_run(run, *runs.EXCEPTIONS).count():
            said = f"{plural(held, 'account is', 'accounts are')} on hold."
            return Step("Exceptions", said, done=False, url=reverse("bill-run", args=[run.pk]), link="Review")
    return Step("Exceptions", "Nobody is on hold.", done=True)


def _sent(caller: Caller) -> Step:
    run = runs.bill_runs(caller).filter(state="issued").first()
    if run is None:
        return Step("Invoices sent", "No issued run is waiting to be sent.", done=True)
    said = f"{run.name} is issued and not sent."
    return Step("Invoices sent", said, done=False, url=reverse("bill-run", args=[run.pk]), link="Send")


def _drafts(caller: Caller) -> Step:
    waiting = drafts(caller).count()
    said = f"{plural(waiting, 'draft waits', 'drafts wait')} to be issued." if waiting else "No drafts."
    return Step("Drafts", said, done=not waiting, url=reverse("home") if waiting else "", link="Review")


def _debits(caller: Caller) -> Step:
    run = debits.under_way().first()
    if run is None:
        return Step("Debit orders", "Nothing waits for the bank.", done=True)
    said = f"{run} are {run.get_state_display().lower()}."
    url = DEBIT_RUN.url(run) if caller.may("debits.view") else ""
    return Step("Debit orders", said, done=False, url=url, link="Go on")


def _bank(caller: Caller) -> Step:
    count = bank.open_lines(caller.today)
    said = (
        f"{plural(count, 'bank line is', 'bank lines are')} nobody’s yet." if count else "Every bank line is decided."
    )
    url = reverse("bank") if count and caller.may("bank.view") else ""
    return Step("Bank", said, done=not count, url=url, link="Decide")


def _closing(caller: Caller) -> Step:
    last, now = month_of(caller.today).start - dt.timedelta(days=1), closing().closed_to
    if now is not None and now >= last:
        return Step("Books", f"Closed up to {date_text(now)}.", done=True)
    said = f"Closed up to {date_text(now)}." if now else "No month is closed."
    url = reverse("closing") if caller.may("ledger.view") else ""
    return Step("Books", said, done=False, url=url, link=f"Close {last:%B}")
