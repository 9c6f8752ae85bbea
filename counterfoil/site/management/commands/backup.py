"""`counterfoil backup FILE`: everything in one file, as of one moment, with control totals."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from counterfoil.platform.archive import write_archive


class Command(BaseCommand):
    help = "Write the whole book to a file, while it is in use."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        totals = write_archive(options["file"], now=timezone.now())
        rows = sum(sums["rows"] for sums in totals.values())
        size = options["file"].stat().st_size / 1_000_000
        self.stdout.write(f"{options['file']}: {len(totals)} tables, {rows:,} rows, {size:,.1f} MB")
