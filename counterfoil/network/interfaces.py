"""What the network app needs of the outside: something that speaks to a NAS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Target:
    """Where a NAS takes requests, and the secret that it shares with us."""

    address: str
    port: int
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """The code that a NAS answered with, and its Error-Cause; none where nothing came."""

    code: int | None = None
    error: int | None = None


class NasLine(Protocol):
    """The way to a NAS."""

    def disconnect(self, target: Target, attributes: Mapping[str, str]) -> Answer:
        """Ask it to end the session that these attributes name (RFC 5176). It waits some seconds at most."""
        ...
