"""Operating it: logs, health, what is counted, mail of errors, and the restore drill."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from counterfoil.customers.operations import attach_file
from counterfoil.documents.tests.test_inspection import picture
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.interfaces import FakeChannel, TryLater
from counterfoil.messaging.sending import mail_error
from counterfoil.platform import logs
from counterfoil.platform.archive import archived_models, totals, write_backup
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import VERBS
from counterfoil.platform.requests import RequestMiddleware
from counterfoil.platform.restoring import open_archive, restore
from counterfoil.platform.upkeep import seal_trail
from counterfoil.receivables.operations import issue_credit
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"name": "counterfoil.test", "levelname": "INFO", "levelno": 20, "msg": message, **extra}
    )
    logs.Context().filter(made)
    return made


def test_a_log_line_is_json_with_the_request_and_the_operation(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="counterfoil.operation")
    caplog.handler.addFilter(logs.Context())
    token = logs.request_id.set("req-1")
    zara = world.customer("Zara")
    with pytest.raises(Refused):
        issue_credit(world.nobody, customer=zara, amount_minor=1, reason="x")
    issue_credit(world.clerk, customer=zara, amount_minor=1, reason="x")
    with pytest.raises(Refused):
        issue_credit(world.clerk, customer=zara, amount_minor=-1, reason="x")
    logs.request_id.reset(token)
    lines = [json.loads(logs.Json().format(found)) for found in caplog.records if "issue_credit" in found.getMessage()]
    assert [line["message"] for line in lines] == [
        "receivables.issue_credit done", "receivables.issue_credit refused not_positive",
    ]  # fmt: skip
    assert {line["request_id"] for line in lines} == {"req-1"}
    assert lines[0]["operation_id"] != lines[1]["operation_id"]
    assert lines[0]["ms"] >= 0


def test_a_log_line_keeps_to_one_line_whatever_it_says() -> None:
    text = logs.Json().format(record('two\nlines and "quotes" é', user_id=7))
    assert "\n" not in text
    assert json.loads(text)["message"] == 'two\nlines and "quotes" é'
    assert json.loads(text)["user_id"] == 7


def test_each_answer_has_a_request_id_and_policies(world: World) -> None:
    client = Client()
    answer = client.get("/health/", headers={"X-Request-ID": "given-by-proxy"})
    assert (answer.status_code, answer.json(), answer["X-Request-ID"]) == (200, {"status": "ok"}, "given-by-proxy")
    hostile = client.get("/health/", headers={"X-Request-ID": "a b\r\nSet-Cookie: x"})
    assert hostile["X-Request-ID"].isalnum()
    assert "camera=()" in answer["Permissions-Policy"]
    assert client.get("/ready/").json() == {"status": "ok"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_there_are_pages_to_get_and_to_post_and_nothing_else(world: World, method: str) -> None:
    for path in ("/", "/health/", "/sign-in/", "/portal/", "/customers/", "/nothing/"):
        answer = Client().generic(method, path)
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST"), path
        assert answer["X-Request-ID"]


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "latin-1", "UTF8"])
def test_what_is_not_sent_as_utf_8_is_refused_before_it_is_read(world: World, charset: str, caplog: Any) -> None:
    """The error page itself would read it, and fail: a thousand lines of log for each request of anybody."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/portal/sign-in/").content.decode())
    assert token is not None
    for path in ("/portal/sign-in/password/", "/sign-in/", "/nothing/"):
        for content_type in (f"{FORM}; charset={charset}", f"text/plain; charset={charset}"):
            answer = client.generic("POST", path, b"a=%00", content_type=content_type)
            assert answer.status_code in ((403, 404) if charset == "UTF8" else (415,)), (path, content_type)
    sent = f"csrfmiddlewaretoken={token[1]}&p-email=a@b.example&p-password=x"
    answer = client.generic("POST", "/portal/sign-in/password/", sent, content_type=f"{FORM}; charset={charset}")
    assert answer.status_code == (422 if charset == "UTF8" else 415)
    assert not [record for record in caplog.records if record.exc_info]


def test_who_asks_for_the_heads_gets_no_body() -> None:
    answers = []
    for method in ("GET", "HEAD"):
        request = RequestFactory().generic(method, "/health/")
        request.resolver_match = None
        answer = RequestMiddleware(lambda request: HttpResponse("a body", headers={"Content-Length": "6"}))(request)
        answers.append((answer.content, answer["Content-Length"]))
    assert answers == [(b"a body", "6"), (b"", "6")]


