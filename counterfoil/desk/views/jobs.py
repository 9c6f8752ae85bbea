"""Jobs: the page of one, which a technician uses on a telephone; the schedule; and what holds for all of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from counterfoil.jobs import doors, queries, rules
from counterfoil.jobs.models import FieldJob, Technician
from counterfoil.jobs.nouns import FIELD_JOB, JOB_TYPE, TECHNICIAN
from counterfoil.jobs.operations import schedule_job
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import date_text, read_date
from counterfoil.operator.queries import week_starts
from counterfoil.platform.callers import Caller
from counterfoil.platform.plain import Door, doors_of
from counterfoil.platform.requests import Request
from counterfoil.trail.queries import events_about

_DAY = dt.timedelta(days=1)
# In sight, and in place; the others are under the three dots.
_IN_SIGHT = (doors.START_JOB, doors.COMPLETE_JOB, doors.SCHEDULE_JOB, doors.REOPEN_JOB)
_IN_PLACE = (doors.TICK_JOB, doors.ADD_NOTE, doors.ADD_READING)


def job(request: Request, number: str) -> HttpResponse:
    """What is to be done, where and for whom; what was done; and the buttons that carry it on."""
    caller = request.caller
    row = FIELD_JOB.get(caller, number)
    offered = [one for one in doors_of(FIELD_JOB) if one.is_offered(caller, row)]
    site_text = row.site.text if row.site else ""
    checks = list(row.checks.all())
    return render(request, "desk/field_job.html", {
        "job": row, "customer": row.customer, "badges": FIELD_JOB.badges_of(row, caller.today),
        "when": queries.when_text(row), "where": site_text.replace("\n", ", "), "checks": checks,
        "ticked": sum(one.done for one in checks), "may_tick": doors.TICK_JOB in offered and checks,
        "may_note": doors.ADD_NOTE in offered, "may_complete": doors.COMPLETE_JOB in offered,
        "buttons": [(one, _url(one, row)) for one in _IN_SIGHT if one in offered],
        "more": [(one, _url(one, row)) for one in offered if one not in (*_IN_SIGHT, *_IN_PLACE)],
        "notes": [one for one in row.entries.all() if one.kind == "note"],
        "readings": [one for one in row.entries.all() if one.kind == "reading"],
        "files": queries.attached(row), "charges": row.charges.all(),
        "does": doors.what_completing_does(row) if not row.is_over else "",
        "may_attach": caller.may(doors.START_JOB.verb),
        "money": caller.may("subscriptions.view"), "events": events_about(row)[:30],
    })  # fmt: skip


def _url(door: Door, row: FieldJob) -> str:
    return reverse(door.url_name, args=[row.number])


# ------------------------------------------------------------------ the schedule


@dataclass(frozen=True)
class Block:
    """A job on the board; of a customer out of sight, only that time is taken."""

    job: FieldJob | None
    hours: str
    tone: str = ""


def schedule(request: Request) -> HttpResponse:
    """Technicians by hours of a day or days of a week, and what waits for somebody. A job is moved by choosing it, then
    a time that is free."""
    caller = request.caller
    caller.must("jobs.view")
    if request.method == "POST":
        return _put(request)
    asked, by_week = request.GET.get("job", ""), request.GET.get("view") == "week"
    chosen = FIELD_JOB.get(caller, asked) if asked and caller.may(schedule_job) else None
    if chosen is not None and (chosen.is_over or chosen.state == FieldJob.State.UNDER_WAY):
        chosen = None
    people = queries.technicians()
    day = _asked_day(request.GET.get("day", ""), caller, chosen, people)
    mine = next((one for one in people if one.user_id == caller.user_id), None)
    found = _week(caller, day, people, chosen) if by_week else _day(caller, day, people, chosen)
    step = 7 if by_week else 1
    return render(request, "desk/schedule.html", {
        **found, "chosen": chosen, "by_week": by_week, "is_today": day == caller.today,
        "proposed": queries.proposed(chosen, caller.now) if chosen else [],
        "tray": queries.unassigned(caller)[:50], "figures": queries.figures(caller),
        "zone": timezone.get_current_timezone_name(),
        "before": _query(day - step * _DAY, chosen, by_week), "after": _query(day + step * _DAY, chosen, by_week),
        "as_day": _query(day, chosen, by_week=False), "as_week": _query(day, chosen, by_week=True),
        "without": _query(day, None, by_week), "now": _query(caller.today, chosen, by_week),
        "here": _query(day, None, by_week), "day": day, "people": people,
        "calendar": queries.feed_address(mine) if mine else "",
    })  # fmt: skip


def _asked_day(text: str, caller: Caller, chosen: FieldJob | None, people: list[Technician]) -> dt.date:
    """The day that is asked for; else that of the chosen job, else the first from today on with anything to see."""
    usual = queries.local_day(chosen.starts_at) if chosen and chosen.starts_at else _next_day(caller.today, people)
    try:
        day = read_date(text, today=caller.today) if text else usual
    except Refused:
        return usual
    return day if abs((day - caller.today).days) <= 3660 else usual


def _next_day(today: dt.date, people: list[Technician]) -> dt.date:
    """The first day on which somebody works or has a visit; today where there is none within two weeks."""
    zone, calendars = timezone.get_current_timezone(), queries.calendars(people)
    for ahead in range(14):
        start, end = rules.day_of(today + ahead * _DAY, zone)
        if any(_working(one, start, end) for one in calendars.values()) or queries.between(start, end):
            return today + ahead * _DAY
    return today


def _query(day: dt.date, chosen: FieldJob | None, by_week: bool) -> str:
    parts = [
        f"day={day.isoformat()}",
        *(["view=week"] if by_week else []),
        *([f"job={chosen.number}"] if chosen else []),
    ]
    return f"{reverse('schedule')}?{'&'.join(parts)}"


def _put(request: Request) -> HttpResponse:
    """The chosen job is with this technician at this time; where it cannot be, the page says why."""
    caller, sent = request.caller, request.POST
    if not caller.may(schedule_job):
        raise caller.why_not(schedule_job)
    row = FIELD_JOB.get(caller, sent.get("job", ""))
    head, _, moment = sent.get("slot", "").partition(" ")
    try:
        if not head.isdigit() or len(head) > 18:
            raise Refused("no_slot", "Choose a free time.")
        try:
            start = timezone.localtime(dt.datetime.fromisoformat(moment))
        except (ValueError, OverflowError) as error:
            raise Refused("no_slot", "Choose a free time.") from error
        technician = TECHNICIAN.get(caller, int(head))
        made = schedule_job(
            caller.with_key(sent.get("key") or None), job=row, technician=technician, on=start.date(),
            at=f"{start:%H:%M}", minutes=round(queries.length_of(row).total_seconds() / 60),
        )  # fmt: skip
    except Refused as refusal:
        if refusal.code == "not_found":
            raise
        messages.error(request, refusal.sentence)
        return redirect(sent.get("here", "") if sent.get("here", "").startswith(reverse("schedule")) else "schedule")
    messages.success(request, f"{made.number}: {made.technician}, {queries.when_text(made)}.")
    return redirect(_query(start.date(), None, sent.get("view") == "week"))


def _block(row: FieldJob, seen: set[int], caller: Caller) -> Block:
    start, end = map(timezone.localtime, row.visit)
    tone = next((tone for words, tone in FIELD_JOB.badges_of(row, caller.today) if words == "Late"), "")
    return Block(row if row.pk in seen else None, f"{start:%H:%M} to {end:%H:%M}", tone or {
        "completed": "ok", "under_way": "info"}.get(row.state, ""))  # fmt: skip


def _booked(rows: list[FieldJob], working: list[rules.Stretch]) -> str:
    """How much of somebody's time is taken: `5 h of 9 h`, `9 h free`, `Off`."""
    taken = sum((row.visit[1] - row.visit[0] for row in rows), dt.timedelta())
    whole = sum((end - start for start, end in working), dt.timedelta())
    said, all_of_it = (rules.hours_text(round(time.total_seconds() / 60)) for time in (taken, whole))
    if not taken:
        return f"{all_of_it} free" if whole else "Off"
    return f"{said} of {all_of_it}" if whole else said


