"""SWIFT MT940 and MT942. A file may hold many statements, of several accounts: each begins with `:20:`.

What `:86:` says is laid out by country: with `?20` (Germany and neighbours), with words between slashes (the
Netherlands), or as it comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from counterfoil.bank.readers.statement import Line, Statement, day_of, minor_of, short_year, text_of, tidy
from counterfoil.kernel.errors import Refused

_FIELD = re.compile(r"^:([0-9]{2}[A-Z]?|NS):(.*)$")
_BALANCE = re.compile(r"([CD])([0-9]{2})([0-9]{2})([0-9]{2})([A-Z]{3})?([0-9.,]+)")
# Value date, day of booking, mark, third letter of the currency, amount, what it is, references.
_LINE = re.compile(
    r"([0-9]{2})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2}))?\s*(R?[CD]|E[CD])([A-Z])?([0-9]+[,.]?[0-9]*)"
    r"(?:([NFSM][A-Z0-9 ]{3}))?(.*)",
    re.DOTALL,
)
_CODED = re.compile(r"\?([0-9]{2})")
_WORDS = re.compile(
    r"/(EREF|MARF|CSID|CNTP|REMI|PREF|TRTP|IBAN|BIC|NAME|RTRN|SVCL|BENM|ORDP|PURP|ULTC|ULTD|ISDT|ID|ADDR)/"
)
_GERMAN = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC)\+")
_CREDITS = ("C", "RD", "EC")


def read(content: bytes) -> list[Statement]:
    """Every statement of the file, in its order."""
    found: list[Statement] = []
    current: list[tuple[str, str]] = []
    for name, value in _fields(text_of(content)):
        if name == "20" and current:
            found.append(_statement(current))
            current = []
        current.append((name, value))
    if current:
        found.append(_statement(current))
    whole = [one for one in found if one.account or one.lines]
    if not whole:
        raise Refused("not_a_statement", "The file looks like MT940, but names no account.", field="file")
    return whole


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Each field with its lines; what stands outside, such as the envelope, is none."""
    name, lines = "", list[str]()
    for line in text.splitlines():
        start = re.sub(r"^\{[1-5]:.*?(?=:20:)", "", line)
        if match := _FIELD.match(start):
            if name:
                yield name, "\n".join(lines)
            name, lines = match[1], [match[2]]
        elif line.strip() in ("-", "-}") or line.startswith("-}"):
            if name:
                yield name, "\n".join(lines)
            name, lines = "", []
        elif name:
            lines.append(line)
    if name:
        yield name, "\n".join(lines)


def _statement(fields: list[tuple[str, str]]) -> Statement:
    one = Statement("", "")
    last = ""
    for name, value in fields:
        match name:
            case "25" | "25P":
                # A damaged file may have another in the middle; the first is the account.
                one.account = one.account or tidy(value.splitlines()[0] if value else "")
            case "60F" | "60M" | "62F" | "62M":
                _balance(one, name, value)
            case "34F" | "90C" | "90D":
                if not one.currency and (match := re.search(r"[A-Z]{3}", value)):
                    one.currency = match[0]
            case "61":
                _line(one, value)
            case "86" | "NS" if last in ("61", "86", "NS"):
                _details(one, value)
        last = name
    return one


def _balance(one: Statement, name: str, value: str) -> None:
    match = _BALANCE.match(value.strip())
    if match is None:
        one.remarks.append(f"The balance “{tidy(value)[:40]}” cannot be read.")
        return
    one.currency = one.currency or match[5] or ""
    try:
        minor = minor_of(match[6], one.currency)
    except Refused as refused:
        one.remarks.append(f"A balance cannot be read: {refused.sentence}")
        return
    minor = -minor if match[1] == "D" else minor
    if name.startswith("62"):
        one.closing_minor = minor
    elif one.opening_minor is None:
        one.opening_minor = minor


