"""Backups in the wrong hands, on a full disk, and damaged: one sentence, and nothing is kept or left behind."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import select
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.management import CommandError, call_command

from counterfoil.kernel.errors import Refused
from counterfoil.platform.archive import SEAL, write_backup
from counterfoil.platform.restoring import Archive, open_archive
from counterfoil.site.tests.test_operating import book, migrated, run
from counterfoil.testing.world import World

__all__ = ["book", "migrated"]
pytestmark = pytest.mark.own_database


@pytest.fixture
def backup(book: World, tmp_path: Path) -> Path:
    write_backup(tmp_path / "book.zip", now=book.now)
    return tmp_path / "book.zip"


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "new.sqlite3"))


def edited(old: Path, table: str, change: Callable[[bytes], bytes]) -> Path:
    """The backup with one table changed by somebody who knows how digests are made."""
    new = old.with_name("edited.zip")
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w") as target:
        files = {name: source.read(name) for name in source.namelist()}
        files[f"{table}.jsonl"] = content = change(files[f"{table}.jsonl"])
        manifest = json.loads(files["manifest.json"])
        manifest["tables"][table] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        files["manifest.json"] = json.dumps(manifest, indent=1, sort_keys=True).encode()
        for name, text in files.items():
            target.writestr(name, text)
    return new


def people(database: Path) -> tuple[int, int]:
    with contextlib.closing(sqlite3.connect(database)) as there:
        return tuple(there.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
                     for table in ("customers_customer", "staff_user"))  # type: ignore[return-value]  # fmt: skip


def test_a_backup_is_for_its_owner_alone(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [path.name for path in backup.parent.iterdir()] == ["book.zip"]


def test_what_was_changed_with_its_digests_made_anew_is_told_and_not_restored(backup: Path, database: Path) -> None:
    changed = edited(backup, "customers_customer", lambda rows: rows.replace("Ångström".encode(), b"Somebody"))
    assert (open_archive(backup).sealed, open_archive(changed).sealed) == (True, False)
    refused = run("restore", str(changed), database=database)
    assert refused.returncode == 1
    assert "did not seal the backup" in refused.stderr
    assert "--from-elsewhere" in refused.stderr
    assert people(database) == (0, 0)
    told = run("restore", str(changed), "--from-elsewhere", database=database)
    assert people(database)[0] == 1
    # It is there, as was wanted, and the books say that it is not as the product left it.
    assert (told.returncode, "is not as the last operation on it left it" in told.stderr) == (1, True)


def test_a_seal_holds_under_every_key_of_the_installation_and_no_other(backup: Path, settings: Any) -> None:
    old = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ["a newer key", *old]
    assert open_archive(backup).sealed
    settings.ENCRYPTION_KEYS = ["somebody else's"]
    assert not open_archive(backup).sealed


def test_a_backup_for_a_public_key_opens_with_its_private_key_only(book: World, database: Path, tmp_path: Path) -> None:
    pair, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    file, key, wrong = tmp_path / "book.age", tmp_path / "key", tmp_path / "wrong"
    key.write_text(f"# of the safe\n{pair}\n")
    wrong.write_text(f"{other}\n")
    call_command("backup", str(file), "--to-key", str(pair.to_public()))
    assert file.read_bytes().startswith(b"age-encryption.org/v1")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for arguments, says in (
        ([], "is encrypted. Give the file with its private key"),
        (["--key", str(wrong)], "cannot be opened with this key"),
        (["--key", str(tmp_path / "none")], "cannot be read"),
        (["--key", str(file)], "cannot be read"),
    ):
        refused = run("restore", str(file), *arguments, database=database)
        assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
        assert says in refused.stderr
    assert people(database) == (0, 0)
    assert run("restore", str(file), "--key", str(key), database=database).returncode == 0
    assert people(database)[0] == 1
    with pytest.raises(CommandError, match="none of age"):
        call_command("backup", str(tmp_path / "no.age"), "--to-key", "age1nonsense")
    assert not (tmp_path / "no.age").exists()


@pytest.mark.parametrize("key", ["", "age"])
def test_a_backup_that_fails_half_way_leaves_nothing(book: World, database: Path, tmp_path: Path, key: str) -> None:
    """A disk that is full, as the process sees it: no file may grow beyond some bytes."""
    to = ["--to-key", str(pyrage.x25519.Identity.generate().to_public())] if key else []
    folder = tmp_path / "backups"
    code = (
        "import resource, sys, django; django.setup()\n"
        "from django.core.management import call_command, CommandError\n"
        "from django.db import connection; connection.ensure_connection()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
        "try: call_command('backup', *sys.argv[1:])\n"
        "except CommandError as error: sys.exit(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder / "book.zip"), *to],
        env={**os.environ, "DATABASE_URL": f"sqlite:///{database}", "COUNTERFOIL_DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(folder.iterdir()) == []


def test_a_backup_takes_the_place_of_files_alone(book: World, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CommandError, match="is no file. Name the file to write"):
        call_command("backup", str(tmp_path / "pipe"))
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def opened(path: Path) -> Archive | str:
    """The backup, or why it is refused."""
    try:
        return open_archive(path)
    except Refused as refused:
        return refused.sentence


def test_no_damage_ends_in_anything_but_a_sentence(backup: Path) -> None:
    """Seeded: bits that flip, pieces that are missing, doubled or from elsewhere."""
    dice, whole, harmless = random.Random(20261126), backup.read_bytes(), 0
    broken = backup.with_name("broken.zip")
    for number in range(400):
        content = bytearray(whole)
        match number % 4:
            case 0 | 1:
                content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
            case 2:
                del content[dice.randrange(len(content)) :]
            case 3:
                at, size = dice.randrange(len(content)), dice.randrange(1, 400)
                content[at : at + size] = dice.randbytes(size * dice.randrange(2))
        broken.write_bytes(content)
        found = opened(broken)
        if isinstance(found, Archive):
            # A bit of what a ZIP says beside its content: dates, flags of the system that wrote it.
            assert (found.sealed, found.manifest) == (True, open_archive(backup).manifest)
            harmless += 1
        else:
            assert "damaged" in found or "another format" in found
    assert harmless < 100


def test_a_seal_whose_name_was_damaged_is_damage_and_not_a_backup_from_elsewhere(backup: Path) -> None:
    content = backup.read_bytes()
    at = content.rindex(SEAL.encode())
    broken = backup.with_name("broken.zip")
    broken.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    assert "damaged" in str(opened(broken))


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return path


def test_what_unpacks_to_very_much_is_not_unpacked(tmp_path: Path, backup: Path) -> None:
    giant = packed(tmp_path / "giant.zip", {"manifest.json": b"[" + b" " * 300_000_000 + b"]"})
    told = {"format": 2, "schema": [], "totals": {}, "tables": {"x": {"sha256": "0" * 64, "size": 10}}}
    longer = packed(
        tmp_path / "longer.zip", {"manifest.json": json.dumps(told).encode(), "x.jsonl": bytes(300_000_000)}
    )
    deep = packed(tmp_path / "deep.zip", {"manifest.json": b"[" * 200_000})
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (600 * 1024**2,) * 2)\n"
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'counterfoil.site.settings'\n"
        "import django; django.setup()\n"
        "from pathlib import Path\nfrom counterfoil.kernel.errors import Refused\n"
        "from counterfoil.platform.restoring import Archive, open_archive\n"
        "for name in sys.argv[1:]:\n"
        "    try: open_archive(Path(name))\n"
        "    except Refused as refused: print(refused.sentence)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(giant), str(longer), str(deep)], capture_output=True, text=True, check=False,
        env={**os.environ, "COUNTERFOIL_DATA_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [line.partition(" ")[2] for line in done.stdout.splitlines()] == [
        "is not a backup of Counterfoil, or is damaged.",
        "backup is damaged: x is not as it was written. Nothing was kept.",
        "is not a backup of Counterfoil, or is damaged.",
    ]


@pytest.mark.hostile
@pytest.mark.parametrize(
    "rows",
    [b"", b"[]\n", b"null\n", b'["id"]\n[1]\n', b"x" * 100, b"\xff\xfe\n", b"[" * 100_000 + b"\n",
     b'["id","name"]\n[1' + b"0" * 30 + b',"x"]\n', b'["id","name"]\n[1,"\\ud800"]\n', b'["id","name"]\n[{},[]]\n'],
)  # fmt: skip
def test_rows_that_are_no_rows_are_named_and_nothing_is_kept(backup: Path, database: Path, rows: bytes) -> None:
    changed = edited(backup, "customers_tag", lambda _: rows)
    refused = run("restore", str(changed), "--from-elsewhere", database=database)
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert "customers_tag" in refused.stderr
    assert people(database) == (0, 0)


def test_a_row_that_refers_to_nothing_is_a_sentence_too(backup: Path, database: Path) -> None:
    def elsewhere(rows: bytes) -> bytes:
        head, first, *rest = [json.loads(line) for line in rows.splitlines()]
        first[head.index("area_id")] = 99
        return b"".join(json.dumps(row).encode() + b"\n" for row in (head, first, *rest))

    refused = run(
        "restore", str(edited(backup, "customers_customer", elsewhere)), "--from-elsewhere", database=database
    )
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert "a row in it refers to one that is not there. Nothing was kept." in refused.stderr
    assert people(database) == (0, 0)


def test_a_backup_that_was_changed_after_it_was_proven_is_not_restored(backup: Path, database: Path) -> None:
    """As while somebody is asked whether to go on."""
    changed = edited(backup, "customers_customer", lambda rows: rows.replace("Ångström".encode(), b"Somebody"))
    code = (
        "import shutil, sys, django; django.setup()\n"
        "from pathlib import Path\nfrom counterfoil.kernel.errors import Refused\n"
        "from counterfoil.platform.restoring import open_archive, restore\n"
        "archive = open_archive(Path(sys.argv[1]))\nshutil.copy(sys.argv[2], sys.argv[1])\n"
        "try: restore(archive)\n"
        "except Refused as refused: print(refused.sentence)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(backup), str(changed)], capture_output=True, text=True, check=False,
        env={**os.environ, "COUNTERFOIL_DATA_DIR": str(database.parent), "DATABASE_URL": f"sqlite:///{database}"},
    )  # fmt: skip
    assert done.stdout == ("The backup is damaged: customers_customer is not as it was written. Nothing was kept.\n"), (
        done.stderr
    )
    assert people(database) == (0, 0)


def test_moving_leaves_nothing_behind_and_its_child_dies_with_it(book: World, database: Path, tmp_path: Path) -> None:
    """Killed in the middle: no file with the whole book lies in the temporary folder, nobody goes on writing."""
    scratch, target = tmp_path / "tmp", tmp_path / "target.sqlite3"
    scratch.mkdir()
    # The child stops where it would restore, for as long as it lives.
    stop = tmp_path / "sitecustomize.py"
    stop.write_text(
        "import sys, os, time\n"
        "if 'restore' in sys.argv:\n"
        f"    open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()) + '\\n')\n"
        "    time.sleep(60)\n"
    )
    there = {
        **os.environ, "DATABASE_URL": f"sqlite:///{database}", "COUNTERFOIL_DATA_DIR": str(tmp_path),
        "TMPDIR": str(scratch), "PYTHONPATH": str(tmp_path),
    }  # fmt: skip
    moving = subprocess.Popen([sys.executable, "-m", "counterfoil", "move-to", f"sqlite:///{target}"], env=there)
    child = 0
    while not child:
        assert moving.poll() is None
        with contextlib.suppress(OSError, ValueError):
            child = int((tmp_path / "pid").read_text().strip() or 0)
    assert list(scratch.iterdir()) == []
    moving.send_signal(signal.SIGKILL)
    moving.wait()
    with contextlib.suppress(ProcessLookupError):
        pidfd = os.pidfd_open(child)
        assert _ended(pidfd)
    assert list(scratch.iterdir()) == []


def _ended(pidfd: int) -> bool:
    ready, _, _ = select.select([pidfd], [], [], 20)
    return bool(ready)
