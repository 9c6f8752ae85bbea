"""`counterfoil mail-in FILE.eml [--format json] --dry-run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from counterfoil.kernel.errors import Refused
from counterfoil.messaging.inbound import MOST_BYTES, Bounce, Inbound, read


class Command(BaseCommand):
    help = (
        "Read an e-mail message and say what it is: a message somebody wrote, a bounce, an automatic answer or report, "
        "or feedback (a complaint). As JSON it is one object: kind, sender, subject, attachments (name, type, size) "
        "and text, which is what its writer wrote; of a bounce recipient, status and hard, which says that the address "
        "is no good; and message_id, in_reply_to, references, to, cc, date, answerable and said."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a message as a file (.eml)")
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument("--dry-run", action="store_true", required=True, help="only say it; nothing is written")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file:
                # A file of any size is refused without being held.
                found = read(file.read(MOST_BYTES + 1))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        if options["format"] == "json":
            self.stdout.write(json.dumps(as_object(found), ensure_ascii=False))
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
