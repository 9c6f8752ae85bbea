"""The product as it is served: a port for it, and the moment from which it answers."""

from __future__ import annotations

import socket
import subprocess
import urllib.request


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    """Returns once the pages answer; fails when the server stopped."""
    opener = urllib.request.build_opener()
    for _ in range(600):
        assert server.poll() is None, "The server stopped."
        try:
            opener.open(f"{url}/sign-in/", timeout=5)
        except OSError:
            with socket.socket() as pause:  # a refused connection returns at once; wait a tenth of a second
                pause.settimeout(0.1)
                pause.bind(("127.0.0.1", 0))
                pause.listen()
                try:
                    pause.accept()
                except TimeoutError:
                    continue
        else:
            return
    raise AssertionError("The server did not answer.")
