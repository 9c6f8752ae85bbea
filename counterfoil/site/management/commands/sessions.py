"""`counterfoil sessions [--address IP] [--at TIME] [--format json]`."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from counterfoil.kernel.errors import Refused
from counterfoil.network import queries
from counterfoil.network.models import AccessSession
from counterfoil.network.operations import look_up_address
from counterfoil.site.console import console_caller, whole


class Command(BaseCommand):
    help = (
        "Who had an address at a time (that it was asked, and why, is on record), or who is on line now. As JSON it is "
        "a list of sessions: user, account, customer, service, address, prefix, device, nas, started, ended (null "
        "while it is open), cause, up, down (octets) and walled."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default="", help="IPv4 or IPv6")
        parser.add_argument("--at", default="", help="a time, as 2026-11-14 21:30 by the operator's time; else now")
        parser.add_argument("--reason", default="Asked at the console", help="kept with the look-up")
        parser.add_argument("--most", type=whole(1, 100_000), default=1000, help="so many sessions at most")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        caller = console_caller()
        try:
            if options["address"]:
                at = options["at"] or f"{timezone.localtime(caller.now):%Y-%m-%d %H:%M:%S}"
                found = look_up_address(caller, address=options["address"], at=at, reason=options["reason"])
            elif options["at"]:
                raise CommandError("Name the address too: --address IP.")
            else:
                found = list(queries.sessions(caller).filter(ended_at=None)[: options["most"]])
        except Refused as refusal:
            raise CommandError(refusal.sentence) from refusal
        if options["format"] == "json":
            self.stdout.write(json.dumps([as_object(row) for row in found], ensure_ascii=False))
            return
        for row in found:
            told = as_object(row)
            whose = f"{told['customer']} ({told['account']})" if told["customer"] else "nobody’s"
            self.stdout.write(f"{row.address or row.ipv6 or 'no address'}  {row.user_name}  {whose}  "
                              f"{_text(row.started_at)} to {_text(row.ended_at) or 'now'}")  # fmt: skip
        if not found:
            self.stdout.write("Nobody had it then." if options["address"] else "Nobody is on line.")


def _text(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""


def as_object(row: AccessSession) -> dict[str, Any]:
    """A session for programs. What is not known is null."""
    service = row.account.service if row.account is not None else None
    customer = service.subscription.customer if service is not None else None
    return {
        "user": row.user_name or None, "account": customer.number if customer else None,
        "customer": customer.name if customer else None, "service": str(service) if service else None,
        "address": row.address, "prefix": row.ipv6 or None, "device": row.mac or None,
        "nas": row.nas.name if row.nas is not None else row.nas_address, "started": row.started_at.isoformat(),
        "ended": row.ended_at.isoformat() if row.ended_at else None, "cause": row.cause or None, "up": row.up,
        "down": row.down, "walled": row.walled,
    }  # fmt: skip
