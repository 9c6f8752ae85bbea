"""`counterfoil network write DIR`, `counterfoil network check DIR` and `counterfoil network recount`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.kernel.errors import Refused
from counterfoil.network import freeradius, queries
from counterfoil.network.operations import recount_all
from counterfoil.platform.callers import Caller
from counterfoil.site.console import whole


class Command(BaseCommand):
    help = (
        "Write the configuration of a FreeRADIUS 3 server for this installation: its NASes as clients, the rest module "
        "to this address, and the token it shows. Or check the configuration in a folder with FreeRADIUS itself. Or "
        "work out sessions and data usage anew from what NASes reported. "
        "Start the server with: TZ=UTC freeradius -f -d DIR -n radiusd"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parts = parser.add_subparsers(dest="part", required=True)
        write = parts.add_parser("write", help="write the files into a folder; it holds secrets afterwards")
        write.add_argument("folder", type=Path)
        write.add_argument("--url", default="", help="where the RADIUS server reaches this product; else PUBLIC_URL")
        write.add_argument("--auth-port", type=whole(1, 65535), default=1812)
        write.add_argument("--acct-port", type=whole(1, 65535), default=1813)
        write.add_argument("--listen", default="*", help="the address that it listens at; all of them without")
        check = parts.add_parser("check", help="have FreeRADIUS read the files")
        check.add_argument("folder", type=Path)
        parts.add_parser("recount", help="sessions and data usage anew from the reports, where check-books finds fault")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["part"] == "recount":
            changed = recount_all(Caller.system("shell"))
            self.stdout.write(f"Worked out anew; {changed} {'session id' if changed == 1 else 'session ids'} changed.")
            return
        folder = options["folder"].expanduser().resolve()
        try:
            if options["part"] == "write":
                self._write(folder, options)
            elif wrong := freeradius.check(folder):
                raise CommandError(f"FreeRADIUS does not take it:\n{wrong}")
            else:
                self.stdout.write(f"FreeRADIUS takes the configuration in {folder}.")
        except Refused as refusal:
            raise CommandError(refusal.sentence) from refusal

    def _write(self, folder: Path, options: dict[str, Any]) -> None:
        nases = [(row.name, queries.target_of(row)) for row in queries.nases(in_use=True)]
        if not nases:
            raise CommandError("There is no NAS in use. Add one under Settings, Network access.")
        url = options["url"] or settings.PUBLIC_URL
        texts = freeradius.files(
            folder, nases, url=url, token=queries.token(), auth_port=options["auth_port"],
            acct_port=options["acct_port"], listen=options["listen"],
        )  # fmt: skip
        freeradius.write(folder, texts)
        self.stdout.write(f"Written to {folder}, with {len(nases)} NASes: {', '.join(name for name, _ in nases)}.")
        if url.startswith("http://") and not freeradius.is_here(url):
            self.stderr.write(f"{url} is not encrypted: passwords and the token can be read on the way. Use https.")
        self.stdout.write(f"Start it with: TZ=UTC freeradius -f -d {folder} -n radiusd")
