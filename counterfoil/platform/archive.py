"""The whole book as one file: backup, restore, and the way from one database to another (decision 0018).

A ZIP with one file of JSON lines for each table, and a manifest: how many rows, what the money columns add up to, a
digest of each file, and which migrations the schema had. A restore is all or nothing and proves its totals.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform import append_only, bulk, write_guard

FORMAT = 1
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


def _columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return list(model._meta.concrete_fields)


def totals() -> dict[str, dict[str, int]]:
    """How many rows each table has and what its money columns add up to: what must be the same afterwards."""
    found = {}
    for model in archived_models():
        money = [field.attname for field in _columns(model) if field.attname.endswith("_minor")]
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


def write_archive(path: Path, *, now: dt.datetime) -> dict[str, dict[str, int]]:
    """Write everything to a file, as of one moment; returns the totals. An unfinished file never has the name."""
    part = path.with_name(f"{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    with bulk.one_moment(), zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as packed:
        sums, tables = totals(), {}
        for model in archived_models():
            with packed.open(f"{model._meta.db_table}.jsonl", "w", force_zip64=True) as out:
                tables[model._meta.db_table] = _write_table(model, out)
        manifest = {
            "format": FORMAT, "made_at": now.isoformat(), "schema": schema(), "totals": sums, "tables": tables,
        }  # fmt: skip
        packed.writestr("manifest.json", json.dumps(manifest, indent=1, sort_keys=True))
    part.replace(path)
    return sums


def _write_table(model: type[models.Model], out: IO[bytes]) -> dict[str, Any]:
    fields = _columns(model)
    digest = hashlib.sha256()
    head = _line([field.attname for field in fields])
    out.write(head)
    digest.update(head)
    rows = model._base_manager.order_by("pk").values_list(*[field.attname for field in fields])
    for row in rows.iterator(chunk_size=_CHUNK):
        line = _line([_plain(value) for value in row])
        out.write(line)
        digest.update(line)
    return {"sha256": digest.hexdigest()}


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


# ------------------------------------------------------------------ reading


def read_manifest(path: Path) -> dict[str, Any]:
    """What an archive says of itself. Refused when it is none, or of another version."""
    try:
        with zipfile.ZipFile(path) as packed:
            manifest: dict[str, Any] = json.loads(packed.read("manifest.json"))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Refused("no_archive", f"{path} is not a backup of Counterfoil, or is damaged.") from error
    refuse_if(
        manifest.get("format") != FORMAT, "other_format", "The backup has another format than this version reads."
    )
    return manifest


def read_archive(path: Path) -> dict[str, dict[str, int]]:
    """Fill a fresh database from an archive, all of it or nothing; returns the totals, proven to be the same.

    Refused when the database has customers or people already, or another schema than the archive.
    """
    manifest = read_manifest(path)
    missing, more = set(manifest["schema"]) - set(schema()), set(schema()) - set(manifest["schema"])
    refuse_if(
        missing or more,
        "other_schema",
        f"The backup is of another version ({', '.join(sorted(missing | more)[:3])} differ). "
        "Restore it with the version that wrote it, then upgrade.",
    )
    with zipfile.ZipFile(path) as packed, transaction.atomic(), write_guard.writing():
        _empty()
        append_only.disable()
        for model in archived_models():
            name = model._meta.db_table
            _read_table(model, packed, manifest["tables"][name]["sha256"])
        _reset_sequences()
        append_only.ensure()
        now = totals()
        wrong = sorted(name for name, sums in manifest["totals"].items() if now.get(name) != sums)
        refuse_if(
            wrong, "totals_differ", f"After reading, {', '.join(wrong[:5])} differ from the backup. Nothing was kept."
        )
    return now


def _empty() -> None:
    """Only what a new installation starts with is there, and is gone."""
    used = [name for name in ("customers.Customer", "staff.User") if apps.get_model(name)._base_manager.exists()]
    refuse_if(used, "not_empty", "This database has customers or people already. Restore into a new one.")
    append_only.disable()
    with connection.cursor() as cursor:
        for model in archived_models():
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')


def _read_table(model: type[models.Model], packed: zipfile.ZipFile, sha256: str) -> None:
    fields, digest = _columns(model), hashlib.sha256()
    with packed.open(f"{model._meta.db_table}.jsonl") as source:
        lines = _hashed(source, digest)
        names = json.loads(next(lines))
        by_name = {field.attname: field for field in fields}
        refuse_if(set(names) != set(by_name), "other_schema", f"The columns of {model._meta.db_table} differ.")
        chosen = [by_name[name] for name in names]
        rows = ([_value(field, value) for field, value in zip(chosen, json.loads(line), strict=True)] for line in lines)
        bulk.insert_rows(model, [field.name for field in chosen], rows)
    refuse_if(digest.hexdigest() != sha256, "damaged", f"{model._meta.db_table} in the backup is damaged.")


def _hashed(lines: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    for line in lines:
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
