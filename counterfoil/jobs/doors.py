"""How people meet jobs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.jobs import operations, queries, rules
from counterfoil.jobs.forms import CustomerNumberForm
from counterfoil.jobs.models import FieldJob, JobType, Technician, WorkingHours
from counterfoil.jobs.nouns import FIELD_JOB, JOB_TYPE, TECHNICIAN
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved
from counterfoil.platform.plain import Door, Offer
from counterfoil.platform.signatures import Says
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.nouns import SERVICE
from counterfoil.tickets.models import Ticket
from counterfoil.tickets.nouns import TICKET

State = FieldJob.State
_Choices = list[tuple[Any, str]]


def _owner(row: Any) -> Customer:
    """The customer of what a form is about: itself, or whose the row is."""
    if isinstance(row, Customer):
        return row
    return row.subscription.customer if isinstance(row, Service) else row.customer


def _types(caller: Caller, row: Any) -> _Choices:
    return [(one, f"{one.name}, {queries.type_text(one)}") for one in queries.job_types()]


def _sites(caller: Caller, row: Any) -> _Choices:
    return [(None, "None"), *((one, f"{one.label}, {one.text}") for one in queries.sites_for(_owner(row)))]


def _services(caller: Caller, row: Any) -> _Choices:
    return [(None, "None"), *((one, str(one)) for one in queries.services_for(_owner(row)))]


def _tickets(caller: Caller, row: Any) -> _Choices:
    return [(None, "None"), *((one, f"{one.number}, {one.subject}") for one in queries.tickets_for(_owner(row)))]


def _starts(row: Any) -> dict[str, Any]:
    owner = _owner(row)
    name, phone = queries.who_is_called(owner)
    site = next((one for one in queries.sites_for(owner) if "service" in one.purposes or one.is_primary), None)
    return {"job_type": next(iter(queries.job_types()), None), "site": site, "contact_name": name,
            "contact_phone": phone}  # fmt: skip


def _opened(made: FieldJob, row: Any) -> Saved:
    return Saved(f"Job {made.number} opened. Give it a technician and a time.", FIELD_JOB.url(made))


_ABOUT: Mapping[str, Offer] = {"job_type": _types, "site": _sites, "service": _services, "ticket": _tickets}
_FIELDS = {"job_type": Says("Type"), "site": Says("Address"), "service": Says("About the service"),
           "ticket": Says("About the ticket")}  # fmt: skip
_WORDS = "activity appointment visit technician installation call-out work order schedule"
OPEN_JOB = Door(
    operations.open_job, CUSTOMER, "new-job", "Open job", caption="New job", icon="calendar", words=_WORDS,
    offers=_ABOUT, fields=_FIELDS, start=lambda caller, row: _starts(row), done=_opened,
)  # fmt: skip
# From the list, where the customer is named by the number of the account.
OPEN_FOR = Door(
    operations.open_job, None, "new", "Open job", name="open-job-for", caption="New job", form=CustomerNumberForm,
    under="open-job", offers={"job_type": _types}, fields=_FIELDS, home=lambda row: reverse("field-jobs"), done=_opened,
    given={name: lambda caller, row: None for name in ("site", "service", "ticket")},
)  # fmt: skip


def _from_ticket(caller: Caller, row: Ticket) -> dict[str, Any]:
    return {**_starts(row), "summary": row.subject, "contact_name": row.contact_name or _starts(row)["contact_name"]}


OPEN_FROM_TICKET = Door(
    operations.open_job, TICKET, "job", "Open job", name="open-job-from-ticket", caption="Open a job for it",
    icon="calendar", offered=lambda row, day: row.merged_into_id is None, start=_from_ticket, fields=_FIELDS,
    given={"customer": lambda caller, row: row.customer, "ticket": lambda caller, row: row},
    offers={"job_type": _types, "site": _sites, "service": _services},
    about=lambda row: f"{row.number}, {row.customer.name}", home=TICKET.url, done=_opened,
)  # fmt: skip
OPEN_FROM_SERVICE = Door(
    operations.open_job, SERVICE, "job", "Open job", name="open-job-from-service", caption="Open a job for it",
    icon="calendar", offered=lambda row, day: not row.end, fields=_FIELDS,
    start=lambda caller, row: {**_starts(row), **({"site": row.subscription.site} if row.subscription.site else {})},
    given={"customer": lambda caller, row: row.subscription.customer, "service": lambda caller, row: row,
           "ticket": lambda caller, row: None},
    offers={"job_type": _types, "site": _sites}, done=_opened,
)  # fmt: skip

# ------------------------------------------------------------------ one job


def _whole(row: FieldJob) -> str:
    return f"{row.number}, {row.customer.name}"


def _home(row: FieldJob) -> str:
    return FIELD_JOB.url(row)


def _on_job(**more: Any) -> dict[str, Any]:
    return {"about": _whole, "home": _home, **more}


def _is_open(row: FieldJob, day: dt.date) -> bool:
    return not row.is_over


def _in(*states: str) -> Any:
    return lambda row, day: row.state in states


def _technicians(caller: Caller, row: FieldJob) -> _Choices:
    able = queries.able(row, people := queries.technicians())
    others = [one for one in people if one not in able]
    return [(one, str(one)) for one in able] + [
        (one, f"{one}, without {', '.join(rules.lacking(row.job_type.skills, one.skills))}") for one in others
    ]


def _first_slot(caller: Caller, row: FieldJob) -> dict[str, Any]:
    minutes = round(queries.length_of(row).total_seconds() / 60)
    if row.starts_at is not None:
        start = timezone.localtime(row.starts_at)
        return {"technician": row.technician, "on": start.date(), "at": f"{start:%H:%M}", "minutes": minutes}
    slot = next(iter(queries.proposed(row, caller.now, 1)), None)
    if slot is None:
        return {"minutes": minutes}
    start = timezone.localtime(slot.start)
    return {"technician": slot.technician, "on": start.date(), "at": f"{start:%H:%M}", "minutes": minutes}


def _proposals(row: FieldJob) -> str:
    slots = queries.proposed(row, timezone.now())
    said = "; ".join(f"{slot.technician}, {queries.visit_text(slot.start, slot.end)}" for slot in slots)
    needs = f"Needs {', '.join(row.job_type.skills)}. " if row.job_type.skills else ""
    return f"{needs}{f'Free next: {said}.' if said else 'Nobody who can do it is free in the next four weeks.'}"


def _planned(made: FieldJob, row: FieldJob) -> Saved:
    slip = rules.slip_text(made.slip_minutes)
    return Saved(
        f"{made.number}: {made.technician}, {queries.when_text(made)}{f', {slip}' if slip else ''}.",
        FIELD_JOB.url(made),
    )


SCHEDULE_JOB = Door(
    operations.schedule_job, FIELD_JOB, "schedule", "Save time", caption="Schedule or move", icon="calendar",
    words="reschedule appointment", offered=_is_open, offers={"technician": _technicians}, start=_first_slot,
    lead=_proposals, done=_planned, **_on_job(),
)  # fmt: skip
ASSIGN_JOB = Door(
    operations.assign_job, FIELD_JOB, "assign", "Assign", caption="Assign to another technician", icon="user-check",
    offered=_in(State.SCHEDULED), offers={"technician": _technicians},
    start=lambda caller, row: {"technician": row.technician}, done=_planned, **_on_job(),
)  # fmt: skip
UNSCHEDULE_JOB = Door(
    operations.unschedule_job, FIELD_JOB, "unschedule", "Take off", caption="Take off the schedule", icon="undo",
    offered=_in(State.SCHEDULED), done=lambda made, row: f"{made.number} waits for a technician and a time.",
    **_on_job(),
)  # fmt: skip
START_JOB = Door(
    operations.start_job, FIELD_JOB, "start", "Start", name="start-field-job", caption="Start", icon="play",
    at_once=True, offered=_in(State.SCHEDULED), done=lambda made, row: f"{made.number} is under way.",
)  # fmt: skip


def _lines(caller: Caller, row: FieldJob) -> list[tuple[str, str]] | None:
    return [(one.text, one.text) for one in row.checks.all()] or None


def _done(caller: Caller, row: FieldJob) -> dict[str, Any]:
    return {"done": [one.text for one in row.checks.all() if one.done]}


def what_completing_does(row: FieldJob) -> str:
    """What completing a job charges and starts, in words."""
    before = {one.product_id for one in row.charges.all()}
    products = [one.product for one in row.job_type.products.select_related("product") if one.product_id not in before]
    parts = []
    if products:
        subscription = queries.subscription_for(row)
        place = f"the next bill of {subscription.number}" if subscription else "a draft invoice"
        parts.append(f"Charges {', '.join(map(str, products))} on {place}.")
    if row.job_type.starts_service and row.service:
        parts.append(f"Starts {row.service}, where it is a draft.")
    return " ".join(parts) or "Nothing is charged."


TICK_JOB = Door(
    operations.tick_job, FIELD_JOB, "tick", "Save checklist", caption="Checklist", icon="check", offered=_is_open,
    offers={"done": _lines}, start=_done, done=lambda made, row: f"Checklist of {made.number} saved.", **_on_job(),
)  # fmt: skip
ADD_NOTE = Door(
    operations.add_job_note, FIELD_JOB, "note", "Add note", caption="Note", icon="sticky-note",
    done=lambda made, row: "Note added.", **_on_job(),
)  # fmt: skip
ADD_READING = Door(
    operations.add_job_reading, FIELD_JOB, "reading", "Add", caption="Reading or serial number", icon="plus",
    done=lambda made, row: f"{made} added.", **_on_job(),
)  # fmt: skip
COMPLETE_JOB = Door(
    operations.complete_job, FIELD_JOB, "complete", "Complete job", caption="Complete", icon="circle-check",
    offered=_in(State.SCHEDULED, State.UNDER_WAY), offers={"done": _lines}, start=_done, lead=what_completing_does,
    order=("done", "readings", "note"),
    done=lambda made, row: f"{made.number} is completed.", **_on_job(),
)  # fmt: skip
CHANGE_JOB = Door(
    operations.change_job, FIELD_JOB, "change", "Save", name="change-field-job", caption="Edit job", icon="square-pen",
    offered=_is_open, offers={"site": _sites, "service": _services}, fields=_FIELDS,
    start=lambda caller, row: {name: getattr(row, name) for name in (
        "summary", "site", "service", "contact_name", "contact_phone")},
    done=lambda made, row: f"{made.number} changed.", **_on_job(),
)  # fmt: skip
CANCEL_JOB = Door(
    operations.cancel_job, FIELD_JOB, "cancel", "Cancel job", name="cancel-field-job", caption="Cancel job", icon="ban",
    danger=True, offered=_is_open, lead=lambda row: "Nothing is charged. Tell the customer, where they expect you.",
    done=lambda made, row: f"{made.number} is cancelled.", **_on_job(),
)  # fmt: skip
REOPEN_JOB = Door(
    operations.reopen_job, FIELD_JOB, "reopen", "Open again", name="reopen-field-job", caption="Open again",
    icon="repeat", offered=_in(State.COMPLETED, State.CANCELLED),
    lead=lambda row: "It waits for a technician and a time again. What was charged is not charged a second time.",
    done=lambda made, row: f"{made.number} waits for a technician and a time.", **_on_job(),
)  # fmt: skip

# ------------------------------------------------------------------ settings


def settings_url(row: Any = None) -> str:
    """The page of what holds for jobs."""
    return reverse("job-settings")


def _settings(**more: Any) -> dict[str, Any]:
    return {"under": "settings/jobs", "home": settings_url, **more}


def _products(caller: Caller, row: Any) -> list[tuple[str, str]] | None:
    return [(one.code, one.name) for one in queries.products_once()] or None


def _type(caller: Caller, row: JobType) -> dict[str, Any]:
    return {
        "name": row.name, "minutes": row.minutes, "skills": row.skills, "checklist": row.checklist,
        "starts_service": row.starts_service,
        "products": [one.product.code for one in row.products.select_related("product")],
    }  # fmt: skip


JOB_POLICY = Door(
    operations.set_job_policy, None, "policy", "Save", name="job-policy", caption="Change rules of jobs",
    start=lambda caller, row: {"reminds": queries.policy().reminds, "in_portal": queries.policy().in_portal},
    done=lambda made, _: "Jobs are handled like this from now on.", **_settings(),
)  # fmt: skip
ADD_TYPE = Door(
    operations.add_job_type, None, "add-type", "Add", caption="New job type", offers={"products": _products},
    start=lambda caller, row: {"minutes": 60}, done=lambda made, _: f"{made.name} added.", **_settings(),
)  # fmt: skip
CHANGE_TYPE = Door(
    operations.change_job_type, JOB_TYPE, "change", "Save", caption="Job type", about=str,
    offers={"products": _products}, start=_type, offered=lambda row, day: row.retired_on is None,
    done=lambda made, _: f"{made.name} changed.", **_settings(),
)  # fmt: skip
RETIRE_TYPE = Door(
    operations.retire_job_type, JOB_TYPE, "retire", "Stop using", caption="Stop using", danger=True, about=str,
    offered=lambda row, day: row.retired_on is None, lead=lambda row: "Jobs of this type go on.",
    done=lambda made, _: f"{made.name} is not offered any more.", **_settings(),
)  # fmt: skip


def _people(caller: Caller, row: Any) -> _Choices:
    return [(one, one.name) for one in queries.may_become()]


SET_TECHNICIAN = Door(
    operations.set_technician, None, "technician", "Save", caption="Technician", offers={"person": _people},
    done=lambda made, _: f"{made} does jobs.", **_settings(),
)  # fmt: skip
CHANGE_TECHNICIAN = Door(
    operations.set_technician, TECHNICIAN, "skills", "Save", name="change-technician", caption="Skills", about=str,
    given={"person": lambda caller, row: row.user}, start=lambda caller, row: {"skills": row.skills},
    done=lambda made, _: f"{made}: {', '.join(made.skills) or 'no special skills'}.", **_settings(),
)  # fmt: skip


def _feed(row: Technician) -> str:
    return (f"Their calendar is at {queries.feed_address(row)}. Whoever knows the address sees the visits. "
            "With a new address the one before leads nowhere.")  # fmt: skip


REVOKE_FEED = Door(
    operations.revoke_feed, TECHNICIAN, "calendar", "Give it a new address", caption="Calendar", about=str, lead=_feed,
    done=lambda made, _: f"The calendar of {made} is at {queries.feed_address(made)} now.", **_settings(),
)  # fmt: skip
RETIRE_TECHNICIAN = Door(
    operations.retire_technician, TECHNICIAN, "retire", "Does no jobs any more", caption="Does no jobs any more",
    danger=True, about=str, offered=lambda row, day: row.retired_on is None,
    done=lambda made, _: f"{made} does no jobs any more.", **_settings(),
)  # fmt: skip


def _said_hours(made: WorkingHours, _: Any) -> str:
    whose = f"{made.technician}, " if made.technician else ""
    if made.opens == made.closes:
        return f"{whose}{made}: off."
    return f"{whose}{made}: {rules.clock_text(made.opens)} to {rules.clock_text(made.closes)}."


def _everybody(caller: Caller, row: Any) -> _Choices:
    return [(None, "Everybody"), *((one, str(one)) for one in queries.technicians())]


HOURS = Door(
    operations.set_working_hours, None, "hours", "Save", caption="Working hours", done=_said_hours,
    offers={"technician": _everybody}, start=lambda caller, row: {"weekday": "0", "opens": "08:00", "closes": "17:00"},
    fields={"technician": Says("Whose", "A technician’s own hours count before everybody’s.")}, **_settings(),
)  # fmt: skip
