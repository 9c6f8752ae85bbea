"""What was sent to customers."""

from __future__ import annotations

from counterfoil.messaging.models import Message
from counterfoil.messaging.queries import complete
from counterfoil.platform.showing import Noun

MESSAGE = Noun(
    Message, path="messages", sees="messaging.view", related=("customer",),
    section="messages#messages", page="message", one=complete,
    shows=("customer", "kind", "channel", "subject", "body_text", "related", "author", "at", "leaves_at",
           "cancelled_at"),
    parts={"deliveries": ("address", "state", "attempts", "finished_at", "result")},
)  # fmt: skip
