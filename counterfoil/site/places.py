"""Where an installation keeps what is not in its database: its secret, the outbox, collected static files.

Reading the settings makes nothing. What begins to work with an installation prepares its folder first.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured


def data_folder(values: Mapping[str, str]) -> Path:
    """`COUNTERFOIL_DATA_DIR`; beside a database that is a file; else this user's own, wherever they stand."""
    if given := values.get("COUNTERFOIL_DATA_DIR", "").strip():
        return Path(given)
    if (file := database_file(values)) is not None:
        return file.parent
    own = values.get("XDG_DATA_HOME", "").strip() or "~/.local/share"
    return Path(own) / "counterfoil"


def database_file(values: Mapping[str, str]) -> Path | None:
    """The file that `DATABASE_URL` names; none where it names no file."""
    try:
        found = dj_database_url.parse(values.get("DATABASE_URL", "").strip())
    except (ValueError, KeyError):
        return None
    name = str(found.get("NAME") or "")
    is_file = str(found.get("ENGINE", "")).endswith("sqlite3") and name not in ("", ":memory:", "/")
    return Path(name) if is_file else None


def secret_file(folder: Path) -> Path:
    """The file of the secret that is made where none is given."""
    return folder / "secret_key"


def prepare(values: Mapping[str, str]) -> None:
    """The folders are there, and a secret where none is given. What cannot be made is named.

    Refused when the secret of before would be replaced: without it no second factor opens any more.
    """
    if before := _left_behind(values):
        raise ImproperlyConfigured(
            f"COUNTERFOIL_DATA_DIR must be set: {before} has the secret of this installation, and "
            f"{data_folder(values).expanduser()} has none. Set COUNTERFOIL_DATA_DIR={before}"
        )
    folder = data_folder(values)
    static = values.get("COUNTERFOIL_STATIC_DIR", "").strip()
    _make("COUNTERFOIL_DATA_DIR", folder)
    _make("COUNTERFOIL_STATIC_DIR", Path(static) if static else folder / "static")
    if (file := database_file(values)) is not None:
        _make("DATABASE_URL", file.parent)
    if not values.get("SECRET_KEY", "").strip():
        with contextlib.suppress(FileExistsError), open(_only_mine(secret_file(folder.expanduser())), "w") as made:
            made.write(secrets.token_urlsafe(50))


def _make(name: str, folder: Path) -> None:
    try:
        folder.expanduser().mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ImproperlyConfigured(f"{name} must name a folder; {folder} cannot be made: {why}.") from error


def _only_mine(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _left_behind(values: Mapping[str, str]) -> Path | None:
    """The folder of before, `var` of where one stands, when the secret is there and the folder now would have none."""
    if any(values.get(name, "").strip() for name in ("COUNTERFOIL_DATA_DIR", "SECRET_KEY")):
        return None
    before = Path("var").resolve()
    there = secret_file(before).exists() and not secret_file(data_folder(values).expanduser()).exists()
    return before if there else None
