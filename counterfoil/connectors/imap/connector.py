"""Mailboxes over IMAP4rev1 (RFC 3501), by the standard library. E-mails are peeked at: nothing changes there."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator

from counterfoil.kernel.words import heard
from counterfoil.messaging.inbound import MOST_BYTES
from counterfoil.tickets.interfaces import MailboxServer, Seen, Unreachable

_SECONDS = 20
_TROUBLE = (imaplib.IMAP4.error, OSError, ValueError)
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class ImapPostbox:
    """Opens one mailbox at a time, read only."""

    @contextlib.contextmanager
    def opened(self, server: MailboxServer) -> Iterator[_Open]:
        """The folder, examined and not selected, so that nothing is marked as read."""
        line: imaplib.IMAP4 | None = None
        try:
            with _told():
                line = _connected(server)
                line.login(server.user, server.password)
                kind, answer = line.select(_quoted(server.folder), readonly=True)
                if kind != "OK":
                    raise imaplib.IMAP4.error(heard(answer[0] or b"") or f"There is no folder {server.folder}.")
            yield _Open(line)
        finally:
            if line is not None:
                with contextlib.suppress(*_TROUBLE):
                    line.logout()


class _Open:
    def __init__(self, line: imaplib.IMAP4) -> None:
        self._line = line

    def after(self, seen: Seen, most: int) -> Iterator[tuple[Seen, bytes]]:
        """The e-mails after a place, the oldest first; from the first one where the folder began a new life."""
        with _told():
            validity = _number(self._line.response("UIDVALIDITY")[1])
            first = seen.uid + 1 if validity == seen.validity else 1
            kind, found = self._line.uid("SEARCH", f"UID {first}:*")
            # A range beyond the last one means the last one.
            uids = sorted(uid for uid in map(int, (found[0] or b"").split()) if uid >= first) if kind == "OK" else []
        for uid in uids[:most]:
            with _told():
                content = self._content(uid)
            yield Seen(validity, uid), content

    def _content(self, uid: int) -> bytes:
        _, told = self._line.uid("FETCH", str(uid), "(RFC822.SIZE)")
        size = _SIZE.search(b" ".join(part for part in told if isinstance(part, bytes)))
        if size is None or int(size[1]) > MOST_BYTES:
            return b""
        _, found = self._line.uid("FETCH", str(uid), "(BODY.PEEK[])")
        return next((bytes(part[1]) for part in found if isinstance(part, tuple)), b"")


def _connected(server: MailboxServer) -> imaplib.IMAP4:
    if server.security == "tls":
        return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=ssl.create_default_context(), timeout=_SECONDS)
    line = imaplib.IMAP4(server.host, server.port, timeout=_SECONDS)
    if server.security == "starttls":
        # A server, or somebody in between, that has no TLS gets no password.
        line.starttls(ssl.create_default_context())
    return line


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(answer: list[bytes | None]) -> int:
    text = next((part for part in answer if part), b"0")
    return int(text) if text.isdigit() else 0


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except _TROUBLE as error:
        said = error.args[0] if error.args else ""
        raise Unreachable(heard(said if isinstance(said, bytes) else str(error)) or type(error).__name__) from error
