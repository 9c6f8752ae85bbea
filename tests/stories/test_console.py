"""The console as an operator uses it: real processes on a database of their own."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.own_database
ROOT = Path(__file__).resolve().parents[2]
MAPPING = str(ROOT / "examples" / "late_payments.toml")
FILE = """countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate
391,0379-NEVHP,4/6/2013,0000611365,1/2/2013,2/1/2013,55.94,No,1/15/2013,Paper,13,0
391,0379-NEVHP,4/6/2013,0000611366,5/2/2013,6/1/2013,70.5,No,8/15/2013,Paper,13,0
406,8976-AMJEO,3/3/2012,0007900770,1/26/2013,2/25/2013,61.74,Yes,7/3/2013,Electronic,36,6
"""  # noqa: E501 - a file has the width it has


class Console:
    """A shell with its own database."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.database = folder, folder / "books.sqlite3"
        clean = {key: value for key, value in os.environ.items() if key not in ("DJANGO_SETTINGS_MODULE", "SECRET_KEY")}
        here = {"DATABASE_URL": f"sqlite:///{self.database}", "COUNTERFOIL_DATA_DIR": str(folder)}
        self.environment = {**clean, **here}

    def run(self, *arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "counterfoil", *arguments]
        return subprocess.run(
            command, env={**self.environment, **environment}, input=text.encode(), capture_output=True, check=False
        )

    def copied(self, other: Console) -> Console:
        """The other has this one's database."""
        here, there = sqlite3.connect(self.database), sqlite3.connect(other.database)
        with contextlib.closing(here), contextlib.closing(there):
            here.backup(there)
        return other

    def ok(self, *arguments: str, text: str = "") -> str:
        done = self.run(*arguments, text=text)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@pytest.fixture
def console(tmp_path: Path) -> Console:
    """With nothing in it yet, not even tables."""
    return Console(tmp_path)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Console:
    """What `migrate` makes, once for all: only ever copied."""
    console = Console(tmp_path_factory.mktemp("template"))
    console.ok("migrate")
    return console


@pytest.fixture
def fresh(console: Console, template: Console) -> Console:
    """As after `migrate`, with nothing in the books yet."""
    return template.copied(console)


@pytest.mark.long
def test_a_book_comes_in_and_its_past_goes_out(console: Console) -> None:
    file = console.folder / "late.csv"
    file.write_text(FILE)
    assert b"counterfoil migrate" in console.run("check-books").stderr
    console.ok("migrate")
    assert "dry run, nothing changed" in console.ok("import", str(file), "--mapping", MAPPING, "--dry-run")
    assert "3 added" in console.ok("import", str(file), "--mapping", MAPPING).replace("  ", " ")
    assert " 0 added" in console.ok("import", str(file), "--mapping", MAPPING)

    report = console.ok("report", "age-analysis", "--as-of", "2013-06-30", "--format", "csv")
    rows = {row["number"]: row for row in csv.DictReader(io.StringIO(report))}
    assert rows["0379-NEVHP"]["1-30"] == rows["0379-NEVHP"]["total"] == "70.50"
    assert rows["8976-AMJEO"]["Over 120"] == "61.74"
    assert "70.50" in console.ok("report", "open-items", "--as-of", "2013-06-30")
    assert "Customers" in console.ok("report", "trial-balance", "--as-of", "2013-06-30")

    period = ("--from", "2013-05-01", "--to", "2013-06-30")
    statement = console.ok("statement", "0379-NEVHP", *period, "--format", "csv")
    assert [row["Balance"] for row in csv.DictReader(io.StringIO(statement))] == ["0.00", "70.50", "70.50"]
    assert console.run("statement", "0379-NEVHP", *period).stdout.startswith(b"%PDF-")
    assert console.run("statement", "0379-NEVHP", *period, "--format", "xlsx").stdout.startswith(b"PK")
    assert "Statement of account" in console.ok("statement", "0379-NEVHP", *period, "--format", "html")
    console.ok("tick")
    assert "no findings" in console.ok("check-books")


def test_tampering_is_found_with_exit_code_one(fresh: Console) -> None:
    file = fresh.folder / "late.csv"
    file.write_text(FILE)
    fresh.ok("import", str(file), "--mapping", MAPPING)
    fresh.ok("tick")
    books = sqlite3.connect(fresh.database)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        books.execute("UPDATE trail_event SET actor = 'somebody else'")
    books.execute("DROP TRIGGER frozen_trail_event_update")
    books.execute("UPDATE trail_event SET actor = 'somebody else' WHERE kind = 'receipt.recorded'")
    books.commit()
    books.close()
    done = fresh.run("check-books")
    assert done.returncode == 1
    assert b"was changed after it was sealed" in done.stdout


@pytest.mark.hostile
@pytest.mark.long
def test_mistakes_are_answered_in_words(fresh: Console) -> None:
    bad = fresh.folder / "bad.csv"
    bad.write_text(FILE.replace("1/2/2013", "13/45/2013"))
    done = fresh.run("import", str(bad), "--mapping", MAPPING)
    assert done.returncode == 1
    assert "row 2, InvoiceDate" in done.stderr.decode()
    assert "Nothing was imported" in done.stderr.decode()
    for arguments, says in (
        (("import", "nowhere.csv", "--mapping", MAPPING), "cannot be read"),
        (("report", "nope"), "There are: at-a-glance"),
        (("statement", "nobody"), "There is no customer nobody"),
        (("report", "age-analysis", "--as-of", "soon"), "is not a date"),
    ):
        done = fresh.run(*arguments)
        assert done.returncode != 0
        assert says in done.stderr.decode()
        assert "Traceback" not in done.stderr.decode()


