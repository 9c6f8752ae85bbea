"""The lists of all customers' invoices, credit notes, payments, subscriptions and messages, as the menu offers them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from counterfoil.billing.models import Invoice
from counterfoil.billing.panels import CREDIT_NOTES, INVOICES, disputed_of
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import matching
from counterfoil.desk.tables import customer_column
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import Money, read_minor
from counterfoil.messaging.models import Delivery
from counterfoil.messaging.panels import SENT
from counterfoil.operator.numbering import written
from counterfoil.operator.queries import operator_currency
from counterfoil.payments.panels import RECEIPTS
from counterfoil.payments.queries import methods
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Column, Filter, Table, View
from counterfoil.receivables.models import Dispute
from counterfoil.subscriptions.models import Service


def _for_everyone(column: Column) -> Column:
    """The same column where each row has a currency of its own, and a name takes the room of its day on telephones."""
    if column.key == "on":
        return replace(column, low=True)
    if column.kind != "money":
        return column

    def get(row: Any) -> Money | None:
        minor = column.get(row)
        return None if minor is None else Money(minor, row.currency)

    return replace(column, get=get)


def of_everyone(table: Table, without: Sequence[str] = (), **changes: Any) -> Table:
    """The table of a customer's page for the rows of all customers: with whose each is, after what it is called."""
    first, *rest = (_for_everyone(column) for column in table.columns if column.key not in without)
    customer = customer_column("customer", of=lambda row: row.customer)
    return replace(
        table, key=f"everyones-{table.key}", columns=(first, customer, *rest), grows=True, currency="currency",
        row_id=lambda row: str(row.pk),
        empty=(table.empty[0], table.empty[1].replace("this customer", "customers")), **changes,
    )  # fmt: skip


def _minor(text: str, currency: str) -> int | None:
    """An amount in full as people type it, `1,249.00`, in minor units; nothing of any other text."""
    if len(text) > 20 or not re.fullmatch(r"[\d, ]+\.\d+", text):
        return None
    try:
        return read_minor(text, currency)
    except Refused:
        return None