def _working(calendar: rules.Calendar, start: dt.datetime, end: dt.datetime) -> list[rules.Stretch]:
    found = []
    for opens, closes in calendar.spans(start):
        if opens >= end:
            break
        found.append((opens, closes))
    return found


def _day(caller: Caller, day: dt.date, people: list[Technician], chosen: FieldJob | None) -> dict[str, Any]:
    zone = timezone.get_current_timezone()
    start, end = rules.day_of(day, zone)
    rows = queries.between(start, end)
    seen, calendars = queries.seen(caller, rows), queries.calendars(people)
    working = {one.pk: _working(calendars[one.pk], start, end) for one in people}
    stretches = [span for spans in working.values() for span in spans] + [row.visit for row in rows]
    columns = rules.columns_of(day, zone, stretches)
    since = max(start, min(caller.now, end))
    slots = queries.slots(chosen, since, end, people) if chosen else {}
    free = {(slot.technician.pk, slot.start): slot for some in slots.values() for slot in some}
    board = []
    for one in people:
        mine = [row for row in rows if row.technician_id == one.pk]
        cells = rules.laid_out(columns, [(*row.visit, row) for row in mine], working[one.pk])
        board.append({
            "technician": one, "booked": _booked(mine, working[one.pk]),
            "cells": [(cell, [_block(row, seen, caller) for row in cell.jobs], free.get((one.pk, cell.start)))
                      for cell in cells],
        })  # fmt: skip
    heads: list[list[Any]] = []
    for at in columns:
        label = f"{timezone.localtime(at):%H}:00"
        if heads and heads[-1][0] == label and at - heads[-1][2] < dt.timedelta(hours=1):
            heads[-1][1] += 1
        else:
            heads.append([label, 1, at])
    names = {one.pk: str(one) for one in people}
    agenda = [(row, _block(row, seen, caller), names.get(row.technician_id or 0, str(row.technician))) for row in rows]
    return {"title": f"{day:%A} {date_text(day)}", "heads": heads, "board": board, "agenda": agenda}


