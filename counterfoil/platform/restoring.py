"""A backup back into a new database: sealed and undamaged first, then read, all of it or nothing (decision 0028)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

import pyrage
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import Error, IntegrityError, connection, models, transaction

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform import append_only, bulk, secrets, write_guard
from counterfoil.platform.archive import FORMAT, MANIFEST, SEAL, archived_models, columns_of, schema, totals
from counterfoil.platform.joints import joint

# A manifest says some lines about each table; a row holds at most one file.
_MOST_MANIFEST = 1024 * 1024
_MOST_ROW = 128 * 1024 * 1024
_PIECE = 1024 * 1024
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, RecursionError, NotImplementedError,
           RuntimeError, OverflowError)  # fmt: skip
_AGE = b"age-encryption.org/v1"


@dataclass(frozen=True)
class Archive:
    """A backup that is whole: every file is as its manifest says."""

    path: Path
    manifest: dict[str, Any]
    # Whether this installation wrote it; else it may have been changed by anybody.
    sealed: bool


def is_encrypted(path: Path) -> bool:
    """Whether a private key is needed to open the backup."""
    try:
        with path.open("rb") as file:
            return file.read(len(_AGE)) == _AGE
    except OSError as error:
        raise Refused("no_archive", f"{path} cannot be read: {error.strerror}.") from error


def decrypt(path: Path, private_key: str, out: BinaryIO) -> None:
    """The backup as it was before it was encrypted. Refused when the key does not fit or the file is damaged."""
    keys = [line.strip() for line in private_key.splitlines() if line.strip() and not line.startswith("#")]
    try:
        identities = [pyrage.x25519.Identity.from_str(key) for key in keys]
        refuse_if(not identities, "bad_private_key", "The file with the private key holds none.")
        with path.open("rb") as source:
            pyrage.decrypt_io(source, out, identities)
    except pyrage.IdentityError as error:
        raise Refused("bad_private_key", "That is no private key of age. It begins with AGE-SECRET-KEY-.") from error
    except pyrage.DecryptError as error:
        raise Refused("cannot_decrypt", f"{path} cannot be opened with this key, or is damaged.") from error


def open_archive(path: Path) -> Archive:
    """A backup, proven to be whole before anything of it is believed. Refused when it is none, damaged, or of another
    version.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            text = _bounded(packed, MANIFEST, _MOST_MANIFEST)
            seal = _bounded(packed, SEAL, 1000) if SEAL in packed.namelist() else b""
            manifest = _checked(json.loads(text), path)
            # Also a seal whose name was damaged: a backup that lost its seal so is not one from elsewhere.
            if set(packed.namelist()) - {MANIFEST, SEAL, *(f"{name}.jsonl" for name in manifest["tables"])}:
                raise ValueError("more files than the manifest names")
            for name, told in manifest["tables"].items():
                _prove(packed, name, told)
    except _DAMAGE as error:
        raise Refused("no_archive", f"{path} is not a backup of Counterfoil, or is damaged.") from error
    return Archive(path, manifest, secrets.fits("archive", text, seal.decode("ascii", "replace")))


def _bounded(packed: zipfile.ZipFile, name: str, most: int) -> bytes:
    with packed.open(name) as file:
        text = file.read(most + 1)
    if len(text) > most:
        raise ValueError(f"{name} is too long")
    return text


def _checked(manifest: Any, path: Path) -> dict[str, Any]:
    """The manifest, which has the shape that one of ours has."""
    if not isinstance(manifest, dict):
        raise ValueError("no manifest")
    refuse_if(
        manifest.get("format") != FORMAT,
        "other_format",
        f"{path} has another format than this version reads. Restore it with the version that wrote it, then upgrade.",
    )
    tables, sums, names = manifest["tables"], manifest["totals"], manifest["schema"]
    right = (
        isinstance(names, list) and all(isinstance(name, str) for name in names)
        and isinstance(sums, dict) and isinstance(tables, dict)
        and all(
            isinstance(told, dict) and isinstance(told.get("size"), int) and told["size"] >= 0
            and re.fullmatch("[0-9a-f]{64}", str(told.get("sha256")))
            for told in tables.values()
        )
    )  # fmt: skip
    if not right:
        raise ValueError("no manifest")
    return manifest


