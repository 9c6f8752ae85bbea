"""Keeps a command running: `python -m counterfoil.platform.keeper COMMAND …` starts it again when it ends by itself.

For the background work beside the web server, which somebody may kill, or the system for want of memory. It loads
nothing of the product, so that nothing in there can stop it. The first signal is passed on and ends both.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from counterfoil.platform.processes import die_with_parent

# A command that ends at once again and again is left alone for longer each time.
_FIRST_PAUSE, _LONGEST_PAUSE, _LIVED = 1.0, 60.0, 30.0


class Keeper:
    """One command, and whether it should still run."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self._over = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Until a signal comes."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, self._stop)
        pause = _FIRST_PAUSE
        while not self._over.is_set():
            began = time.monotonic()
            self._child = subprocess.Popen(self.command, preexec_fn=die_with_parent)
            if self._over.is_set():  # told while it was starting
                self._child.terminate()
            code = self._child.wait()
            if self._over.is_set():
                return
            pause = _FIRST_PAUSE if time.monotonic() - began > _LIVED else min(pause * 2, _LONGEST_PAUSE)
            sys.stderr.write(f"{' '.join(self.command[-2:])} ended ({code}); it is started again.\n")
            self._over.wait(pause)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._over.set()
        # A key at the terminal reaches both.
        if self._child is not None and number != signal.SIGINT:
            self._child.send_signal(number)


if __name__ == "__main__":
    Keeper(sys.argv[1:]).run()