def test_people_and_letterhead_are_set_at_the_console(fresh: Console) -> None:
    fresh.ok("letterhead", "--name", "Highveld Fibre")
    assert "Highveld Fibre" in fresh.ok("letterhead")
    # The bank account is a row of its own, and has the names here that it always had.
    alone = fresh.run("letterhead", "--bank", "FNB")
    assert (alone.returncode != 0, b"Enter an account number or an IBAN." in alone.stderr) == (True, True)
    fresh.ok("letterhead", "--bank", "FNB", "--bank-account", "620 555")
    fresh.ok("letterhead", "--bank-branch", "250 655")
    said = [line.split(maxsplit=1) for line in fresh.ok("letterhead").splitlines()]
    assert [line for line in said if line[0] in ("bank", "bank-branch", "bank-account")] == [
        ["bank", "FNB"], ["bank-branch", "250 655"], ["bank-account", "620 555"],
    ]  # fmt: skip
    assert "charges-tax      not decided" in fresh.ok("letterhead")
    said = fresh.ok("letterhead", "--address", "22 Stiemens Street", "--charges-tax", "no")
    assert ("charges-tax      no" in said, "22 Stiemens Street" in said) == (True, True)
    # Said again, it is as it was.
    assert "charges-tax      no" in fresh.ok("letterhead", "--charges-tax", "no")
    assert "charges-tax      yes" in fresh.ok("letterhead", "--charges-tax", "yes")
    assert "Messages wait: no mail server is set up." in fresh.ok("mail-server")
    said = fresh.ok(
        "mail-server", "--host", "smtp.example.com", "--user", "us", "--password", text="quite-a-long-secret\n"
    )
    assert ("smtp.example.com" in said, "quite-a-long-secret" in said) == (True, False)
    # The password stays, and another port is another server.
    assert b"Enter the password again" in fresh.run("mail-server", "--port", "465").stderr
    said = fresh.ok("add-user", "you@highveld.example", "Lerato", "administrator", text="quite-a-long-secret\n")
    assert "can sign in" in said
    weak = fresh.run("add-user", "me@highveld.example", "Me", "agent", text="1234\n")
    assert weak.returncode != 0
    assert b"Use 12 characters or more." in weak.stderr


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "SECRET_KEY must be set"),
        (
            {
                "SECRET_KEY": "x" * 60,
                "ALLOWED_HOSTS": "a.example",
                "PUBLIC_URL": "https://a.example",
                "COUNTERFOIL_OUTBOX": "1",
            },
            "COUNTERFOIL_OUTBOX is for demonstrations",
        ),
        (
            {
                "SECRET_KEY": "x" * 60,
                "ALLOWED_HOSTS": "a.example",
                "PUBLIC_URL": "https://a.example",
                "EMAIL_HOST": "m",
            },
            "SECRET_KEY must be 50 random characters",
        ),
    ],
)
def test_production_refuses_to_start_insecurely(console: Console, environment: dict[str, str], says: str) -> None:
    done = console.run("check", COUNTERFOIL_MODE="production", **environment)
    assert done.returncode != 0
    assert says in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


SECURE = {
    "COUNTERFOIL_MODE": "production",
    "SECRET_KEY": "correct horse battery staple, and then some more of it to be long",
    "ALLOWED_HOSTS": "a.example",
    "PUBLIC_URL": "https://a.example",
    "EMAIL_HOST": "mail.example",
}


def test_production_passes_the_deployment_check(console: Console) -> None:
    done = console.run("check", "--deploy", "--fail-level", "WARNING", **SECURE)
    assert done.returncode == 0, done.stderr.decode()


def test_cookies_of_production_are_taken_over_https_from_this_host_only(console: Console) -> None:
    """What a browser demands of a cookie whose name begins with `__Host-`; otherwise it keeps none of them."""
    code = (
        "from django.conf import settings as s; from django.test import Client\n"
        "from django.core.management import call_command; call_command('migrate', verbosity=0)\n"
        "answer = Client().post('/portal/sign-in/passkey/ask/', secure=True, headers={'Host': 'a.example'})\n"
        "c = answer.cookies[s.PORTAL_COOKIE_NAME]\n"
        "print(c.key, c['secure'], c['path'], [c['domain']], c['samesite'], c['httponly'])\n"
        "print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SESSION_COOKIE_PATH, s.SESSION_COOKIE_DOMAIN)\n"
        "print(s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE, s.CSRF_COOKIE_PATH, s.CSRF_COOKIE_DOMAIN)\n"
    )
    done = console.run("shell", "--no-imports", "-c", code, **SECURE)
    assert done.stdout.decode().splitlines() == [
        "__Host-portal_session True / [''] Lax True", "__Host-sessionid True / None", "__Host-csrftoken True / None",
    ], done.stderr.decode()  # fmt: skip


def test_no_demonstration_is_made_in_production(console: Console) -> None:
    done = console.run("demo", "--no-serve", **SECURE)
    assert (done.returncode, "passwords that everybody knows" in done.stderr.decode()) == (1, True)


def test_local_mode_serves_the_loopback_address_only(fresh: Console) -> None:
    done = fresh.run("serve", "--bind", "0.0.0.0")
    assert done.returncode != 0
    assert b"only the loopback address" in done.stderr


@pytest.mark.hostile
@pytest.mark.long
def test_the_demonstration_is_the_same_each_time(tmp_path: Path, template: Console) -> None:
    totals = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        console = template.copied(Console(tmp_path / name))
        console.ok("demo", "--customers", "25", "--no-serve")
        totals.append(console.ok("report", "age-analysis", "--as-of", dt.date.today().isoformat()))  # noqa: DTZ011
    assert totals[0] == totals[1]
    assert len(totals[0].splitlines()) > 5
