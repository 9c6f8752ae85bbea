"""What questions about many customers share: which rows of an area or a brand, and the report behind a figure."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import visible
from counterfoil.operator.models import Area, Brand
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.tables import Table
from counterfoil.questions.answers import Asked, Source, sums_text
from counterfoil.questions.periods import Days
from counterfoil.questions.rules import fold
from counterfoil.receivables.lists import with_figures
from counterfoil.reports.asked import Asked as AskedReport
from counterfoil.reports.queries import find_report, read_report


def customers_of(asked: Asked) -> QuerySet[Customer]:
    """The customers in use that the caller sees, of the area or brand that was named."""
    rows = visible(asked.caller).filter(status__in=("active", "inactive"))
    if asked.reading.area:
        rows = rows.filter(area__in=_ids(Area, asked.reading.area))
    if asked.reading.brand:
        rows = rows.filter(brand__in=_ids(Brand, asked.reading.brand))
    return rows


def place_of(asked: Asked) -> str:
    names = [name.title() for name in (asked.reading.area, asked.reading.brand) if name]
    return f" of {' and '.join(names)}" if names else ""


def of_place(asked: Asked, rows: QuerySet[Any], path: str = "customer") -> QuerySet[Any]:
    """The rows of the area or brand that was named."""
    for name, model in (("area", Area), ("brand", Brand)):
        if wanted := getattr(asked.reading, name):
            rows = rows.filter(**{f"{path}__{name}__in": _ids(model, wanted)})
    return rows


def listing(asked: Asked, view: str = "") -> Source:
    return asked.page("customers", "Customers", **({"view": view} if view else {}))


def figures_of(asked: Asked, rows: QuerySet[Customer]) -> QuerySet[Any]:
    return with_figures(rows, asked.today)


def money(minor: int, currency: str = "") -> str:
    return sums_text({currency or operator_currency(): minor}, "")


def report_of(asked: Asked, name: str, days: Days | None = None) -> tuple[Table, Any, Source]:
    """A report over days, with its rows and where it stands."""
    report = find_report(name)
    first, last = (days.first, days.last) if days else (asked.today.replace(day=1), asked.on)
    query = {"from": first.isoformat(), "to": last.isoformat()}
    table, rows = read_report(asked.caller, report, AskedReport(first, min(last, asked.today)))
    return table, rows, asked.page("report", report.title, name, **query)


def _ids(model: type[Area] | type[Brand], folded: str) -> list[int]:
    """The areas or brands of a name, however it is written."""
    return [row.pk for row in model.objects.all() if fold(row.name) == folded]
