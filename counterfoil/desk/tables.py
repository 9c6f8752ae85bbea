"""The lists of the desk's own pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import groups, matching
from counterfoil.kernel.money import Money
from counterfoil.platform.operations import Caller
from counterfoil.platform.tables import Column, Filter, Table, View
from counterfoil.receivables.lists import only_overdue
from counterfoil.receivables.queries import AgedItem, AgeRow
from counterfoil.staff.queries import areas, brands, people


def _money(row: Customer, name: str) -> Money:
    return Money(getattr(row, name), row.currency)


def _late(row: Any, today: dt.date) -> str:
    days = (today - row.oldest_due_on).days if row.oldest_due_on else 0
    return f"{days} {'day' if days == 1 else 'days'} late" if days > 0 else ""


def _belonging_columns() -> list[Column]:
    """Area and brand, where the operator has any."""
    shown = []
    if areas():
        shown.append(Column("area", "Area", lambda row: row.area.name if row.area else "", sort="area__name", low=True))
    if brands():
        shown.append(
            Column("brand", "Brand", lambda row: row.brand.name if row.brand else "", sort="brand__name", low=True)
        )
    return shown


def _customer_columns(today: dt.date) -> tuple[Column, ...]:
    return (
        Column(
            "name",
            "Customer",
            lambda row: row.name,
            sort="name",
            sub=lambda row: row.number,
            href=lambda row: reverse("customer", args=[row.number]),
        ),
        Column(
            "status",
            "Status",
            lambda row: "" if row.status == "active" else "Inactive",
            "badge",
            sort="status",
            low=True,
        ),
        Column("group", "Group", lambda row: row.group, sort="group", low=True),
        *_belonging_columns(),
        Column("manager", "Manager", lambda row: row.manager.name if row.manager else "", low=True),
        Column("joined_on", "Joined", lambda row: row.joined_on, "date", sort="joined_on", low=True),
        Column("balance", "Balance", lambda row: _money(row, "balance_minor"), "money", sort="balance_minor"),
        Column(
            "overdue",
            "Overdue",
            lambda row: _money(row, "overdue_minor"),
            "money",
            sort="overdue_minor",
            sub=lambda row: _late(row, today),
            tone=lambda row: "red" if row.overdue_minor else "",
            strong=True,
        ),
    )


def _customer_filters(caller: Caller) -> tuple[Filter, ...]:
    return (
        Filter("status", "Status", lambda: Customer.Status.choices, lambda rows, value: rows.filter(status=value)),
        Filter(
            "group",
            "Group",
            lambda: [(name, name) for name in groups(caller)],
            lambda rows, value: rows.filter(group=value),
        ),
        *(
            Filter(
                name,
                name.capitalize(),
                lambda rows=rows: [(str(row.pk), row.name) for row in rows(caller)],
                lambda found, value, name=name: found.filter(**{f"{name}_id": value}),
            )
            for name, rows in (("area", areas), ("brand", brands))
        ),
        Filter(
            "manager",
            "Manager",
            lambda: [(str(user.pk), user.name) for user in people()],
            lambda rows, value: rows.filter(manager_id=value),
        ),
        Filter(
            "type",
            "Billed as",
            lambda: Customer.BillingType.choices,
            lambda rows, value: rows.filter(billing_type=value),
        ),
    )


def customers_table(caller: Caller) -> Table:
    """All customers, with what they owe."""
    today = caller.today
    views = (
        View("all", "All", lambda rows: rows),
        View("overdue", "Overdue", lambda rows: only_overdue(rows, today)),
        View("credit", "In credit", lambda rows: rows.filter(balance_minor__lt=0)),
        View("new", "New this month", lambda rows: rows.filter(joined_on__gte=today.replace(day=1))),
        View("mine", "Mine", lambda rows: rows.filter(manager_id=caller.user_id)),
    )
    return Table(
        key="customers",
        title="Customers",
        columns=_customer_columns(today),
        search=matching,
        search_label="Name, account, phone, e-mail or address",
        filters=_customer_filters(caller),
        views=views,
        order="name",
        row_id=lambda row: row.number,
        peek=lambda row: reverse("peek", args=[row.number]),
        empty=("No customers yet", "Customers you add or import appear here."),
    )


def only_numbers(rows: QuerySet[Customer], numbers: list[str]) -> QuerySet[Customer]:
    """The selected rows; all of them when none is selected."""
    return rows.filter(number__in=numbers[:500]) if numbers else rows


def age_table(labels: list[str], link: Any, currencies: set[str]) -> Table:
    """Everyone's age analysis; each amount leads to the rows behind it."""

    one_currency = len(currencies) <= 1  # a total over several would mix them

    def cell(place: int, key: str, label: str) -> Column:
        return Column(
            f"b{place}",
            label,
            lambda row: Money(row.analysis.buckets[place], row.currency),
            "money",
            sort=True,
            total=one_currency,
            href=lambda row: link(row, key),
        )

    def own(key: str, label: str, get: Any, bucket: str) -> Column:
        return Column(
            key,
            label,
            lambda row: Money(get(row.analysis), row.currency),
            "money",
            sort=True,
            total=one_currency,
            low=bucket != "",
            strong=bucket == "",
            href=lambda row: link(row, bucket),
        )

    several = (Column("currency", "Currency", lambda row: row.currency, sort=True),) if len(currencies) > 1 else ()
    return Table(
        key="age",
        title="Age analysis",
        columns=(
            Column(
                "name",
                "Customer",
                lambda row: row.name,
                sort=True,
                sub=lambda row: row.number,
                href=lambda row: reverse("customer-tab", args=[row.number, "billing"]),
            ),
            *several,
            *(cell(place, label, label) for place, label in enumerate(labels)),
            own("disputed", "In dispute", lambda age: age.disputed, "disputed"),
            own("unapplied", "Credit", lambda age: -age.unapplied, "unapplied"),
            own("balance", "Balance", lambda age: age.balance, ""),
        ),
        search_label="Name or account",
        row_id=lambda row: row.number,
        empty=("Nothing is open on this day", "Customers with open items appear here."),
    )


def age_currencies(rows: list[AgeRow]) -> set[str]:
    return {row.currency for row in rows}


AGED_ITEMS = Table(
    key="aged-items",
    title="Open items",
    columns=(
        Column(
            "customer",
            "Customer",
            lambda row: row.customer.name,
            sort=True,
            sub=lambda row: row.customer.number,
            href=lambda row: reverse("customer", args=[row.customer.number]),
        ),
        Column(
            "number",
            "Item",
            lambda row: row.item.number,
            sort=True,
            href=lambda row: reverse("item", args=[row.item.id]),
        ),
        Column("text", "For", lambda row: row.item.text, low=True),
        Column("on", "Date", lambda row: row.item.on, "date", sort=True, low=True),
        Column("due_on", "Due", lambda row: row.item.due_on, "date", sort=True),
        Column("bucket", "Age", lambda row: _bucket(row), sort=True),
        Column(
            "minor",
            "Amount",
            lambda row: Money(row.minor, row.customer.currency),
            "money",
            sort=True,
            strong=True,
            total=True,
        ),
    ),
    search_label="Customer or item",
    empty=("Nothing is open here", "The rows behind a figure appear here."),
)


def _bucket(row: AgedItem) -> str:
    return {"disputed": "In dispute", "unapplied": "Credit"}.get(row.bucket, row.bucket)
