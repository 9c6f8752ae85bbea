"""`migrate`, with writes allowed while it runs, triggers and text indexes put back, and the operator set up."""

import sys
from typing import Any

from django.apps import apps
from django.core.management import CommandError, CommandParser, call_command
from django.core.management.commands import migrate
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from counterfoil.platform import append_only, fulltext, write_guard
from counterfoil.site.setup import set_up
from counterfoil.testing import migrated


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--lose-data", action="store_true", help="go back also where that drops books")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options.get("plan") or options.get("check_unapplied")):
            self._ask_before_going_back(options)
        whole = not (options.get("app_label") or options.get("plan") or options.get("check_unapplied"))
        if whole:
            migrated.begin_with_copy()
            fresh = not MigrationRecorder(connection).applied_migrations()
        with write_guard.writing():
            super().handle(*args, **options)
            if whole and fresh:
                migrated.keep_copy()
            append_only.ensure()
            fulltext.ensure()
            call_command("createcachetable", verbosity=0)
        if whole:
            set_up()

    def _ask_before_going_back(self, options: dict[str, Any]) -> None:
        """Going back drops tables and columns, with what is in them."""
        label, name = options.get("app_label"), options.get("migration_name")
        if not label or not name or options["lose_data"] or not apps.is_installed(f"counterfoil.{label}"):
            return
        applied = sorted(has for app, has in MigrationRecorder(connection).applied_migrations() if app == label)
        undone = applied if name == "zero" else [has for has in applied if has > name and not has.startswith(name)]
        if not undone:
            return
        said = f"This undoes {', '.join(undone[:5])} of {label} and drops what only they can hold."
        if not sys.stdin.isatty():
            raise CommandError(f"{said} Make a backup; then, if that is what you want, add --lose-data.")
        self.stdout.write(said)
        if input("Type the name of the app to go on: ").strip() != label:
            raise CommandError("Nothing was changed.")
