"""A NAS on this machine that takes requests to end sessions, and answers, refuses or stays silent as it is told."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from pyrad.packet import CoAPacket, DisconnectACK, DisconnectNAK

from counterfoil.connectors.radius.connector import dictionary


@dataclass
class TestNas:
    """What it does next, and the sessions that it was asked to end."""

    __test__ = False

    port: int
    # `ack`, `silent`, or the Error-Cause of a refusal.
    does: str | int = "ack"
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def running(secret: str) -> Iterator[TestNas]:
    """It listens at a port of its own until the block ends."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))
    wake, stop = socket.socketpair()
    nas = TestNas(line.getsockname()[1])
    thread = threading.Thread(target=_serve, args=(nas, line, stop, secret.encode()), daemon=True)
    thread.start()
    try:
        yield nas
    finally:
        wake.send(b"x")
        thread.join(timeout=5)
        for each in (line, wake, stop):
            each.close()


def _serve(nas: TestNas, line: socket.socket, stop: socket.socket, secret: bytes) -> None:
    while True:
        ready, _, _ = select.select([line, stop], [], [])
        if stop in ready:
            return
        data, sender = line.recvfrom(4096)
        request = CoAPacket(dict=dictionary(), secret=secret, packet=data)
        # Nobody else's request is answered: RFC 5176, 3.
        if not request.VerifyCoARequest():
            continue
        nas.asked.append(request["Acct-Session-Id"][0])
        if nas.does == "silent":
            continue
        reply = request.CreateReply()
        reply.code = DisconnectACK if nas.does == "ack" else DisconnectNAK
        if isinstance(nas.does, int):
            reply["Error-Cause"] = nas.does
        reply.source = sender
        line.sendto(reply.ReplyPacket(), sender)
