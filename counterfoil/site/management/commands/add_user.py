"""`counterfoil add-user EMAIL NAME ROLE`."""

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.kernel.errors import Refused
from counterfoil.site.console import console_caller
from counterfoil.site.roles import ROLES
from counterfoil.staff.operations import add_user


class Command(BaseCommand):
    help = "Let somebody sign in. The password is asked for, or read from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument("role", choices=sorted(ROLES))

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().strip()
        if not password:
            raise CommandError("There is no password. Type one when asked, or pass it on standard input.")
        person = {key: options[key] for key in ("email", "name", "role")}
        try:
            add_user(console_caller(), password=password, **person)
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        self.stdout.write(f"{options['name']} can sign in as {options['email']}.")
