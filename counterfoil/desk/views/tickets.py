"""Tickets: one of them with its conversation and its customer beside it, and what holds for all of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from counterfoil.desk.presence import others_at
from counterfoil.desk.summary import summary_of
from counterfoil.jobs.queries import jobs_about
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.kernel.money import money_text
from counterfoil.messaging.operations.wording import filled
from counterfoil.messaging.queries import missing_to_send
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import OperationForm
from counterfoil.platform.downloads import file_response
from counterfoil.platform.plain import Door, doors_of, form_of
from counterfoil.platform.requests import Request
from counterfoil.receivables.operations import send_statement
from counterfoil.receivables.queries import figures
from counterfoil.subscriptions.queries import services_of
from counterfoil.tickets import doors, queries, rules
from counterfoil.tickets.models import Ticket, TicketMessage
from counterfoil.tickets.nouns import CANNED_ANSWER, TICKET
from counterfoil.trail.kinds import sentence
from counterfoil.trail.queries import events_about, who_did

# What is a message of its own in the conversation.
_TOLD = ("ticket.opened", "ticket.answered", "ticket.noted", "ticket.replied", "row.kept")
# The buttons that stand in sight; the others are under the three dots.
_IN_SIGHT = (doors.TAKE_TICKET, doors.WAIT, doors.REOPEN, doors.RESOLVE, doors.CLOSE)
_IN_PLACE = (doors.ANSWER_TICKET, doors.ADD_NOTE)
_KINDS = {"answer": doors.ANSWER_TICKET, "note": doors.ADD_NOTE}


@dataclass(frozen=True)
class Entry:
    """Something in the conversation: a message, or what happened in between."""

    at: Any
    message: TicketMessage | None = None
    words: str = ""
    who: str = ""


def ticket(request: Request, number: str) -> HttpResponse:
    """The conversation, the answer to write, and the customer at the side."""
    caller = request.caller
    row = TICKET.get(caller, number)
    if row.merged_into is not None:
        return redirect(TICKET.url(queries.leading(row)))
    said = queries.messages_of(row)
    kind = request.POST.get("kind", "answer")
    form, status, met = None, 200, ""
    if request.method == "POST" and kind in _KINDS:
        form = _form(caller, row, _KINDS[kind], request.POST)
        met = _came_between(request.POST, said)
        if not met and (answer := _sent(request, form, _KINDS[kind], row)) is not None:
            return answer
        status = 422
    context = {
        "ticket": row, "customer": row.customer, "badges": TICKET.badges_of(row, caller.today),
        "entries": _entries(row, said), "seen": said[-1].pk if said else 0,
        "level": queries.service_level(row, caller.now), "hours": queries.week_text(),
        "others": others_at(caller, f"ticket-{row.pk}"), "met": met, "kind": kind, "form": form,
        "text": request.POST.get("text", "") or _canned_text(caller, row, request.GET.get("answer", "")),
        "to": queries.addresses_to_answer(row), "canned": _canned(caller, row),
        "key": str(uuid.uuid4()), "missing": missing_to_send(),
        **_buttons(caller, row), **_beside(caller, row),
    }  # fmt: skip
    return render(request, "desk/ticket.html", context, status=status)


def _form(caller: Caller, row: Ticket, door: Door, data: QueryDict) -> OperationForm:
    return form_of(door)(data, None, caller=caller, subject=row, params=QueryDict())


def _sent(request: Request, form: OperationForm, door: Door, row: Ticket) -> HttpResponse | None:
    """Where to go once it was done; none where it could not be."""
    if not request.caller.may(door.verb):
        raise request.caller.why_not(door.verb)
    if not form.is_valid():
        return None
    try:
        saved = form.saved(form.perform(request.caller.with_key(request.POST.get("key") or None)))
    except Refused as refusal:
        form.refuse(refusal)
        return None
    messages.success(request, saved.text, extra_tags=saved.undo_url)
    return redirect(f"{TICKET.url(row)}#latest")


def _came_between(data: QueryDict, said: list[TicketMessage]) -> str:
    """Who said something since the page was read that an answer is about; nobody, where nothing came."""
    seen = data.get("seen", "")
    newer = [one for one in said if seen.isdigit() and one.pk > int(seen)]
    return ", ".join(dict.fromkeys(one.author for one in newer))


def _entries(row: Ticket, said: list[TicketMessage]) -> list[Entry]:
    events = events_about(row).exclude(kind__in=_TOLD)[:100]
    happened = [Entry(one.at, words=sentence(one.kind, one.data), who=who_did(one)) for one in events]
    return sorted([*happened, *(Entry(one.at, one) for one in said)], key=lambda entry: entry.at)


def _buttons(caller: Caller, row: Ticket) -> dict[str, Any]:
    offered = [one for one in doors_of(TICKET) if one.is_offered(caller, row)]
    return {
        "buttons": [(one, _url(one, row)) for one in _IN_SIGHT if one in offered],
        "more": [(one, _url(one, row)) for one in offered if one not in (*_IN_SIGHT, *_IN_PLACE)],
        "may_answer": caller.may(doors.ANSWER_TICKET.verb), "may_note": caller.may(doors.ADD_NOTE.verb),
        "may_statement": caller.may(send_statement), "wants_statement": queries.wants_statement(row),
    }  # fmt: skip


def _url(door: Door, row: Ticket) -> str:
    return reverse(door.url_name, args=[row.number])


def _beside(caller: Caller, row: Ticket) -> dict[str, Any]:
    """The customer as their own page begins, what they have, and what else they asked."""
    others = [one for one in queries.tickets_of(row.customer)[:6] if one.pk != row.pk]
    services = services_of(row.customer)[:5] if caller.may("subscriptions.view") else []
    links = row.links.select_related("item", "subscription").order_by("pk")
    jobs = jobs_about(row) if caller.may("jobs.view") else []
    return {
        "summary": summary_of(caller, row.customer), "services": services, "other_tickets": others, "links": links,
        "jobs": jobs,
    }  # fmt: skip


def _fields(caller: Caller, row: Ticket) -> dict[str, str]:
    """What a standard answer can say."""
    customer = row.customer
    name = row.contact_name or customer.name
    balance = figures(customer, caller.today).balance_minor if caller.may("receivables.view") else 0
    return {
        "first_name": name.split(" ")[0], "customer_name": customer.name, "account_number": customer.number,
        "balance": money_text(balance, customer.currency), "ticket_number": row.number, "my_name": caller.name,
    }  # fmt: skip


def _canned(caller: Caller, row: Ticket) -> list[tuple[int, str, str]]:
    answers = queries.canned_answers()
    known = _fields(caller, row) if answers else {}
    return [(one.pk, one.name, filled(one.text, known)) for one in answers]


def _canned_text(caller: Caller, row: Ticket, asked: str) -> str:
    return next((text for pk, _, text in _canned(caller, row) if str(pk) == asked), "") if asked else ""


def file(request: Request, pk: int) -> HttpResponse:
    """A file that came with a ticket. It is handed over to be saved, never shown: anybody may have sent it."""
    caller = request.caller
    caller.must("tickets.view")
    found = queries.get_file(caller, pk)
    if found is None or found.file is None:
        raise NotFound()
    return file_response(bytes(found.file.content), found.name, "application/octet-stream")


def settings(request: Request) -> HttpResponse:
    """Service levels, business hours, standard answers, and what else holds for tickets."""
    caller = request.caller
    caller.must("tickets.view")
    now, may = queries.policy(), caller.may(doors.SERVICE_LEVEL.verb)
    level, hours = reverse("set-service-target"), reverse("set-office-hours")
    week = queries.week()
    parts = [
        {"key": "policy", "title": "Rules", "rows": [{
            "name": "Answers of customers",
            "facts": f"Open a ticket again within {now.reopen_days} days of its end. "
                     f"Customers {'see' if now.in_portal else 'do not see'} their tickets in the portal.",
            "links": [("Change", reverse("ticket-policy"))] if caller.may(doors.TICKET_POLICY.verb) else [],
        }]},
        {"key": "mailbox", "title": "Mailbox", "rows": [{
            "name": "Tickets come from", "facts": queries.mailbox_text(),
            "links": [("Change", reverse("set-mailbox"))] if caller.may(doors.MAILBOX.verb) else [],
        }]},
        {"key": "levels", "title": "Service level", "note": "In business hours. Stops while waiting for the customer.",
         "rows": [
             {"name": words, "facts": f"First answer within {rules.hours_text(first)}, solved within "
                                      f"{rules.hours_text(solve)}",
              "links": [("Change", f"{level}?priority={key}&first_minutes={first}&solve_minutes={solve}")]
              if may else []}
             for key, words in queries.PRIORITIES.items() for first, solve in [queries.targets()[key]]
         ]},
        {"key": "hours", "title": "Business hours", "note": "Holidays are not counted.", "rows": [
            {"name": name, "facts": " to ".join(map(rules.clock_text, week[day])) if day in week else "Closed",
             "links": [("Change", f"{hours}?weekday={day}{_as_query(week.get(day))}")] if may else []}
            for day, name in enumerate(rules.WEEKDAYS)
        ]},
        {"key": "answers", "title": "Standard answers", "empty": "None yet. Add what is answered often.",
         "add": ("Add standard answer", reverse("add-canned-answer")) if caller.may(doors.ADD_CANNED.verb) else None,
         "rows": [
             {"name": one.name, "facts": one.text, "links": [
                 (door.title, reverse(door.url_name, args=[one.pk]))
                 for door in doors_of(CANNED_ANSWER) if door.is_offered(caller, one)
             ]} for one in queries.canned_answers()
         ]},
    ]  # fmt: skip
    return render(request, "desk/policy_rows.html", {"title": "Tickets", "parts": parts})


def _as_query(span: tuple[int, int] | None) -> str:
    return f"&opens={rules.clock_text(span[0])}&closes={rules.clock_text(span[1])}" if span else "&opens=&closes="
