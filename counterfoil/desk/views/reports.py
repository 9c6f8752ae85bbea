"""Reports: which there are, each of them, and the age analysis with the rows behind each of its cells."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.queries import groups
from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.desk.operations import stop_report_mail
from counterfoil.desk.report_mails import get_mail, mails_of
from counterfoil.desk.tables import AGED_ITEMS, age_table
from counterfoil.kernel.errors import NotFound, refuse_if
from counterfoil.kernel.periods import read_date
from counterfoil.operator.queries import areas, brands, operator
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved, act
from counterfoil.platform.requests import Request
from counterfoil.receivables import ageing, queries
from counterfoil.reports.asked import Asked
from counterfoil.reports.queries import REPORTS, asked_for, read_report


def _as_of(request: Request) -> dt.date:
    today = request.caller.today
    asked = request.GET.get("as_of", "")
    return min(read_date(asked, today=today), today) if asked else today


def _buckets(request: Request) -> Any:
    asked = request.GET.get("buckets", "")
    return next((row for row in queries.bucket_sets() if str(row.pk) == asked), queries.default_bucket_set())


def age_analysis(request: Request) -> HttpResponse:
    """What everyone owes by age, as of any day."""
    caller = request.caller
    caller.must("receivables.view")
    on, chosen, group = _as_of(request), _buckets(request), request.GET.get("group", "")
    rows = ageing.age_analysis(caller, on, chosen, group)
    labels = [rule.label for rule in queries.bucket_rules(chosen)]

    def link(row: Any, bucket: str) -> str:
        query = {"as_of": on.isoformat(), "buckets": chosen.pk, "customer": row.number, "bucket": bucket}
        return f"{reverse('aged-items')}?{urlencode({key: value for key, value in query.items() if value})}"

    currencies = rows.currencies
    currency = next(iter(currencies)) if len(currencies) == 1 else operator().currency
    table = age_table(labels, link, currencies)
    listing = listing_for(request, table, rows, currency=currency, keep=("as_of", "buckets", "group"))
    if form := request.GET.get("format"):
        return export(request, listing, form, f"Age analysis as of {on.isoformat()}, {chosen.name}")
    context = {
        "listing": listing, "on": on, "chosen": chosen, "sets": queries.bucket_sets(), "group": group,
        "groups": groups(caller), "today_iso": caller.today.isoformat(),
    }  # fmt: skip
    return render(request, "desk/age_analysis.html", context)


def aged_items(request: Request) -> HttpResponse:
    """The rows behind a figure; their amounts add up to it."""
    caller = request.caller
    caller.must("receivables.view")
    on, chosen, bucket = _as_of(request), _buckets(request), request.GET.get("bucket", "")
    number = request.GET.get("customer", "")
    customer = CUSTOMER.get(caller, number) if number else None
    rows = ageing.aged_items(caller, on, bucket=bucket, customer=customer, bucket_set=chosen)
    currency = customer.currency if customer else operator().currency
    listing = listing_for(request, AGED_ITEMS, rows, currency=currency, keep=("as_of", "buckets", "customer", "bucket"))
    if form := request.GET.get("format"):
        return export(request, listing, form)
    said = {"disputed": "in dispute", "unapplied": "account credit", "": "all ages"}.get(bucket, bucket)
    context = {"listing": listing, "on": on, "said": said, "customer": customer, "chosen": chosen}
    return render(request, "desk/aged_items.html", context)


def index(request: Request) -> HttpResponse:
    """The reports this person may see."""
    rows = [report for report in REPORTS.values() if request.caller.may(report.sees) and not report.behind]
    refuse_if(not rows, "not_allowed", "Your role does not include any report.")
    return render(request, "desk/reports.html", {"reports": rows, "mails": mails_of(request.caller)})


stop_mail = act(
    stop_report_mail, get_mail, lambda caller, mail: {"mail": mail},
    lambda made, mail: Saved("It is no longer e-mailed to you.", reverse("reports")),
)  # fmt: skip


def report(request: Request, name: str) -> HttpResponse:
    """One report: as of a day, or for the days of a period."""
    caller = request.caller
    found = REPORTS.get(name)
    if found is None:
        raise NotFound("There is no such report, or you may not see it.")
    asked, reader = _asked(request), _narrowed(request)
    table, rows = read_report(reader, found, asked)
    # A file for programs has its heads in small letters.
    columns = tuple(replace(one, label=one.label[:1].upper() + one.label[1:]) for one in table.columns)
    listing = listing_for(request, replace(table, columns=columns), rows, keep=("from", "to", "of", "area", "brand"))
    if form := request.GET.get("format"):
        return export(request, listing, form, found.titled(asked))
    context = {"listing": listing, "report": found, "asked": asked, "behind": REPORTS.get(found.behind),
               "charts": found.charts(rows) if found.charts else (), "today_iso": caller.today.isoformat(),
               "places": _places(request)}  # fmt: skip
    return render(request, "desk/report.html", context)


def _places(request: Request) -> list[tuple[str, str, list[Any], str]]:
    """What a report can be narrowed to: parameter, label, choices, and the chosen one."""
    offered = (("area", "Area", areas(request.caller)), ("brand", "Brand", brands(request.caller)))
    return [(name, label, rows, request.GET.get(name, "")) for name, label, rows in offered if len(rows) > 1]


def _narrowed(request: Request) -> Caller:
    """Whose eyes the report is read with: those of the caller, for one area or brand where the address asks so."""
    caller, scope = request.caller, dict(request.caller.scope)
    for name, _, rows, chosen in _places(request):
        if chosen in {str(row.pk) for row in rows}:
            scope[name] = frozenset({int(chosen)})
    return replace(caller, scope=scope)


def _asked(request: Request) -> Asked:
    today = request.caller.today
    first, last = request.GET.get("from", ""), request.GET.get("to", "")
    return asked_for(
        read_date(first, today=today) if first else None,
        min(read_date(last, today=today), today) if last else today,
        request.GET.get("of", "")[:80],
    )
