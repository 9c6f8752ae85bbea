"""`counterfoil mail-in FILE.eml [--format json] [--dry-run]`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.kernel.errors import Refused
from counterfoil.messaging.inbound import MOST_BYTES, Bounce, Inbound, read
from counterfoil.platform.callers import Caller
from counterfoil.tickets.models import IncomingMail
from counterfoil.tickets.operations import file_mail


class Command(BaseCommand):
    help = (
        "Take an e-mail message in: it continues a ticket, opens one, or waits for a person. With --dry-run, only read "
        "it and say what it is: a message somebody wrote, a bounce, an automatic answer or report, "
        "or feedback (a complaint). As JSON it is one object: kind, sender, subject, attachments (name, type, size) "
        "and text, which is what its writer wrote; of a bounce recipient, status and hard, which says that the address "
        "is no good; and message_id, in_reply_to, references, to, cc, date, answerable and said."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a message as a file (.eml)")
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument("--dry-run", action="store_true", help="only say what it is; nothing is written")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file:
                # A file of any size is refused without being held.
                content = file.read(MOST_BYTES + 1)
            found = read(content)
            filed = None if options["dry_run"] else file_mail(Caller.system("shell"), content=content, found=found)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        if options["format"] == "json":
            told = as_object(found) | ({"filed": _filed(filed)} if filed is not None else {})
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        elif filed is not None:
            where = _filed(filed)
            self.stdout.write(": ".join(part for part in (where["state"], where["ticket"], where["why"]) if part))
        else:
            self._say(found)

    def _say(self, found: Inbound) -> None:
        self.stdout.write(f"{found.kind} from {found.sender or 'nobody'}: {found.subject[:200]}")
        for one in found.bounces:
            hard = "the address is no good" if one.hard else "the address may be good"
            told = f"{one.action} {one.status}, {hard}" if found.kind == "bounce" else one.action
            self.stdout.write(f"  {one.recipient or 'somebody'}: {told}")
        for sentence in found.said:
            self.stdout.write(f"  {sentence}")
        for file in found.attachments:
            self.stdout.write(f"  {file.name or 'without a name'} ({file.type}, {file.size} bytes)")
        self.stdout.write(found.text)


def _filed(mail: IncomingMail) -> dict[str, Any]:
    """What became of a message."""
    return {"state": str(mail.get_state_display()), "ticket": mail.ticket.number if mail.ticket else None,
            "why": mail.why or None}  # fmt: skip


def as_object(found: Inbound) -> dict[str, Any]:
    """A message for programs. What it does not say is null, or an empty list."""
    told: dict[str, Any] = {
        "kind": found.kind, "sender": found.sender or None, "sender_name": found.sender_name or None,
        "subject": found.subject or None, "text": found.text,
        "attachments": [{"name": one.name or None, "type": one.type, "size": one.size} for one in found.attachments],
        "message_id": found.message_id or None, "in_reply_to": found.in_reply_to or None,
        "references": list(found.references), "to": list(found.to), "cc": list(found.cc),
        "date": found.date.isoformat() if found.date else None, "answerable": found.answerable,
        "said": list(found.said),
    }  # fmt: skip
    if found.bounce:
        told |= _about(found.bounce)
        told["recipients"] = [_about(one) for one in found.bounces]
    return told


def _about(one: Bounce) -> dict[str, Any]:
    return {
        "recipient": one.recipient or None, "status": one.status or None, "hard": one.hard,
        "action": one.action or None, "original": one.original or None, "words": one.words or None,
    }  # fmt: skip
