from collections.abc import Iterator
from typing import Any

import pytest

from counterfoil.connectors.smtp.tests.server import Mailbox, controller


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """A real mail server; messages go to it over SMTP."""
    box = Mailbox()
    server = controller(box)
    server.start()
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = server.port
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.connectors.smtp.connector.SmtpChannel"}
    yield box
    server.stop()
