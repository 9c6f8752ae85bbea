"""`counterfoil restore FILE`: a fresh database is filled from a backup, and the books are checked."""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.checks import check_books
from counterfoil.platform.restoring import Archive, decrypt, is_encrypted, open_archive, restore

FOREIGN = (
    "This installation did not seal the backup: another one wrote it, or somebody changed it since. "
    "Whoever changes a backup can give themselves any right and any amount."
)


class Command(BaseCommand):
    help = "Fill a new database (DATABASE_URL) from a backup: all of it, with the same totals, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--key", type=Path, help="file with the private key of an encrypted backup")
        parser.add_argument(
            "--from-elsewhere", action="store_true", help="restore also what this installation did not seal"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with _plain(options["file"], options["key"]) as path:
                archive = open_archive(path)
                self._ask(archive, told=options["from_elsewhere"])
                call_command("migrate", verbosity=0)
                totals = restore(archive)
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

    def _ask(self, archive: Archive, *, told: bool) -> None:
        if archive.sealed or told:
            return
        refuse_if(
            not sys.stdin.isatty(),
            "not_sealed_here",
            f"{FOREIGN} If you know where it comes from, add --from-elsewhere, or put the key of the installation "
            "that wrote it in ENCRYPTION_KEYS.",
        )
        self.stdout.write(FOREIGN)
        refuse_if(input("Restore it all the same? Type yes: ").strip() != "yes", "not_wanted", "Nothing was restored.")


@contextlib.contextmanager
def _plain(path: Path, key: Path | None) -> Iterator[Path]:
    """The backup as it can be read; what was encrypted lies in a file without a name until then."""
    if not is_encrypted(path):
        yield path
        return
    refuse_if(key is None, "key_needed", f"{path} is encrypted. Give the file with its private key: --key FILE.")
    assert key is not None
    try:
        private = key.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("no_key", f"{key} cannot be read.") from error
    with tempfile.TemporaryFile() as out:
        decrypt(path, private, out)
        out.flush()
        yield Path(f"/dev/fd/{out.fileno()}")
