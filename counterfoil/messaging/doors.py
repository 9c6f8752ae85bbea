"""How people meet messages."""

from __future__ import annotations

from counterfoil.messaging import operations
from counterfoil.messaging.nouns import MESSAGE
from counterfoil.platform.plain import Door

CANCEL_MESSAGE = Door(
    operations.cancel_message, MESSAGE, "take-back", "Take back", at_once=True,
    done=lambda made, _: "Send cancelled.",
)  # fmt: skip
