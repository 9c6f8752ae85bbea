"""A network that switches nothing: it keeps what it was told, in a file for each account."""

from __future__ import annotations

import os
import re
from pathlib import Path

from django.conf import settings

from counterfoil.suspension.interfaces import Done, Failed, Line, Outcome, Wanted


class RecordingProvisioner:
    """Writes the state of each account to the network folder of the data directory."""

    def cut_off(self, line: Line) -> Outcome:
        return self._keep(line, "off")

    def restore(self, line: Line) -> Outcome:
        return self._keep(line, "on")

    def read_back(self, line: Line) -> Wanted | None:
        try:
            found = self._file(line).read_text(encoding="utf-8").strip()
        except OSError:
            return None
        return "off" if found == "off" else "on" if found == "on" else None

    def _file(self, line: Line) -> Path:
        # An account number may hold anything; two that differ in it are two files.
        name = re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}_", line.number)
        return Path(settings.DATA_DIR) / "network" / f"{name}.txt"

    def _keep(self, line: Line, wanted: Wanted) -> Outcome:
        file = self._file(line)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(f".{os.getpid()}")
            part.write_text(f"{wanted}\n", encoding="utf-8")
            part.replace(file)
        except OSError as error:
            return Failed(f"The network folder cannot be written: {error.strerror}")
        return Done("Recorded; nothing was switched.")