def _week(caller: Caller, day: dt.date, people: list[Technician], chosen: FieldJob | None) -> dict[str, Any]:
    zone = timezone.get_current_timezone()
    starts = day - dt.timedelta(days=(day.weekday() - week_starts()) % 7)
    days = [starts + index * _DAY for index in range(7)]
    start, end = rules.day_of(starts, zone)[0], rules.day_of(days[-1], zone)[1]
    rows = queries.between(start, end)
    seen, calendars = queries.seen(caller, rows), queries.calendars(people)
    slots = queries.slots(chosen, max(start, min(caller.now, end)), end, people) if chosen else {}
    board = []
    for one in people:
        working = _working(calendars[one.pk], start, end)
        mine = [row for row in rows if row.technician_id == one.pk]
        cells = []
        for each in days:
            of_day = rules.day_of(each, zone)
            blocks = [
                _block(row, seen, caller) for row in mine if rules.overlaps(row.visit, of_day)
            ]  # fmt: skip
            off = not any(rules.overlaps(span, of_day) for span in working)
            first = next((slot for slot in slots.get(one.pk, ()) if of_day[0] <= slot.start < of_day[1]), None)
            cells.append((off, blocks, first))
        board.append({"technician": one, "booked": _booked(mine, working), "cells": cells})
    names = {one.pk: str(one) for one in people}
    agenda = [(row, _block(row, seen, caller), names.get(row.technician_id or 0, str(row.technician))) for row in rows]
    title = f"{date_text(starts)} to {date_text(days[-1])}"
    heads = [(f"{each:%a} {each.day}", _query(each, chosen, by_week=False)) for each in days]
    return {"title": title, "heads": heads, "board": board, "agenda": agenda}


# ------------------------------------------------------------------ settings


def settings(request: Request) -> HttpResponse:
    """Job types, technicians, working hours, and what else holds for jobs."""
    caller = request.caller
    caller.must("jobs.view")
    now = queries.policy()
    people = queries.technicians()
    parts = [
        {"key": "policy", "title": "Rules", "rows": [{
            "name": "Customers",
            "facts": f"Are {'' if now.reminds else 'not '}reminded by e-mail the day before, and "
                     f"{'see' if now.in_portal else 'do not see'} coming visits in the portal.",
            "links": [("Change", reverse("job-policy"))] if caller.may(doors.JOB_POLICY.verb) else [],
        }]},
        {"key": "types", "title": "Job types", "empty": "None yet. Add what your technicians are sent for.",
         "add": ("Add job type", reverse("add-job-type")) if caller.may(doors.ADD_TYPE.verb) else None,
         "rows": [{"name": one.name, "facts": queries.type_text(one), "links": _links(caller, JOB_TYPE, one)}
                  for one in queries.job_types()]},
        {"key": "technicians", "title": "Technicians", "empty": "Nobody yet. Add who does jobs.",
         "add": ("Add technician", reverse("set-technician")) if caller.may(doors.SET_TECHNICIAN.verb) else None,
         "rows": [{"name": str(one), "facts": ", ".join(one.skills) or "No special skills",
                   "links": _links(caller, TECHNICIAN, one)} for one in people]},
        {"key": "hours", "title": "Working hours", "note": "Holidays are off.", "rows": [
            *_hours(caller, "", None), *(row for one in people for row in _hours(caller, f"{one}, ", one)),
        ]},
    ]  # fmt: skip
    return render(request, "desk/policy_rows.html", {"title": "Jobs", "parts": parts})


def _links(caller: Caller, noun: Any, row: Any) -> list[tuple[str, str]]:
    return [
        (door.title, reverse(door.url_name, args=[row.pk])) for door in doors_of(noun) if door.is_offered(caller, row)
    ]


def _hours(caller: Caller, whose: str, technician: Technician | None) -> list[dict[str, Any]]:
    """Everybody's hours of each weekday; of a technician only those that differ."""
    own = {row.weekday: (row.opens, row.closes) for row in technician.hours.all()} if technician else None
    week = {**rules.USUAL_WEEK, **queries.company_week()} if own is None else own
    address, may = reverse("set-working-hours"), caller.may(doors.HOURS.verb)
    rows = []
    for day, name in enumerate(rules.WEEKDAYS):
        if own is not None and day not in own:
            continue
        span = week.get(day, (0, 0))
        is_open = span[0] < span[1]
        asked = f"?weekday={day}" + (f"&technician={technician.pk}" if technician else "")
        asked += (
            f"&opens={rules.clock_text(span[0])}&closes={rules.clock_text(span[1])}" if is_open else "&opens=&closes="
        )
        rows.append({
            "name": f"{whose}{name}", "links": [("Change", address + asked)] if may else [],
            "facts": " to ".join(map(rules.clock_text, span)) if is_open else "Off",
        })  # fmt: skip
    return rows
