"""Who acts when a command is run at the console, and how its arguments are read."""

import argparse
import datetime as dt
import getpass
import sys
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import CommandError
from django.utils import timezone

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import read_date
from counterfoil.platform.callers import Caller


def console_caller() -> Caller:
    """The person at the console, by the name of their login; may do everything."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may have a user without a name
        name = "console"
    return Caller.system("shell", name=name)


def write_out(content: bytes, file: Path | None) -> None:
    """To a file, or to standard output."""
    if file is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        file.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}.") from error


def whole(least: int, most: int) -> Callable[[str], int]:
    """An argument that is a whole number within bounds."""

    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"“{text[:40]}” is not a whole number from {least} to {most}.")
        return int(text)

    return number


def seconds(text: str) -> float:
    """An argument that is a time to wait: from a hundredth of a second to an hour."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0.01 <= found <= 3600:
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is no number of seconds from 0.01 to 3600.")
    return found


def day(text: str) -> dt.date:
    """A date argument, as people type it (`2013-06-30`, `30 jun 2013`, `-7`)."""
    try:
        return read_date(text, today=timezone.localdate())
    except Refused as refused:
        raise argparse.ArgumentTypeError(refused.sentence) from refused
