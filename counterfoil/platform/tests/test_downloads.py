"""What a file is called when it is served, and whether a browser shows it."""

from __future__ import annotations

import unicodedata
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

import counterfoil
from counterfoil.customers.models import Attachment
from counterfoil.customers.operations import attach_file
from counterfoil.documents.tests.test_inspection import picture
from counterfoil.messaging.models import MessageFile
from counterfoil.messaging.operations import queue_message
from counterfoil.platform.downloads import disposition, file_response, safe_name
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World


def read(header: str) -> tuple[str, str | None]:
    """How a program that knows the standard reads the header: what to do, and under which name."""
    message = EmailMessage()
    message["Content-Disposition"] = header
    return message.get_content_disposition() or "", message.get_filename()


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Invoice INV-1.pdf", 'attachment; filename="Invoice INV-1.pdf"'),
        ("Zoë.pdf", "attachment; filename=\"Zoe.pdf\"; filename*=UTF-8''Zo%C3%AB.pdf"),
        ("ملف.pdf", "attachment; filename=\"file.pdf\"; filename*=UTF-8''%D9%85%D9%84%D9%81.pdf"),
        ("日本", "attachment; filename=\"file\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC"),
        ('a"b\\c.pdf', 'attachment; filename="a-b-c.pdf"'),
        ("a\r\nSet-Cookie: x=1.pdf", 'attachment; filename="a Set-Cookie- x=1.pdf"'),
        ("../../etc/passwd", 'attachment; filename="etc-passwd"'),
        ("C:\\Users\\me\\x.pdf", 'attachment; filename="C-Users-me-x.pdf"'),
        ("gpj\u202efdp.exe", 'attachment; filename="gpjfdp.exe"'),
        ("a\x00\x07\u200b\ufeffb.txt", 'attachment; filename="ab.txt"'),
        ("x" * 400 + ".pdf", f'attachment; filename="{"x" * 120}.pdf"'),
        ("x.pdf" + "y" * 400, f'attachment; filename="x.pdf{"y" * 115}"'),
        ("a;b%20.pdf", 'attachment; filename="a-b-20.pdf"'),
        ("CON.pdf", 'attachment; filename="_CON.pdf"'),
        ("", 'attachment; filename="file"'),
        ("...", 'attachment; filename="file"'),
        (" \u00a0.pdf", 'attachment; filename="pdf"'),
    ],
)
def test_names(name: str, header: str) -> None:
    assert disposition(name) == header


@given(st.text(max_size=300))
def test_whatever_a_file_is_called_its_header_is_one_and_says_the_name(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    how, told = read(header)
    assert how == "attachment"
    safe = safe_name(name)
    starred = header.partition("filename*=UTF-8''")[2]
    assert (unquote(starred) if starred else told) == safe
    assert safe == safe_name(safe)
    assert 0 < len(safe) <= 140
    assert not [char for char in safe if unicodedata.category(char)[0] == "C" or char in '/\\:*?"<>|;%']


@pytest.mark.parametrize("mime", ["application/pdf", "image/png", "image/jpeg"])
def test_what_is_safe_is_shown_where_that_is_wanted(mime: str) -> None:
    assert file_response(b"x", "a", mime, inline=True)["Content-Disposition"].startswith("inline; ")
    assert file_response(b"x", "a", mime)["Content-Disposition"].startswith("attachment; ")


@pytest.mark.parametrize(
    "mime",
    ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript", "text/css", "x"],
)
def test_what_a_browser_could_run_is_never_shown_and_is_bytes(mime: str) -> None:
    answer = file_response(b"<script>", "a.html", mime, inline=True)
    assert answer["Content-Disposition"] == 'attachment; filename="a.html"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_text_is_a_file_to_keep() -> None:
    answer = file_response(b"a,b", "a.csv", "text/csv; charset=utf-8", inline=True)
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "text/csv; charset=utf-8", 'attachment; filename="a.csv"',
    )  # fmt: skip


def test_attachments_and_files_of_messages_come_under_their_names(world: World) -> None:
    add_user(world.caller(), email="a@x.example", name="A", role="administrator", password="s3cret-enough")
    client = Client()
    client.force_login(User.objects.get())
    zara = world.customer("Zara")
    attach_file(world.agent, customer=zara, kind="photo", name="سطح.png", content=picture())
    queue_message(
        world.caller(), customer=zara, kind="statement", subject="Roof", body_text="x", body_html="",
        addresses=["a@mail.example"], files=[("発票.pdf", "application/pdf", b"%PDF-")],
    )  # fmt: skip
    for path, name in (
        (f"/attachments/{Attachment.objects.get().pk}/", "سطح.png"),
        (f"/messages/files/{MessageFile.objects.get().pk}/", "発票.pdf"),
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert read(answer["Content-Disposition"])[0] == "attachment"
        assert unquote(answer["Content-Disposition"].partition("filename*=UTF-8''")[2]) == name


def test_one_place_says_what_a_file_is_called() -> None:
    package = Path(counterfoil.__file__).parent
    naming = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "tests" not in path.parts and "Content-Disposition" in path.read_text()
    ]
    # A picture within an e-mail is downloaded by nobody.
    assert sorted(naming) == ["connectors/mail.py", "platform/downloads.py"]
