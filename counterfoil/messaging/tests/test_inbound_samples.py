"""Other people's mail: the bounces of Sisimai, the odd messages of flanker, the replies of an e-mail reply parser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from counterfoil.messaging.inbound import read
from counterfoil.messaging.inbound.replies import written

SHARED = Path(__file__).parents[4] / "shared" / "data" / "mail"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="The sample messages are not beside the project.")
KINDS = {
    "bounce": "bounce", "delivered": "automatic", "complaint": "feedback", "automatic reply": "automatic",
    "not a bounce": "message",
}  # fmt: skip
# Read otherwise, each with what it is: a warning that delivery is late is for now, as in its sibling lhost-gmail-06; a
# complaint told by Amazon is one; a program that mail was piped into is no address.
FOR_NOW = {"lhost-gmail-08"}
COMPLAINTS = {"lhost-amazonses-11"}
PROGRAMS = {"lhost-exim-44": "kijitora@example.com"}
# Whom the words are about where no part says it, as a person reads them.
IN_WORDS = {
    "rfc3464-37": "kijitora@neko.nyaan.example.com", "rfc3464-04": "kijitora@mailx-53.neko.example.edu",
    "rfc3464-34": "kijitora@example.com", "lhost-exim-01": "kijitora@example.ed.jp",
    "lhost-exim-06": "kijitora@example.com", "lhost-exim-31": "kijitora@example.net",
    "lhost-exim-07": "shiba@example.com", "lhost-qmail-14": "u9233d452@d52647.example",
    "lhost-qmail-19": "ud628e9ce@d05c3a.example", "lhost-qmail-04": "kijitora@example.net",
    "lhost-qmail-13": "ue0e33c14@def6cc.example", "lhost-gmail-04": "kijitora@example.com",
    "lhost-gmail-08": "kijitora@example.com", "lhost-gmail-03": "kijitora@example.co.jp",
    "lhost-gmail-06": "kijitora@example.jp", "lhost-office365-01": "kijitora@example.com",
    "lhost-office365-02": "kijitora@example.onmicrosoft.com", "lhost-opensmtpd-05": "kijitora@mail.example.co.jp",
    "lhost-domino-01": "kijitora@example.jp",
}  # fmt: skip


def expected(what: str) -> dict[str, Any]:
    return json.loads((SHARED / "expected.json").read_text())[what] if SHARED.is_dir() else {}


@pytest.mark.parametrize("name", expected("bounces"))
def test_bounces(name: str) -> None:
    wanted, key = expected("bounces")[name], Path(name).stem
    found = read((SHARED / name).read_bytes())
    assert found.kind == ("feedback" if key in COMPLAINTS else KINDS[wanted["kind"]])
    if found.kind != "bounce":
        return
    outcome, told = wanted["outcome"][0], wanted["machine_readable"]
    assert found.bounce
    assert found.bounce.hard == outcome["hard"]
    assert found.bounce.status[0] == ("4" if key in FOR_NOW else outcome["status"][0])
    assert found.bounce.recipient == (PROGRAMS.get(key) or IN_WORDS.get(key) or told[0]["recipient"])


@pytest.mark.parametrize("name", expected("inbound"))
def test_odd_messages(name: str) -> None:
    wanted = expected("inbound")[name]
    found = read((SHARED / name).read_bytes())
    assert found.sender == (wanted["from"] or "")
    if "subject" in wanted:
        assert found.subject == (wanted["subject"] or "")
    if "subject_length" in wanted:
        assert len(found.subject) == wanted["subject_length"]
        assert found.subject.startswith(wanted["subject_starts"])
    if "attachments" in wanted:
        assert len(found.attachments) == wanted["attachments"]


@pytest.mark.parametrize("name", expected("replies"))
def test_replies(name: str) -> None:
    wanted = expected("replies")[name]
    text = written((SHARED / name).read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert (lines[0], lines[-1]) == (wanted["first_line"].strip(), wanted["last_line"].strip())
    assert not wanted["must_not_show"] or wanted["must_not_show"] not in text