READY = """
import resource, sys, django
django.setup()
from django.db import connection
from django.test import Client
print(Client().get("/ready/").content.decode())
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
answer = Client().get("/ready/")
print(answer.status_code, answer.content.decode())
"""


@pytest.mark.own_database
def test_a_full_disk_is_not_ready(migrated: Path, tmp_path: Path) -> None:
    """As the process sees it: no file may grow beyond some bytes."""
    database = shutil.copy(migrated, tmp_path / "new.sqlite3")
    there = {**os.environ, "DATABASE_URL": f"sqlite:///{database}", "COUNTERFOIL_DATA_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", READY], env=there, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ['{"status": "ok"}', '503 {"status": "disk is full"}']


def test_what_is_counted_is_for_who_has_the_token(world: World, settings: Any) -> None:
    client = Client()
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 404
    client.get("/health/")
    text = client.get("/metrics").content.decode()
    assert 'counterfoil_requests_total{method="GET",route="health/",status="200"}' in text
    assert "counterfoil_jobs_waiting 0.0" in text
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200


def test_an_error_is_mailed_once_without_what_people_entered(monkeypatch: Any) -> None:
    mailed: list[tuple[str, str]] = []
    monkeypatch.setattr(logs.send_error, "answers", (lambda subject, text: mailed.append((subject, text)),))
    logs.ErrorMail._last.clear()
    handler = logs.ErrorMail()
    handler.addFilter(logs.NoSecrets())
    for _ in range(3):
        try:
            password = "s3cret"
            raise ValueError("broken")
        except ValueError:
            handler.handle(record("It broke", exc_info=sys.exc_info(), pathname="x", lineno=1))
    assert password
    # Refused, as it should be: a stranger with a wrong Host header fills nobody's mailbox.
    handler.handle(record("Invalid HTTP_HOST header", name="django.security.DisallowedHost", pathname="y", lineno=1))
    handler.close()
    ((subject, text),) = mailed
    assert subject == "[Counterfoil] It broke"
    assert "ValueError: broken" in text
    assert "password" not in text.replace('password = "s3cret"', "")