def _prove(packed: zipfile.ZipFile, name: str, told: dict[str, Any]) -> None:
    """A table's file has the size and digest that the manifest says; nothing longer is unpacked."""
    digest, left = hashlib.sha256(), told["size"]
    try:
        with packed.open(f"{name}.jsonl") as rows:
            while piece := rows.read(min(_PIECE, left + 1)):
                digest.update(piece)
                left -= len(piece)
                if left < 0:
                    break
    except _DAMAGE as error:
        raise _damaged(name) from error
    if left or digest.hexdigest() != told["sha256"]:
        raise _damaged(name)


def _damaged(table: str, row: int = 0) -> Refused:
    where = f"{table[:80]}, row {row}," if row else table[:80]
    return Refused("damaged", f"The backup is damaged: {where} is not as it was written. Nothing was kept.")


def restore(archive: Archive) -> dict[str, dict[str, int]]:
    """Fill a fresh database from a backup, all of it or nothing; returns the totals, proven to be the same.

    Refused when the database has customers or people already, or another schema than the backup.
    """
    manifest = archive.manifest
    here = {model._meta.db_table for model in archived_models()}
    missing, more = set(manifest["schema"]) - set(schema()), set(schema()) - set(manifest["schema"])
    missing, more = missing | (set(manifest["tables"]) - here), more | (here - set(manifest["tables"]))
    refuse_if(
        missing or more,
        "other_schema",
        f"The backup is of another version ({', '.join(sorted(missing | more)[:3])} differ). "
        "Restore it with the version that wrote it, then upgrade.",
    )
    try:
        return _filled(archive)
    except IntegrityError as error:
        # Said when all of it is there, because rows may refer to rows of tables that come later.
        raise Refused(
            "damaged", "The backup is damaged: a row in it refers to one that is not there. Nothing was kept."
        ) from error


def _filled(archive: Archive) -> dict[str, dict[str, int]]:
    manifest = archive.manifest
    with zipfile.ZipFile(archive.path) as packed, transaction.atomic(), write_guard.writing():
        _empty()
        append_only.disable()
        for model in archived_models():
            _read_table(model, packed, manifest["tables"][model._meta.db_table])
        _reset_sequences()
        append_only.ensure()
        now = totals()
        wrong = sorted(name for name in now if manifest["totals"].get(name) != now[name])
        refuse_if(
            wrong, "totals_differ", f"After reading, {', '.join(wrong[:5])} differ from the backup. Nothing was kept."
        )
    return now


@joint
def in_use() -> bool:
    """Many are asked: whether somebody works with this database already, so that a backup is not read into it."""
    raise NotImplementedError


def _empty() -> None:
    """Only what a new installation starts with is there, and is gone."""
    refuse_if(any(in_use()), "not_empty", "This database has customers or people already. Restore into a new one.")
    append_only.disable()
    with connection.cursor() as cursor:
        for model in archived_models():
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')


def _read_table(model: type[models.Model], packed: zipfile.ZipFile, told: dict[str, Any]) -> None:
    table, row, digest = model._meta.db_table, 0, hashlib.sha256()

    def rows(lines: Iterator[bytes], chosen: list[models.Field[Any, Any]]) -> Iterator[list[Any]]:
        nonlocal row
        for line in lines:
            row += 1
            yield [_value(field, value) for field, value in zip(chosen, json.loads(line), strict=True)]

    try:
        with packed.open(f"{table}.jsonl") as source:
            # Proven before already; but the file may be another one since somebody was asked about it.
            lines = _lines(source, digest)
            names = json.loads(next(lines, b"null"))
            by_name = {field.attname: field for field in columns_of(model)}
            refuse_if(set(names) != set(by_name), "other_schema", f"The columns of {table} differ.")
            chosen = [by_name[name] for name in names]
            bulk.insert_rows(model, [field.name for field in chosen], rows(lines, chosen))
    except (*_DAMAGE, TypeError, ValidationError, Error) as error:
        raise _damaged(table, row) from error
    if digest.hexdigest() != told["sha256"]:
        raise _damaged(table)


def _lines(source: IO[bytes], digest: Any) -> Iterator[bytes]:
    while line := source.readline(_MOST_ROW):
        if not line.endswith(b"\n"):
            raise ValueError("a row is too long")
        digest.update(line)
        yield line


def _value(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(field, models.BinaryField):
        return base64.b64decode(value)
    if isinstance(field, models.JSONField):
        return value
    if isinstance(field, models.ForeignKey):
        return value
    return field.to_python(value)


def _reset_sequences() -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), archived_models()):
            cursor.execute(statement)
