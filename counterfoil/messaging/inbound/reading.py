"""The structure of a message, whatever it was made of (RFC 5322, RFC 2045 to 2049): nothing in it raises, or loops.

The standard library takes a message apart. Its newer policy also reads each field as it comes by, which takes minutes
for a field of some hundred kilobytes; so fields are read by `decoding`, and limits stand before everything that grows
faster than the message does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from typing import Any

from counterfoil.kernel.errors import Refused
from counterfoil.messaging.inbound import decoding
from counterfoil.messaging.inbound.bounces import MOST_OF_REPORT, Clues, answerable, kind_of
from counterfoil.messaging.inbound.decoding import clean, line
from counterfoil.messaging.inbound.markup import text_of
from counterfoil.messaging.inbound.message import Attachment, Inbound
from counterfoil.messaging.inbound.replies import written

# 35 MB of files, as they travel. Mail servers take less.
MOST_BYTES = 50 * 1024 * 1024
# Of a text that is read; what is beyond is in the file.
MOST_TEXT = 1_000_000
MOST_ATTACHMENTS = 1000
# A message with more lines, boundaries, or lines times parts within parts is not taken apart: its text is what follows
# its fields.
_MOST_LINES = 2_000_000
_MOST_BOUNDARIES = 10_000
_MOST_WORK = 30_000_000
_MOST_OF_CONTENT_FIELD = 4000
_LONGEST_NAME = 200
# What the standard library raises for messages that nobody foresaw.
_BROKEN = (MessageError, RecursionError, LookupError, ValueError, TypeError, AttributeError, AssertionError)
# What is shown as the message itself. (Some programs that sign mail call plain text an application.)
_TEXTS = {"text/plain", "text/html", "application/plain"}
# Parts that say what happened to a message, and are nobody's file.
_REPORTS = {
    "message/delivery-status", "message/feedback-report", "message/disposition-notification", "text/rfc822-headers",
    "text/rfc822-header", "message/global-delivery-status",
}  # fmt: skip


class _Policy(Compat32):
    """Fields of a bounded length: reading the parameters of one takes quadratic time."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        most = _MOST_OF_CONTENT_FIELD if name.lower().startswith("content-") else decoding.MOST_OF_FIELD
        return name, value[:most]


_POLICY = _Policy()


@dataclass
class _Found:
    """What is collected on the way through the parts."""

    attachments: list[Attachment] = field(default_factory=list)
    reports: list[Message] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        if sentence not in self.said:
            self.said.append(sentence)


def read(content: bytes) -> Inbound:
    """The message in these bytes. Refused in words where it is too large or no message at all."""
    if len(content) > MOST_BYTES:
        raise Refused("too_large", f"A message has at most {MOST_BYTES // 1024 // 1024} MB. Ask the sender to hand the "
                      "files over in another way.", field="file")  # fmt: skip
    content = content.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n\t \x00")
    if not content:
        raise Refused("empty_file", "The file is empty.", field="file")
    found = _Found()
    message = _parsed(_first_of_mailbox(content, found), found)
    fields = decoding.raw_fields(message)
    if not fields:
        raise Refused("not_a_message", "The file is no e-mail message: it does not begin with the fields of one. Save "
                      "the message as a file (.eml) in the mail program.", field="file")  # fmt: skip
    whole = _text(message, found, depth=0)
    if not whole.strip() and not found.attachments and not found.reports and isinstance(message.preamble, str):
        whole = clean(message.preamble[:MOST_TEXT])
    people = {name: _people(fields, name, found) for name in ("from", "sender", "to", "cc")}
    sender_name, sender = next(iter(people["from"] or people["sender"]), ("", ""))
    subject = line(fields.get("subject", [""])[0])
    to = [address for _, address in people["to"]]
    clues = Clues(fields, sender, sender_name, subject, whole[:MOST_OF_REPORT], found.reports, to)
    kind, bounces = kind_of(clues)
    date = decoding.instant(line(fields.get("date", [""])[0]))
    if fields.get("date") and date is None:
        found.note("The date is none.")
    text = written(whole) if kind in ("message", "automatic") else whole.strip("\n")
    return Inbound(
        kind, sender, sender_name, subject, text, whole=whole, attachments=tuple(found.attachments),
        message_id=next(iter(decoding.ids([line(one) for one in fields.get("message-id", [])])), ""),
        in_reply_to=next(iter(decoding.ids([line(one) for one in fields.get("in-reply-to", [])])), ""),
        references=tuple(decoding.ids([line(one) for one in fields.get("references", [])])),
        to=tuple(to), cc=tuple(address for _, address in people["cc"]), date=date, bounces=tuple(bounces),
        answerable=answerable(clues, kind), said=tuple(found.said),
    )  # fmt: skip


def _first_of_mailbox(content: bytes, found: _Found) -> bytes:
    """A file in the form of a mailbox begins with "From " and can hold several messages."""
    if content.startswith(b"From "):
        following = re.compile(rb"\r?\n\r?\n(?=From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} )").search(
            content
        )
        if following:
            found.note("The file holds more than one message; the first was read.")
            return content[: following.end()]
    return content


def _parsed(content: bytes, found: _Found) -> Message:
    lines = max(content.count(b"\n"), content.count(b"\r"))
    small = content.lower()
    within = 1 + small.count(b"multipart/") + small.count(b"message/")
    if lines <= _MOST_LINES and content.count(b"\n--") <= _MOST_BOUNDARIES and lines * within <= _MOST_WORK:
        try:
            return BytesParser(policy=_POLICY).parsebytes(content)
        except _BROKEN:
            pass
    found.note("The message has more parts, or parts within parts, than any real one: it was read as one text.")
    return _only_head(content)


