"""`counterfoil move-to URL`: from this database to a new one, SQLite to PostgreSQL above all, with control totals."""

import os
import subprocess
import sys
import tempfile
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from counterfoil.platform.archive import totals, write_archive
from counterfoil.platform.processes import die_with_parent


class Command(BaseCommand):
    help = "Copy everything into a new database and prove that nothing is missing. This one is left as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="postgres://user:password@host/name, a new and empty database")

    def handle(self, *args: Any, **options: Any) -> None:
        # An empty one would be the usual place of a new installation, which nobody meant.
        if not options["url"].strip():
            raise CommandError("Name the new database: postgres://user:password@host/name, or sqlite:///path/to/file.")
        # A file without a name: nothing is left of it, whatever happens to this process.
        with tempfile.TemporaryFile() as file:
            written = write_archive(file, now=timezone.now())
            file.flush()
            there = {**os.environ, "DATABASE_URL": options["url"]}
            # Another process, because a process has one database.
            done = subprocess.run(
                [sys.executable, "-m", "counterfoil", "restore", f"/dev/fd/{file.fileno()}"],
                env=there, check=False, pass_fds=[file.fileno()], preexec_fn=die_with_parent,
            )  # fmt: skip
        if done.returncode:
            raise CommandError("Nothing was moved. This database is as it was.")
        if totals() != written:
            raise CommandError(
                "Somebody wrote here meanwhile, and that is not in the copy. "
                "Stop the web and worker processes, drop the copy, and move again."
            )
        for table, sums in written.items():
            if len(sums) > 1:
                said = ", ".join(f"{name.removeprefix('sum_')} {value:,}" for name, value in sums.items())
                self.stdout.write(f"  {table}: {said}")
        self.stdout.write("Moved, with the same totals. Set DATABASE_URL to the new address and start again.")
