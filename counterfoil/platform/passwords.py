"""How long a new password is. What people have already keeps working."""

from __future__ import annotations

from django.core.exceptions import ValidationError

LEAST, MOST = 12, 128


class LengthValidator:
    """Long enough that nobody guesses it, and not so long that something else was meant."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise `ValidationError` for a password that is too short or too long."""
        if len(password) < LEAST:
            raise ValidationError(f"Use {LEAST} characters or more. A sentence is easy to keep.", code="too_short")
        if len(password) > MOST:
            raise ValidationError(f"Use {MOST} characters at most.", code="too_long")

    def get_help_text(self) -> str:
        """What is asked for, under the field."""
        return f"{LEAST} characters or more. A sentence is easy to keep."
