"""`counterfoil tick`: what happens because of time, once. For installations whose workers are started without it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from counterfoil.site.schedule import tick


class Command(BaseCommand):
    help = (
        "Run what is due by the clock: send messages, seal the trail, forget finished tasks. Safe to run twice. "
        "Exit 1 when a part of it failed; the others are done all the same."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = tick()
        for name, count in done.items():
            self.stdout.write(f"{name}: {'failed' if count is None else count}")
        if None in done.values():
            sys.exit(1)
