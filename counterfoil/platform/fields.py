"""What fields of forms need to know of the installation, and how they read a list."""

from __future__ import annotations

from counterfoil.platform.joints import joint


@joint
def home_currency() -> str:
    """One is asked: the currency of the company, where nothing says another."""
    raise NotImplementedError


def text_lines(text: str) -> list[str]:
    """One address or number to a line; commas work too."""
    return [part.strip() for part in text.replace(",", "\n").splitlines() if part.strip()]
