"""The lists of the desk's own pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from django.db.models import Q, QuerySet
from django.urls import reverse

from counterfoil.customers.models import Customer, CustomField
from counterfoil.customers.queries import custom_fields, groups, matching, tags
from counterfoil.kernel.money import Money
from counterfoil.kernel.periods import date_text
from counterfoil.operator.models import Area, Brand, Lookup
from counterfoil.operator.operations import change_lookup
from counterfoil.operator.queries import areas, brands
from counterfoil.platform.callers import Caller
from counterfoil.platform.models import Job
from counterfoil.platform.tables import Column, Filter, Table, View
from counterfoil.receivables.ageing import AgedItem
from counterfoil.receivables.lists import only_overdue
from counterfoil.receivables.operations import save_bucket_set
from counterfoil.staff.queries import people
from counterfoil.suspension.queries import suspended_now


def customer_column(
    key: str = "name",
    label: str = "Customer",
    of: Callable[[Any], Customer] = lambda row: row,
    *,
    sort: str | bool = False,
) -> Column:
    """Who a row is about: the name over the account number, leading to the customer's page."""
    return Column(
        key, label, lambda row: of(row).name, sort=sort, named=True, sub=lambda row: of(row).number,
        href=lambda row: reverse("customer", args=[of(row).number]),
    )  # fmt: skip


def standing_money(row: Customer, name: str) -> Money | None:
    """An amount of the customer's standing; none where that is missing, which is a finding of `check-books`."""
    minor = getattr(row, name)
    return None if minor is None else Money(minor, row.currency)


def _late(row: Any, today: dt.date) -> str:
    days = (today - row.oldest_due_on).days if row.oldest_due_on and row.overdue_minor else 0
    return f"{days} {'day' if days == 1 else 'days'} overdue" if days > 0 else ""


def _custom_column(field: CustomField) -> Column:
    name = f"field_{field.pk}"
    kind: Any = {"number": "number", "date": "date"}.get(field.kind, "text")

    def read(row: Any) -> Any:
        value = getattr(row, name)
        return dt.date.fromisoformat(value) if kind == "date" and value else value

    return Column(f"field-{field.key}", field.label, read, kind, sort=name, low=True)


def _belonging_columns() -> list[Column]:
    """Area and brand, where the operator has any."""

    def column(key: str, rows: Sequence[Area | Brand]) -> Column:
        names: list[tuple[str | None, Q]] = [(row.name, Q(**{key: row.pk})) for row in rows]
        return Column(
            key, key.capitalize(), lambda row: str(getattr(row, key) or ""), sort=f"{key}__name", low=True,
            parts=lambda: [*names, (None, Q(**{f"{key}__isnull": True}))],
        )  # fmt: skip

    known: list[tuple[str, Sequence[Area | Brand]]] = [("area", areas()), ("brand", brands())]
    return [column(key, rows) for key, rows in known if rows]


def _customer_columns(today: dt.date, fields: Sequence[CustomField], *, money: bool) -> tuple[Column, ...]:
    shown = (
        customer_column(sort="name"),
        Column(
            "status",
            "Status",
            lambda row: "" if row.status == "active" else row.get_status_display(),
            "badge",
            sort="status",
            low=True,
        ),
        Column("group", "Group", lambda row: row.group, sort="group", low=True),
        *_belonging_columns(),
        Column("manager", "Manager", lambda row: row.manager.name if row.manager else "", low=True),
        Column("joined_on", "Joined", lambda row: row.joined_on, "date", sort="joined_on", low=True),
        *(_custom_column(field) for field in fields),
        Column(
            "balance",
            "Balance",
            lambda row: standing_money(row, "balance_minor"),
            "money",
            sort="balance_minor",
            tie="standing__pk",
        ),
        Column(
            "overdue",
            "Overdue",
            lambda row: standing_money(row, "overdue_minor"),
            "money",
            sort="overdue_minor",
            tie="standing__pk",
            sub=lambda row: _late(row, today),
            tone=lambda row: "red" if row.overdue_minor else "",
            strong=True,
        ),
    )
    # Who may not see what is owed sees no column of it.
    return shown if money else tuple(column for column in shown if column.key not in ("balance", "overdue"))


def _belonging(name: str, rows: Callable[[], Sequence[Area | Brand]]) -> Filter:
    """Those that belong to one of these."""
    return Filter(
        name,
        name.capitalize(),
        lambda: [(str(row.pk), row.name) for row in rows()],
        lambda found, value: found.filter(**{f"{name}_id": value}),
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
        _belonging("area", lambda: areas(caller)),
        _belonging("brand", lambda: brands(caller)),
        Filter(
            "tag",
            "Tag",
            lambda: [(name, name) for name in tags(caller)],
            lambda rows, value: rows.filter(tags__tag__name=value),
        ),
        Filter(
            "manager",
            "Manager",
            lambda: [(str(user.pk), user.name) for user in people()],
            lambda rows, value: rows.filter(manager_id=value),
        ),
    )


def listed_fields() -> list[CustomField]:
    """The custom fields that the customers list shows."""
    return [field for field in custom_fields() if field.listed]


