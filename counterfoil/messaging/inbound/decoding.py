"""Bytes and header fields of e-mail as text, whatever somebody put there."""

from __future__ import annotations

import binascii
import codecs
import datetime as dt
import quopri
import re
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

# Recipients that are named of one field, and how much of it is read for them: a field can have a million.
MOST_ADDRESSES = 1000
_MOST_OF_LIST = 100_000
# Of a field; the longest subject seen in the wild has 200,000 characters.
MOST_OF_FIELD = 1_000_000
# RFC 2047, 2. A language after the charset is RFC 2231, 5.
_WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
# The bounds are those of RFC 5321, 4.5.3.1; without them a long word takes quadratic time.
_ADDRESS = re.compile(r"[^\s@<>(),;:\"\[\]]{1,64}@[^\s@<>(),;:\"\[\]]{1,255}")
_ID = re.compile(r"<[^<>\s]+>")
# Python's codecs that are no charset of text, or take quadratic time.
_NO_CHARSET = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def clean(text: str) -> str:
    """The text with plain line ends, and without what no database or terminal takes: NUL, controls, half characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    return _CONTROLS.sub("", text)


def known_charset(name: str) -> bool:
    """Whether text can be read in the charset of this name."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return found.name not in _NO_CHARSET and getattr(found, "_is_text_encoding", True)


def as_text(content: bytes, charset: str = "") -> str:
    """The bytes as text: in their charset where it is known, otherwise as most mail without one is meant."""
    if charset and known_charset(charset) and codecs.lookup(charset).name != "ascii":
        try:
            return content.decode(charset, "replace")
        except (LookupError, ValueError):
            pass
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        # What calls itself ASCII, or nothing, and is not UTF-8 comes from Windows.
        return content.decode("cp1252", "replace")


def _word(charset: str, how: str, text: str) -> bytes | None:
    raw = text.encode("utf-8", "replace")
    if how in "qQ":
        return quopri.decodestring(raw.replace(b" ", b"_"), header=True)
    try:
        return binascii.a2b_base64(raw.rstrip(b"=") + b"==")
    except binascii.Error:
        return None


def decoded(value: str) -> str:
    """A field's value with its encoded words read (RFC 2047); a word that cannot be read stays as it is.

    Words side by side are put together before they are read: senders cut them in the middle of a character.
    """
    pieces: list[tuple[str, bytes | str]] = []
    at = 0
    for found in _WORD.finditer(value):
        between, at = value[at : found.start()], found.end()
        charset, how, text = found.groups()
        content = _word(charset, how, text)
        follows = bool(pieces) and bool(pieces[-1][0]) and not between.strip()
        if between and not follows:
            pieces.append(("", between))
        if content is None:
            pieces.append(("", found[0]))
        elif follows and pieces[-1][0] == charset.lower() and isinstance(pieces[-1][1], bytes):
            pieces[-1] = (charset.lower(), pieces[-1][1] + content)
        else:
            pieces.append((charset.lower(), content))
    pieces.append(("", value[at:]))
    return "".join(one if isinstance(one, str) else as_text(one, charset) for charset, one in pieces)


def raw_fields(message: Message) -> dict[str, list[str]]:
    """The fields of a message by their names in small letters, in order, as they came but for eight-bit text."""
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        text = str(value)
        if not text.isascii():
            # The parser keeps eight-bit bytes as half characters.
            text = as_text(text.encode("utf-8", "surrogateescape"))
        found.setdefault(name.strip().lower(), []).append(text)
    return found


def line(value: str) -> str:
    """A field's value as one line to read."""
    return " ".join(clean(decoded(re.sub(r"[\r\n]+", "", value))).split())


def addresses(values: list[str]) -> tuple[list[tuple[str, str]], int]:
    """Names and addresses of a field, the first thousand, and how many it may have altogether."""
    value = ", ".join(values)
    count = value.count("@")
    if len(value) > _MOST_OF_LIST:
        value = value[: value.rfind(",", 0, _MOST_OF_LIST) + 1 or _MOST_OF_LIST]
    try:
        pairs = getaddresses([re.sub(r"[\r\n]+", "", value)])
    except (RecursionError, ValueError, IndexError):
        pairs = [("", one) for one in _ADDRESS.findall(value)]
    found: dict[str, str] = {}
    for name, one in pairs:
        address = _ADDRESS.search(line(one))
        if address:
            found.setdefault(address[0], line(name))
    told = [(name, address) for address, name in found.items()][:MOST_ADDRESSES]
    return told, count


def address_in(text: str) -> str:
    """The first e-mail address in a text, or nothing."""
    found = _ADDRESS.search(clean(text))
    return found[0].strip("'`|").rstrip(".") if found else ""


def ids(values: list[str]) -> list[str]:
    """Message identifiers with their angle brackets (RFC 5322, 3.6.4)."""
    value = " ".join(values)
    return list(dict.fromkeys(_ID.findall(value) or value.split()[:1]))


def instant(value: str) -> dt.datetime | None:
    """When a message says it was written; in UTC where it does not say in which zone, nothing where it is no date."""
    try:
        found = parsedate_to_datetime(value)
        found = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        found.astimezone(dt.UTC)  # a year 9999 west of Greenwich cannot be told anywhere else
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found
