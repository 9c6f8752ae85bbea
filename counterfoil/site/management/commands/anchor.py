"""`counterfoil anchor`: the newest seal on a line, to keep where nobody can change it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from counterfoil.platform.callers import Caller
from counterfoil.platform.upkeep import seal_trail
from counterfoil.site.anchoring import append
from counterfoil.trail.anchors import newest_anchor


class Command(BaseCommand):
    help = "Seal what happened so far and print an anchor: keep it elsewhere, and `check-books --anchors` proves it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, help="add the line to this file instead")

    def handle(self, *args: Any, **options: Any) -> None:
        seal_trail(Caller.system("shell"))
        anchor = newest_anchor(timezone.now())
        if anchor is None:
            raise CommandError("Nothing has happened yet, so there is nothing to anchor.")
        if options["to"] is not None:
            append(options["to"], anchor)
        else:
            self.stdout.write(str(anchor))
