"""What kind of message it is, and of a bounce whom it is about: the machine-readable part first, then its words.

Every mail server writes in its own words, and a status of 5 is given for what has nothing to do with the address (spam
filter, size, policy, full mailbox). So an address is called no good (`hard`) only for the few statuses that say so, or
words that do; and never where the words give another reason.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from typing import Any

from counterfoil.messaging.inbound.decoding import address_in, as_text, clean, line, raw_fields
from counterfoil.messaging.inbound.message import Bounce

# RFC 3463 (5.1.10: RFC 7505): no such mailbox, system or syntax, moved away, no mail accepted there, no such host.
HARD = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4"}
# Recipients that are told of one report, and how much of its text is looked through for words.
_MOST = 1000
MOST_OF_REPORT = 100_000
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
# "550 5.1.1", "550-5.7.26", "(#5.1.2)", "DSN 5.1.10": a status that stands where one is meant, not in a version.
_STATUS_IN_WORDS = re.compile(r"(?:\b[245]\d\d[ -]|\(?#|\bDSN(?: code)? )([245]\.\d{1,3}\.\d{1,3})\b(?!\.\d)")
_REPLY = re.compile(r"(?:^|\bsaid: ?|\bwas: ?|: |; ?|')([45])\d\d[ -](?!\d+ bytes)", re.MULTILINE)

_NO_ADDRESS = re.compile(
    r"user unknown|unknown (?:user|recipient|mailbox|address|account|local[ -]part)|no such (?:user|recipient|mailbox"
    r"|address|account|person)|(?:recipient|address|user|mailbox|account)(?: was)? (?:not found|unknown)"
    r"|(?:account|user|mailbox|recipient|address)[^.\n]{0,60} (?:does not|doesn.t|do not) exist|not listed in Domino"
    r"|no longer on server|no mailbox here by that name|email address [^.\n]{0,40}(?:wasn.t|couldn.t be) found"
    r"|RESOLVER\.ADR\.\w*NotFound|account or domain may not exist|invalid recipient",
    re.IGNORECASE,
)
_NO_HOST = re.compile(
    r"unknown (?:host|domain)|no such (?:host|domain)|(?:host|domain)(?: or domain name)? not found|domain (?:name )?"
    r"does not exist|couldn.t find any host|domain is not reachable|unrouteable (?:address|mail domain)",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"(?:mailbox|inbox|quota|disk)(?: is)? (?:full|exceeded)|over ?quota|exceeded [^.\n]{0,30}quota|not enough (?:disk"
    r" )?space|insufficient (?:system |disk )?(?:storage|space)",
    re.IGNORECASE,
)
_OTHER_REASON = re.compile(
    r"too (?:large|big)|size (?:limit|exceeds)|\bspam\b|\bblocked\b|(?:block|black) ?listed (?:by|on|at)|reputation"
    r"|\bSPF\b|\bDKIM\b|\bDMARC\b|gr[ea]ylist|rate limit|too many|\bvirus|\bpolicy\b|timed? ?out|hop count|routing loop"
    r"|mail loop|authentication (?:checks|required)|suspicious|access denied",
    re.IGNORECASE,
)
# Exim gives up on what it was told to try again; OpenSMTPD on a message that grew too old.
_TRIED_LONG = re.compile(r"retry time(?:out)? (?:exceeded|not reached)", re.IGNORECASE)
_TOO_OLD = re.compile(r"envelope expired|message expired|delivery time expired|for \d+ days", re.IGNORECASE)
_WARNING = re.compile(
    r"warning (?:message )?only|(?:has been|is) delayed|not need to re-?send|will be retried|only a temporary failure",
    re.IGNORECASE,
)
# A server that takes the recipient and then, having read the message, calls the user unknown, is a filter.
_AFTER_DATA = re.compile(r"in reply to (?:end of )?DATA|>>> DATA\s*\n\s*<<< 5", re.IGNORECASE)
# What a report says of itself: the message that was sent follows, with words that are not the server's.
_COPY = re.compile(
    r"^.{0,10}(?:Below this line is a copy|This is a copy of the message|Original message -|Below is a copy of the orig"
    r"|Original message headers:|Message text follows|The original message follows|Original message follows"
    r"|Reporting-MTA:|Unsent message below|Message header follows)",
    re.IGNORECASE | re.MULTILINE,
)
_FAILURE = re.compile(
    r"undeliver|returned mail|returning (?:the )?message|delivery (?:status|failure|failed|has failed|report|problem)"
    r"|failure notice|mail (?:delivery )?failed|(?:could|can) ?not be delivered|not delivered|delayed mail"
    r"|delivery to the following|wasn.t able to deliver|mail status report",
    re.IGNORECASE,
)
_DAEMON = re.compile(r"^(?:mailer-?daemon|postmaster|mail-?daemon)(?:@|$)", re.IGNORECASE)
_DAEMON_NAME = re.compile(r"mail(?:er)? (?:delivery|daemon)|mailer-daemon|mail administrator", re.IGNORECASE)
_AWAY = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic|mated)?[- ]?(?:reply|response)|out of (?:the )?office|autoreply"
    r"|abwesenheitsnotiz|automatische antwort|abwesend|réponse automatique|risposta automatica|respuesta automática"
    r"|automatisch antwoord|automatiskt svar|autosvar|resposta automática)\b",
    re.IGNORECASE,
)
_ABOUT = ("original-rcpt-to", "removal-recipient")
_DELIVERED = {"delivered", "relayed", "expanded", "deliverable"}


@dataclass(frozen=True)
class Clues:
    """What decides the kind of a message: its fields, and what of it is no attachment."""

    fields: dict[str, list[str]]
    sender: str
    sender_name: str
    subject: str
    text: str
    parts: list[Message]
    to: list[str] = field(default_factory=list)

    def first(self, name: str) -> str:
        return self.fields.get(name, [""])[0].strip()

    @property
    def no_way_back(self) -> bool:
        """Whether the envelope names nobody to answer, as that of every report and automatic answer does."""
        return "<>" in (self.first("return-path"), self.first("x-envelope-from"))

    @property
    def from_a_server(self) -> bool:
        name = _DAEMON_NAME.search(self.sender_name) or _DAEMON_NAME.search(self.first("from"))
        return bool(_DAEMON.match(self.sender) or name or self.no_way_back)

    @cached_property
    def paragraphs(self) -> list[str]:
        return re.split(r"\n\s*\n", self.notice)

    @cached_property
    def notice(self) -> str:
        """The text of a report up to the message it is about."""
        copy = _COPY.search(self.text)
        return self.text[: copy.start()] if copy else self.text


def kind_of(clues: Clues) -> tuple[str, list[Bounce]]:
    """message, bounce, automatic or feedback; with the recipients a report is about."""
    types = [part.get_content_type() for part in clues.parts]
    report = " ".join(clues.fields.get("content-type", [])).lower()
    if "message/feedback-report" in types or "report-type=feedback-report" in report.replace('"', ""):
        return "feedback", _complaint(clues)
    told = _notified(clues.text)
    if told:
        return told
    records = [
        group for part in clues.parts if part.get_content_type() == "message/delivery-status" for group in _groups(part)
    ]
    if not records and clues.from_a_server:
        # Reports lose their parts on the way: the fields are in the text then.
        records = [group for block in re.split(r"\n\s*\n", clues.text) if (group := _fields(block))]
    found = [_of_record(group, clues, alone=len(records) == 1) for group in records[:_MOST]]
    if found:
        return ("automatic" if all(one.action in _DELIVERED for one in found) else "bounce"), found
    if _AWAY.match(clues.subject) or "message/disposition-notification" in types:
        return "automatic", []
    if clues.from_a_server and (_FAILURE.search(clues.subject) or _FAILURE.search(clues.text[:3000])):
        return "bounce", [_of_words(clues)]
    return ("automatic" if _is_automatic(clues) else "message"), []


def _is_automatic(clues: Clues) -> bool:
    """RFC 3834, 5, and what was in use before it."""
    submitted = clues.first("auto-submitted").lower()
    if submitted and not submitted.startswith("no"):
        return True
    if any(name in clues.fields for name in ("x-autoreply", "x-autorespond", "x-vacation")):
        return True
    vacation = "vacation" in clues.first("x-apple-action").lower()
    return vacation or clues.first("precedence").lower() == "auto_reply" or clues.no_way_back


def answerable(clues: Clues, kind: str) -> bool:
    """Whether an answer by a machine could not go round in circles (RFC 3834, 2; lists besides)."""
    bulk = clues.first("precedence").lower() in ("bulk", "list", "junk")
    return kind == "message" and bool(clues.sender) and not bulk and "list-id" not in clues.fields


def _groups(part: Message) -> list[dict[str, str]]:
    """The fields about each recipient (RFC 3464, 2.3); those about the message as a whole are left out."""
    payload: Any = part.get_payload() if part.is_multipart() else None
    if payload is None:
        raw = part.get_payload(decode=True)
        text = clean(as_text(raw)) if isinstance(raw, bytes) else ""
        return [group for block in re.split(r"\n\s*\n", text) if (group := _fields(block))]
    found = []
    for one in payload[: _MOST + 1]:
        fields = {name: line(values[0]) for name, values in raw_fields(one).items()}
        if "final-recipient" in fields or "original-recipient" in fields:
            found.append(fields)
    return found


def _fields(block: str) -> dict[str, str]:
    """A paragraph that is fields about a recipient; empty when it is none."""
    if "final-recipient:" not in block.lower():
        return {}
    unfolded = re.sub(r"\n[ \t]+", " ", block)
    found = re.findall(r"^([A-Za-z-]{2,40}):[ \t]*(.*)$", unfolded, re.MULTILINE)
    fields = {name.lower(): value.strip() for name, value in reversed(found)}
    return fields if "final-recipient" in fields and ("status" in fields or "action" in fields) else {}


def _of_record(fields: dict[str, str], clues: Clues, *, alone: bool) -> Bounce:
    final, original = (fields.get(name, "").partition(";")[2] for name in ("final-recipient", "original-recipient"))
    recipient, first = address_in(final), address_in(original)
    if not recipient or final.strip().startswith("|"):
        # Delivery to a program: the address is said elsewhere.
        recipient = address_in(clues.first("x-failed-recipients")) or recipient or first
    kind, typed, words = fields.get("diagnostic-code", "").partition(";")
    # Without the type that RFC 3464, 2.3.6 asks for nobody knows whose words they are: no address is given up for them.
    words = words.strip() if typed and " " not in kind.strip() else ""
    about = clues.notice if alone else _paragraph_about(recipient, clues)
    told = _STATUS.search(fields.get("status", ""))
    status = told[0] if told else ""
    said = _STATUS_IN_WORDS.search(words) or _STATUS_IN_WORDS.search(about)
    if said and (not status or (status.endswith(".0.0") and said[1][0] == status[0])):
        status = said[1]
    action = fields.get("action", "").split(" ")[0].lower()
    if not action:
        action = {"2": "delivered", "4": "delayed"}.get(status[:1], "failed")
    status = status or _status_of(f"{words}\n{about}", waits=action == "delayed")
    return Bounce(
        recipient, status, action == "failed" and _is_hard(status, words, about), action,
        original=first if first != recipient else "", words=words or fields.get("diagnostic-code", ""),
    )  # fmt: skip


def _paragraph_about(recipient: str, clues: Clues) -> str:
    return next((part for part in clues.paragraphs if recipient and recipient in part), "")


def _of_words(clues: Clues) -> Bounce:
    """A bounce without a machine-readable part."""
    notice = clues.notice
    said = _STATUS_IN_WORDS.search(notice)
    waits = bool(_WARNING.search(notice) or _WARNING.search(clues.subject))
    status = said[1] if said else _status_of(notice, waits=waits)
    reason = next((one.strip() for one in notice.split("\n") if _REPLY.search(one) or _STATUS_IN_WORDS.search(one)), "")
    return Bounce(
        _recipient_of(clues), status, not waits and _is_hard(status, notice, notice),
        "delayed" if waits else "failed", words=reason,
    )  # fmt: skip


def _recipient_of(clues: Clues) -> str:
    """Who was not reached: the field that says it, else the first address that begins a line, else any in the text."""
    if told := address_in(clues.first("x-failed-recipients")):
        return told
    ours = {clues.sender.lower(), *(one.lower() for one in clues.to)}
    for pattern in (r"^[ \t]*[\"'<(]?([^\s<>\"'()@:;,]{1,64}@[^\s<>\"'():;,]{1,255})", r"(\S{1,64}@\S{1,255})"):
        for one in re.findall(pattern, clues.notice, re.MULTILINE)[:_MOST]:
            address = address_in(one)
            if address and address.lower() not in ours and not _DAEMON.match(address):
                return address
    # Nothing but the message itself says whom it was for.
    copy = re.search(r"^To:[^\n]{0,500}", clues.text[len(clues.notice) :], re.MULTILINE)
    return address_in(copy[0][3:]) if copy else ""


def _status_of(words: str, *, waits: bool) -> str:
    """A status (RFC 3463) for words that give none."""
    for pattern, status in ((_FULL, "4.2.2"), (_TRIED_LONG, "4.4.7")):
        if pattern.search(words):
            return status
    if waits:
        return "4.0.0"
    reply = _REPLY.search(words)
    if reply and reply[1] == "4":
        return "4.0.0"
    for pattern, status in ((_NO_HOST, "5.1.2"), (_NO_ADDRESS, "5.1.1"), (_TOO_OLD, "5.4.7")):
        if pattern.search(words):
            return status
    return "5.0.0"


def _is_hard(status: str, words: str, about: str) -> bool:
    """Whether the address is no good. `words` are the server's, `about` what the report says besides."""
    both = f"{words}\n{about}"
    if not status.startswith("5") or _FULL.search(both) or _OTHER_REASON.search(both):
        return False
    if status in HARD:
        return True
    # Security, content and the mailbox's own state (5.7, 5.6, 5.2) are no matter of the address, whatever is said.
    if status.split(".")[1] not in ("0", "1", "4", "5") or _AFTER_DATA.search(about):
        return False
    return bool(_NO_ADDRESS.search(words) or _NO_HOST.search(words))


