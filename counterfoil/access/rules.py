"""How often one may try, how long things last, and secrets as they are stored: decisions on plain values."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import re
from dataclasses import dataclass

from counterfoil.kernel import clock

_WITH_PORT = re.compile(r"(\d+\.\d+\.\d+\.\d+):\d+|\[([0-9A-Fa-f:.%\w]+)\](?::\d+)?")
WINDOW = dt.timedelta(minutes=15)
# What staff see of the portal as a customer ends by itself.
VIEW_FOR = dt.timedelta(minutes=30)
# Between the button on the desk and the portal's first page.
TICKET_SECONDS = 60


@dataclass(frozen=True)
class Limit:
    """So many tries of a kind in one window."""

    kind: str
    most: int


PASSWORD = Limit("password", 5)
LINK = Limit("link", 5)
# One address on the network may be a whole office.
MACHINE = Limit("machine", 40)
REFUSED = Limit("refused", 20)


def fold_email(email: str) -> str:
    """An e-mail address as a login has it."""
    return email.strip().casefold()[:254]


def tries_key(kind: str, value: str) -> str:
    """Under which key tries are counted."""
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


def secret_digest(secret: str) -> str:
    """A link's secret as it is stored. It has 256 random bits, so a plain digest cannot be turned around."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_over(since: dt.datetime, now: dt.datetime) -> bool:
    """Whether a window that began then has ended, or began while the clock was ahead."""
    return clock.is_over(since, WINDOW, now)


def machine(address: str) -> str:
    """Under which name tries from a network address are counted: of IPv6 the whole /64, which one machine has.

    Some proxies add the port, which is another one for each connection.
    """
    with_port = _WITH_PORT.fullmatch(address.strip())
    try:
        found = ipaddress.ip_address((with_port[1] or with_port[2]) if with_port else address.strip())
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), 64), strict=False))
    return str(found)


def looks_copied(before: int, now: int) -> bool:
    """Whether a passkey's count of uses shows a copy of it. Many devices do not count and always say zero."""
    return now != 0 and now <= before
