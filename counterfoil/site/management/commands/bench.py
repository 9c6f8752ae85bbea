"""`counterfoil bench NAME --json`: figures, each beside a floor measured in the same run."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.site.bench import BENCHES, HEAD, Figure
from counterfoil.testing.postgres import postgres


class Command(BaseCommand):
    help = f"Measure. Always on databases of its own, never on yours. Figures: all, {', '.join(BENCHES)}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=("all", *BENCHES))
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--quick", action="store_true", help="small sizes, in seconds: whether it runs at all")
        parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
        parser.add_argument("--inside", action="store_true", help="run here, on the database of DATABASE_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"]:
            for figure in BENCHES[options["name"]](options["quick"]):
                self.stdout.write(figure.as_json())
                self.stdout.flush()
            return
        if not options["json"]:
            self.stdout.write(HEAD)
        names = list(BENCHES) if options["name"] == "all" else [options["name"]]
        for name in names:
            for database in ("sqlite", "postgres") if options["database"] == "both" else (options["database"],):
                for line in self._measure(name, database, options["quick"]):
                    self.stdout.write(line if options["json"] else Figure.read(line).as_text())
                    self.stdout.flush()

    def _measure(self, name: str, database: str, quick: bool) -> Iterator[str]:
        """A process and a database of its own for each bench, so that one's memory is not the next one's peak."""
        with tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as folder:
            if database == "postgres":
                with postgres() as url:
                    yield from self._run(name, url, folder, quick)
            else:
                yield from self._run(name, f"sqlite:///{folder}/bench.sqlite3", folder, quick)

    def _run(self, name: str, url: str, folder: str, quick: bool) -> Iterator[str]:
        environment = {**os.environ, "DATABASE_URL": url, "COUNTERFOIL_DATA_DIR": folder, "COUNTERFOIL_MODE": "local"}
        environment["COUNTERFOIL_OUTBOX"] = "1"
        base = [sys.executable, "-m", "counterfoil"]
        subprocess.run([*base, "migrate", "-v", "0"], env=environment, check=True)
        company = ["letterhead", "--name", "Bench Net", "--address", "1 Bench Road", "--charges-tax", "yes"]
        subprocess.run([*base, *company], env=environment, check=True, stdout=subprocess.DEVNULL)
        inside = [*base, "bench", name, "--inside", *(["--quick"] if quick else [])]
        with subprocess.Popen(inside, env=environment, stdout=subprocess.PIPE, text=True) as measuring:
            assert measuring.stdout is not None
            yield from (line.strip() for line in measuring.stdout if line.startswith("{"))
        if measuring.returncode:
            raise CommandError(f"{name} on {url.partition(':')[0]} failed; what it said is above.")
