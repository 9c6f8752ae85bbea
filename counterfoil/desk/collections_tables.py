"""The lists of collections of all customers: promises, disputes, call actions and calls."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from counterfoil.collections import doors
from counterfoil.collections.models import CallAction, Promise
from counterfoil.collections.panels import ACTIONS, CALLS, PROMISES
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import matching
from counterfoil.desk.everyone_tables import finding, of_everyone
from counterfoil.desk.tables import customer_column
from counterfoil.kernel.money import Money
from counterfoil.operator.models import Lookup
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Column, Filter, Table, View
from counterfoil.receivables.models import Dispute

PROMISES_TABLE = of_everyone(
    PROMISES, search=finding(amount="amount_minor", numbered=False), search_label="Customer or amount",
    views=(
        View("open", "Open", lambda rows: rows.filter(state=Promise.State.OPEN)),
        View("broken", "Broken", lambda rows: rows.filter(state__in=("broken", "part"))),
        View("kept", "Kept", lambda rows: rows.filter(state=Promise.State.KEPT)),
        View("all", "All", lambda rows: rows),
    ),
    without=("plan",),
)  # fmt: skip


def _days(row: Dispute, today: dt.date) -> int:
    return ((row.closed_on or today) - row.opened_on).days


def disputes_table(caller: Caller) -> Table:
    """Everybody's disputes, with how long they stand."""
    today = caller.today
    return Table(
        key="open-disputes",
        title="Disputes",
        columns=(
            Column("number", "Item", lambda row: row.item.number, href=lambda row: reverse("item", args=[row.item_id]),
                   sub=lambda row: row.reason),
            customer_column("customer", of=lambda row: row.item.customer),
            Column("opened", "Since", lambda row: row.opened_on, "date", sort="opened_on"),
            Column("days", "Days", lambda row: _days(row, today), "number", low=True),
            Column("by", "Opened by", lambda row: row.opened_by, low=True),
            Column("amount", "In dispute", lambda row: Money(row.amount_minor, row.item.currency), "money",
                   sort="amount_minor", strong=True),
            Column("state", "Status", lambda row: "Closed" if row.closed_on else "Open", "badge",
                   tone=lambda row: "" if row.closed_on else "warn", sub=lambda row: row.outcome),
            doors.CREDIT_DISPUTE.column("Credit"),
        ),
        search=_disputes_of, search_label="Customer, item or reason", order="-opened", grows=True,
        views=(
            View("open", "Open", lambda rows: rows.filter(closed_on__isnull=True, item__open_minor__gt=0)),
            View("closed", "Closed", lambda rows: rows.filter(closed_on__isnull=False)),
            View("all", "All", lambda rows: rows),
        ),
        empty=("Nothing is in dispute", "What customers do not accept appears here."),
    )  # fmt: skip


def _disputes_of(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    theirs = Q(item__customer__in=matching(Customer.objects.all(), text))
    return rows.filter(theirs | Q(item__number=text.upper()) | Q(reason__icontains=text))


def _actions_of(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    theirs = Q(call__customer__in=matching(Customer.objects.all(), text))
    return rows.filter(theirs | Q(topic__item__number=text.upper()) | Q(note__icontains=text))


def _kinds() -> list[tuple[str, str]]:
    rows = Lookup.objects.filter(kind=Lookup.Kind.CALL_ACTION).order_by("position")
    return [(row.code, row.name) for row in rows]


def _action_amount(row: CallAction) -> Money | None:
    return None if row.amount_minor is None else Money(row.amount_minor, row.call.customer.currency)


ACTIONS_TABLE = Table(
    key="call-actions",
    title="Call actions",
    columns=(
        ACTIONS.columns[1],
        customer_column("customer", of=lambda row: row.call.customer),
        *(column for column in ACTIONS.columns if column.key in ("at", "about")),
        Column("amount", "Amount", _action_amount, "money", low=True),
        *(column for column in ACTIONS.columns if column.key == "state"),
        doors.GRANT_CREDIT.column("Credit"),
        doors.FINISH_ACTION.column("Complete"),
    ),
    search=_actions_of, search_label="Customer, item or note", order="-at", grows=True,
    filters=(Filter("action", "Action", _kinds, lambda rows, code: rows.filter(action__code=code)),),
    views=(
        View("todo", "To do", lambda rows: rows.filter(done_on__isnull=True, removed_on__isnull=True)),
        View("credit", "Credit requests", lambda rows: rows.filter(
            action__code="credit_memo", done_on__isnull=True, removed_on__isnull=True)),
        View("done", "Complete", lambda rows: rows.filter(done_on__isnull=False)),
        View("all", "All", lambda rows: rows),
    ),
    empty=("No actions", "What was decided in calls appears here."),
)  # fmt: skip

CALLS_TABLE = of_everyone(
    CALLS, search=finding("note", numbered=False), search_label="Customer or note",
    views=(
        View("open", "Open", lambda rows: rows.filter(status="open")),
        View("all", "All", lambda rows: rows),
    ),
)  # fmt: skip
