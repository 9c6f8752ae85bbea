"""What a link to set a password proves itself by."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from counterfoil.kernel.clock import SKEW


class PasswordToken(PasswordResetTokenGenerator):
    """Works until the password or address changes, and for an hour; what was made ahead of now is dead.

    A clock that was ahead would otherwise have made links that work for years.
    """

    def check_token(self, user: Any, token: str | None) -> bool:
        made = str(token or "").partition("-")[0]
        if not re.fullmatch("[0-9a-z]{1,13}", made):
            return False
        ahead = int(made, 36) - self._num_seconds(self._now())
        return bool(ahead <= SKEW.total_seconds() and super().check_token(user, token))