def _only_head(content: bytes) -> Message:
    end = re.compile(rb"\r?\n\r?\n|\r\r").search(content)
    head, body = (content[: end.start()], content[end.end() :]) if end else (content, b"")
    try:
        message: Message = BytesParser(policy=_POLICY).parsebytes(head[:MOST_TEXT] + b"\n\n", headersonly=True)
    except _BROKEN:
        message = Message(policy=_POLICY)
    message.set_payload(body.decode("ascii", "surrogateescape"))
    return message


def _people(fields: dict[str, list[str]], name: str, found: _Found) -> list[tuple[str, str]]:
    people, count = decoding.addresses(fields.get(name, []))
    if count > decoding.MOST_ADDRESSES:
        found.note(
            f"{name.capitalize()} names more than {decoding.MOST_ADDRESSES:,} addresses; those beyond are left out."
        )
    return people


def _text(part: Message, found: _Found, depth: int) -> str:
    """The text of a part; what is no text in it becomes an attachment, in the order in which it is met."""
    kind = part.get_content_maintype()
    parts = _messages_in(part)
    if kind == "multipart" and parts:
        if part.get_content_subtype() == "alternative":
            return _best(parts, found, depth + 1)
        texts = [_text(one, found, depth + 1) for one in parts]
        return "\n".join(one for one in texts if one.strip())
    content_type = part.get_content_type()
    if content_type == "message/news":
        # An article somebody sends on is read where it stands; a message inside is a file.
        return "\n".join(_text(one, found, depth + 1) for one in parts)
    if content_type in _REPORTS:
        found.reports.append(part)
        return ""
    if _is_text(part):
        return _read_text(part, found)
    _attach(part, found, depth)
    return ""


def _is_text(part: Message) -> bool:
    kind = part.get_content_maintype()
    if kind == "multipart":
        # It says that it has parts, and has none.
        return True
    named = _name_of(part) or (part.get_content_disposition() or "") == "attachment"
    return part.get_content_type() in _TEXTS and not named


def _best(parts: list[Message], found: _Found, depth: int) -> str:
    """Of the same thing said in several ways the plain one, else the last that has any text (RFC 2046, 5.1.4)."""
    texts: list[tuple[bool, str]] = []
    for one in parts:
        plain = one.get_content_type() == "text/plain"
        if one.get_content_type() == "text/html" and any(text.strip() for _, text in texts) and _is_text(one):
            continue
        texts.append((plain, _text(one, found, depth)))
    full = [(plain, text) for plain, text in texts if text.strip()]
    return next((text for plain, text in full if plain), full[-1][1] if full else "")


def _content(part: Message) -> bytes:
    """The bytes of a part as they were before they travelled; of a message inside, all of it."""
    try:
        if part.is_multipart():
            return b"\n".join(one.as_bytes() for one in _messages_in(part))
        content = part.get_payload(decode=True)
        return content if isinstance(content, bytes) else b""
    except _BROKEN:
        return b""


def _read_text(part: Message, found: _Found) -> str:
    content = _content(part)
    if len(content) > MOST_TEXT:
        found.note(f"The text is long; its first {MOST_TEXT:,} characters were read.")
        content = content[:MOST_TEXT]
    charset = _parameter(part, "charset")
    if charset and not decoding.known_charset(charset):
        found.note(f"Nobody knows the charset {charset[:40]}: some characters may be wrong.")
    text = clean(decoding.as_text(content, charset))
    return text_of(text) if part.get_content_type() == "text/html" else text


def _parameter(part: Message, name: str) -> str:
    try:
        value = part.get_param(name)
    except _BROKEN:
        return ""
    if isinstance(value, tuple):
        value = value[2]
    return line(str(value)).strip("'\"") if value else ""


def _name_of(part: Message) -> str:
    """The name a part gives itself, without a path; empty when it gives none."""
    try:
        name = part.get_filename() or ""
    except _BROKEN:
        name = ""
    # Eight-bit names come as half characters.
    name = decoding.as_text(name.encode("utf-8", "surrogateescape")) if not name.isascii() and _halved(name) else name
    name = re.split(r"[/\\]", line(name))[-1].strip()
    return name[-_LONGEST_NAME:]


def _halved(name: str) -> bool:
    return any("\ud800" <= mark <= "\udfff" for mark in name)


def _attach(part: Message, found: _Found, depth: int) -> None:
    if len(found.attachments) >= MOST_ATTACHMENTS:
        found.note(f"Attachments beyond the first {MOST_ATTACHMENTS:,} are left out.")
        return
    content = _content(part)
    kind = line(part.get_content_type())[:_LONGEST_NAME]
    name = _name_of(part)
    if kind == "message/rfc822" and not name:
        inside = _messages_in(part)
        subject = line(decoding.raw_fields(inside[0]).get("subject", [""])[0]) if inside else ""
        name = re.sub(r"[/\\]", "-", subject)[:_LONGEST_NAME]
        name = f"{name}.eml" if name else ""
    if not content and part.is_multipart():
        found.note(f"The attachment {name or kind} could not be taken out; it is in the original message.")
    if content.strip() or name:
        found.attachments.append(Attachment(name, kind, content))


def _messages_in(part: Message) -> list[Message]:
    """The parts of a part. Only of one that has any: of a text the library would decode it, in any charset it names."""
    payload: Any = part.get_payload() if part.is_multipart() else []
    return [one for one in payload if isinstance(one, Message)]
