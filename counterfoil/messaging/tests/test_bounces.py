"""Bounces: whom they are about, for how long, and when an address is no good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from counterfoil.messaging.inbound import Bounce, Inbound, read


def report(*records: str, notice: str = "Sorry.", fields: str = "") -> Inbound:
    said = "\n\n".join(["Reporting-MTA: dns; mx.example.com", *records])
    return read(
        f"From: MAILER-DAEMON@mx.example.com\nTo: us@example.com\n{fields}Content-Type: multipart/report;"
        f" report-type=delivery-status; boundary=x\n\n--x\n\n{notice}\n\n--x\nContent-Type: message/delivery-status\n\n"
        f"{said}\n\n--x--\n".encode()
    )


def record(status: str, words: str = "", *, action: str = "failed", to: str = "jo@example.org", more: str = "") -> str:
    told = f"\nDiagnostic-Code: {words}" if words else ""
    return f"Final-Recipient: rfc822; {to}\nAction: {action}\nStatus: {status}{told}{more}"


def worded(body: str, *, sender: str = "MAILER-DAEMON@mx.example.com", fields: str = "") -> Inbound:
    return read(f"From: {sender}\nTo: us@example.com\nSubject: failure notice\n{fields}\n{body}".encode())


@pytest.mark.parametrize(
    ("status", "words", "hard"),
    [
        ("5.1.1", "smtp; 550 5.1.1 User unknown", True),
        ("5.1.10", "smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound", True),
        ("5.4.4", "X-Postfix; Host or domain name not found", True),
        ("5.1.6", "", True),
        ("5.0.0", "smtp; 550 Unknown user jo@example.org", True),
        ("5.0.0", "unknown; No such domain.", True),
        # A 5 that is no matter of the address.
        ("5.2.2", "smtp; 552 5.2.2 Mailbox full", False),
        ("5.7.1", "smtp; 550 5.7.1 Message blocked as spam", False),
        ("5.7.1", "smtp; 550 5.7.1 user unknown", False),
        ("5.1.0", "smtp; 550 5.1.0 not allowed to send per SPF record", False),
        ("5.1.1", "smtp; 550 5.1.1 over quota", False),
        ("5.3.4", "smtp; 552 message too large", False),
        ("5.0.0", "", False),
        ("5.0.0", "smtp; 550 5.7.26 <jo@example.org>: recipient unknown to our policy", False),
        # Nobody knows whose words they are (RFC 3464, 2.3.6).
        ("5.0.0", "The account that you tried to reach does not exist.", False),
        # For now.
        ("4.1.1", "smtp; 450 4.1.1 user unknown", False),
        ("4.4.7", "smtp; 421 timed out", False),
    ],
)
def test_a_status_of_5_is_not_yet_hard(status: str, words: str, hard: bool) -> None:
    found = report(record(status, words))
    assert found.kind == "bounce"
    assert found.bounce
    assert (found.bounce.recipient, found.bounce.status[0], found.bounce.hard) == ("jo@example.org", status[0], hard)
    assert not found.answerable


def test_the_words_around_a_record_count() -> None:
    assert not report(record("5.1.1"), notice="Not enough disk space").bounces[0].hard
    filtered = report(
        record("5.0.0", "smtp; 550 Unknown user"), notice="said: 550 Unknown user (in reply to end of DATA command)"
    )
    assert not filtered.bounces[0].hard
    vague = report(record("5.0.0"), notice="jo@example.org: 550 5.7.26 authentication checks failed")
    assert vague.bounces == (Bounce("jo@example.org", "5.7.26", hard=False),)


def test_each_recipient_has_its_own() -> None:
    found = report(
        record("5.2.2", "smtp; 552 mailbox full", to="full@example.org"),
        record("5.1.1", "smtp; 550 user unknown", to="gone@example.org"),
        record("4.0.0", action="delayed", to="slow@example.org"),
        record("2.1.5", action="delivered", to="good@example.org"),
    )
    assert [(one.recipient, one.action, one.hard) for one in found.bounces] == [
        ("full@example.org", "failed", False), ("gone@example.org", "failed", True),
        ("slow@example.org", "delayed", False), ("good@example.org", "delivered", False),
    ]  # fmt: skip
    assert found.bounce
    assert found.bounce.recipient == "gone@example.org"


def test_reports_of_success_and_of_delay() -> None:
    assert report(record("2.0.0", action="relayed")).kind == "automatic"
    late = report(record("4.4.1 (no answer)", action="Delayed"))
    assert (late.kind, late.bounces) == ("bounce", (Bounce("jo@example.org", "4.4.1", hard=False, action="delayed"),))


def test_whom_we_wrote_to_and_where_it_went() -> None:
    found = report(record("5.1.1", more="\nOriginal-Recipient: rfc822; old@example.org"))
    assert (found.bounces[0].recipient, found.bounces[0].original) == ("jo@example.org", "old@example.org")
    program = report(record("5.0.0", to="|/bin/filter jo"), fields="X-Failed-Recipients: ann@example.org\n")
    assert program.bounces[0].recipient == "ann@example.org"


def test_fields_that_lost_their_part() -> None:
    found = worded(f"It failed.\n\n{record('5.1.1', 'smtp; 550 user unknown')}\n")
    assert [(one.recipient, one.status, one.hard) for one in found.bounces] == [("jo@example.org", "5.1.1", True)]
    ordinary = worded(
        f"Look:\n\n{record('5.1.1')}\n", sender="ann@example.org", fields="Return-Path: <ann@example.org>\n"
    )
    assert ordinary.kind == "message"


@pytest.mark.parametrize(
    ("body", "recipient", "status", "hard"),
    [
        ("<jo@example.org>:\nI couldn't find any host named x. (#5.1.2)", "jo@example.org", "5.1.2", True),
        ("<jo@example.org>:\nRemote host said: 550-5.7.26 Unauthenticated", "jo@example.org", "5.7.26", False),
        ("<jo@example.org>:\nRemote host said: 501 Invalid name", "jo@example.org", "5.0.0", False),
        ("  jo@example.org\n    retry timeout exceeded", "jo@example.org", "4.4.7", False),
        ("  jo@example.org\n    mailbox is full", "jo@example.org", "4.2.2", False),
        ("jo@example.org: Envelope expired", "jo@example.org", "5.4.7", False),
        ("not delivered:\n\n  jo@example.org\n\nUser not listed in Domino Directory", "jo@example.org", "5.1.1", True),
        ("WARNING ONLY: us@example.com, your mail\n jo@example.org\nhas been delayed", "jo@example.org", "4.0.0",
         False),
        ("Delivery failed.\n\n--- Below this line is a copy of the message.\n\nTo: jo@example.org\n\nuser unknown",
         "jo@example.org", "5.0.0", False),
    ],
)  # fmt: skip
def test_words_alone(body: str, recipient: str, status: str, hard: bool) -> None:
    found = worded(body)
    assert found.kind == "bounce"
    assert found.bounce
    assert (found.bounce.recipient, found.bounce.status, found.bounce.hard) == (recipient, status, hard)


def test_who_writes_about_a_bounce_bounces_nothing() -> None:
    assert worded("<jo@example.org>: user unknown", sender="ann@example.org").kind == "message"


def test_feedback_says_whom_it_is_about() -> None:
    found = read(
        b"From: fbl@example.org\nContent-Type: multipart/report; report-type=feedback-report; boundary=x\n\n--x\n\n"
        b"abuse\n--x\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
        b"Original-Rcpt-To: jo@example.org\n\n--x--\n"
    )
    assert (found.kind, found.bounces) == ("feedback", (Bounce("jo@example.org", "", hard=False, action=""),))


@pytest.mark.parametrize(
    ("told", "kind", "bounces"),
    [
        ({"notificationType": "Delivery"}, "automatic", ()),
        ({"notificationType": "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": "jo@example.org"}]}},
         "feedback", (Bounce("jo@example.org", "", hard=False, action=""),)),
        ({"notificationType": "Bounce", "bounce": {"bouncedRecipients": [
            {"emailAddress": "jo@example.org", "status": "5.1.1", "diagnosticCode": "smtp; 550 user unknown"}]}},
         "bounce", (Bounce("jo@example.org", "5.1.1", hard=True, words="smtp; 550 user unknown"),)),
        ({"notificationType": "Bounce", "bounce": [1]}, "bounce", ()),
    ],
)  # fmt: skip
def test_notifications_of_amazon(told: dict[str, Any], kind: str, bounces: tuple[Bounce, ...]) -> None:
    found = worded(json.dumps(told), sender="no-reply@example.org")
    assert (found.kind, found.bounces) == (kind, bounces)


def test_the_command_says_recipient_status_and_hard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.eml"
    file.write_text(
        "From: MAILER-DAEMON@example.com\nSubject: failure notice\n\n<jo@example.org>:\nno such user (#5.1.1)\n"
    )
    call_command("mail_in", str(file), "--format", "json", "--dry-run")
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["recipient"], told["status"], told["hard"]) == (
        "bounce",
        "jo@example.org",
        "5.1.1",
        True,
    )
    assert len(told["recipients"]) == 1
    call_command("mail_in", str(file), "--dry-run")
    assert "  jo@example.org: failed 5.1.1, the address is no good\n" in capsys.readouterr().out