def _line(one: Statement, value: str) -> None:
    match = _LINE.match(value.strip())
    try:
        if match is None:
            raise Refused("not_a_line", f"“{tidy(value)[:40]}” cannot be read.")
        # The day of booking has no year: it is the one nearest to the value date.
        year, month, day = short_year(int(match[1])), int(match[2]), int(match[3])
        if match[4] and (int(match[4]), int(match[5])) != (month, day):
            booked = int(match[4])
            year += (booked - month < -6) - (booked - month > 6)
            month, day = booked, int(match[5])
        date, strange = day_of(year, month, day)
        if not {",", "."} & set(match[8]):
            raise Refused("not_an_amount", f"“{match[8]}” has no comma: it may be {match[8]} or a hundredth of it.")
        minor = minor_of(match[8], one.currency)
    except Refused as refused:
        one.unread += 1
        one.remarks.append(f"A line was left out: {refused.sentence}")
        return
    if strange:
        one.remarks.append(strange)
    first, *more = match[10].split("\n")
    ours, _, banks = first.partition("//")
    sign = 1 if match[6] in _CREDITS else -1
    known = "" if ours.strip() in ("NONREF", "") else ours.strip()
    one.lines.append(Line(date, sign * minor, tidy(banks) or tidy(known), details=tidy(" ".join(more))))


def _details(one: Statement, value: str) -> None:
    """What `:86:` says of the line before it."""
    if not one.lines:
        return
    line = one.lines[-1]
    if _CODED.search(value):
        told = _german(value)
    elif _WORDS.search("".join(value.splitlines())):
        told = _dutch("".join(value.splitlines()))
    else:
        told = {"details": tidy(" ".join(value.splitlines()))}
    told = {key: text for key, text in told.items() if text}
    if line.details and told.get("details") and line.details != told["details"]:
        told["details"] = f"{line.details} {told['details']}"
    one.lines[-1] = Line(**{**{name: getattr(line, name) for name in Line.__dataclass_fields__}, **told})


def _german(value: str) -> dict[str, str]:
    """`166?00GUTSCHRIFT?20EREF+…?21SVWZ+…?31DE…?32Name`."""
    pieces = _CODED.split("".join(value.splitlines()))
    fields = list(zip(pieces[1::2], pieces[2::2], strict=True))
    told = "".join(
        text for code, text in fields if code[0] in "26" and code[0] + code[1] not in ("60",) or code == "60"
    )
    words = _GERMAN.split(told)
    named = dict(zip(words[1::2], words[2::2], strict=True))
    return {
        "counterparty": tidy("".join(text for code, text in fields if code in ("32", "33"))),
        "account": tidy("".join(text for code, text in fields if code == "31")).replace(" ", ""),
        "details": tidy(named.get("SVWZ") or words[0] or told),
        "end_to_end": "" if "NOTPROVIDED" in (named.get("EREF") or "") else tidy(named.get("EREF")),
        "mandate": tidy(named.get("MREF")),
    }


def _dutch(value: str) -> dict[str, str]:
    """`/CNTP/account/BIC/name/city/REMI/USTD//text/EREF/…`."""
    pieces = _WORDS.split(value)
    named: dict[str, str] = {}
    for word, text in zip(pieces[1::2], pieces[2::2], strict=True):
        named.setdefault(word, text.strip("/") if word != "CNTP" else text)
    account, _, rest = named.get("CNTP", "").partition("/")
    # After the bank's code; some leave more out than others.
    name = next(filter(None, rest.split("/")[1:]), "")
    told, structured = named.get("REMI", ""), ""
    if match := re.search(r"STRD/(?:CUR/)?(.+)$", told):
        structured, told = match[1].strip("/ "), ""
    told = re.sub(r"^USTD/*", "", told)
    return {
        "counterparty": tidy(named.get("NAME") or name), "account": tidy(named.get("IBAN") or account),
        "details": tidy(told or structured), "structured": tidy(structured).replace(" ", ""),
        "end_to_end": "" if "NOTPROVIDED" in named.get("EREF", "") else tidy(named.get("EREF")),
        "mandate": tidy(named.get("MARF")), "returned": tidy(named.get("RTRN")),
    }  # fmt: skip
