"""Mail servers as they should not be: each connection is treated in one of these ways, and what happened is noted."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

GREETING, HELLO, SENDER, RECIPIENT, DATA, END = "greeting", "hello", "sender", "recipient", "data", "end"
STEPS = (GREETING, HELLO, SENDER, RECIPIENT, DATA, END)
_GOOD = {
    GREETING: b"220 hi",
    HELLO: b"250 hi",
    SENDER: b"250 ok",
    RECIPIENT: b"250 ok",
    DATA: b"354 go",
    END: b"250 in",
}
# How a connection is treated at a step. What is not named here is an answer to give there.
CLOSE, SILENT, DRIP, ENDLESS, GIANT = "close", "silent", "drip", "endless", "giant"
# In the middle of the text.
MID_TEXT = "mid-text"


@dataclass(frozen=True)
class Way:
    """What is done at one step of one connection; everything before it goes well."""

    step: str = ""
    what: str | bytes = ""

    @property
    def takes(self) -> bool:
        """Whether a server that does this has read the message to its end, so that it may keep it."""
        return self.step == END

    @property
    def accepts(self) -> bool:
        return not self.step or (
            self.step == END and isinstance(self.what, bytes) and self.what[:4] in (b"250 ", b"251 ")
        )

    @property
    def refuses(self) -> bool:
        """Whether it says that the message will never be taken."""
        return self.step not in ("", GREETING, HELLO) and isinstance(self.what, bytes) and self.what.startswith(b"5")


GOOD = Way()


@dataclass
class NastyServer:
    """Treats its connections in the given ways, one after the other, and everybody well afterwards."""

    ways: list[Way]
    met: list[tuple[Way, str]] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self._ends = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def stop(self) -> None:
        """No connection is open any more."""
        self._ends.set()
        with contextlib.suppress(OSError):
            # Wakes whoever waits for a connection.
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        for thread in self._threads:
            thread.join(timeout=10)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            if self._ends.is_set():
                connection.close()
                return
            way = self.ways.pop(0) if self.ways else GOOD
            thread = threading.Thread(target=self._treat, args=(connection, way), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _treat(self, connection: socket.socket, way: Way) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            reader = connection.makefile("rb")
            if self._answer(connection, way, GREETING):
                return
            for line in iter(reader.readline, b""):
                word = line[:4].upper()
                step = {b"EHLO": HELLO, b"HELO": HELLO, b"MAIL": SENDER, b"RCPT": RECIPIENT, b"DATA": DATA}.get(word)
                if step is None:
                    return
                if self._answer(connection, way, step):
                    return
                if step == DATA and not (way.step == DATA and isinstance(way.what, bytes)):
                    if not self._read_text(reader, way):
                        return
                    self.met.append((way, END))
                    if self._answer(connection, way, END):
                        return

    def _read_text(self, reader: object, way: Way) -> bool:
        """Whether the whole text was read, with its end."""
        for number, line in enumerate(iter(reader.readline, b"")):  # type: ignore[attr-defined]
            if way.step == MID_TEXT and number == 3:
                return False
            if line == b".\r\n":
                return True
        return False

    def _answer(self, connection: socket.socket, way: Way, step: str) -> bool:
        """Answer at a step; whether that was the end of it."""
        if way.step != step:
            connection.sendall(_GOOD[step] + b"\r\n")
            return False
        if isinstance(way.what, bytes):
            connection.sendall(way.what + b"\r\n")
            return False
        for piece in self._pieces(way.what, step):
            connection.sendall(piece)
        return True

    def _pieces(self, what: str, step: str) -> Iterator[bytes]:
        match what:
            case "silent":
                self._ends.wait(5)
            case "drip":
                for _ in range(500):
                    if self._ends.wait(0.01):
                        return
                    yield b"2"
            case "endless":
                while not self._ends.is_set():
                    yield b"220-and another thing\r\n" * 50
            case "giant":
                yield b"220 " + b"x" * 5_000_000 + b"\r\n"


def ways() -> list[Way]:
    """Every way there is to treat somebody badly, in a fixed order."""
    everywhere = [Way(step, what) for step in STEPS for what in (CLOSE, SILENT, DRIP, ENDLESS, GIANT)]
    answers = (
        b"451 not now",
        b"421 bye",
        b"452 \x00\x00 full \x1b[31m",
        b"4",
        b"",
        b"999 what",
        b"hello",
        b"\xff\xfe\x00",
        b"250-never\r\n451 ends otherwise",
    )
    said = [Way(step, answer) for step in STEPS for answer in answers]
    early = [Way(DATA, b"250 already"), Way(GREETING, b"554 no mail here"), Way(HELLO, b"550 no"), Way(MID_TEXT, CLOSE)]
    for_good = [Way(step, b"550 5.1.1 \x00 no such mailbox") for step in (SENDER, RECIPIENT, DATA, END)]
    return [*everywhere, *said, *early, *for_good]