def _complaint(clues: Clues) -> list[Bounce]:
    """Whom a feedback report is about (RFC 5965, 3.2), where it was not blacked out."""
    for part in clues.parts:
        if part.get_content_type() != "message/feedback-report":
            continue
        payload: Any = part.get_payload() if part.is_multipart() else None
        if payload is not None:
            named = [values[0] for one in payload for name, values in raw_fields(one).items() if name in _ABOUT]
        else:
            raw = part.get_payload(decode=True)
            text = as_text(raw) if isinstance(raw, bytes) else ""
            named = re.findall(rf"^(?:{'|'.join(_ABOUT)}):([^\n]*)", text, re.MULTILINE | re.IGNORECASE)
        for told in named:
            if address := address_in(told):
                return [Bounce(address, "", hard=False, action="")]
    return []


def _notified(text: str) -> tuple[str, list[Bounce]] | None:
    """What Amazon SES tells in place of a report: an object in the text; nothing where the text is none."""
    start = text[:100].lstrip()[:1] == "{" and '"notificationType"' in text[:200]
    if not start:
        return None
    try:
        told, _ = json.JSONDecoder(strict=False).raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        # Long lines were cut on the way. Its first words say what it is.
        told = {}
    named = re.search(r'"notificationType"\s*:\s*"(\w{1,20})"', text[:200])
    kind = named[1].lower() if named else ""
    of = told.get(kind) if isinstance(told, dict) else None
    of = of if isinstance(of, dict) else {}
    people = of.get({"bounce": "bouncedRecipients", "complaint": "complainedRecipients"}.get(kind, ""))
    people = [one for one in people if isinstance(one, dict)][:_MOST] if isinstance(people, list) else []
    found = re.search(r'"emailAddress"\s*:\s*"([^"\s]{1,320})"', text)
    if kind == "complaint":
        return "feedback", [Bounce(address_in(found[1]), "", hard=False, action="")] if found else []
    if kind != "bounce":
        return "automatic", []
    if found and not people:
        people = [{"emailAddress": found[1]}]
    bounces = []
    for one in people:
        words, status = str(one.get("diagnosticCode", "")), str(one.get("status", ""))
        status = status if _STATUS.fullmatch(status) else _status_of(words, waits=False)
        bounces.append(Bounce(address_in(str(one.get("emailAddress", ""))), status, _is_hard(status, words, ""),
                              words=words))  # fmt: skip
    return "bounce", bounces
