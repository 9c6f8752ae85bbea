"""The whole book as one file: what a backup holds, and writing it (decisions 0018 and 0028). Reading: `restoring`.

A ZIP with one file of JSON lines for each table, a manifest (how many rows, what the money columns add up to, size and
digest of each file, which migrations the schema had), and the seal of the manifest with a key of this installation.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, BinaryIO

import pyrage
from django.apps import apps
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform import bulk, secrets

FORMAT = 2
MANIFEST, SEAL = "manifest.json", "seal"
# Beside our own apps: second factors and sign-in addresses. Sessions and the task queue are made anew.
_ALSO = ("account", "mfa", "socialaccount")
_CHUNK = 2000


def archived_models() -> list[type[models.Model]]:
    """Every table that is part of the book, in a fixed order."""
    mine = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith("counterfoil.") or model._meta.app_label in _ALSO
    ]
    return sorted((model for model in mine if model._meta.managed), key=lambda model: model._meta.db_table)


def columns_of(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return list(model._meta.concrete_fields)


def totals() -> dict[str, dict[str, int]]:
    """How many rows each table has and what its money columns add up to: what must be the same afterwards."""
    found = {}
    for model in archived_models():
        money = [field.attname for field in columns_of(model) if field.attname.endswith("_minor")]
        sums = model._base_manager.aggregate(
            rows=models.Count("pk"), **{f"sum_{name}": models.Sum(name) for name in money}
        )
        found[model._meta.db_table] = {key: int(value or 0) for key, value in sums.items()}
    return found


def schema() -> list[str]:
    """The migrations that the database has."""
    ours = {model._meta.app_label for model in archived_models()}
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied if app in ours)


# ------------------------------------------------------------------ writing


def write_backup(path: Path, *, now: dt.datetime, public_key: str = "") -> dict[str, dict[str, int]]:
    """Write everything to a file that only its owner may read, as of one moment; returns the totals.

    With an age public key only who has its private key can open the file. An unfinished file never has the name, and
    is gone when the writing fails.
    """
    recipient = _recipient(public_key) if public_key else None
    refuse_if(not path.name or path.is_dir(), "no_file", f"“{path}” is a folder. Name the file to write.")
    # It would take the place of a device or a pipe: of /dev/null, where root writes it.
    refuse_if(path.exists() and not path.is_file(), "no_file", f"“{path}” is no file. Name the file to write.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            with _encrypted(out, recipient) as target:
                sums = write_archive(target, now=now)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return sums


def write_archive(out: BinaryIO, *, now: dt.datetime) -> dict[str, dict[str, int]]:
    """Write everything, as of one moment; returns the totals."""
    with bulk.one_moment(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as packed:
        sums, tables = totals(), {}
        for model in archived_models():
            with packed.open(f"{model._meta.db_table}.jsonl", "w", force_zip64=True) as rows:
                tables[model._meta.db_table] = _write_table(model, rows)
        manifest = {
            "format": FORMAT, "made_at": now.isoformat(), "schema": schema(), "totals": sums, "tables": tables,
        }  # fmt: skip
        text = json.dumps(manifest, indent=1, sort_keys=True).encode()
        packed.writestr(MANIFEST, text)
        packed.writestr(SEAL, secrets.seal("archive", text))
    return sums


def _recipient(public_key: str) -> Any:
    try:
        return pyrage.x25519.Recipient.from_str(public_key.strip())
    except pyrage.RecipientError as error:
        raise Refused(
            "bad_public_key", "The public key is none of age. It begins with age1; `age-keygen` makes a pair."
        ) from error


@contextlib.contextmanager
def _encrypted(out: BinaryIO, recipient: Any) -> Iterator[BinaryIO]:
    """Where to write so that it arrives encrypted; as it is, without a recipient."""
    if recipient is None:
        yield out
        return
    reading, writing = os.pipe()
    failed: list[Exception] = []

    def encrypt() -> None:
        with open(reading, "rb") as source:
            try:
                pyrage.encrypt_io(source, out, [recipient])
            except Exception as error:  # noqa: BLE001 - told to the one who writes
                failed.append(error)

    beside = threading.Thread(target=encrypt)
    beside.start()
    try:
        with open(writing, "wb") as target:
            yield target
    except BrokenPipeError:
        if not failed:
            raise
    finally:
        beside.join()
    if failed:
        raise OSError(str(failed[0])) from failed[0]


def _write_table(model: type[models.Model], out: IO[bytes]) -> dict[str, Any]:
    fields, digest, size = columns_of(model), hashlib.sha256(), 0
    rows = model._base_manager.order_by("pk").values_list(*[field.attname for field in fields])

    def lines() -> Iterator[bytes]:
        yield _line([field.attname for field in fields])
        for row in rows.iterator(chunk_size=_CHUNK):
            yield _line([_plain(value) for value in row])

    for line in lines():
        out.write(line)
        digest.update(line)
        size += len(line)
    return {"sha256": digest.hexdigest(), "size": size}


def _line(values: list[Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    match value:
        case bytes() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case dt.datetime() | dt.date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case None | bool() | int() | str() | dict() | list():
            return value
    return str(value)
