"""Who acts when a command is run at the console, and how its arguments are read."""

import argparse
import datetime as dt
import getpass

from django.utils import timezone

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import read_date
from counterfoil.platform.operations import Caller


def console_caller() -> Caller:
    """The person at the console, by the name of their login; may do everything."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may have a user without a name
        name = "console"
    return Caller.system("shell", name=name)


def day(text: str) -> dt.date:
    """A date argument, as people type it (`2013-06-30`, `30 jun 2013`, `-7`)."""
    try:
        return read_date(text, today=timezone.localdate())
    except Refused as refused:
        raise argparse.ArgumentTypeError(refused.sentence) from refused
