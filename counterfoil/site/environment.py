"""Environment variables as settings: each is read for what it must be, and all that are wrong are named at once."""

from __future__ import annotations

import ipaddress
import os
import re
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*|\[[0-9A-Fa-f:.]+\]")
# Networks of containers have names with an underscore.
_MACHINE = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_AGE_KEY = re.compile(r"age1[02-9ac-hj-np-z]{58}")
_EMAIL = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")
# A key typed by hand, or one character again and again, is guessed in an afternoon.
_KEY_LENGTH, _KEY_CHARACTERS = 50, 12


class Environment:
    """The variables of this process, and what is wrong with them in words."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.wrong: list[str] = []

    def __contains__(self, name: str) -> bool:
        return bool(self.text(name))

    def refuse(self, name: str, must: str) -> None:
        """Name what is wrong; everything is said together by `settle`."""
        self.wrong.append(f"{name} {must}")

    def settle(self) -> None:
        """Refuse to start when anything is wrong."""
        if self.wrong:
            raise ImproperlyConfigured(
                "These settings are wrong:" + "".join(f"\n  {line}" for line in self.wrong)
                + "\nThey are environment variables; docs/operating/configuration.md says what each means."
            )  # fmt: skip

    # -------------------------------------------------------------- kinds

    def text(self, name: str, default: str = "") -> str:
        """A text without space around it; an empty one counts as not given."""
        return self._values.get(name, "").strip() or default

    def flag(self, name: str) -> bool:
        """Yes or no; no when not given."""
        given = self.text(name).lower()
        if given not in (*_YES, *_NO):
            self.refuse(name, f"must be 1 or 0, not “{given}”.")
        return given in _YES

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        given = self.text(name, str(default))
        if not (given.isascii() and given.isdigit() and least <= int(given) <= most):
            self.refuse(name, f"must be a whole number from {least} to {most}, not “{given[:40]}”.")
            return default
        return int(given)

    def choice(self, name: str, default: str, choices: tuple[str, ...], *, fold: bool = False) -> str:
        """One of some words."""
        given = self.text(name, default)
        found = {choice.casefold(): choice for choice in choices}.get(given.casefold()) if fold else given
        if found not in choices:
            self.refuse(name, f"must be one of {', '.join(choices)}, not “{given[:40]}”.")
            return default
        return str(found)

    def words(self, name: str) -> list[str]:
        """What stands between commas, with or without spaces around."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def addresses(self, name: str) -> list[str]:
        """E-mail addresses between commas."""
        given = self.words(name)
        for address in given:
            if not _EMAIL.fullmatch(address):
                self.refuse(name, f"must be e-mail addresses between commas; “{address[:60]}” is none.")
        return given

    def folder(self, name: str, default: Path) -> Path:
        """A folder that can be written to, or made. It is not made here."""
        path = Path(self.text(name, str(default)))
        try:
            path = path.expanduser().resolve()
        except (OSError, ValueError, RuntimeError) as error:
            self.refuse(name, f"must be a folder; {path} cannot be made: {getattr(error, 'strerror', None) or error}.")
            return path
        if problem := _cannot_be_made(path):
            self.refuse(name, f"must be a folder that can be written to; {path} cannot: {problem}.")
        return path

    def file(self, name: str) -> str:
        """A file that can be added to, in a folder that is there; empty when not given."""
        given = self.text(name)
        path = Path(given)
        if given and (path.is_dir() or not path.parent.is_dir()):
            self.refuse(name, f"must be a file in a folder that is there; {given[:120]} is none.")
        return given

    def host(self, name: str) -> str:
        """The name or address of another machine, without a port; empty when not given."""
        given = self.text(name)
        if given and not _MACHINE.fullmatch(given) and not _is_ip(given):
            self.refuse(name, f"must be the name of a machine, such as smtp.example.com, not “{given[:60]}”.")
        return given

    def public_key(self, name: str) -> str:
        """A public key of age; empty when not given."""
        given = self.text(name)
        if given and not _AGE_KEY.fullmatch(given):
            self.refuse(name, "must be a public key of age, which begins with age1; `age-keygen` makes a pair.")
        return given

    def url(self, name: str, default: str = "", *, secure: bool = False) -> str:
        """The address of a site: scheme and host, perhaps a port or path."""
        given = self.text(name, default).rstrip("/")
        if not given:
            return ""
        try:
            parts = urlsplit(given)
            good = parts.scheme in ("http", "https") and bool(_HOST.fullmatch(_host_of(given))) and parts.port != 0
        except ValueError:
            good = False
        if not good or parts.query or parts.fragment or parts.username:
            self.refuse(
                name, f"must be an address such as https://accounts.example.com, not “{given.rpartition('@')[2][:80]}”."
            )
            return default
        if secure and parts.scheme != "https":
            self.refuse(name, "must start with https://.")
        return given

    def time_zone(self, name: str, default: str) -> str:
        """The name of a time zone."""
        given = self.text(name, default)
        try:
            zoneinfo.ZoneInfo(given)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            self.refuse(name, f"must be the name of a time zone, such as {default}, not “{given[:60]}”.")
            return default
        return given

    def key(self, name: str, value: str) -> str:
        """A secret key that cannot be guessed. It is never repeated in what is said."""
        if len(value) < _KEY_LENGTH or len(set(value)) < _KEY_CHARACTERS:
            self.refuse(
                name,
                f"must be {_KEY_LENGTH} random characters or more. "
                'Make one: python3 -c "import secrets; print(secrets.token_urlsafe(50))"',
            )
        return value

    def hosts(self, name: str) -> list[str]:
        """Host names that people use. None may stand for half of the internet."""
        given = self.words(name)
        for host in given:
            bare = host.removeprefix(".")
            if not _HOST.fullmatch(bare) or (host.startswith(".") and "." not in bare):
                self.refuse(
                    name,
                    "must be the host names people use, separated by commas, such as accounts.example.com; "
                    f"“{host[:80]}” is none" + (": leave out https:// and the path." if "/" in host else "."),
                )
        return given

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Where the books are. What was given may hold a password, so it is not repeated."""
        try:
            found: dict[str, Any] = dict(dj_database_url.parse(self.text(name, default), conn_max_age=60))
        except (ValueError, KeyError):
            found = {}
        kind = str(found.get("ENGINE", "")).rpartition(".")[2]
        if kind not in ("sqlite3", "postgresql") or not found.get("NAME") or found["NAME"] == ":memory:":
            self.refuse(
                name, "must be sqlite:///path/to/file or postgres://user:password@host:5432/name "
                "(special characters of a password as %40 and the like).",
            )  # fmt: skip
            return dict(dj_database_url.parse(default))
        if kind == "sqlite3":
            file = Path(found["NAME"])
            if file.is_dir():
                self.refuse(name, f"must name a file; {file} is a folder.")
            elif problem := _cannot_be_made(file.parent):
                self.refuse(name, f"must name a file in a folder that can be made; {file.parent} cannot: {problem}.")
        return found


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _host_of(url: str) -> str:
    """The host of an address as `ALLOWED_HOSTS` has it."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def is_allowed(url: str, hosts: list[str]) -> bool:
    """Whether the host of an address is one of those, or below one that begins with a dot."""
    host = _host_of(url).lower()
    return any(
        host == allowed.lower() or (allowed.startswith(".") and f".{host}".endswith(allowed.lower()))
        for allowed in hosts
    )


def _cannot_be_made(path: Path) -> str:
    """Why a folder cannot be written to, or made; empty when it can."""
    try:
        there = next(above for above in (path, *path.absolute().parents) if above.exists())
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    if not there.is_dir():
        return f"{there} is a file"
    return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} may not be written to"
