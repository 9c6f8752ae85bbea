"""Reads of what the desk keeps for each person."""

from __future__ import annotations

from django.db.models import Q

from counterfoil.desk.models import Notice, SavedView
from counterfoil.kernel.errors import NotFound
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view

declare_view("desk.view", "See one's own background work, notices and views of lists")


def saved_views(caller: Caller, list_key: str) -> list[SavedView]:
    """This person's views of a list, and those that others share."""
    rows = SavedView.objects.filter(Q(user_id=caller.user_id) | Q(shared=True), list_key=list_key)
    return list(rows.order_by("name", "pk")[:40])


def get_view(caller: Caller, pk: int) -> SavedView:
    """One of this person's own views."""
    found = SavedView.objects.filter(pk=pk, user_id=caller.user_id or 0).first()
    if found is None:
        raise NotFound("There is no such view, or it is somebody else's.")
    return found


def notices_of(caller: Caller, limit: int = 100) -> list[Notice]:
    """What this person was told, the newest first."""
    return list(Notice.objects.filter(user_id=caller.user_id or 0).order_by("-at", "-pk")[:limit])


def unread_notices(caller: Caller) -> int:
    """How much of it they have not read."""
    return Notice.objects.filter(user_id=caller.user_id or 0, read_at__isnull=True).count()
