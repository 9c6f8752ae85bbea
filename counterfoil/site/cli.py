"""The `counterfoil` command: one door to everything an operator runs."""

import os
import sys

# Words of the command line that cannot be Python module names.
_ALIASES = {"import": "import_file"}


def _count_together(command: list[str]) -> None:
    """The web processes of one machine count into files of one folder, chosen before anything is counted."""
    if command in (["serve"], ["demo"]) and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        folder = os.path.join(os.environ.get("COUNTERFOIL_DATA_DIR", "var"), "metrics")
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(folder):
            if name.endswith(".db"):
                os.remove(os.path.join(folder, name))
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder


def main() -> None:
    """Run a command: `counterfoil help` lists them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "counterfoil.site.settings")
    _count_together(sys.argv[1:2])
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - after the settings are named
    from django.core.management import execute_from_command_line  # noqa: PLC0415
    from django.db import DatabaseError  # noqa: PLC0415

    arguments = sys.argv[:]
    if len(arguments) > 1:
        arguments[1] = _ALIASES.get(arguments[1], arguments[1].replace("-", "_"))
    try:
        execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    except DatabaseError as error:
        if "no such table" in str(error) or "does not exist" in str(error):
            sys.exit("The database has not been set up, or is older than this version. Run: counterfoil migrate")
        if "connection" in str(error) or "unable to open" in str(error):
            sys.exit(f"The database cannot be reached. Check DATABASE_URL. ({str(error).strip().splitlines()[0]})")
        raise
    except BrokenPipeError:
        sys.exit(1)
