"""Who else has an account open: kept for two minutes in the cache, and nowhere else."""

from __future__ import annotations

import datetime as dt

from django.core.cache import cache

from counterfoil.customers.models import Customer
from counterfoil.platform.callers import Caller

_STAYS = dt.timedelta(seconds=120)


def others_here(caller: Caller, customer: Customer) -> list[str]:
    """The names of colleagues who opened this account within two minutes; this person is noted too."""
    return others_at(caller, f"here-{customer.pk}")


def others_at(caller: Caller, key: str) -> list[str]:
    """The same of any place with a name of its own."""
    now = caller.now
    seen: dict[int, tuple[str, dt.datetime]] = cache.get(key) or {}
    here = {pk: entry for pk, entry in seen.items() if now - entry[1] < _STAYS}
    others = sorted(name for pk, (name, _) in here.items() if pk != caller.user_id)
    if caller.user_id is not None:
        cache.set(key, {**here, caller.user_id: (caller.name, now)}, int(_STAYS.total_seconds()))
    return others
