"""Reports of collections: what is past due and in dispute, calls and promises, who collected what, and how well."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Q

from counterfoil.collections.disputes import standing_on, told_parts
from counterfoil.collections.effectiveness import OWED
from counterfoil.collections.models import Call, CallAction, CallTopic, FollowUp, Promise
from counterfoil.collections.rules import tax_share
from counterfoil.credit.queries import collectors_of
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible
from counterfoil.kernel.money import Money, figure_text
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.receivables.ageing import aged_items
from counterfoil.receivables.models import Allocation, Dispute
from counterfoil.receivables.rules import ItemState
from counterfoil.reports.asked import Asked, amount, currency

# ------------------------------------------------------------------ items


@dataclass
class Item:
    """An open item as of a day, with whose it is and who collects it."""

    customer: Customer
    state: ItemState
    collector: str
    days: int
    comments: str = ""
    # What is in dispute of which line, in words, and the tax in all that is.
    lines: str = ""
    tax_minor: int = 0

    @property
    def currency(self) -> str:
        return self.customer.currency

    @property
    def owed(self) -> int:
        """What is open, a credit below zero."""
        return self.state.signed_open_minor


def _items(caller: Caller, on: dt.date) -> list[Item]:
    """Every open item as of a day, once, by customer and due day."""
    found: dict[int, Item] = {}
    rows = aged_items(caller, on)
    names = collectors_of({row.customer.pk for row in rows})
    for row in rows:
        if row.item.id not in found:
            days = max(row.item.days_late(on), 0)
            found[row.item.id] = Item(row.customer, row.item, names.get(row.customer.pk, ""), days)
    return list(found.values())


_ITEM = (
    Column("number", "number", lambda row: row.customer.number, sort=True),
    Column("name", "name", lambda row: row.customer.name, sort=True),
    Column("item", "item", lambda row: row.state.number, sort=True),
    Column("kind", "kind", lambda row: row.state.kind, low=True),
    Column("date", "date", lambda row: row.state.on, "date", sort=True, low=True),
    Column("due", "due", lambda row: row.state.due_on, "date", sort=True),
    Column("days_late", "days late", lambda row: row.days, "number", sort=True),
    Column("collector", "collector", lambda row: row.collector, sort=True, low=True),
    currency(),
)


def past_due(caller: Caller, asked: Asked) -> tuple[Table, list[Item]]:
    """Debits past their due day with the credits beside them; payments on account are left out."""
    items = _items(caller, asked.last)
    late = {row.customer.pk for row in items if row.state.is_debit and row.days}
    rows = [
        row for row in items
        if row.customer.pk in late and (row.days if row.state.is_debit else row.state.kind != "receipt")
    ]  # fmt: skip
    columns = (
        *_ITEM,
        amount(
            "original", "original", lambda row: row.state.amount_minor * (1 if row.state.is_debit else -1), low=True
        ),
        amount("balance", "balance", lambda row: row.owed),
        amount("disputed", "disputed", lambda row: row.state.disputed_minor, low=True),
    )
    return Table(key="report-past-due-invoices", title="Past due invoices", columns=columns), rows


def disputed(caller: Caller, asked: Asked) -> tuple[Table, list[Item]]:
    """Items of which something was in dispute on the day, with everything said about it."""
    rows = [row for row in _items(caller, asked.last) if row.state.disputed_minor]
    keys = {row.state.id for row in rows}
    said: dict[int, list[str]] = defaultdict(list)
    for item, reason in Dispute.objects.filter(among("item", keys), opened_on__lte=asked.last).values_list(
        "item_id", "reason"
    ):
        said[item].append(reason)
    for item, note, spoken in CallTopic.objects.filter(among("item", keys), call__on__lte=asked.last).values_list(
        "item_id", "note", "call__note"
    ):
        said[item] += [text for text in (note, spoken) if text]
    standing = {row.item_id: row for row in standing_on(keys, asked.last)}
    parts = told_parts(standing.values())
    for row in rows:
        row.comments = "; ".join(dict.fromkeys(said[row.state.id]))
        of = parts.get(standing[row.state.id].pk, []) if row.state.id in standing else []
        row.lines = "; ".join(f"{part.text} {figure_text(part.minor, row.currency)}" for part in of if part.text)
        whole = sum(part.minor for part in of)
        # The part of the tax that is still in dispute, where a payment lowered it.
        row.tax_minor = tax_share(row.state.disputed_minor, sum(part.tax_minor for part in of), whole)
    columns = (
        *(column for column in _ITEM if column.key not in ("kind", "days_late")),
        amount("original", "original", lambda row: row.state.amount_minor, low=True),
        amount("balance", "balance", lambda row: row.owed),
        amount("disputed", "disputed", lambda row: row.state.disputed_minor),
        amount("tax", "tax in it", lambda row: row.tax_minor, low=True),
        Column("lines", "lines", lambda row: row.lines, low=True),
        Column("comments", "comments", lambda row: row.comments, low=True),
    )
    return Table(key="report-disputed-invoices", title="Disputed invoices", columns=columns), rows


# ------------------------------------------------------------------ calls and promises


def calls(caller: Caller, asked: Asked) -> tuple[Table, Any]:
    """Every call of the period by collector, with what came of it."""
    rows = of_visible(caller, Call.objects.filter(on__range=(asked.first, asked.last)))
    columns = (
        Column("collector", "collector", lambda row: row.collector_name, sort="collector_name"),
        Column("date", "date", lambda row: row.on, "date", sort="on"),
        Column("number", "number", lambda row: row.customer.number),
        Column("name", "name", lambda row: row.customer.name),
        Column("contact", "contact", lambda row: row.spoke_to, low=True),
        Column("phone", "phone", lambda row: row.phone, low=True),
        Column("outcome", "outcome", lambda row: row.outcome.name),
        Column("response", "response", lambda row: row.response.name if row.response else "", low=True),
        currency("currency"),
        amount("promised", "promised", lambda row: sum(one.amount_minor for one in row.promises.all())),
        Column("status", "status", lambda row: row.get_status_display(), low=True),
        Column("note", "note", lambda row: row.note, low=True),
    )
    found = rows.select_related("customer", "outcome", "response").prefetch_related("promises")
    table = Table(
        key="report-collector-calls", title="Collector call history", columns=tuple(map(_in_customers, columns))
    )
    return table, list(found.order_by("collector_name", "on", "pk"))


def _in_customers(column: Column) -> Column:
    """The same column where a row's currency is its customer's."""
    if column.key == "currency":
        return replace(column, get=lambda row: row.customer.currency, sort=False)
    if column.kind != "money":
        return column
    old = column.get

    def get(row: Any) -> Money:
        return Money(old(_Of(row, row.customer.currency)).minor, row.customer.currency)

    return replace(column, get=get, sort=False)


class _Of:
    """A row with a currency beside it."""

    def __init__(self, row: Any, code: str) -> None:
        self._row, self.currency = row, code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


@dataclass
class Taken:
    """An action of the period."""

    row: CallAction
    customer: Customer
    remaining: int
    original: int
    notified: str

    @property
    def currency(self) -> str:
        return self.customer.currency


def call_actions(caller: Caller, asked: Asked) -> tuple[Table, list[Taken]]:
    """What was decided in calls of the period, action by action: what the credit department works from."""
    actions = CallAction.objects.filter(call__on__range=(asked.first, asked.last), removed_on__isnull=True)
    rows = of_visible(caller, actions, "call__customer").select_related(
        "action", "topic__item", "call__customer", "line"
    )
    found = []
    for row in rows.prefetch_related("notified__user").order_by("action__position", "at", "pk"):
        item = row.topic.item if row.topic else None
        found.append(
            Taken(row, row.call.customer, item.open_minor if item else 0, item.amount_minor if item else 0,
                  ", ".join(one.user.name for one in row.notified.all()))
        )  # fmt: skip

    def percent(row: Taken) -> str:
        return f"{Decimal(row.remaining * 100) / row.original:.0f}" if row.original else ""

    columns = (
        Column("action", "action", lambda row: row.row.action.name, sort=True),
        Column("date", "date", lambda row: row.row.call.on, "date", sort=True),
        Column("number", "number", lambda row: row.customer.number, sort=True),
        Column("name", "name", lambda row: row.customer.name, sort=True),
        Column("item", "item", lambda row: row.row.topic.item.number if row.row.topic else "", sort=True),
        Column("line", "line", lambda row: row.row.line.text if row.row.line else "", low=True),
        Column("percent", "% of due", percent, low=True),
        currency(),
        amount("amount", "amount", lambda row: row.row.amount_minor or 0),
        amount("balance", "balance", lambda row: row.remaining, low=True),
        Column("complete", "complete", lambda row: row.row.done_on, "date", low=True),
        Column("note", "note", lambda row: row.row.note, low=True),
        Column("notified", "notified", lambda row: row.notified, low=True),
    )
    return Table(key="report-call-actions", title="Call actions", columns=columns), found


def promises(caller: Caller, asked: Asked) -> tuple[Table, list[Promise]]:
    """Promises whose day is in the period, with what came of them."""
    rows = of_visible(caller, Promise.objects.filter(due_on__range=(asked.first, asked.last)))
    columns = (
        Column("due", "due", lambda row: row.due_on, "date", sort=True),
        Column("number", "number", lambda row: row.customer.number, sort=True),
        Column("name", "name", lambda row: row.customer.name, sort=True),
        Column("item", "item", lambda row: row.item.number if row.item else "", sort=True, low=True),
        Column("collector", "collector", lambda row: row.author, sort=True, low=True),
        Column("made", "made", lambda row: row.made_on, "date", low=True),
        currency(),
        amount("promised", "promised", lambda row: row.amount_minor),
        amount("received", "received", lambda row: row.received_minor),
        amount("missing", "missing", lambda row: row.amount_minor - row.received_minor, low=True),
        Column("status", "status", lambda row: row.get_state_display(), sort=True),
    )
    found = rows.select_related("customer", "item").order_by("due_on", "customer__number", "pk")
    return Table(key="report-receipt-promises", title="Receipt promises", columns=columns), list(found)


@dataclass
class Week:
    """What is expected in a week, by collector and currency: what they foresee, and what customers promised."""

    monday: dt.date
    collector: str
    currency: str
    accounts: int = 0
    expected: int = 0
    promised: int = 0


def forecasts(caller: Caller, asked: Asked) -> tuple[Table, list[Week]]:
    """Money expected from a day on, week by week: the newest forecast of each account, and promises that stood and
    were not kept by then."""
    on = asked.last
    found: dict[tuple[dt.date, str, str], Week] = {}

    def week(day: dt.date, collector: str, code: str) -> Week:
        key = (day - dt.timedelta(days=day.weekday()), collector, code)
        return found.setdefault(key, Week(*key))

    calls_up_to = of_visible(caller, Call.objects.filter(on__lte=on, forecast_on__isnull=False))
    rows = calls_up_to.order_by("customer", "-at", "-pk").select_related("customer")
    last: set[int] = set()
    for row in rows:
        if row.customer_id in last or row.forecast_on is None:
            continue
        last.add(row.customer_id)
        if row.forecast_on >= on:
            entry = week(row.forecast_on, row.collector_name, row.customer.currency)
            entry.accounts += 1
            entry.expected += row.forecast_minor or 0
    stood = Promise.objects.filter(made_on__lte=on, due_on__gte=on).exclude(ended_on__lte=on)
    stood = stood.exclude(state=Promise.State.KEPT, judged_on__lte=on)
    for due_on, author, code, minor in (
        of_visible(caller, stood).order_by("pk").values_list("due_on", "author", "currency", "amount_minor")
    ):  # fmt: skip
        week(due_on, author, code).promised += minor
    columns = (
        Column("week", "week from", lambda row: row.monday, "date", sort=True),
        Column("collector", "collector", lambda row: row.collector, sort=True),
        Column("accounts", "accounts expected", lambda row: row.accounts, "number", sort=True, low=True),
        currency(),
        amount("expected", "expected", lambda row: row.expected),
        amount("promised", "promised", lambda row: row.promised),
    )
    table = Table(key="report-forecasts", title="Money expected by week", columns=columns)
    return table, [found[key] for key in sorted(found)]


def follow_ups(caller: Caller, asked: Asked) -> tuple[Table, list[Any]]:
    """What was still to be followed up on the day, the first day first."""
    on = asked.last
    standing = FollowUp.objects.filter(Q(done_on__isnull=True) | Q(done_on__gt=on), call__on__lte=on)
    rows = list(of_visible(caller, standing).select_related("customer", "what", "call").order_by("on", "pk"))
    names = collectors_of({row.customer_id for row in rows})
    columns = (
        Column("date", "date", lambda row: row.on, "date", sort=True),
        Column("collector", "collector", lambda row: names.get(row.customer_id) or row.call.collector_name, sort=True),
        Column("number", "number", lambda row: row.customer.number, sort=True),
        Column("name", "name", lambda row: row.customer.name, sort=True),
        Column("to_do", "to do", lambda row: row.what.name, sort=True),
        Column("days", "days late", lambda row: max((on - row.on).days, 0), "number", sort=True),
        Column("note", "note", lambda row: row.call.note, low=True),
    )
    return Table(key="report-follow-ups", title="Collector’s follow-up", columns=columns), rows


@dataclass
class Collected:
    """A payment's part that settled an item, with who collects the account."""

    collector: str
    customer: Customer
    payment: str
    item: str
    on: dt.date
    minor: int
    of: int

    @property
    def currency(self) -> str:
        return self.customer.currency


