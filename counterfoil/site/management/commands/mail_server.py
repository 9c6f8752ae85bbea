"""`counterfoil mail-server`: the server that messages leave by."""

import getpass
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from counterfoil.messaging.models import MailSettings
from counterfoil.messaging.operations.mail_server import set_mail_server, try_mail_server
from counterfoil.messaging.queries import mail_server, mail_settings
from counterfoil.site.console import console_caller, whole

FIELDS = ("host", "port", "security", "user", "from_name", "from_address", "reply_to")


class Command(BaseCommand):
    help = "Show the mail server that messages leave by, set what is given of it, or send a test."

    def add_arguments(self, parser: CommandParser) -> None:
        for name in FIELDS:
            choices = MailSettings.Security.values if name == "security" else None
            kind = whole(1, 65535) if name == "port" else str
            parser.add_argument(f"--{name.replace('_', '-')}", type=kind, choices=choices)
        parser.add_argument("--password", action="store_true", help="asked for, or read from standard input")
        parser.add_argument("--test", metavar="ADDRESS", help="send a test message there")

    def handle(self, *args: Any, **options: Any) -> None:
        given = {name: options[name] for name in FIELDS if options[name] is not None}
        if options["password"]:
            asked = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline()
            given["password"] = asked.rstrip("\r\n")
        if given:
            row = mail_settings() or MailSettings()
            set_mail_server(console_caller(), **{**{name: getattr(row, name) for name in FIELDS}, **given})
        server = mail_server()
        for name in FIELDS:
            self.stdout.write(f"{name.replace('_', '-'):<16} {getattr(server, name) if server else ''}".rstrip())
        if settings.EMAIL_HOST:
            self.stdout.write("Set by the environment variable EMAIL_HOST, and changed there.")
        elif server is None:
            self.stdout.write("Messages wait: no mail server is set up.")
        if options["test"]:
            said = try_mail_server(console_caller(), to=options["test"])
            self.stdout.write(f"The server took the test: {said}")
