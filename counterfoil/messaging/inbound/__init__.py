"""E-mail that comes in, as files: what a message is, and what its writer wrote. Nothing here touches the database."""

from counterfoil.messaging.inbound.message import Attachment, Bounce, Inbound
from counterfoil.messaging.inbound.reading import MOST_BYTES, read

__all__ = ["MOST_BYTES", "Attachment", "Bounce", "Inbound", "read"]
