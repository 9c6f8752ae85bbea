"""`counterfoil worker`: background work, and the clock once a minute."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from counterfoil.site.background import Worker
from counterfoil.site.console import seconds


class Command(BaseCommand):
    help = "Run background work: send messages, follow events, and what is due by the clock."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--interval", type=seconds, default=0.5, help="seconds between two looks at an empty queue")
        parser.add_argument("--once", action="store_true", help="do what is waiting now, then stop")
        parser.add_argument("--no-tick", action="store_true", help="leave the clock to `counterfoil tick`")

    def handle(self, *args: Any, **options: Any) -> None:
        worker = Worker(clock=not options["no_tick"], once=options["once"], interval=options["interval"])
        worker.configure_signals()
        worker.run()
