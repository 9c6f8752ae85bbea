"""Reports of a period about documents and money: tax, payments, credits and write-offs."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse

from counterfoil.billing.models import CreditNote, CreditNoteLine, InvoiceLine
from counterfoil.customers.queries import of_visible
from counterfoil.payments.models import Receipt, ReceiptReversal, with_method
from counterfoil.payments.queries import methods
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.receivables.models import OpenItem
from counterfoil.reports.asked import Asked, amount, currency
from counterfoil.trail.models import Event


@dataclass
class _Taxed:
    """What was invoiced and credited at a rate, in minor units."""

    name: str
    percent: Decimal
    currency: str
    invoiced: int = 0
    credited: int = 0
    tax: int = 0

    @property
    def net(self) -> int:
        return self.invoiced - self.credited

    @property
    def key(self) -> str:
        return f"{self.name}|{self.percent.normalize():f}"


def _lines(caller: Caller, asked: Asked) -> Iterator[tuple[Any, str, int]]:
    """The lines of invoices and of credit notes dated in the period: query, name of the document, sign."""
    days = (asked.first, asked.last)
    yield (
        of_visible(
            caller, InvoiceLine.objects.filter(invoice__state="issued", invoice__on__range=days), "invoice__customer"
        ),
        "invoice",
        1,
    )
    yield (
        of_visible(caller, CreditNoteLine.objects.filter(credit_note__on__range=days), "credit_note__customer"),
        "credit_note",
        -1,
    )


def tax(caller: Caller, asked: Asked) -> tuple[Table, list[_Taxed]]:
    """What was invoiced less what was credited in the period, by rate: the figures of a tax return."""
    found: dict[tuple[str, Decimal, str], _Taxed] = {}
    for lines, document, sign in _lines(caller, asked):
        keys = ("tax_name", "tax_percent", f"{document}__currency")
        for *key, net, tax_minor in lines.order_by().values_list(*keys).annotate(Sum("net_minor"), Sum("tax_minor")):
            row = found.setdefault(tuple(key), _Taxed(*key))
            row.invoiced += net if sign > 0 else 0
            row.credited += net if sign < 0 else 0
            row.tax += sign * tax_minor
    columns = (
        Column("rate", "rate", lambda row: row.name or "No tax", sort=True,
               href=lambda row: asked.link("tax-documents", row.key)),
        Column("percent", "percent", lambda row: f"{row.percent.normalize():f}"),
        currency(),
        amount("invoiced", "invoiced", lambda row: row.invoiced, low=True),
        amount("credited", "credited", lambda row: row.credited, low=True),
        amount("net", "without tax", lambda row: row.net),
        amount("tax", "tax", lambda row: row.tax, strong=True),
    )  # fmt: skip
    rows = sorted(found.values(), key=lambda row: (row.currency, -row.percent, row.name))
    empty = ("No documents", "Nothing was invoiced or credited in these days.")
    return Table(key="report-tax", title="Tax", columns=columns, empty=empty), rows


@dataclass(frozen=True)
class _Document:
    number: str
    name: str
    on: dt.date
    url: str
    rate: str
    currency: str
    net: int
    tax: int


def tax_documents(caller: Caller, asked: Asked) -> tuple[Table, list[_Document]]:
    """The invoices and credit notes behind the tax of a period, of one rate or of all of them."""
    rows = []
    name, _, percent = asked.of.rpartition("|")
    for lines, document, sign in _lines(caller, asked):
        some = lines.filter(tax_name=name, tax_percent=_percent(percent)) if asked.of else lines
        keys = ("number", "customer__name", "on", "currency", "pk", "item_id")
        read = some.order_by().values_list(*(f"{document}__{key}" for key in keys), "tax_name")
        for number, customer, on, code, pk, item, rate, net, tax_minor in read.annotate(
            Sum("net_minor"), Sum("tax_minor")
        ):
            url = reverse("invoice", args=[pk]) if document == "invoice" else reverse("item", args=[item])
            rows.append(_Document(number, customer, on, url, rate or "No tax", code, sign * net, sign * tax_minor))
    columns = (
        Column("number", "document", lambda row: row.number, sort=True, href=lambda row: row.url),
        Column("customer", "customer", lambda row: row.name, sort=True),
        Column("date", "date", lambda row: row.on, "date", sort=True),
        Column("rate", "rate", lambda row: row.rate, low=True),
        currency(),
        amount("net", "without tax", lambda row: row.net),
        amount("tax", "tax", lambda row: row.tax, strong=True),
    )
    rows.sort(key=lambda row: (row.on, row.number))
    return Table(key="report-tax-documents", title="Documents behind the tax", columns=columns), rows


def _percent(text: str) -> Decimal:
    whole, _, part = text.partition(".")
    plain = (whole + part).isdecimal() and len(text) < 10
    return Decimal(text) if plain else Decimal(-1)


@dataclass
class _Received:
    """What came in by a method on a day, in minor units."""

    on: dt.date
    method: str
    currency: str
    count: int = 0
    received: int = 0
    reversed: int = 0

    @property
    def kept(self) -> int:
        return self.received - self.reversed


def received(caller: Caller, asked: Asked) -> tuple[Table, list[_Received]]:
    """Money received in the period by day and method, less what bounced in it."""
    days = (asked.first, asked.last)
    found: dict[tuple[dt.date, str, str], _Received] = {}
    came = of_visible(caller, Receipt.objects.filter(on__range=days))
    for *key, count, minor in (
        came.order_by().values_list("on", "method", "currency").annotate(Count("pk"), Sum("amount_minor"))
    ):
        row = found.setdefault(tuple(key), _Received(*key))
        row.count, row.received = count, minor
    back = of_visible(caller, ReceiptReversal.objects.filter(on__range=days), "receipt__customer")
    for *key, minor in (
        back.order_by().values_list("on", "receipt__method", "receipt__currency").annotate(Sum("receipt__amount_minor"))
    ):
        found.setdefault(tuple(key), _Received(*key)).reversed = minor
    names = {code: row.name for code, row in methods().items()}
    columns = (
        Column("date", "date", lambda row: row.on, "date", sort=True,
               href=lambda row: replace(asked, first=row.on, last=row.on).link("payments", row.method)),
        Column("method", "method", lambda row: names.get(row.method, row.method), sort=True),
        currency(),
        Column("count", "payments", lambda row: row.count, "number", low=True),
        amount("received", "received", lambda row: row.received, low=True),
        amount("reversed", "reversed", lambda row: row.reversed, low=True),
        amount("kept", "net", lambda row: row.kept, strong=True),
    )  # fmt: skip
    rows = sorted(found.values(), key=lambda row: (row.on, row.method, row.currency))
    return Table(key="report-received", title="Money received", columns=columns), rows


def payments(caller: Caller, asked: Asked) -> tuple[Table, Any]:
    """Each payment of the period, of one method or of all of them."""
    rows = of_visible(caller, Receipt.objects.filter(on__range=(asked.first, asked.last)))
    if asked.of:
        rows = rows.filter(method=asked.of)
    columns = (
        Column("date", "date", lambda row: row.on, "date"),
        Column("number", "receipt", lambda row: row.number, href=lambda row: reverse("receipt", args=[row.pk])),
        Column("account", "account", lambda row: row.customer.number, low=True),
        Column("customer", "customer", lambda row: row.customer.name),
        Column("method", "method", lambda row: row.method_name, low=True),
        Column("reference", "reference", lambda row: row.reference, low=True),
        currency(),
        replace(amount("amount", "amount", lambda row: row.amount_minor, strong=True), sort="amount_minor"),
    )
    table = Table(key="report-payments", title="Payments", columns=columns, currency="currency")
    return table, with_method(rows.select_related("customer")).order_by("on", "pk")


@dataclass(frozen=True)
class _Given:
    on: dt.date
    kind: str
    number: str
    account: str
    name: str
    reason: str
    author: str
    currency: str
    minor: int
    item_id: int


def credits_given(caller: Caller, asked: Asked) -> tuple[Table, list[_Given]]:
    """Credit notes, account credits, adjustments and write-offs of the period: how much, who and why."""
    days = (asked.first, asked.last)
    notes = of_visible(caller, CreditNote.objects.filter(on__range=days)).select_related("customer")
    rows = [
        _Given(note.on, "Credit note", note.number, note.customer.number, note.customer.name, note.reason, note.author,
               note.currency, note.total_minor, note.item_id)
        for note in notes
    ]  # fmt: skip
    kinds = (OpenItem.Kind.CREDIT, OpenItem.Kind.ADJUSTMENT, OpenItem.Kind.WRITE_OFF)
    items = list(
        of_visible(caller, OpenItem.objects.filter(kind__in=kinds, side="credit", on__range=days))
        .select_related("customer")
    )  # fmt: skip
    said = _said(items)
    rows += [
        _Given(item.on, item.get_kind_display(), item.number, item.customer.number, item.customer.name,
               *said.get(item.pk, (item.text, "")), item.currency, item.amount_minor, item.pk)
        for item in items
    ]  # fmt: skip
    columns = (
        Column("date", "date", lambda row: row.on, "date", sort=True),
        Column("kind", "kind", lambda row: row.kind, sort=True),
        Column("number", "number", lambda row: row.number, sort=True,
               href=lambda row: reverse("item", args=[row.item_id])),
        Column("account", "account", lambda row: row.account, low=True),
        Column("customer", "customer", lambda row: row.name, sort=True),
        Column("reason", "reason", lambda row: row.reason, low=True),
        Column("author", "by", lambda row: row.author, sort=True, low=True),
        currency(),
        amount("amount", "amount", lambda row: row.minor, strong=True),
    )  # fmt: skip
    rows.sort(key=lambda row: (row.on, row.number))
    title = "Credit notes and write-offs"
    return Table(key="report-credits", title=title, columns=columns), rows


def _said(items: Iterable[OpenItem]) -> dict[int, tuple[str, str]]:
    """Why each of these was opened, and by whom, from the trail."""
    kinds = ("credit.issued", "account.adjusted", "item.written_off")
    about: dict[int, tuple[str, str]] = defaultdict(lambda: ("", ""))
    rows = Event.objects.filter(among("subject_id", [item.pk for item in items]), kind__in=kinds)
    for pk, data, actor in rows.values_list("subject_id", "data", "actor"):
        about[pk] = (str(data.get("reason", "")), actor)
    return about
