"""Sessions in the database, for browsers that send anything at all as the key of theirs."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """A session whose key is one of ours, or nobody's: PostgreSQL fails at what it cannot look for, such as NUL."""

    def _validate_session_key(self, key: Any) -> bool:
        # Keys are made of small letters and digits.
        right = super()._validate_session_key(key)  # type: ignore[misc]  # not in the stubs
        return bool(right) and key.isascii() and key.isalnum()
