"""Reports of letters and of the terms on which customers are chased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from counterfoil.credit.models import Profile
from counterfoil.credit.queries import default_class
from counterfoil.credit.rules import AMOUNTS
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible, visible
from counterfoil.dunning.models import Correspondence
from counterfoil.dunning.panels import how
from counterfoil.kernel.money import Money
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.reports.asked import Asked, amount, currency


def _tab(row: Any) -> str:
    return reverse("customer-tab", args=[row.customer.number, "collections"])


def history(caller: Caller, asked: Asked) -> tuple[Table, list[Correspondence]]:
    """Every letter of the period, with what it asked for and charged."""
    columns = (
        Column("date", "date", lambda row: row.on, "date", sort=True),
        Column("account_number", "account number", lambda row: row.customer.number, sort=True, href=_tab),
        Column("customer", "customer", lambda row: row.customer.name, sort=True),
        Column("site", "address", lambda row: row.site.label if row.site else "", low=True),
        Column("letter", "letter", lambda row: row.letter.name, sort=True),
        Column("level", "level", lambda row: row.level, "number", low=True),
        Column("sent_by", "sent by", how, low=True),
        currency(),
        amount("asked", "asked for", lambda row: row.total_minor),
        amount("interest", "interest", lambda row: row.interest_minor, low=True),
        amount("fee", "fee", lambda row: row.fee_minor, low=True),
    )
    rows = Correspondence.objects.filter(on__range=(asked.first, asked.last))
    rows = of_visible(caller, rows.select_related("customer", "site", "letter", "message"))
    table = Table("report-dunning-history", "Letters sent", columns, order="date",
                  empty=("No letters", "No letter was sent in this period."))  # fmt: skip
    return table, list(rows.order_by("on", "pk"))


@dataclass
class _Terms:
    """The terms of a customer or an address, as they are now."""

    customer: Customer
    row: Any
    amounts: dict[str, Any]
    site: str = ""

    @property
    def currency(self) -> str:
        return self.customer.currency

    @property
    def own(self) -> bool:
        return isinstance(self.row, Profile)

    @property
    def class_name(self) -> str:
        return str(self.row.profile_class if self.own else self.row)


def _money(name: str) -> Any:
    def get(row: _Terms) -> Money | None:
        minor = row.amounts[name]
        return None if minor is None else Money(minor, row.currency)

    return get


def profiles(caller: Caller, asked: Asked) -> tuple[Table, list[_Terms]]:
    """The terms of every customer as they are now, whatever the day: what they were before, the trail says."""
    people = {row.pk: row for row in visible(caller).filter(status__in=("active", "inactive")).order_by("number")}
    usual = default_class()
    by_currency = {row.currency: {name: getattr(row, name) for name in AMOUNTS} for row in usual.amounts.all()}
    own: dict[int, list[Profile]] = {}
    rows = Profile.objects.select_related("site", "profile_class", "collector", "letter_set", "credit_rating",
                                          "account_status")  # fmt: skip
    for row in of_visible(caller, rows).order_by("site_id"):
        own.setdefault(row.customer_id, []).append(row)
    none = dict.fromkeys(AMOUNTS)
    found: list[_Terms] = []
    for pk, customer in people.items():
        mine = own.get(pk, [])
        if not any(row.site_id is None for row in mine):
            found.append(_Terms(customer, usual, by_currency.get(customer.currency, none)))
        found += [
            _Terms(customer, row, {name: getattr(row, name) for name in AMOUNTS}, row.site.label if row.site else "")
            for row in sorted(mine, key=lambda row: row.site_id or 0)
        ]
    return _PROFILES, found


def _rate(row: _Terms) -> str:
    percent = row.amounts["interest_percent"]
    return "" if percent is None else f"{percent.normalize():f}"


_PROFILES = Table(
    "report-customer-profiles",
    "Customer profiles",
    (
        Column("account_number", "account number", lambda row: row.customer.number, sort=True, href=_tab),
        Column("customer", "customer", lambda row: row.customer.name, sort=True),
        Column("site", "address", lambda row: row.site, low=True),
        Column("class", "class", lambda row: row.class_name, sort=True),
        Column("customised", "customised", lambda row: "yes" if row.own and row.row.customised else "no", low=True),
        Column("collector", "collector", lambda row: row.row.collector.name if row.row.collector else "", sort=True),
        Column("credit_rating", "credit rating", lambda row: str(row.row.credit_rating or ""), low=True),
        Column("account_status", "account status", lambda row: str(row.row.account_status or ""), low=True),
        Column("credit_check", "credit check", lambda row: "yes" if row.row.credit_check else "no", low=True),
        Column("send_letters", "send letters", lambda row: "yes" if row.row.send_dunning else "no"),
        Column("letter_set", "letter set", lambda row: str(row.row.letter_set or ""), sort=True),
        Column("grace_days", "grace days", lambda row: row.row.receipt_grace_days, "number", low=True),
        currency(),
        # Empty is unlimited, which is not zero.
        Column("credit_limit", "credit limit", _money("credit_limit_minor"), "money"),
        Column("order_limit", "limit per order", _money("order_limit_minor"), "money", low=True),
        Column("min_dunning", "least overdue for a letter", _money("min_dunning_minor"), "money", low=True),
        Column("min_invoice", "leave out items up to", _money("min_dunning_invoice_minor"), "money", low=True),
        Column("interest", "interest per period %", _rate, low=True),
    ),
    order="account_number",
    empty=("No customers", "Terms of customers appear here."),
)  # fmt: skip
