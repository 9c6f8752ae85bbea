"""`migrate`, with writes allowed while it runs, triggers and text indexes put back, and the operator set up."""

from typing import Any

from django.core.management import call_command
from django.core.management.commands import migrate

from counterfoil.platform import append_only, fulltext, write_guard
from counterfoil.site.setup import set_up


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with write_guard.writing():
            super().handle(*args, **options)
            append_only.ensure()
            fulltext.ensure()
            call_command("createcachetable", verbosity=0)
        if not options.get("app_label") and not options.get("plan") and not options.get("check_unapplied"):
            set_up()
