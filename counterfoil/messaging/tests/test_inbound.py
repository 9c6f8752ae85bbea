"""Reading e-mail that comes in: structure, text, attachments, and whatever somebody may send."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.kernel.errors import Refused
from counterfoil.messaging.inbound import MOST_BYTES, read
from counterfoil.messaging.inbound.markup import text_of
from counterfoil.messaging.inbound.replies import written

PLAIN = b"""From: =?utf-8?q?J=C3=BCrgen?= Meier <jm@example.org>
To: help@example.com, "Office, Front" <office@example.com>
Cc: boss@example.org
Subject: =?utf-8?b?UmVjaG51bmcg?= =?utf-8?b?QzEyIQ==?=
Message-ID: <2@example.org>
In-Reply-To: <1@example.com>
References: <0@example.com>
 <1@example.com>
Date: Tue, 3 Mar 2026 10:00:00 +0200

Is this invoice right?

On Mon, 2 Mar 2026 at 09:00, Help <help@example.com> wrote:
> Here is your invoice.
"""
MIXED = b"""From: a@example.org
Subject: files
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--y
Content-Type: text/html

<p>Gruesse</p>
--y--
--x
Content-Type: application/pdf; name="../../bill.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--x
Content-Type: message/rfc822

Subject: inside
From: b@example.org

