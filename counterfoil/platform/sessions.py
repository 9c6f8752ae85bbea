"""Sessions in the database, for browsers that send anything at all as the key of theirs."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError

logger = logging.getLogger(__name__)


class SessionStore(db.SessionStore):
    """A session whose key is one of ours, or nobody's: PostgreSQL fails at what it cannot look for, such as NUL."""

    def _validate_session_key(self, key: Any) -> bool:
        # Keys are made of small letters and digits.
        right = super()._validate_session_key(key)  # type: ignore[misc]  # not in the stubs
        return bool(right) and key.isascii() and key.isalnum()

    def save(self, must_create: bool = False) -> None:
        """Keep what the session remembers. On a full disk the page is worth more than what it wanted to remember."""
        try:
            super().save(must_create=must_create)
        except UpdateError:
            if not self.exists(self.session_key or ""):
                raise  # it was ended in the meantime
            logger.exception("A session could not be kept")
