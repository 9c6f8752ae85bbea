"""Asks a NAS to end a session (RFC 5176), by pyrad."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import Any

from counterfoil.network.interfaces import Answer, Target

# Seconds to wait for an answer, and how often it is asked: a NAS on the operator's own network answers at once.
SECONDS, TIMES = 1, 2
# The attributes that such a request names, and what it is answered with; pyrad cannot read Debian's whole dictionary.
DICTIONARY = """
ATTRIBUTE User-Name 1 string
ATTRIBUTE NAS-IP-Address 4 ipaddr
ATTRIBUTE Framed-IP-Address 8 ipaddr
ATTRIBUTE Reply-Message 18 string
ATTRIBUTE Acct-Session-Id 44 string
ATTRIBUTE Event-Timestamp 55 date
ATTRIBUTE Message-Authenticator 80 octets
ATTRIBUTE NAS-IPv6-Address 95 ipv6addr
ATTRIBUTE Error-Cause 101 integer
"""


@cache
def dictionary() -> Any:
    """The attributes by name, as pyrad has them."""
    from pyrad.dictionary import Dictionary  # noqa: PLC0415 - most processes never ask a NAS

    return Dictionary(io.StringIO(DICTIONARY))


class RadiusLine:
    """The way to a NAS over UDP."""

    def disconnect(self, target: Target, attributes: Mapping[str, str]) -> Answer:
        """Its answer; none where it does not answer in time, which a wrong secret looks like too."""
        from pyrad.client import Client, Timeout  # noqa: PLC0415
        from pyrad.packet import DisconnectRequest, PacketError  # noqa: PLC0415

        client = Client(target.address, coaport=target.port, secret=target.secret.encode(), dict=dictionary())
        client.timeout, client.retries = SECONDS, TIMES
        try:
            request = client.CreateCoAPacket(code=DisconnectRequest)
            for name, value in attributes.items():
                if value:
                    request[name] = value
            reply = client.SendPacket(request)
        except (Timeout, PacketError, OSError):
            return Answer()
        finally:
            _close(client)
        causes = reply.get("Error-Cause", [])
        return Answer(reply.code, int(causes[0]) if causes else None)


def _close(client: Any) -> None:
    if (socket := getattr(client, "_socket", None)) is not None:
        socket.close()