hello
--x--
"""


def mail(*fields: str, body: str = "hello") -> bytes:
    return "\n".join(["From: a@example.org", *fields, "", body]).encode()


def test_a_message_with_all_its_fields() -> None:
    found = read(PLAIN)
    assert (found.kind, found.sender, found.sender_name) == ("message", "jm@example.org", "Jürgen Meier")
    assert found.subject == "Rechnung C12!"
    assert found.text == "Is this invoice right?"
    assert "> Here is your invoice." in found.whole
    assert (found.message_id, found.in_reply_to) == ("<2@example.org>", "<1@example.com>")
    assert found.references == ("<0@example.com>", "<1@example.com>")
    assert found.to == ("help@example.com", "office@example.com")
    assert found.cc == ("boss@example.org",)
    assert found.date
    assert found.date.isoformat() == "2026-03-03T10:00:00+02:00"
    assert found.answerable
    assert not found.attachments
    assert not found.said


def test_parts_are_text_or_attachments() -> None:
    found = read(MIXED)
    assert found.text == "Grüße"
    assert [(one.name, one.type, one.size) for one in found.attachments] == [
        ("bill.pdf", "application/pdf", 5), ("inside.eml", "message/rfc822", 42),
    ]  # fmt: skip
    assert found.attachments[0].content == b"%PDF-"


def test_text_is_taken_from_html_without_markup() -> None:
    attack = (
        "<html><head><title>no</title><style>p{}</style></head><body onload='x()'><p>One &lt;b&gt; &amp; two</p>"
        "<script>alert(1)<!-- </script><img src=x onerror=alert(1)><a href='javascript:x' title=\"a>b\">three</a>"
        "<!-- hidden --><br>four<blockquote>quoted<br>more</blockquote>five < six<script>never closed"
    )
    text = text_of(attack)
    assert text == "One <b> & two\nthree\nfour\n> quoted\n> more\nfive < six"
    found = read(mail("Content-Type: text/html", body=attack))
    assert found.text == "One <b> & two\nthree\nfour\nfive < six"
    assert text_of("<p>a</p><!-- not closed <p>b") == "a"
    assert text_of("<a 'x <b>bold") == "bold"


@pytest.mark.parametrize(
    ("fields", "kind", "answerable"),
    [
        ((), "message", True),
        (("Auto-Submitted: no",), "message", True),
        (("Auto-Submitted: auto-replied",), "automatic", False),
        (("Precedence: bulk",), "message", False),
        (("List-Id: <x.example.org>",), "message", False),
        (("Return-Path: <>",), "automatic", False),
        (("Precedence: auto_reply",), "automatic", False),
        (("X-Autoreply: yes",), "automatic", False),
        (("Subject: Automatic reply: invoice",), "automatic", False),
        (("Subject: Abwesenheitsnotiz: Rechnung",), "automatic", False),
        (("Subject: Undeliverable: hello",), "message", True),
        (("Content-Type: multipart/report; report-type=feedback-report; boundary=x",), "feedback", False),
    ],
)
def test_kinds(fields: tuple[str, ...], kind: str, answerable: bool) -> None:
    found = read(mail(*fields))
    assert (found.kind, found.answerable) == (kind, answerable)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty_file"), (b"\n\n\0", "empty_file"), (b"GIF89a rest", "not_a_message"), (b"From", "not_a_message"),
     (b"a" * (MOST_BYTES + 1), "too_large")],
)  # fmt: skip
def test_what_is_no_message_is_refused_in_words(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read(content)
    assert refused.value.code == code
    assert refused.value.sentence.endswith(".")


def test_nothing_is_lost_that_has_no_sender_or_date() -> None:
    found = read(b"Subject: x\nDate: yesterday\n\nhel\0lo")
    assert (found.sender, found.subject, found.text, found.date) == ("", "x", "hello", None)
    assert found.said == ("The date is none.",)


def test_a_million_recipients_and_a_long_subject() -> None:
    people = ",\n ".join(f"u{number}@example.org" for number in range(200_000))
    found = read(mail(f"To: {people}", "Subject: " + "=?utf-8?q?Z=C3=BCrich?=\n " * 6500))
    assert len(found.to) == 1000
    assert found.said == ("To names more than 1,000 addresses; those beyond are left out.",)
    assert found.subject == "Zürich" * 6500


@pytest.mark.parametrize("depth", [100, 3000])
@pytest.mark.parametrize("multipart", [True, False])
def test_parts_within_parts(depth: int, multipart: bool) -> None:
    body = b"hi\n"
    for number in range(depth):
        edge = b"--q%d\n" % number
        kind = b"Content-Type: multipart/mixed; boundary=q%d\n\n" % number
        body = kind + edge + body if multipart else b"Content-Type: message/rfc822\n\n" + body
    found = read(b"From: a@example.org\nSubject: deep\n" + body)
    assert (found.sender, found.subject) == ("a@example.org", "deep")
    assert bool(found.said) == (depth > 100)
    assert found.attachments or "hi" in found.text or found.said


def test_charsets_that_do_not_exist_or_take_for_ever() -> None:
    for charset in ("x-none", "punycode", "undefined", "base64"):
        found = read(b"From: a@b.c\nContent-Type: text/plain; charset=" + charset.encode() + b"\n\nGr\xfc\xdfe")
        assert found.text == "Grüße"
        assert found.said == (f"Nobody knows the charset {charset}: some characters may be wrong.",)
    assert read(b"From: a@b.c\nSubject: =?x-none?q?Gr=FC=DFe?= =?utf-8?b?!!!?=\n\n").subject.startswith("Grüße")


def test_a_field_that_is_slow_to_read_is_read_at_once() -> None:
    found = read(b'From: a@b.c\nContent-Type: multipart/mixed; x="' + b"a;" * 500_000 + b"\n\n--q\n\nhi")
    assert "hi" in found.text


def test_a_mailbox_of_two_is_the_first() -> None:
    two = b"From x Mon Mar  2 09:00:00 2026\nFrom: a@b.c\n\none\n\nFrom x Mon Mar  2 09:00:00 2026\nFrom: d@e.f\n\ntwo"
    found = read(two)
    assert (found.text, found.said) == ("one", ("The file holds more than one message; the first was read.",))


def test_every_beginning_of_a_message_is_read_or_refused_in_words() -> None:
    for end in range(len(MIXED)):
        try:
            found = read(MIXED[:end])
        except Refused:
            assert end < len(b"From:")
        else:
            assert found.kind == "message"


@given(st.lists(st.tuples(st.integers(0, len(MIXED)), st.integers(0, 40), st.binary(max_size=12)), max_size=12))
def test_damage_does_no_harm(damage: list[tuple[int, int, bytes]]) -> None:
    content = MIXED
    for at, cut, put in damage:
        content = content[:at] + put + content[at + cut :]
    try:
        found = read(content)
    except Refused:
        return
    "\n".join([found.subject, found.text, found.sender, *(one.name for one in found.attachments)]).encode()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Yes.\n\nOn 1 March 2026, Jo wrote:\n> No?", "Yes."),
        ("Ja.\n\nAm 01.03.2026 um 10:00 schrieb Jo Meier <jo@example.org>:\n> Nein?", "Ja."),
        ("Oui.\n\nLe 1 mars 2026 à 10:00, Jo <jo@example.org> a écrit :\n> Non ?", "Oui."),
        ("Yes.\n\nOn 1 March 2026, Jo <jo@example.org>\nwrote:\n\nno marks here\nat all", "Yes."),
        ("> First?\nOne.\n\n> Second?\nTwo.", "One.\n\nTwo."),
        ("On the wall I wrote:\nno date", "On the wall I wrote:\nno date"),
        ("Yes.\n\n-----Original Message-----\nFrom: x", "Yes."),
        ("Yes.\n\n________________\nFrom: Jo\nSent: Monday\nTo: me\nSubject: x\n\nNo?", "Yes."),
        ("Von: hier bis dort\nist es weit.", "Von: hier bis dort\nist es weit."),
        ("Yes.\n-- \nJo\n084 000", "Yes."),
        ("One\n--\n" + "line\n" * 20, "One\n--\n" + "line\n" * 19 + "line"),
        ("Yes.\n\nSent from my iPhone", "Yes."),
        ("Yes.\n\nSent from my desk, not my telephone.", "Yes.\n\nSent from my desk, not my telephone."),
        ("Yes.\n\n-Alex Kent", "Yes."),
        ("Send:\n\n- Router", "Send:\n\n- Router"),
        ("> only a quotation", "> only a quotation"),
        ("Yes.\r\n\r\n\r\n\r\nNo.", "Yes.\n\nNo."),
    ],
)
def test_what_the_writer_wrote(text: str, kept: str) -> None:
    assert written(text.replace("\r\n", "\n")) == kept


def test_quotation_takes_no_longer_the_more_there_is_of_it() -> None:
    for piece in ("--\n", "On 1\n", "From: a\n", "_" * 31 + "\n"):
        assert written("x\n" + piece * 20_000)


def test_the_command_says_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(MIXED)
    call_command("mail_in", str(file), "--format", "json", "--dry-run")
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["sender"], told["subject"], told["text"]) == (
        "message",
        "a@example.org",
        "files",
        "Grüße",
    )
    assert told["attachments"][0] == {"name": "bill.pdf", "type": "application/pdf", "size": 5}
    assert "recipient" not in told
    call_command("mail_in", str(file), "--dry-run")
    assert capsys.readouterr().out.startswith("message from a@example.org: files\n")
    file.write_bytes(b"no mail")
    with pytest.raises(CommandError, match="no e-mail message"):
        call_command("mail_in", str(file), "--dry-run")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("mail_in", str(tmp_path / "absent"), "--dry-run")


def test_attachments_of_a_size_that_mail_has() -> None:
    content = base64.encodebytes(b"x" * 3_000_000)
    found = read(MIXED.replace(b"JVBERi0=\n", content))
    assert found.attachments[0].size == 3_000_000
