"""`counterfoil calendar FILE.ics [--format json]`."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from counterfoil.documents.calendars import MOST_BYTES, Entry, read_calendar
from counterfoil.kernel.errors import Refused


class Command(BaseCommand):
    help = (
        "Read a calendar file (iCalendar) and say what it would put on a schedule; nothing is written. As JSON it is a "
        "list with an object for each event: uid, title, start, end (with their zone; dates of whole days, the end "
        "being the day after), all_day, place, repeats, zone, cancelled, replaces, and said: what could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a calendar as a file (.ics)")
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument("--dry-run", action="store_true", help="what it does in any case: only say it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file:
                found = read_calendar(file.read(MOST_BYTES + 1), ZoneInfo(timezone.get_current_timezone_name()))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        if options["format"] == "json":
            told = [json.dumps(as_object(one), ensure_ascii=False) for one in found]
            self.stdout.write("[" + ",\n".join(told) + "]")
            return
        for one in found:
            when = " to ".join(_iso(time) or "?" for time in (one.start, one.end))
            repeats = f", repeats {one.repeats}" if one.repeats else ""
            self.stdout.write(f"{when}  {one.title}{repeats}{', cancelled' if one.cancelled else ''}")
            for sentence in one.said:
                self.stdout.write(f"  {sentence}")


def as_object(one: Entry) -> dict[str, Any]:
    """An event for programs. What it does not say is null."""
    return {
        "uid": one.uid or None, "title": one.title or None, "start": _iso(one.start), "end": _iso(one.end),
        "all_day": one.all_day, "place": one.place or None, "repeats": one.repeats or None, "zone": one.zone or None,
        "cancelled": one.cancelled, "replaces": _iso(one.replaces), "said": list(one.said),
    }  # fmt: skip


def _iso(time: dt.datetime | dt.date | None) -> str | None:
    return time.isoformat() if time else None
