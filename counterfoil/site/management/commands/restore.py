"""`counterfoil restore FILE`: a fresh database is filled from a backup, and the books are checked."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.kernel.errors import Refused
from counterfoil.platform.archive import read_archive, read_manifest
from counterfoil.platform.checks import check_books


class Command(BaseCommand):
    help = "Fill a new database (DATABASE_URL) from a backup: all of it, with the same totals, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            read_manifest(options["file"])
            call_command("migrate", verbosity=0)
            totals = read_archive(options["file"])
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        rows = sum(sums["rows"] for sums in totals.values())
        self.stdout.write(f"{rows:,} rows in {len(totals)} tables, totals as in the backup.")
        findings = check_books()
        for finding in findings:
            self.stderr.write(f"{finding.check}: {finding.sentence}")
        if findings:
            raise CommandError(f"{len(findings)} findings. The backup was made of books that did not check.")
        self.stdout.write("The books check.")
