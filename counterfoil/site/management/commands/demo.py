"""`counterfoil demo`: a demonstration operator, made once and kept, and served."""

import os
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from counterfoil.platform.callers import Caller
from counterfoil.platform.upkeep import seal_trail
from counterfoil.site.console import whole
from counterfoil.site.demo.history import LIMITED, PASSWORD, PORTAL, STAFF, Demo
from counterfoil.staff.models import User


class Command(BaseCommand):
    help = "Create the demonstration operator (once) and serve it with its background work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=whole(1, 65535), default=8000)
        parser.add_argument("--customers", type=whole(1, 100_000), default=300)
        parser.add_argument("--no-serve", action="store_true", help="only create it")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demonstration has passwords that everybody knows. It is not made in production.")
        call_command("migrate", verbosity=0)
        if not User.objects.exists():
            started = time.monotonic()
            self.stdout.write("Making two years of Highveld Fibre …")
            Demo(timezone.localdate(), options["customers"]).build()
            seal_trail(Caller.system("shell"))
            self.stdout.write(f"Done in {time.monotonic() - started:.0f} s.")
        self.stdout.write(f"\n  http://localhost:{options['port']}/\n")
        for email, name, role in (*STAFF, LIMITED):
            self.stdout.write(f"  {role:<14} {email:<28} {PASSWORD}   ({name})")
        for email in PORTAL:
            self.stdout.write(f"  {'customer':<14} {email:<28} {PASSWORD}   (at /portal/)")
        self.stdout.write("")
        if not options["no_serve"]:
            # A process that has done nothing yet: what this one started or loaded is no business of the web's forks.
            self.stdout.flush()
            connection.close()
            port = str(options["port"])
            # Links in messages lead where it is served, also on another port.
            os.environ.setdefault("PUBLIC_URL", f"http://localhost:{port}")
            os.execv(sys.executable, [sys.executable, "-m", "counterfoil", "serve", "--port", port, "--with-worker"])
