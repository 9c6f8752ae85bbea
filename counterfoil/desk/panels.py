"""What the desk itself offers to the customer page: the activity feed and the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from counterfoil.customers.models import Customer
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Panel
from counterfoil.platform.showing import Noun, nouns
from counterfoil.platform.tables import Column, Filter, Table
from counterfoil.trail.kinds import KINDS, sentence, trail_name
from counterfoil.trail.models import Event
from counterfoil.trail.queries import events_of, who_did

# The rows of a settlement follow from the payment or credit above them; the audit trail has them all.
_QUIET = ("allocation.made", "file.stored", "message.delivered", "row.kept")
_MONEY = ("invoice.", "receipt.", "refund.", "credit.", "debit_memo.", "account.", "item.", "allocation.", "dispute.")
_MESSAGES = ("message.", "statement.")
_CHASED = (
    "call.", "promise.", "plan.", "action.", "follow_up.", "dispute.", "receipt.", "refund.", "statement.", "letter.",
    "suspension.", "hold.", "item.", "credit_note.",
)  # fmt: skip


@cache
def _nouns() -> dict[str, Noun[Any]]:
    # Of a noun that is not all its rows, what an event is about may be gone.
    return {trail_name(one.model): one for one in nouns() if one.is_somebodys and one.is_numbered and not one.rows}


def event_url(caller: Caller, event: Event) -> str:
    """The page of what the event is about, where it has one that the caller may see."""
    noun = _nouns().get(event.subject_type)
    return reverse(noun.url_name, args=[event.subject_id]) if noun and caller.may(noun.sees) else ""


def event_icon(event: Event) -> str:
    kind = KINDS.get(event.kind)
    return kind.icon if kind else "square-pen"


def event_words(event: Event) -> str:
    """The event as a sentence."""
    return sentence(event.kind, event.data)


def _events(caller: Caller, customer: Customer) -> QuerySet[Event]:
    """What happened to a customer, as far as the caller may see such things at all."""
    rows = events_of(customer.pk)
    for view, starts in (("receivables.view", (*_MONEY, "approval.")), ("messaging.view", _MESSAGES)):
        if not caller.may(view):
            for start in starts:
                rows = rows.exclude(kind__startswith=start)
    return rows


def _feed(caller: Caller, events: Iterable[Event]) -> list[dict[str, Any]]:
    return [
        {"words": event_words(event), "who": who_did(event), "at": event.at, "icon": event_icon(event),
         "url": event_url(caller, event)}
        for event in events
    ]  # fmt: skip


def _activity(caller: Caller, customer: Customer) -> dict[str, Any]:
    return {"feed": _feed(caller, _events(caller, customer).exclude(kind__in=_QUIET)[:12])}


def history(caller: Caller, customer: Customer) -> list[dict[str, Any]]:
    """What a collector wants to know happened: calls, promises, letters, payments, disputes, suspensions."""
    wanted = Q()
    for start in _CHASED:
        wanted |= Q(kind__startswith=start)
    newest = _events(caller, customer).filter(wanted).exclude(kind__in=_QUIET)[:14]
    return _feed(caller, sorted(newest, key=lambda event: event.at, reverse=True))


def _group(rows: Any, value: str) -> Any:
    starts = {"money": _MONEY, "messages": _MESSAGES}.get(value)
    condition = Q()
    for start in starts or (*_MONEY, *_MESSAGES):
        condition |= Q(kind__startswith=start)
    return rows.filter(condition) if starts else rows.exclude(condition)


def _audit(caller: Caller, customer: Customer) -> dict[str, Any]:
    table = Table(
        key="audit",
        title="Audit trail",
        columns=(
            Column("at", "When", lambda row: row.at, "when", sort="id"),
            Column("actor", "Who", who_did, sort="actor"),
            Column("what", "What", event_words, href=lambda row: event_url(caller, row)),
            Column("door", "Through", lambda row: row.door, low=True),
        ),
        filters=(
            Filter(
                "about", "About",
                lambda: [("money", "Money"), ("messages", "Messages"), ("changes", "Changes")], _group,
            ),
        ),
        order="-at",
        empty=("Nothing recorded yet", "Every change of this account appears here."),
    )  # fmt: skip
    return {"rows": _events(caller, customer), "table": table}


ACTIVITY = Panel(
    "activity", "Activity", "customers.view", _activity, template="desk/panels/activity.html",
    words="timeline history feed recent", queries=1,
)  # fmt: skip
AUDIT_PANEL = Panel(
    "audit", "Audit trail", "customers.view", _audit,
    words="audit trial history changes who when", brief=10, queries=2,
)  # fmt: skip