def customers_table(caller: Caller, fields: Sequence[CustomField] = ()) -> Table:
    """All customers, with what they owe for those who may see it."""
    today, money = caller.today, caller.may("receivables.view")
    views = (
        View("all", "All", lambda rows: rows.filter(status__in=("active", "inactive"))),
        *(
            (
                View("overdue", "Overdue", lambda rows: only_overdue(rows, today)),
                View("credit", "In credit", lambda rows: rows.filter(balance_minor__lt=0)),
            )
            if money
            else ()
        ),
        View("new", "New this month", lambda rows: rows.filter(joined_on__gte=today.replace(day=1))),
        View("mine", "Mine", lambda rows: rows.filter(manager_id=caller.user_id)),
        View("held", "On credit hold", lambda rows: rows.exclude(hold_reason="").exclude(hold_ends__lte=today)),
        *(
            [View("suspended", "Suspended", lambda rows: rows.filter(pk__in=suspended_now()))]
            if caller.may("suspension.view")
            else ()
        ),
        View("former", "Former", lambda rows: rows.filter(status__in=("inactive", "merged", "erased"))),
    )
    return Table(
        key="customers",
        title="Customers",
        columns=_customer_columns(today, fields, money=money),
        search=matching,
        search_label="Name, account, phone, e-mail or address",
        filters=_customer_filters(caller),
        views=views,
        order="name",
        row_id=lambda row: row.number,
        peek=lambda row: reverse("peek", args=[row.number]),
        empty=("No customers yet", "Customers you add or import appear here."),
        grows=True,
    )


def _job_tone(row: Job) -> str:
    return {"done": "ok", "failed": "bad", "running": "info"}.get(row.state, "")


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
        search=lambda rows, text: rows.matching(text),
        search_label="Name, account, phone, e-mail or address",
        row_id=lambda row: row.number,
        empty=("Nothing is open on this day", "Customers with open items appear here."),
    )


AGED_ITEMS = Table(
    key="aged-items",
    title="Open items",
    columns=(
        customer_column("customer", of=lambda row: row.customer, sort=True),
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


JOBS = Table(
    key="jobs",
    title="Background work",
    columns=(
        Column("title", "Work", lambda row: row.title, sort="title", href=lambda row: reverse("job", args=[row.pk])),
        Column("state", "Status", lambda row: row.get_state_display(), "badge", sort="state", tone=_job_tone),
        Column("done", "Done", lambda row: row.done, "number", sort="done"),
        Column("total", "Of", lambda row: row.total, "number", sort="total", low=True),
        Column("user", "Asked for by", lambda row: row.user_name, sort="user_name", low=True),
        Column("at", "When", lambda row: row.at, "when", sort="at"),
        Column("said", "Outcome", lambda row: row.said, low=True),
    ),
    search=lambda rows, text: rows.filter(title__icontains=text),
    search_label="Job",
    filters=(
        Filter("state", "Status", lambda: Job.State.choices, lambda rows, value: rows.filter(state=value)),
    ),
    order="-at",
    empty=("No background work yet", "Long exports and sending to many customers appear here."),
)  # fmt: skip

DUPLICATES = Table(
    key="duplicates",
    title="Likely duplicates",
    columns=(
        customer_column("customer", of=lambda row: row.customer, sort=True),
        customer_column("other", "Other account", lambda row: row.other, sort=True),
        Column("why", "Why", lambda row: row.why, sort=True),
        Column(
            "merge", "Action", lambda row: "Merge …", dialog=True,
            href=lambda row: f"{reverse('merge', args=[row.customer.number])}?other={quote(row.other.number)}",
        ),
    ),
    search_label="Name, account or reason",
    empty=("No duplicates found", "Accounts that share an address, a number or a name appear here."),
)  # fmt: skip

FIELDS = Table(
    key="fields",
    title="Custom fields",
    columns=(
        Column(
            "label", "Name", lambda row: row.label, sort=True, dialog=True,
            href=lambda row: reverse("custom-field", args=[row.pk]),
        ),
        Column("kind", "Kind", lambda row: row.get_kind_display(), sort=True),
        Column("choices", "Choices", lambda row: ", ".join(row.choices), low=True),
        Column("listed", "In the list", lambda row: "Yes" if row.listed else ""),
        Column("state", "Status", lambda row: "" if row.active else "Not in use", "badge"),
    ),
    empty=("No custom fields yet", "Extra details you keep about customers, each with a type."),
)  # fmt: skip


def bucket_sets_table(caller: Caller) -> Table:
    """The ways to age, each with its buckets."""
    may = caller.may(save_bucket_set)
    return Table(
        key="ageing-buckets",
        title="Ageing buckets",
        columns=(
            Column("name", "Name", lambda row: row.name, dialog=True,
                   href=lambda row: reverse("change-buckets", args=[row.pk]) if may else ""),
            Column("buckets", "Buckets, in days late", lambda row: ", ".join(b.label for b in row.buckets.all())),
            Column("basis", "Days count from", lambda row: row.get_basis_display(), low=True),
            Column("default", "Default", lambda row: "Default" if row.is_default else "", "badge"),
        ),
        empty=("No ageing buckets", "Add a set."),
    )  # fmt: skip


def lookups_table(caller: Caller) -> Table:
    """The lists that people choose from."""
    may = caller.may(change_lookup)

    def state(row: Lookup) -> str:
        if row.is_offered(caller.today):
            return ""
        return "Not offered any more" if row.ends and row.ends <= caller.today else f"From {date_text(row.starts)}"

    return Table(
        key="lookups",
        title="Outcomes, reasons and actions",
        columns=(
            Column("name", "Name", lambda row: row.name, sort="name", dialog=True, sub=lambda row: row.description,
                   href=lambda row: reverse("change-lookup", args=[row.pk]) if may else ""),
            Column("kind", "List", lambda row: row.get_kind_display(), sort="kind"),
            Column("whose", "From", lambda row: "Delivered" if row.delivered else "Yours", low=True),
            Column("state", "Status", state, "badge"),
        ),
        filters=(Filter("kind", "List", lambda: Lookup.Kind.choices, lambda rows, kind: rows.filter(kind=kind)),),
        empty=("Nothing to choose from", "Add a choice."),
    )  # fmt: skip
