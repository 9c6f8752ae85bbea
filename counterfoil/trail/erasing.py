"""Taking what is personal out of the trail, without breaking a seal."""

from __future__ import annotations

from collections.abc import Iterable

from counterfoil.trail.kinds import personal_keys
from counterfoil.trail.models import Event


def erase_personal(customer_ids: Iterable[int]) -> int:
    """The events of these customers say nothing personal any more; who did what when stays. Returns how many changed.

    Runs inside an operation's transaction.
    """
    count = 0
    for event in Event.objects.filter(customer_id__in=list(customer_ids)).exclude(salt="").iterator(chunk_size=500):
        personal = personal_keys(event.kind)
        event.data = {key: value for key, value in event.data.items() if key not in personal}
        event.salt = ""
        event.save(update_fields=["data", "salt"])
        count += 1
    return count
