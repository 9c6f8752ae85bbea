"""Taking what is personal out of the trail, without breaking a seal."""

from __future__ import annotations

from collections.abc import Iterable

from counterfoil.trail.kinds import KEPT_PRIVATELY, personal_keys
from counterfoil.trail.models import Event


def erase_personal(customer_ids: Iterable[int]) -> list[tuple[str, int]]:
    """The events of these customers say nothing personal any more; who did what when stays.

    Returns the rows (label and key) of which a digest was erased too. Runs inside an operation's transaction.
    """
    subjects: dict[tuple[str, int], None] = {}
    for event in Event.objects.filter(customer_id__in=list(customer_ids)).exclude(salt="").iterator(chunk_size=500):
        personal = personal_keys(event.kind)
        if KEPT_PRIVATELY in event.data:
            subjects[event.subject_type, event.subject_id] = None
        event.data = {key: value for key, value in event.data.items() if key not in personal}
        event.salt = ""
        event.save(update_fields=["data", "salt"])
    return list(subjects)
