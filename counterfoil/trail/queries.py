"""Reads of the trail: what happened to a customer, and who last changed a row."""

from __future__ import annotations

import datetime as dt

from django.db.models import Max, Model, QuerySet

from counterfoil.trail.kinds import PERSON, trail_name
from counterfoil.trail.models import Event, Seal


def events_of(customer_id: int) -> QuerySet[Event]:
    """Everything that happened to a customer, newest first."""
    return Event.objects.filter(customer_id=customer_id).order_by("-id")


def events_about(subject: Model) -> QuerySet[Event]:
    """Everything that happened to one row, newest first."""
    return Event.objects.filter(subject_type=trail_name(type(subject)), subject_id=subject.pk).order_by("-id")


def last_change(subject: Model) -> Event | None:
    """The newest event about a row."""
    return events_about(subject).first()


def who_did(event: Event) -> str:
    """Who did it, by name as far as that is not erased."""
    return str(event.data.get(PERSON) or event.actor)


def unsealed_events() -> int:
    """How many events are not under a seal yet."""
    last = Seal.objects.aggregate(last=Max("last_id"))["last"]
    rows = Event.objects.all() if last is None else Event.objects.filter(pk__gt=last)
    return rows.count()


def anchored_on(day: dt.date) -> bool:
    """Whether the seals were anchored on a day, by the operator's clock."""
    about = Event.objects.filter(subject_type="trail.sealhead", subject_id=1)
    return about.filter(kind="trail.anchored", at__date=day).exists()
