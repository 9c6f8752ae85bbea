"""Once a day the newest seal goes where whoever owns the database cannot reach it: a file, a mailbox, or both."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from counterfoil.messaging.operations import queue_private_mail
from counterfoil.messaging.rules import PRIVATE_FOR
from counterfoil.platform.callers import System
from counterfoil.platform.upkeep import note_anchor
from counterfoil.trail.anchors import Anchor, newest_anchor
from counterfoil.trail.queries import anchored_on


def anchor_daily(system: System) -> int:
    """Anchor the seals where the settings say, once a day; returns in how many places it is now.

    Noted once it is in all of them: after a failure the next minute tries all again, and twice does no harm.
    """
    if not (settings.ANCHOR_FILE or settings.ANCHOR_TO) or anchored_on(system.today):
        return 0
    anchor = newest_anchor(system.now)
    if anchor is None:
        return 0
    if settings.ANCHOR_FILE:
        append(Path(settings.ANCHOR_FILE), anchor)
    for address in settings.ANCHOR_TO:
        _mail(system, address, anchor)
    note_anchor(system, anchor=anchor)
    return bool(settings.ANCHOR_FILE) + len(settings.ANCHOR_TO)


def append(path: Path, anchor: Anchor) -> None:
    """One more line in the file, which is made when it is not there."""
    with path.open("a", encoding="ascii") as file:
        file.write(f"{anchor}\n")


def _mail(system: System, address: str, anchor: Anchor) -> None:
    text = (
        f"{anchor}\n\nKeep this message. Put the line into a file, with those of other days, and run\n"
        "    counterfoil check-books --anchors FILE\nto prove that nothing before it was rewritten.\n"
    )
    subject = f"Anchor of {anchor.at:%Y-%m-%d}"
    queue_private_mail(system, address=address, subject=subject, text=text, useless_at=system.now + PRIVATE_FOR)
