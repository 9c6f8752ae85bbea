"""The collections workbench: whom to call, the account, and the call, side by side."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from counterfoil.collections import queries, rules
from counterfoil.collections.forms import CallForm, workbench_url
from counterfoil.collections.notices import plan_pdf
from counterfoil.collections.nouns import PLAN
from counterfoil.collections.operations import record_call
from counterfoil.credit.queries import collects
from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.queries import contacts_of, search, visible
from counterfoil.desk.customer_page import history
from counterfoil.desk.presence import others_here
from counterfoil.documents.parties import file_name
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import Money
from counterfoil.kernel.periods import date_text
from counterfoil.operator.queries import operator_currency
from counterfoil.payments.queries import last_receipt
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved
from counterfoil.platform.downloads import file_response
from counterfoil.platform.requests import Request
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.receivables.nouns import ITEM
from counterfoil.receivables.queries import bucket_rules, days_to_pay, default_bucket_set, figures, open_items_of
from counterfoil.receivables.rules import age

VIEWS = (("due", "Due now"), ("broken", "Broken"), ("new", "New"), ("all", "All"))
_SHOWN = 100


@dataclass(frozen=True)
class Entry:
    """An account as the queue shows it."""

    number: str
    name: str
    overdue: Money
    why: str
    tone: str
    days: int
    url: str


def _why(row: rules.Next, standing: rules.Standing, now: dt.datetime, today: dt.date) -> tuple[str, str]:
    """Why an account is where it is in the queue, in words, with their tone."""
    on = date_text(row.on, today=today) if row.on else ""
    match row.reason:
        case rules.CALL_BACK:
            return f"Call back at {timezone.localtime(standing.call_back_at):%H:%M}", "warn"
        case rules.PROMISE_BROKEN:
            days = (today - row.on).days if row.on else 0
            return f"Promise broken {'yesterday' if days == 1 else f'since {on}'}", "bad"
        case rules.PROMISE_TODAY:
            return "Promise due today", "warn"
        case rules.SUSPENDS:
            when = "today" if row.on == today else "tomorrow" if row.on and (row.on - today).days == 1 else f"on {on}"
            return f"Suspends {when}", "bad"
        case rules.FOLLOW_UP:
            return f"To follow up since {on}" if row.on != today else "To follow up today", "warn"
        case rules.SAYS_PAID:
            return "Says paid, not all received", "info"
        case rules.PROMISED:
            return f"Promised for {on}", "info"
        case rules.WORKED:
            back = standing.call_back_at
            if standing.timed and back is not None and back.date() == today:
                return f"Calls back at {back:%H:%M}", "info"
            return "Worked today", "ok"
    if standing.contacted_on is None:
        return "New, nobody has called yet", ""
    return f"No contact for {plural((today - standing.contacted_on).days, 'day')}", ""


def workbench(request: Request) -> HttpResponse:
    """The queue, the account that is open, and its history."""
    caller = request.caller
    caller.must("collections.view")
    if text := request.GET.get("q", "").strip()[:100]:
        return _found(caller, text, request.GET)
    form = None
    if request.method == "POST":
        caller.must(record_call.name)
        subject = CUSTOMER.get(caller, request.POST.get("customer", ""))
        form = CallForm(request.POST, None, caller=caller, subject=subject, params=QueryDict())
        if (saved := _saved(form, request.POST.get("key") or None)) is not None:
            messages.success(request, saved.text)
            return redirect(saved.url or workbench_url(subject, request.POST))
    now, today = caller.now, caller.today
    asked = request.POST if form else request.GET
    whose = _whose(caller, asked.get("whose", ""))
    standings = queries.standings(caller, now, caller.user_id if whose == "mine" else None)
    known = {row.customer: row for row in standings}
    placed = rules.queue(standings, now, today)
    view = asked.get("view", "")
    view = view if view in dict(VIEWS) else "due"
    shown = queries.narrowed(placed, view)
    kept = QueryDict(mutable=True)
    kept.update({"view": view, "whose": whose})
    opened = _opened(caller, asked.get("customer", ""), shown)
    entries = _entries(caller, shown[:_SHOWN], known, kept)
    place = next((n for n, row in enumerate(shown) if opened is not None and row.customer == opened.pk), None)
    following = shown[(place + 1) % len(shown)] if place is not None and len(shown) > 1 else None
    done = sum(1 for row in placed if row.reason == rules.WORKED)
    currency = opened.currency if opened else operator_currency()
    context: dict[str, Any] = {
        "entries": entries, "more": max(len(shown) - _SHOWN, 0), "view": view, "whose": whose,
        "views": [
            {"key": key, "label": label, "count": len(queries.narrowed(placed, key)),
             "url": f"{reverse('collections')}?view={key}&whose={whose}"}
            for key, label in VIEWS
        ],
        "mine": whose == "mine", "opened": opened, "total": len(placed), "done": done,
        "overdue": _sums(standings), "following": following.customer if following else "", "currency": currency,
        "progress": queries.progress(caller, today), "may_call": caller.may(record_call),
        "next_url": workbench_url(visible(caller).get(pk=following.customer), kept) if following else "",
    }  # fmt: skip
    if opened is not None:
        context |= _account(caller, opened, request.GET, form)
        context["why"] = next((entry for entry in entries if entry.number == opened.number), None)
    return render(request, "desk/workbench.html", context, status=422 if form else 200)


def _saved(form: CallForm, key: str | None) -> Saved | None:
    """What to say when the call is on record; none where something is refused, which the form then says."""
    if not form.is_valid():
        return None
    try:
        return form.saved(form.perform(form.caller.with_key(key)))
    except Refused as refusal:
        form.refuse(refusal)
        return None


def _sums(standings: list[rules.Standing]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in standings:
        sums[row.currency] = sums.get(row.currency, 0) + row.overdue_minor
    return dict(sorted(sums.items()))


def _whose(caller: Caller, asked: str) -> str:
    """One's own queue, where anything was given to this person and nothing else is asked for."""
    if asked in ("mine", "all"):
        return asked
    return "mine" if collects(caller.user_id) else "all"


