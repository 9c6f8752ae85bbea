"""What usage offers to the customer page: what each period comes to so far, and the records behind it."""

from __future__ import annotations

from decimal import Decimal

from counterfoil.catalogue.rules import amount_text, tidy_price
from counterfoil.kernel.periods import Period, date_text
from counterfoil.platform.panels import Panel
from counterfoil.platform.tables import Column, Table
from counterfoil.usage import doors, queries
from counterfoil.usage.models import UsageRecord
from counterfoil.usage.nouns import USAGE_RECORD
from counterfoil.usage.queries import PeriodUsage

ADD_USAGE = doors.ADD_USAGE.action


def _amount(row: PeriodUsage, name: str) -> str:
    return amount_text(getattr(row.rated, name), row.service.product.unit) if row.rated else ""


def _price(row: PeriodUsage) -> Decimal | None:
    return tidy_price(row.rated.unit_price, row.service.subscription.currency) if row.rated else None


def _period(row: PeriodUsage) -> str:
    days = Period(row.period.start, row.period.end)
    return f"{date_text(days.start)} to {date_text(days.last)}"


USAGE = Table(
    key="usage",
    title="Usage",
    columns=(
        Column("service", "Service", lambda row: queries.name_of(row.service),
               sub=lambda row: row.refused or (f"{row.rated.percent_off.normalize():f} % off"
                                               if row.rated.percent_off else "")),
        Column("period", "Billing period", _period, sub=lambda row: "so far" if row.is_current else ""),
        Column("used", "Used", lambda row: _amount(row, "used")),
        Column("included", "Included", lambda row: _amount(row, "included"), low=True),
        Column("beyond", "Over allowance", lambda row: _amount(row, "beyond"), low=True),
        Column("price", "A unit", _price, "number", low=True),
        Column("minor", "Amount", lambda row: row.rated.minor if row.rated else None, "money", strong=True,
               sub=lambda row: row.excl),
    ),
    empty=("No usage", "Services that are charged by what is used appear here, by billing period."),
)  # fmt: skip

_SOURCES = {"desk": "by hand", "reversal": "reversed", "moved": "the account before"}


def _quantity(row: UsageRecord) -> str:
    return amount_text(Decimal(row.quantity), row.service.product.unit)


USAGE_RECORDS = Table(
    key="usage-records",
    title="Usage records",
    columns=(
        Column("on", "Day", lambda row: row.on, "date", sort="on"),
        Column("service", "Service", lambda row: queries.name_of(row.service), href=USAGE_RECORD.url),
        Column("quantity", "Quantity", _quantity, sort="quantity",
               sub=lambda row: "reversed" if row.is_reversed else ""),
        Column("text", "What", lambda row: row.text, low=True),
        Column("source", "From", lambda row: _SOURCES.get(row.source, row.source), low=True),
        Column("reference", "Reference", lambda row: "" if row.source in _SOURCES else row.reference, low=True),
        Column("author", "By", lambda row: row.author, low=True),
        doors.TAKE_BACK.column("Reverse"),
    ),
    order="-on",
    empty=("No usage records", "Each call, session or day of traffic that was imported or added appears here."),
)  # fmt: skip

USAGE_PANEL = Panel(
    "usage", "Usage", "subscriptions.view",
    lambda caller, customer: queries.usage_by_period(customer, caller.today), table=USAGE, actions=(ADD_USAGE,),
    words="minutes data gigabytes calls phone usage traffic", queries=10,
)  # fmt: skip
USAGE_RECORDS_PANEL = Panel(
    "usage-records", "Usage records", "subscriptions.view", lambda caller, customer: queries.records_of(customer),
    table=USAGE_RECORDS, words="call records sessions cdr", queries=4,
)  # fmt: skip
