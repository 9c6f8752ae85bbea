"""For a demonstration, which sends nothing: e-mails become files a mail program opens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from counterfoil.connectors.mail import as_bytes, email_of
from counterfoil.messaging.interfaces import Accepted, Outcome, Outgoing, Unreachable


class OutboxChannel:
    """Writes each message to the outbox folder of the data directory."""

    needs_server: ClassVar[bool] = False

    def send(self, message: Outgoing) -> Outcome:
        folder = Path(settings.DATA_DIR) / "outbox"
        name = re.sub(r"[^A-Za-z0-9.@-]+", "-", f"{message.id.strip('<>').partition('@')[0]} {message.to}") + ".eml"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(as_bytes(email_of(message)))
        except OSError as error:
            return Unreachable(f"The outbox folder cannot be written: {error.strerror}")
        return Accepted("Written to the outbox folder; this demonstration sends nothing.")