def test_an_error_takes_the_road_of_all_mail_and_a_way_of_its_own_without_a_database(
    world: World, settings: Any, monkeypatch: Any
) -> None:
    settings.ADMINS = [("", "ops@localhost"), ("", "more@x.example")]
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.messaging.interfaces.FakeChannel"}
    FakeChannel.sent.clear()
    mail_error("[Counterfoil] It broke", "ValueError: broken")
    assert FakeChannel.sent == []
    FakeChannel.answers["ops@localhost"] = [TryLater("451 Busy")]
    assert [mail.to for mail in deliver()] == ["more@x.example"]
    later = Caller.system("test", at=timezone.now() + dt.timedelta(minutes=1))
    assert [mail.to for mail in deliver(later)] == ["more@x.example", "ops@localhost"]
    assert FakeChannel.sent[1].text == "ValueError: broken"

    def no_database(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("The disk is full.")

    monkeypatch.setattr("counterfoil.messaging.operations.queue_private_mail", no_database)
    mail_error("[Counterfoil] Full", "OperationalError: The disk is full.")
    assert [mail.subject for mail in FakeChannel.sent[2:]] == ["[Counterfoil] Full"] * 2


@pytest.fixture
def book(world: World) -> World:
    zara = world.customer(
        "Zoë Ångström", emails=("z@x.example",), owing={"2026-01-31": "310.00", "2026-02-28": "99.95"}
    )
    world.pays(zara, "100.00")
    attach_file(world.clerk, customer=zara, kind="photo", name="a.png", content=picture())
    seal_trail(world.system())
    return world


def run(command: str, *arguments: str, database: Path) -> subprocess.CompletedProcess[str]:
    there = {
        **os.environ, "DATABASE_URL": f"sqlite:///{database}", "COUNTERFOIL_DATA_DIR": str(database.parent),
        "SECRET_KEY": settings.SECRET_KEY,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "counterfoil", command, *arguments],
        env=there,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database, made once: only ever copied."""
    database = tmp_path_factory.mktemp("migrated") / "new.sqlite3"
    assert run("migrate", database=database).returncode == 0
    with contextlib.closing(sqlite3.connect(database)) as there:
        there.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database


def test_the_restore_drill(book: World, tmp_path: Path) -> None:
    """Back up, restore into a new database, check the books, compare every total; twice is refused."""
    file, database = tmp_path / "book.zip", tmp_path / "new.sqlite3"
    call_command("backup", str(file))
    before = totals()
    done = run("restore", str(file), database=database)
    assert done.returncode == 0, done.stderr
    assert "totals as in the backup" in done.stdout
    assert "The books check." in done.stdout
    again = run("backup", str(tmp_path / "again.zip"), database=database)
    assert again.returncode == 0, again.stderr
    with zipfile.ZipFile(tmp_path / "again.zip") as packed:
        manifest = json.loads(packed.read("manifest.json"))
    assert manifest["totals"] == before
    with zipfile.ZipFile(file) as packed:
        assert manifest["tables"] == json.loads(packed.read("manifest.json"))["tables"]
    # What is append-only is so in the new database too.
    with contextlib.closing(sqlite3.connect(database)) as there, pytest.raises(sqlite3.IntegrityError, match="append"):
        there.execute("UPDATE trail_event SET actor = 'somebody else'")
    second = run("restore", str(file), database=database)
    assert second.returncode == 1
    assert "Restore into a new one" in second.stderr


def _with_manifest(old: Path, new: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """The same backup with something else in its manifest."""
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "manifest.json":
                manifest = json.loads(content)
                change(manifest)
                content = json.dumps(manifest).encode()
            target.writestr(name, content)


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told["totals"]["receivables_openitem"].update(sum_amount_minor=1), "receivables_openitem differ"),
        (lambda told: told["totals"]["trail_event"].update(rows=1), "trail_event differ"),
        (lambda told: told["schema"].append("billing.9999_later"), "of another version (billing.9999_later differ)"),
        (lambda told: told.update(format=99), "another format"),
    ],
)
def test_a_backup_that_says_something_else_than_it_holds_is_refused(
    book: World, tmp_path: Path, migrated: Path, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    file, broken, database = tmp_path / "book.zip", tmp_path / "broken.zip", tmp_path / "new.sqlite3"
    shutil.copy(migrated, database)
    call_command("backup", str(file))
    _with_manifest(file, broken, change)
    done = run("restore", str(broken), "--from-elsewhere", database=database)
    assert done.returncode == 1
    assert says in done.stderr
    with contextlib.closing(sqlite3.connect(database)) as there:
        assert there.execute("SELECT COUNT(*) FROM customers_customer").fetchone() == (0,)


@pytest.mark.once
@pytest.mark.parametrize("harm", ["changed", "cut", "other"])
def test_a_damaged_backup_leaves_the_new_database_empty(book: World, tmp_path: Path, migrated: Path, harm: str) -> None:
    file, database, broken = tmp_path / "book.zip", tmp_path / "new.sqlite3", tmp_path / "broken.zip"
    shutil.copy(migrated, database)
    call_command("backup", str(file))
    if harm == "cut":
        broken.write_bytes(file.read_bytes()[:-2000])
    elif harm == "other":
        broken.write_bytes(b"not a backup")
    else:
        with zipfile.ZipFile(file) as old, zipfile.ZipFile(broken, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                new.writestr(name, content.replace(b"31000", b"41000") if "openitem" in name else content)
    done = run("restore", str(broken), database=database)
    assert done.returncode == 1
    assert "damaged" in done.stderr or "not a backup" in done.stderr
    assert run("report", "age-analysis", "--format", "csv", database=database).stdout.count("\n") <= 1


def test_a_backup_is_restored_into_an_empty_database_only(book: World, tmp_path: Path) -> None:
    file = tmp_path / "book.zip"
    write_backup(file, now=book.now)
    before = totals()
    with pytest.raises(Refused, match="Restore into a new one"):
        restore(open_archive(file))
    assert totals() == before


def test_every_table_of_ours_is_in_the_archive() -> None:
    """A table that is forgotten here is lost in a restore."""
    tables = {model._meta.db_table for model in archived_models()}
    apps = {name.partition(".")[0] for name in VERBS}
    assert {"customers_customer", "trail_event", "trail_seal", "staff_user", "mfa_authenticator"} <= tables
    assert {"billing", "customers", "payments", "receivables"} <= apps
    assert not {name for name in tables if name.startswith("django_")}