def _opened(caller: Caller, number: str, shown: list[rules.Next]) -> Customer | None:
    if number:
        return CUSTOMER.get(caller, number)
    return visible(caller).filter(pk=shown[0].customer).first() if shown else None


def _entries(caller: Caller, shown: list[rules.Next], known: dict[int, rules.Standing], kept: QueryDict) -> list[Entry]:
    rows = visible(caller).in_bulk([row.customer for row in shown])
    found = []
    for row in shown:
        customer, standing = rows[row.customer], known[row.customer]
        why, tone = _why(row, standing, caller.now, caller.today)
        oldest = standing.oldest_due_on
        found.append(
            Entry(customer.number, customer.name, Money(standing.overdue_minor, customer.currency), why, tone,
                  max((caller.today - oldest).days, 0) if oldest else 0, workbench_url(customer, kept))
        )  # fmt: skip
    return found


def _account(caller: Caller, customer: Customer, params: QueryDict, sent: CallForm | None) -> dict[str, Any]:
    today = caller.today
    form = sent
    if form is None and caller.may(record_call):
        form = CallForm(None, None, caller=caller, subject=customer, params=params)
    items = form.open_items if form is not None else open_items_of(customer, today)
    found = figures(customer, today, items)
    chosen = default_bucket_set()
    analysis = age(items, bucket_rules(chosen), today, basis=chosen.basis)
    contacts = list(form.contacts.values()) if form else [row for row in contacts_of(customer) if row.active]
    phones = [(row, point.value) for row in contacts for point in row.points.all() if point.kind == "phone"]
    kept, decided = queries.kept_of(customer)
    return {
        "customer": customer, "found": found, "analysis": analysis,
        "agekey": list(zip(analysis.labels, analysis.buckets, strict=True)),
        "items": [(item, item.days_late(today)) for item in items if item.is_debit], "phones": phones,
        "last": last_receipt(customer, today) if caller.may("payments.view") else None,
        "pays_in": days_to_pay(customer, today), "kept": kept, "decided": decided,
        "promises": queries.open_promises_of(customer), "form": form, "history": history(caller, customer),
        "key": str(uuid.uuid4()), "ticked": sent.ticked if sent else [],
        "others": others_here(caller, customer), "pinned": customer.pinned_note, "in_workbench": True,
    }  # fmt: skip


def _found(caller: Caller, text: str, params: QueryDict) -> HttpResponse:
    """The account of an invoice's number, or of a customer's number, name or telephone."""
    item = ITEM.visible(caller).filter(number=text.upper()).select_related("customer").first()
    if item is not None:
        return redirect(workbench_url(item.customer, params))
    rows = search(caller, text, 2)
    if len(rows) == 1:
        return redirect(workbench_url(rows[0], params))
    return redirect(f"{reverse('find')}?{_query(text)}")


def _query(text: str) -> str:
    asked = QueryDict(mutable=True)
    asked["q"] = text
    return asked.urlencode()


def incoming(request: Request) -> HttpResponse:
    """Where a telephone system leads on a call: the customer whose number it is, or the search for it."""
    caller = request.caller
    caller.must("customers.view")
    number = "".join(sign for sign in request.GET.get("number", "")[:40] if sign.isdigit())
    # Without its beginning, which is written in many ways.
    rows = search(caller, number[-9:], 2) if len(number) >= 6 else []
    if len(rows) == 1:
        return redirect("customer", number=rows[0].number)
    asked = number or request.GET.get("number", "")[:40]
    return redirect(f"{reverse('find')}?{_query(asked)}")


def team(request: Request) -> HttpResponse:
    """Each collector with the accounts given to them, what is overdue on these, and the day's calls."""
    caller = request.caller
    caller.must("collections.view")
    return render(request, "desk/collectors.html", {"rows": queries.load(caller, caller.now), "today": caller.today})


def plan_file(request: Request, pk: int) -> HttpResponse:
    """A payment plan on paper, with its days and amounts."""
    plan = PLAN.get(request.caller, pk)
    name = file_name("Payment plan", plan.customer.number, "pdf", plan.made_on)
    return file_response(plan_pdf(plan), name, "application/pdf", inline=True)
