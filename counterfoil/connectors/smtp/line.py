"""One connection to a mail server that cannot keep us: not by silence, not drop by drop, not by endless talk."""

from __future__ import annotations

import contextlib
import select
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator

from django.conf import settings
from django.core.mail.utils import DNS_NAME

from counterfoil.messaging.interfaces import Server

# RFC 5321, 4.5.3.1.5 allows 512 octets in a line of an answer. An answer of many lines is a list of what a server can.
_LONGEST_LINE, _MOST_LINES = 2048, 100
# The text goes in pieces, because the time of a send counts for all of what is given to it.
_PIECE = 64 * 1024
# How long a server that has had enough of the text has to say so before the end of it is sent.
_LISTEN_SECONDS = 0.05


class Watch:
    """Cuts the connection when the time for the whole of it is over, however busy the other side keeps it."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._held: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def hold(self, connection: socket.socket) -> None:
        """This is the connection. A second handle of it stays valid when the first becomes part of a TLS one."""
        self._held = connection.dup()
        if self.over:
            self._cut()

    def end(self) -> None:
        """It went well, or is over anyway."""
        self._timer.cancel()
        if self._held is not None:
            self._held.close()

    def _cut(self) -> None:
        self.over = True
        if self._held is not None:
            with contextlib.suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)


class Line(smtplib.SMTP):
    """SMTP as the standard library speaks it, with bounds: on connecting, on each answer, and on what is sent."""

    watch: Watch

    def begin(self, watch: Watch, host: str, port: int) -> None:
        """Connected and greeted. Raises `smtplib.SMTPException` or `OSError`."""
        self.watch = watch
        # For TLS: whose certificate it must be. The library sets it only when it connects as it is made.
        self._host = host
        code, said = self.connect(host, port)
        if code != 220:
            self.close()
            raise smtplib.SMTPConnectError(code, said)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # The library's own hook for how to connect; its TLS class wraps what this returns.
        connection = socket.create_connection((host, port), settings.EMAIL_CONNECT_TIMEOUT)
        connection.settimeout(timeout)
        self.watch.hold(connection)
        return connection

    def getreply(self) -> tuple[int, bytes]:
        """The code and text of an answer; raises `SMTPServerDisconnected` when there is none that can be read."""
        assert self.sock is not None
        if self.file is None:
            self.file = self.sock.makefile("rb")
        texts, codes = [], set()
        for _ in range(_MOST_LINES):
            line = self._read_line()
            texts.append(line[4:].strip())
            codes.add(line[:3])
            if not line[:3].isdigit() or line[3:4] != b"-":
                # An answer that says two things says nothing.
                code = int(line[:3]) if len(codes) == 1 and line[:3].isdigit() else -1
                return code, b"\n".join(texts)
        raise self._broken("its answer has no end")

    def _read_line(self) -> bytes:
        assert self.file is not None, "It is read while it is open."
        try:
            line: bytes = self.file.readline(_LONGEST_LINE + 1)
        except OSError as error:
            raise self._broken(str(error)) from error
        if len(line) > _LONGEST_LINE:
            raise self._broken("a line of its answer is too long")
        if not line.endswith(b"\n"):
            # Half a line is no answer, whatever it looks like.
            raise self._broken("it closed the connection")
        return line

    def _broken(self, why: str) -> smtplib.SMTPServerDisconnected:
        self.close()
        return smtplib.SMTPServerDisconnected("it took too long" if self.watch.over else why)

    def send_text(self, text: bytes) -> None:
        """Everything but the end: until that is sent, the server has accepted nothing (RFC 5321, 4.1.1.4)."""
        for start in range(0, len(text), _PIECE):
            self.send(text[start : start + _PIECE])

    def speaks(self) -> bool:
        """Whether the server says something, or hangs up, before it was asked."""
        assert self.sock is not None
        return bool(select.select([self.sock], [], [], _LISTEN_SECONDS)[0])


class TlsLine(smtplib.SMTP_SSL, Line):
    """The same inside TLS from the first byte."""


@contextlib.contextmanager
def connected(server: Server, seconds: float) -> Iterator[Line]:
    """A mail server that has greeted us, with TLS and signed in as it was set up; closed in any case.

    Raises `smtplib.SMTPException`, `OSError` or `ValueError` when it cannot be had.
    """
    watch = Watch(seconds)
    line: Line | None = None
    try:
        how = {"local_hostname": DNS_NAME.get_fqdn(), "timeout": settings.EMAIL_TIMEOUT}
        line = TlsLine(**how, context=ssl.create_default_context()) if server.security == "tls" else Line(**how)
        line.begin(watch, server.host, server.port)
        if server.security == "starttls":
            # A server, or somebody in between, that has no TLS gets no password and no mail.
            line.starttls(context=ssl.create_default_context())
        if server.user:
            line.login(server.user, server.password)
        line.ehlo_or_helo_if_needed()
        yield line
    finally:
        if line is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError, AttributeError):
                line.putcmd("quit")
            line.close()
        watch.end()