def collected(caller: Caller, asked: Asked) -> tuple[Table, list[Collected]]:
    """What payments settled in the period, by who collects the account; what was undone is taken off."""
    moved = Allocation.objects.filter(on__range=(asked.first, asked.last), credit__kind="receipt", debit__kind__in=OWED)
    rows = list(
        of_visible(caller, moved, "debit__customer").select_related("credit", "debit__customer").order_by("on", "pk")
    )
    names = collectors_of({row.debit.customer_id for row in rows})
    found = [
        Collected(names.get(row.debit.customer_id, ""), row.debit.customer, row.credit.number, row.debit.number, row.on,
                  row.amount_minor, row.debit.amount_minor)
        for row in rows
    ]  # fmt: skip
    columns = (
        Column("collector", "collector", lambda row: row.collector or "Nobody", sort=True),
        Column("date", "date", lambda row: row.on, "date", sort=True),
        Column("number", "number", lambda row: row.customer.number, sort=True),
        Column("name", "name", lambda row: row.customer.name, sort=True),
        Column("payment", "payment", lambda row: row.payment, sort=True),
        Column("item", "item", lambda row: row.item, sort=True),
        currency(),
        amount("settled", "settled", lambda row: row.minor),
        Column("of", "invoiced", lambda row: _money(row), "money", low=True),
    )
    found.sort(key=lambda row: (row.collector, row.on, row.payment))
    return Table(key="report-collections-by-collector", title="Collections by collector", columns=columns), found


def _money(row: Collected) -> Any:
    return Money(row.of, row.currency)