def finding(*names: str, amount: str = "", numbered: bool = True) -> Callable[[QuerySet[Any], str], Any]:
    """A search of rows by their number, by an amount in full, by columns that hold the text, or by whose they are."""

    def search(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        wanted = Q(customer__in=matching(Customer.objects.all(), text))
        if numbered:
            wanted |= Q(number=text.upper())
            if text.isdecimal() and len(text) < 18:
                wanted |= Q(number__in=written(int(text)))
        if amount and (minor := _minor(text, currency := operator_currency())) is not None:
            wanted |= Q(**{amount: minor, "currency": currency})
        for name in names:
            wanted |= Q(**{f"{name}__icontains": text})
        return rows.filter(wanted)

    return search


def _open(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(item__open_minor__gt=0)


def invoices_table(caller: Caller) -> Table:
    """Everybody's invoices and drafts."""
    today = caller.today
    # What is in dispute stands under the status, where a telephone has the room for it.
    columns = tuple(
        replace(one, sub=disputed_of if one.key == "status" else None) if one.key in ("status", "open") else one
        for one in INVOICES.columns
    )
    disputed = Dispute.objects.filter(item=OuterRef("item"), closed_on__isnull=True)
    return of_everyone(
        replace(INVOICES, columns=columns),
        search=finding("reference", amount="total_minor"),
        search_label="Number, customer, amount or reference",
        order="-on",
        views=(
            View("all", "All", lambda rows: rows.exclude(state=Invoice.State.DISCARDED)),
            View("drafts", "Drafts", lambda rows: rows.filter(state=Invoice.State.DRAFT)),
            View("overdue", "Overdue", lambda rows: _open(rows).filter(due_on__lt=today)),
            View("open", "Open", _open),
            View("paid", "Settled", lambda rows: rows.filter(item__open_minor=0)),
            View("disputed", "Disputed", lambda rows: _open(rows).filter(Exists(disputed))),
            View("mine", "My accounts", lambda rows: rows.filter(customer__manager_id=caller.user_id)),
        ),
    )


def credit_notes_table(caller: Caller) -> Table:
    """Everybody's credit notes."""
    return of_everyone(
        CREDIT_NOTES, search=finding("reason", amount="total_minor"),
        search_label="Number, customer, amount or reason", order="-on",
        views=(
            View("all", "All", lambda rows: rows),
            View("month", "This month", lambda rows: rows.filter(on__gte=caller.today.replace(day=1))),
        ),
    )  # fmt: skip


def _methods() -> list[tuple[str, str]]:
    return [(code, row.name) for code, row in methods().items()]


def payments_table(caller: Caller) -> Table:
    """Everybody's payments."""
    return of_everyone(
        RECEIPTS, title="Payments", search=finding("reference", amount="amount_minor"),
        search_label="Number, customer, amount or reference", order="-on",
        filters=(
            Filter("method", "Method", _methods, lambda rows, value: rows.filter(method=value)),
        ),
        views=(
            View("all", "All", lambda rows: rows),
            View("today", "Today", lambda rows: rows.filter(on=caller.today)),
            View("month", "This month", lambda rows: rows.filter(on__gte=caller.today.replace(day=1))),
            View("unallocated", "Unallocated", _open),
            View("reversed", "Reversed", lambda rows: rows.filter(reversal__isnull=False)),
        ),
    )  # fmt: skip


def _service_names(row: Any) -> str:
    names = [str(service.product) for service in row.services.all() if service.ended_on is None]
    return ", ".join(dict.fromkeys(names))


SUBSCRIPTIONS = Table(
    key="everyones-subscriptions",
    title="Subscriptions",
    columns=(
        Column("number", "Subscription", lambda row: row.number, sort="sequence_no",
               href=lambda row: f"{reverse('customer-tab', args=[row.customer.number, 'services'])}#services"),
        customer_column("customer", of=lambda row: row.customer),
        Column("services", "Services", _service_names),
        Column("site", "Site", lambda row: str(row.site or ""), low=True),
        Column("started_on", "Started", lambda row: row.started_on, "date", low=True),
        Column("next_bill_on", "Next bill", lambda row: row.next_bill_on, "date", sort="next_bill_on"),
    ),
    search=finding(),
    search_label="Number or customer",
    order="-number",
    grows=True,
    row_id=lambda row: str(row.pk),
    empty=("No subscriptions yet", "Subscriptions of customers appear here."),
)  # fmt: skip


def subscriptions_table(caller: Caller) -> Table:
    """Everybody's subscriptions."""
    live = Service.objects.filter(subscription=OuterRef("pk"), ended_on__isnull=True)
    return replace(
        SUBSCRIPTIONS,
        views=(
            View("live", "Live", lambda rows: rows.filter(Exists(live))),
            View("due", "Due to be billed", lambda rows: rows.filter(next_bill_on__lte=caller.today)),
            View("ended", "Ended", lambda rows: rows.exclude(Exists(live))),
        ),
    )


def messages_table(caller: Caller) -> Table:
    """Everything that was sent to customers, or waits to be."""
    some = Delivery.objects.filter(message=OuterRef("pk"))
    waiting = some.filter(state__in=(Delivery.State.QUEUED, Delivery.State.SENDING))
    return of_everyone(
        SENT, title="Messages", search=finding("subject", numbered=False), search_label="Subject or customer",
        order="-at",
        views=(
            View("all", "All", lambda rows: rows),
            View("waiting", "Waiting", lambda rows: rows.filter(Exists(waiting), cancelled_at__isnull=True)),
            View("failed", "Not delivered", lambda rows: rows.filter(Exists(some.filter(state=Delivery.State.FAILED)))),
        ),
    )  # fmt: skip


def ticked(rows: QuerySet[Any], keys: list[str]) -> QuerySet[Any]:
    """The selected rows; all of them when none is selected."""
    chosen = [int(key) for key in keys[:500] if key.isdecimal() and len(key) < 19]
    return rows.filter(pk__in=chosen) if chosen else rows
