"""Environment variables that are wrong, each alone: the product says which one, and what it must be."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

import counterfoil.site
from counterfoil.site.places import data_folder, prepare

SETTINGS = str(Path(counterfoil.site.__file__).parent / "settings.py")
KEY = "correct horse battery staple and then some more of it to be long"
GOOD = {
    "COUNTERFOIL_MODE": "production",
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "accounts.example.com, .pay.example.com",
    "PUBLIC_URL": "https://accounts.example.com/",
    "EMAIL_HOST": "mail.example.com",
}
WRONG = [
    ("COUNTERFOIL_MODE", "prod"),
    ("SECRET_KEY", ""),
    ("SECRET_KEY", "short"),
    ("SECRET_KEY", "x" * 60),
    ("SECRET_KEY", "ab" * 40),
    ("ENCRYPTION_KEYS", "short"),
    ("ENCRYPTION_KEYS", f"{KEY},aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("ALLOWED_HOSTS", ""),
    ("ALLOWED_HOSTS", "*"),
    ("ALLOWED_HOSTS", ".com"),
    ("ALLOWED_HOSTS", "accounts.example.com,."),
    ("ALLOWED_HOSTS", "https://accounts.example.com"),
    ("ALLOWED_HOSTS", "accounts.example.com other.example.com"),
    ("ALLOWED_HOSTS", "accounts.example.com:443"),
    ("PUBLIC_URL", ""),
    ("PUBLIC_URL", "http://accounts.example.com"),
    ("PUBLIC_URL", "accounts.example.com"),
    ("PUBLIC_URL", "https://"),
    ("PUBLIC_URL", "https://elsewhere.example.com"),
    ("PUBLIC_URL", "https://accounts.example.com:port"),
    ("PUBLIC_URL", "https://user:secret@accounts.example.com"),
    ("PUBLIC_URL", "https://accounts.example.com/?next=x"),
    ("DATABASE_URL", ""),
    ("DATABASE_URL", "books"),
    ("DATABASE_URL", "mysql://a/b"),
    ("DATABASE_URL", "postgres://"),
    ("DATABASE_URL", "postgres://user:secret@host:port/name"),
    ("DATABASE_URL", "postgres://user:secr[et@host/name"),
    ("DATABASE_URL", "postgres://user:secret@host/"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:////"),
    ("DATABASE_URL", "sqlite:////dev/null/x/books.sqlite3"),
    ("EMAIL_HOST", "mail example com"),
    ("EMAIL_HOST", "mail.example.com:587"),
    ("EMAIL_HOST", "smtp://mail.example.com"),
    ("ANCHOR_FILE", "/"),
    ("ANCHOR_FILE", "/nowhere/anchors"),
    ("BACKUP_PUBLIC_KEY", "age1nonsense"),
    ("BACKUP_PUBLIC_KEY", "AGE-SECRET-KEY-1QQQ"),
    ("ENCRYPTION_KEYS", " , "),
    ("COUNTERFOIL_DATA_DIR", "~nobody-of-that-name/x"),
    ("METRICS_TOKEN", "guess-me"),
    ("EMAIL_PORT", "smtp"),
    ("EMAIL_PORT", "0"),
    ("EMAIL_PORT", "65536"),
    ("EMAIL_USE_TLS", "maybe"),
    ("TIME_ZONE", "Nowhere/Land"),
    ("TIME_ZONE", "/etc/passwd"),
    ("TIME_ZONE", "../../etc/passwd"),
    ("LOG_LEVEL", "LOUD"),
    ("LOG_FORMAT", "xml"),
    ("IDLE_MINUTES", "-1"),
    ("IDLE_MINUTES", "an hour"),
    ("UNDO_SECONDS", "1e9"),
    ("DOCUMENT_SECONDS", "0"),
    ("PORTAL_LINK_MINUTES", "\N{ARABIC-INDIC DIGIT THREE}"),
    ("PORTAL_SESSION_HOURS", "9" * 40),
    ("COUNTERFOIL_DATA_DIR", "/dev/null/x"),
    ("COUNTERFOIL_STATIC_DIR", "/dev/null/x"),
    ("COUNTERFOIL_BEHIND_PROXY", "2"),
    ("OIDC_ISSUER", "login.example.com"),
    ("OIDC_ISSUER", "http://login.example.com"),
    ("ERRORS_TO", "ops"),
    ("ERRORS_TO", "ops@a.example; me@a.example"),
]


def started(folder: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, Any]:
    """The settings of a process with these variables and no others of ours."""
    for name in [name for name in os.environ if name.startswith(("COUNTERFOIL", "EMAIL", "OIDC", "PORTAL"))]:
        monkeypatch.delenv(name)
    for name in ("SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    here = {"COUNTERFOIL_DATA_DIR": str(folder), "DATABASE_URL": f"sqlite:///{folder}/books.sqlite3"}
    for name, value in {**here, **variables}.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(SETTINGS)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_is_named_with_what_it_must_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        started(tmp_path, monkeypatch, **{**GOOD, name: value})
    said = str(refused.value)
    assert any(line.strip().startswith(name) and " must " in line or " cannot be made" in line
               for line in said.splitlines()), said  # fmt: skip
    assert "secret@" not in said  # a password is never repeated


def test_everything_wrong_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        started(
            tmp_path,
            monkeypatch,
            **{**GOOD, "EMAIL_PORT": "x", "TIME_ZONE": "y", "EMAIL_USE_TLS": "1", "EMAIL_USE_SSL": "1"},
        )
    assert [line.split()[0] for line in str(refused.value).splitlines()[1:-1]] == [
        "TIME_ZONE", "EMAIL_PORT", "EMAIL_USE_TLS",
    ]  # fmt: skip


def test_right_settings_start_with_space_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = started(
        tmp_path, monkeypatch,
        **{**GOOD, "ENCRYPTION_KEYS": f" {KEY} new , {KEY} ", "ERRORS_TO": "a@x.example , b@x.example",
           "LOG_LEVEL": "info"},
    )  # fmt: skip
    assert found["ALLOWED_HOSTS"] == ["accounts.example.com", ".pay.example.com"]
    assert found["PUBLIC_URL"] == "https://accounts.example.com"
    assert found["ENCRYPTION_KEYS"] == [f"{KEY} new", KEY]
    assert found["ADMINS"] == [("", "a@x.example"), ("", "b@x.example")]
    assert found["LOG_LEVEL"] == "INFO"
    assert started(tmp_path, monkeypatch, **{**GOOD, "PUBLIC_URL": "https://a.pay.example.com"})


def test_a_machine_of_ones_own_needs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (started(tmp_path / "new", monkeypatch)["SECRET_KEY"] for _ in range(2))
    assert first != second
    assert list(tmp_path.iterdir()) == []  # reading the settings makes nothing
    prepare({"COUNTERFOIL_DATA_DIR": str(tmp_path)})
    found = started(tmp_path, monkeypatch)
    assert len(found["SECRET_KEY"]) > 50
    assert oct((tmp_path / "secret_key").stat().st_mode)[-3:] == "600"
    assert started(tmp_path, monkeypatch)["SECRET_KEY"] == found["SECRET_KEY"]
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(ImproperlyConfigured, match="empty"):
        started(tmp_path, monkeypatch)


def test_the_data_is_in_the_same_place_wherever_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"XDG_DATA_HOME": str(tmp_path / "own")}
    books = {**own, "DATABASE_URL": f"sqlite:///{tmp_path}/books/b.sqlite3"}
    monkeypatch.chdir(tmp_path)
    assert data_folder(own) == tmp_path / "own" / "counterfoil"
    assert data_folder({**own, "DATABASE_URL": "postgres://me@there/books"}) == tmp_path / "own" / "counterfoil"
    assert data_folder(books) == tmp_path / "books"
    assert data_folder({**books, "COUNTERFOIL_DATA_DIR": "/srv/books"}) == Path("/srv/books")
    prepare(own)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["counterfoil", "own", "secret_key", "static"]


def test_the_secret_of_before_is_not_replaced_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was in `var` of where one stood; without it no second factor opens any more."""
    monkeypatch.chdir(tmp_path)
    prepare({"COUNTERFOIL_DATA_DIR": "var"})
    before = sorted(tmp_path.rglob("*"))
    url = f"sqlite:///{tmp_path}/b.sqlite3"
    with pytest.raises(ImproperlyConfigured, match=f"Set COUNTERFOIL_DATA_DIR={tmp_path}/var"):
        prepare({"DATABASE_URL": url})
    assert sorted(tmp_path.rglob("*")) == before
    assert started(tmp_path, monkeypatch, COUNTERFOIL_DATA_DIR=str(tmp_path / "var"))["SECRET_KEY"]


@pytest.mark.parametrize("name", ["COUNTERFOIL_DATA_DIR", "COUNTERFOIL_STATIC_DIR"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name} must name a folder; /proc/nowhere cannot be made"):
        prepare({"COUNTERFOIL_DATA_DIR": str(tmp_path), name: "/proc/nowhere"})
