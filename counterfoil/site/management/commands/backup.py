"""`counterfoil backup FILE`: everything in one file, as of one moment, with control totals."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from counterfoil.kernel.errors import Refused
from counterfoil.platform.archive import write_backup


class Command(BaseCommand):
    help = "Write the whole book to a file, while it is in use."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--to-key", default=settings.BACKUP_PUBLIC_KEY, metavar="age1…",
            help="encrypt it to this public key of age; BACKUP_PUBLIC_KEY when left out",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        file = options["file"]
        try:
            totals = write_backup(file, now=timezone.now(), public_key=options["to_key"])
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        except OSError as error:
            raise CommandError(
                f"{file} could not be written: {error.strerror or error}. Nothing is left of it."
            ) from error
        rows = sum(sums["rows"] for sums in totals.values())
        size = file.stat().st_size / 1_000_000
        self.stdout.write(f"{file}: {len(totals)} tables, {rows:,} rows, {size:,.1f} MB")
