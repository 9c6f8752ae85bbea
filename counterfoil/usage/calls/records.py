"""What every switch says in its own way: one call, and how its parts are read."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import hashlib
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from counterfoil.kernel.errors import Refused

# A month of a busy exchange; more comes in parts.
MOST_BYTES = 64 * 1024 * 1024
# No switch lets a call stand longer; a record that says so is wrong.
MOST_SECONDS = 24 * 60 * 60
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6})?)?"
                      r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?")  # fmt: skip
_EPOCH = re.compile(r"[0-9]{9,10}(?:\.[0-9]+)?")
_SECONDS = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]+))?")
_CLOCK = re.compile(r"(?:([0-9]{1,5}):)?([0-9]{1,3}):([0-9]{2})(?:[.,]([0-9]+))?")
# How many lines one quoted cell may run over.
_MOST_LINES = 20
# Of one record: a file without ends of lines is not taken into cells.
_MOST_SIGNS = 100_000
CUT_OFF = "The record is cut off"


@dataclass(frozen=True, slots=True)
class Call:
    """One call as a switch recorded it. With `why` it cannot be rated, and its other parts are what could be read."""

    id: str
    account: str
    # An instant in UTC; none where the record says none.
    start: dt.datetime | None
    # The number as it was dialled.
    dialled: str
    # Whole seconds of talk.
    talk: int
    # The line of the file it is on, from 1.
    row: int
    # What makes the record the same as another: a digest of all that it says.
    key: bytes
    why: str = ""
    # What is strange about a call that is rated all the same.
    remark: str = ""
    # Whether the switch gives an id once: another record with it is then not another call.
    once: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """The cells of one record as text, by what they are; empty where the record has none."""

    id: str = ""
    account: str = ""
    start: str = ""
    dialled: str = ""
    talk: str = ""
    duration: str = ""
    # Whether the switch says that it was answered; none where it says nothing of it.
    answered: bool | None = None
    once: bool = False


class Calls:
    """The calls of a file, each once however often its record is there. `repeated` counts the others as they pass."""

    def __init__(self, found: Iterable[Call]) -> None:
        self._found = found
        self.repeated = 0

    def __iter__(self) -> Iterator[Call]:
        keys: set[bytes] = set()
        ids: set[str] = set()
        for call in self._found:
            if call.key in keys:
                self.repeated += 1
                continue
            keys.add(call.key)
            if call.once and call.id in ids:
                # Two prices for what may be one call would be worse than none: somebody looks.
                call = replace(call, why=call.why or "Another record has this id and says something else.")
            if call.once:
                ids.add(call.id)
            yield call


def call_of(row: int, fields: Fields, zone: dt.tzinfo, key: bytes, order: str = "", why: str = "") -> Call:
    """A call from the text of its parts; times without a zone are of `zone`. Says `why` where a part is no such thing.

    Seconds of talk are what the switch says it is to be charged by (billsec), also where they are more than it lasted.
    """
    start, talk, remark = None, 0, ""
    try:
        start = instant_of(fields.start, zone, order)
        talk = seconds_of(fields.talk)
        if fields.answered is False and talk:
            why = why or f"The record says that nobody answered, and that they talked for {talk} seconds."
        if fields.duration and talk > seconds_of(fields.duration):
            remark = "The talk is longer than the call."
    except Refused as refused:
        why = why or refused.sentence
    return Call(
        tidy(fields.id) or f"row {row}", tidy(fields.account), start, tidy(fields.dialled), talk, row, key, why,
        remark, fields.once and bool(fields.id),
    )  # fmt: skip


def instant_of(text: str, zone: dt.tzinfo, order: str = "") -> dt.datetime:
    """An instant in UTC: 2026-11-01 06:12:18, seconds since 1970, or a day in `order` (dmy, mdy) and a time."""
    clean = text.strip()
    try:
        if order in ("dmy", "mdy") and (match := SLASHED.fullmatch(clean)):
            first, second, year, time = match.groups()
            day, month = (first, second) if order == "dmy" else (second, first)
            clean = f"{year}-{month:0>2}-{day:0>2} {time}"
        if _INSTANT.fullmatch(clean):
            found = dt.datetime.fromisoformat(clean.replace(",", "."))
            local = found if found.tzinfo else found.replace(tzinfo=zone)
            moment = local.astimezone(dt.UTC)
        elif _EPOCH.fullmatch(clean):
            moment = dt.datetime.fromtimestamp(int(clean.partition(".")[0]), dt.UTC)
        else:
            raise ValueError
    except (ValueError, OverflowError):
        raise Refused("not_a_time", f"“{tidy(text)[:40]}” is no day and time." if clean else
                      "The record does not say when the call began.") from None  # fmt: skip
    if not 1990 <= moment.year <= 2199:
        raise Refused("not_a_time", f"No call began in {moment.year}.")
    return moment


# A day and a time as people write them: 1/11/2026 08:12:18.
SLASHED = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})[T ]+([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)")


def seconds_of(text: str) -> int:
    """Whole seconds, a part of one counted as one: 91, 90.2, 1:31 or 0:01:31. Nothing is none."""
    clean = text.strip()
    if not clean:
        return 0
    if match := _SECONDS.fullmatch(clean):
        found = int(match[1]) + bool(match[2] and match[2].strip("0"))
    elif match := _CLOCK.fullmatch(clean):
        hours, minutes, seconds, part = match.groups()
        found = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + bool(part and part.strip("0"))
    else:
        raise Refused("not_seconds", f"“{tidy(text)[:40]}” is no time of talk.")
    if found > MOST_SECONDS:
        raise Refused("too_long", f"No call lasts {found} seconds: the most is {MOST_SECONDS // 3600} hours.")
    return found


def digest(cells: Sequence[str]) -> bytes:
    """What all that a record says comes to, in 16 octets."""
    return hashlib.blake2b("\x1f".join(cells).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def tidy(text: str) -> str:
    """One line without control characters, of a length that fits on one."""
    if text.isprintable() and len(text) <= 200:
        return text.strip()
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text[:200]).split())


def zone_of(name: str, *, field: str = "zone") -> dt.tzinfo:
    """A time zone by its name."""
    if name.upper() == "UTC":
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Refused("not_a_zone", f"“{tidy(name)[:40]}” is no time zone. Use a name such as Africa/Johannesburg.",
                      field=field) from None  # fmt: skip


def text_lines(content: bytes, *, what: str) -> io.TextIOWrapper:
    """The lines of a file in the encoding it is in, one at a time. Refused where it is no text, or too much."""
    if len(content) > MOST_BYTES:
        raise Refused("too_large", f"{what} has at most {MOST_BYTES // 1024 // 1024} MB. Cut it into parts.",
                      field="file")  # fmt: skip
    # (Stripping a large file would copy it.)
    if len(content) < 10_000 and not content.strip(b"\xef\xbb\xbf \r\n\t"):
        raise Refused("empty_file", "The file is empty.", field="file")
    encoding = "utf-8-sig"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif content.startswith((b"PK\x03\x04", b"\x1f\x8b", b"%PDF", b"\xd0\xcf\x11\xe0")):
        raise Refused("not_text", "The file is no text: it may be a workbook or an archive. Save it as CSV.",
                      field="file")  # fmt: skip
    elif content.count(b"\0") * 4 > len(content):
        raise Refused("not_text", "The file is no text.", field="file")
    elif not _is_utf8(content):
        # What older programs of Windows write; what is no letter there either becomes a mark.
        encoding = "cp1252"
    return io.TextIOWrapper(io.BytesIO(content), encoding, errors="replace")


def _is_utf8(content: bytes) -> bool:
    """In pieces, so that the text is not held beside the file."""
    decoder, piece = codecs.getincrementaldecoder("utf-8")(), 1 << 20
    try:
        for place in range(0, len(content), piece):
            decoder.decode(content[place : place + piece])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def rows_of(lines: Iterable[str], separator: str = ",") -> Iterator[tuple[int, list[str], str]]:
    """The line number, cells and, where a record is damaged, why, of each line that holds something.

    A cell in quotation marks may run over lines. Where its end never comes, the record was cut off: only its own line
    is lost, not what follows.
    """
    source, waiting, number = iter(lines), deque[str](), 0
    while True:
        line = waiting.popleft() if waiting else next(source, "")
        if not line:
            return
        number += 1
        if not line.strip():
            continue
        first, why = number, ""
        if line.count('"') % 2:
            more: list[str] = []
            while len(more) < _MOST_LINES:
                following = waiting.popleft() if waiting else next(source, "")
                if not following:
                    break
                more.append(following)
                if following.count('"') % 2:
                    break
            # An end that opens the next record is none: `…,"12` and then `"200001","27…`.
            if more and more[-1].count('"') % 2 and not more[-1].startswith('"'):
                line += "".join(more)
                number += len(more)
            else:
                waiting.extendleft(reversed(more))
                why = f"{CUT_OFF}: a quotation mark has no other."
        if "\0" in line:
            why = why or "The record holds octets that are no text."
        yield first, *_cells(line, separator, why)


def separator_of(head: Iterable[str]) -> str:
    """Of comma, semicolon, tab and bar, what makes the most columns of most of these lines."""
    lines = [line[:_MOST_SIGNS] for line in head if line.strip()]

    def columns(mark: str) -> int:
        try:
            counts = sorted(len(row) for row in csv.reader(lines, delimiter=mark))
        except csv.Error:
            return 0
        return counts[len(counts) // 2] if counts else 0

    return max(",;\t|", key=columns)


def _cells(line: str, separator: str, why: str) -> tuple[list[str], str]:
    if len(line) > _MOST_SIGNS:
        return [line[:200]], f"A record has at most {_MOST_SIGNS:,} signs."
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=separator), []), why
    except csv.Error:
        return [line[:200]], why or "The record cannot be read as a row of a table."
