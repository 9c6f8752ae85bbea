"""`counterfoil tick`: what happens because of time, once. For installations whose workers are started without it."""

from typing import Any

from django.core.management.base import BaseCommand

from counterfoil.site.schedule import tick


class Command(BaseCommand):
    help = "Run what is due by the clock: send messages, seal the trail, forget finished tasks. Safe to run twice."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, count in tick().items():
            self.stdout.write(f"{name}: {count}")
