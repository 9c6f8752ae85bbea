"""The `counterfoil` command: one door to everything an operator runs."""

import os
import sys

from counterfoil.site.places import data_folder, prepare

# Words of the command line that cannot be Python module names.
_ALIASES = {"import": "import_file"}
# What is about the program and not about an installation's data.
_ABOUT_NOTHING = {"help", "version", "makemigrations", "-h", "--help", "--version"}


def _count_together(command: list[str]) -> None:
    """The web processes of one machine count into files of one folder, chosen before anything is counted."""
    if command in (["serve"], ["demo"]) and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        folder = str(data_folder(os.environ).expanduser() / "metrics")
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(folder):
            if name.endswith(".db"):
                os.remove(os.path.join(folder, name))
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder


def _of_database(error: Exception) -> str:
    """What a database said, as a sentence with a remedy; empty when it is no matter of whoever runs this."""
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    low = said.lower()
    if any(word in low for word in ("connection", "failed to resolve", "bad value for")):
        return f"The database cannot be reached, or is none. Check DATABASE_URL. ({said})"
    if "no such table" in low or "no such column" in low or "does not exist" in low:
        return "The database has not been set up, or is older than this version. Run: counterfoil migrate"
    if any(word in low for word in ("full", "disk i/o", "readonly", "read-only", "no space")):
        return f"The database cannot be written: its disk is full or read-only. ({said})"
    if any(word in low for word in ("unable to open", "not a database", "malformed", "authentication")):
        return f"The database cannot be reached, or is none. Check DATABASE_URL. ({said})"
    if "locked" in low:
        return f"The database is in use by another process that writes for long. Try again. ({said})"
    # What else a database says of itself, or of how it is to be reached, is no fault of ours.
    if type(error).__name__ == "OperationalError":
        return f"The database did not do what it was asked to. Check DATABASE_URL, and the database. ({said})"
    return ""


# What makes the database, moves it, or goes by the company's time zone wherever work comes in.
_OF_ITS_OWN = frozenset({"migrate", "restore", "move_to", "demo", "serve", "worker", "tick"})


def _go_by_the_company(command: str) -> None:
    """Days and times of a command are the company's, as they are on its pages."""
    if command in _OF_ITS_OWN:
        return
    import django  # noqa: PLC0415 - after the settings are named
    from django.db import connections  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    django.setup()
    from counterfoil.site.zones import zone  # noqa: PLC0415 - after the setup

    if (found := zone()) is not None:
        timezone.activate(found)
    # The command opens what it needs.
    connections.close_all()


def main() -> None:
    """Run a command: `counterfoil help` lists them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "counterfoil.site.settings")
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - after the settings are named
    from django.core.management import execute_from_command_line  # noqa: PLC0415
    from django.db import DatabaseError  # noqa: PLC0415

    from counterfoil.kernel.errors import Refused  # noqa: PLC0415

    arguments = sys.argv[:]
    if arguments[1:2] == ["demo"]:
        # It sends nothing to the addresses it made up.
        os.environ.setdefault("COUNTERFOIL_OUTBOX", "1")
    if len(arguments) > 1:
        arguments[1] = _ALIASES.get(arguments[1], arguments[1].replace("-", "_"))
    try:
        if len(arguments) > 1 and sys.argv[1] not in _ABOUT_NOTHING:
            prepare(os.environ)
            _go_by_the_company(arguments[1])
        _count_together(sys.argv[1:2])
        execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    except Refused as refused:
        sys.exit(refused.sentence)
    except BrokenPipeError:
        # Whoever read has gone. What is still held back has nobody to go to either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except DatabaseError as error:
        if sentence := _of_database(error):
            sys.exit(sentence)
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(f"{where}{error.strerror or error}.")
    except KeyboardInterrupt:
        sys.exit(130)
