"""The calendar of a technician, as other programs read it (iCalendar, RFC 5545)."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar, Event

from counterfoil.jobs import queries
from counterfoil.jobs.models import FieldJob, Technician
from counterfoil.operator.queries import house_name


def written(row: Technician, now: dt.datetime) -> bytes:
    """The technician's visits as a calendar file, in the operator's time zone, which it defines."""
    book = Calendar()
    book.add("prodid", "-//Counterfoil//Jobs//EN")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    book.add("x-wr-calname", f"{row.user.name}, {house_name()}")
    # Programs that read it look again after an hour.
    book.add("x-published-ttl", "PT1H")
    for job in queries.feed_jobs(row, now):
        book.add_component(_event(job, now))
    book.add_missing_timezones()
    return bytes(book.to_ical())


def _event(job: FieldJob, now: dt.datetime) -> Event:
    assert job.starts_at is not None
    assert job.ends_at is not None
    address = f"{settings.PUBLIC_URL}{reverse('field-job', args=[job.number])}"
    event = Event()
    event.add("uid", f"{job.number}@{urlsplit(settings.PUBLIC_URL).hostname or 'counterfoil'}")
    event.add("dtstamp", now)
    event.add("dtstart", timezone.localtime(job.starts_at))
    event.add("dtend", timezone.localtime(job.ends_at))
    event.add("summary", f"{job.job_type.name}, {job.customer.name}")
    if job.site is not None:
        event.add("location", job.site.text)
    called = ", ".join(part for part in (job.contact_name, job.contact_phone) if part)
    event.add("description", "\n".join(part for part in (f"{job.number}: {job.summary}", called, address) if part))
    event.add("url", address)
    event.add("status", "CONFIRMED")
    return event


def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar that a secret address leads to; what was made up and what was revoked have the same answer."""
    row = queries.fed(token)
    if row is None:
        return HttpResponse("There is no such calendar.", status=404, content_type="text/plain; charset=utf-8")
    answer = HttpResponse(written(row, timezone.now()), content_type="text/calendar; charset=utf-8")
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer
