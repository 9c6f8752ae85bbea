"""Every command with every kind of wrong argument: a sentence and an exit code, never a traceback."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from django.db import OperationalError, ProgrammingError

from counterfoil.site import cli
from counterfoil.testing.world import World, counts

# A command closes its connection at its end, and with it on PostgreSQL the test's transaction; the words are the same.
pytestmark = pytest.mark.own_database

LONG, TURNED = "x" * 5000, "\N{RIGHT-TO-LEFT OVERRIDE}é\N{PILE OF POO}"
# What no file is: not there, a folder, a device, bytes that are no text, nothing at all, too long, below a file.
FILES = ("nowhere/at/all.csv", "{folder}", "/dev/null", "{binary}", "{empty}", LONG, "{empty}/below", TURNED, "")
NUMBERS = ("-1", "0", "x", "1e9", "9" * 30, "\N{ARABIC-INDIC DIGIT THREE}", "")
DAYS = ("soon", "2026-02-30", "0000-00-00", "9" * 20, "")
CASES: list[tuple[str, ...]] = [
    ("nothing-of-ours",), ("",), ("import",), ("import", "--mapping"), ("report",), ("statement",), ("backup",),
    ("restore",), ("move-to",), ("add-user",), ("bench",), ("bench", "nothing"), ("migrate", "nothing"),
    ("migrate", "customers", "zero"), ("migrate", "customers", "0001"), ("migrate", "customers", "9999"),
    ("migrate", "trail", "zero"),
    *(("import", file, "--mapping", "{mapping}") for file in FILES if file != "{empty}"),
    *(("import", "{rows}", "--mapping", file) for file in FILES),
    *(("import", "{rows}", "--mapping", file, "--dry-run") for file in ("{binary}", "{folder}")),
    *(("backup", file) for file in ("{folder}", "{empty}/below", LONG, "", "/proc/nowhere/book.zip")),
    *(("backup", "{folder}/new.zip", "--to-key", key) for key in ("age1", "x", "{mapping}", TURNED)),
    *(("restore", file) for file in FILES),
    *(("restore", "{encrypted}", *key) for key in ((), *(("--key", file) for file in ("{empty}", "{binary}", "no")))),
    *(("move-to", url) for url in ("x", "", "mysql://a/b", "postgres://", "postgres://u:p@127.0.0.1:1/n", LONG)),
    *(("report", name) for name in ("nothing", "", LONG, TURNED, "../x")),
    *(("report", "age-analysis", "--as-of", day) for day in DAYS),
    *(("report", "age-analysis", "--format", name) for name in ("doc", "")),
    *(("report", "age-analysis", "--output", file) for file in ("{folder}", "{empty}/below", "/nowhere/x.csv", LONG)),
    *(("statement", number) for number in ("nobody", "", LONG, TURNED, "-1", "%00")),
    *(("statement", "{customer}", "--from", day) for day in DAYS),
    *(("statement", "{customer}", "--from", "2026-03-01", "--to", "2026-01-01"),),
    *(("statement", "{customer}", "--style", "odd"),),
    *(("statement", "{customer}", "--output", file) for file in ("{folder}", "/nowhere/x.pdf")),
    *(("add-user", email, "Me", "agent") for email in ("x", "", "a@b", "a b@x.example", LONG, TURNED)),
    *(("add-user", "a@x.example", name, "agent") for name in ("", LONG)),
    *(("add-user", "a@x.example", "Me", role) for role in ("king", "")),
    *(("letterhead", "--terms-days", number) for number in NUMBERS if number != "0"),
    *(("letterhead", f"--{name}", LONG) for name in ("name", "email", "address", "bank", "phone")),
    *(("letterhead", "--currency", text) for text in ("X", "rands", "", "zar1", TURNED)),
    *(("letterhead", f"--{name}", text) for name, text in (
        ("terms-rule", "odd"), ("region", "Atlantis"), ("email", "x"), ("pay-url", "javascript:alert(1)"))),
    *(("serve", "--port", number) for number in (*NUMBERS, "65536")),
    *(("serve", "--workers", number) for number in NUMBERS),
    *(("serve", "--bind", host) for host in ("0.0.0.0", "nowhere.invalid", "", TURNED)),
    *(("demo", "--port", number) for number in NUMBERS),
    *(("demo", "--customers", number) for number in NUMBERS),
    *(("worker", "--interval", number) for number in ("-1", "0", "x", "nan", "inf", "1e9")),
]  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("files")
    made = {
        "binary": bytes(range(256)) * 20,
        "empty": b"",
        "rows": b"number,name\nX-1,Xolani\n",
        "mapping": b'name = "P"\nsource = "t"\n[customers]\nkey = "{number}"\nnumber = "{number}"\nname = "{name}"\n',
        "encrypted": b"age-encryption.org/v1\nnonsense",
    }
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return {"folder": str(folder), **{name: str(folder / name) for name in made}}


@pytest.mark.hostile
@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(part[:20] for part in case))
def test_a_wrong_argument_is_answered_in_words(
    world: World, files: dict[str, str], case: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    zara = world.customer("Zara")
    before = counts()
    arguments = [part.replace("{customer}", zara.number) for part in case]
    for name, path in files.items():
        arguments = [part.replace(f"{{{name}}}", path) for part in arguments]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["counterfoil", *arguments])
    monkeypatch.setattr(sys, "stdin", io.StringIO("quite-a-long-secret\n"))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capfd.readouterr()
    if ended.value.code == 0:
        pytest.fail(f"was done: {said.out[:300]}")
    told = said.err + (ended.value.code if isinstance(ended.value.code, str) else "")
    assert told.strip(), "nothing was said"
    assert "Traceback" not in told
    assert counts() == before


def test_there_are_many_of_them() -> None:
    assert len(CASES) > 128


REACH, SET_UP = "The database cannot be reached, or is none. Check DATABASE_URL.", "Run: counterfoil migrate"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OperationalError("failed to resolve host 'nosuch.invalid': Name or service not known"), REACH),
        (OperationalError('connection failed: FATAL:  database "books" does not exist'), REACH),
        (ProgrammingError("bad value for connect_timeout: 'x'"), REACH),
        (ProgrammingError('invalid connection option "foo"'), REACH),
        (OperationalError("unable to open database file"), REACH),
        (OperationalError('invalid sslmode value: "bad"'), "Check DATABASE_URL, and the database."),
        (ProgrammingError('relation "staff_user" does not exist'), SET_UP),
        (OperationalError("no such table: staff_user"), SET_UP),
        (OperationalError("database or disk is full"), "its disk is full or read-only"),
    ],
)
def test_whatever_is_the_matter_with_the_database_is_said_with_a_remedy(
    error: Exception, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(arguments: list[str]) -> None:
        raise error

    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setattr("django.core.management.execute_from_command_line", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert says in str(ended.value.code)
