"""`counterfoil bench NAME --json`: figures, each beside a floor measured in the same run."""

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.site.bench import BENCHES, Figure
from counterfoil.testing.postgres import postgres

HEAD = f"{'name':<16}{'database':<12}{'n':>10}{'seconds':>10}{'rate/s':>12}{'floor/s':>12}{'ratio':>8}{'peak MB':>9}"


class Command(BaseCommand):
    help = f"Measure. Always on databases of its own, never on yours. Figures: all, {', '.join(BENCHES)}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=("all", *BENCHES))
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
        parser.add_argument("--inside", action="store_true", help="run here, on the database of DATABASE_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"]:
            for figure in BENCHES[options["name"]]():
                self.stdout.write(json.dumps(figure.as_dict()))
            return
        if not options["json"]:
            self.stdout.write(HEAD)
        names = list(BENCHES) if options["name"] == "all" else [options["name"]]
        for name in names:
            for database in ("sqlite", "postgres") if options["database"] == "both" else (options["database"],):
                for line in self._measure(name, database):
                    figure = Figure(**json.loads(line))
                    self.stdout.write(line if options["json"] else figure.as_text())

    def _measure(self, name: str, database: str) -> list[str]:
        """A process of its own for each figure, so that one's memory is not the next one's peak."""
        if database == "postgres":
            with postgres() as url:
                return self._run(name, url)
        with tempfile.TemporaryDirectory() as folder:
            return self._run(name, f"sqlite:///{folder}/bench.sqlite3")

    def _run(self, name: str, url: str) -> list[str]:
        environment = {**os.environ, "DATABASE_URL": url}
        base = [sys.executable, "-m", "counterfoil"]
        subprocess.run([*base, "migrate", "-v", "0"], env=environment, check=True)
        done = subprocess.run(
            [*base, "bench", name, "--inside"], env=environment, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise CommandError(done.stderr)
        return [line for line in done.stdout.splitlines() if line.startswith("{")]
