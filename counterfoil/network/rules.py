"""What sessions come to, what a NAS is answered, and how user names, addresses and MACs are read."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil.network.counting import DOWN, INTERIM, START, STOP, UP, Report

GIGAWORD = 1 << 32
# What is kept of a counter that says more than the books hold: it counts nothing.
LARGEST = 1 << 62


# ------------------------------------------------------------------ packets


class Unusable(Exception):
    """A packet says nothing that a session could be made of; its text says why."""


@dataclass(frozen=True)
class Packet:
    """An accounting packet: the report, and what else it says of the session."""

    kind: str
    at: dt.datetime
    nas: str
    key: str = ""
    report: Report | None = None
    user_name: str = ""
    session: str = ""
    address: str = ""
    prefix: str = ""
    mac: str = ""
    port: str = ""
    walled: bool | None = None
    slowed: bool | None = None
    # Whether the NAS says when it was true, and is believed; else it is known by when it came.
    timed: bool = True
    # Of a restart, the time as the NAS said it, by which a repeat is known.
    said_at: dt.datetime | None = None


RESTARTS = ("accounting-on", "accounting-off")
_KINDS = {"start": START, "interim-update": INTERIM, "alive": INTERIM, "stop": STOP}
# A clock that is further off than this is not believed.
_FAR = dt.timedelta(days=1)
_LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
FULL_CLASS, WALLED_CLASS, SLOW_CLASS = "full", "walled", "slow"


def attributes(sent: Any) -> dict[str, str]:
    """The attributes of a packet as FreeRADIUS's rest module sends them: `{"User-Name": {"value": ["ada"]}}`.

    The first value of each, as text. Raises `Unusable`.
    """
    if not isinstance(sent, dict):
        raise Unusable("It is no object of attributes.")
    found = {}
    for name, said in sent.items():
        value = said.get("value") if isinstance(said, dict) else said
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str | int | float) and not isinstance(first, bool):
            # Half a character is none that could be kept.
            text = str(first).encode("utf-8", "replace").decode()
            found[str(name).removeprefix("request:")] = text.replace("\0", "")[:1000]
    return found


def packet(sent: Mapping[str, str], now: dt.datetime, zone: dt.tzinfo) -> Packet | None:
    """What an accounting packet says; none of a kind that speaks of no session. Raises `Unusable`."""
    status = sent.get("Acct-Status-Type", "").casefold()
    nas = nas_of(sent)
    at, timed = _at(sent, now, zone)
    if status in RESTARTS:
        # What is said of a time to come was true when it came, and not later.
        said = read_time(sent.get("Event-Timestamp", ""), zone)
        known = said if said is not None and said > _LONG_AGO else at
        return Packet(status, min(at, now), nas, timed=timed, said_at=known)
    if status not in _KINDS:
        return None
    key = sent.get("Acct-Unique-Session-Id", "") or _key(sent, nas)
    up, down = (octets(sent, way) if status != "start" else None for way in ("Input", "Output"))
    unsaid = "" if (up is None) == (down is None) else UP if up is None else DOWN
    report = Report(
        _KINDS[status], at, _lasted(sent), up or 0, down or 0, up is not None or down is not None,
        sent.get("Acct-Terminate-Cause", "")[:40], unsaid,
    )  # fmt: skip
    prefix = sent.get("Delegated-IPv6-Prefix", "") or sent.get("Framed-IPv6-Prefix", "")
    device = sent.get("Calling-Station-Id", "")
    return Packet(
        _KINDS[status], at, nas, key[:64], report, sent.get("User-Name", "")[:253],
        sent.get("Acct-Session-Id", "")[:64], address(sent.get("Framed-IP-Address", "")), _prefix(prefix),
        mac(device) or device[:64], sent.get("NAS-Port-Id", sent.get("NAS-Port", ""))[:128],
        *_kind(sent.get("Class", "")), timed,
    )  # fmt: skip


def nas_of(sent: Mapping[str, str]) -> str:
    """The address of the NAS that a packet is from, as the NAS says it. Raises `Unusable`."""
    said = sent.get("NAS-IP-Address", "") or sent.get("NAS-IPv6-Address", "")
    if not (found := address(said)):
        raise Unusable("It does not say the address of its NAS (NAS-IP-Address).")
    return found


def _key(sent: Mapping[str, str], nas: str) -> str:
    """What FreeRADIUS makes of user, session, NAS and port, where it was not asked to (acct_unique)."""
    session = sent.get("Acct-Session-Id", "")
    if not session:
        raise Unusable("It names no session (Acct-Session-Id).")
    parts = (sent.get("User-Name", ""), session, nas, sent.get("NAS-Port", ""))
    return hashlib.md5(",".join(parts).encode(), usedforsecurity=False).hexdigest()


def octets(sent: Mapping[str, str], way: str) -> int | None:
    """The octets of a direction, with those that 32 bits do not hold (RFC 2869, 5.1 and 5.2).

    None where it does not say them, or says what is no number: that counter is then as it was.
    """
    if not _DIGITS.fullmatch(sent.get(f"Acct-{way}-Octets", "")):
        return None
    return min(_whole(sent, f"Acct-{way}-Gigawords") * GIGAWORD + _whole(sent, f"Acct-{way}-Octets"), LARGEST)


_DIGITS = re.compile(r"[0-9]{1,19}")
# No session goes on for longer than ten years.
_LONGEST = 3660 * 24 * 3600


def _lasted(sent: Mapping[str, str]) -> int:
    seconds = _whole(sent, "Acct-Session-Time")
    return seconds if seconds <= _LONGEST else 0


def _whole(sent: Mapping[str, str], name: str) -> int:
    text = sent.get(name, "0")
    return min(int(text), GIGAWORD - 1) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _at(sent: Mapping[str, str], now: dt.datetime, zone: dt.tzinfo) -> tuple[dt.datetime, bool]:
    """When a packet was true, and whether the NAS says so: else it is when it came less how long it was under way."""
    said = read_time(sent.get("Event-Timestamp", ""), zone)
    if said is not None and _LONG_AGO < said < now + _FAR:
        return said, True
    late = min(_whole(sent, "Acct-Delay-Time"), 30 * 24 * 3600)
    return now.replace(microsecond=0) - dt.timedelta(seconds=late), False


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WRITTEN = re.compile(r"([A-Za-z]{3}) +(\d{1,2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) *(\S*)")


def read_time(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    """A time as FreeRADIUS writes it (`Jan  1 2026 07:00:19 UTC`), by ISO 8601, or in seconds since 1970."""
    text = text.strip().strip('"')
    try:
        if re.fullmatch(r"\d{1,11}", text):
            return dt.datetime.fromtimestamp(int(text), dt.UTC)
        if found := _WRITTEN.fullmatch(text):
            month = _MONTHS.index(found[1].casefold()) + 1
            day, hour, minute, second = (int(found[place]) for place in (2, 4, 5, 6))
            return _in_zone(dt.datetime(int(found[3]), month, day, hour, minute, second, tzinfo=dt.UTC), found[7], zone)
        made = dt.datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return made if made.tzinfo is not None else made.replace(tzinfo=zone)


def _in_zone(read: dt.datetime, name: str, zone: dt.tzinfo) -> dt.datetime | None:
    """FreeRADIUS writes the zone that its server runs in: UTC, as it should, or that of the operator."""
    if name in ("UTC", "GMT", ""):
        return read
    # In autumn an hour is there twice, and its second time has the other name.
    both = (read.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return next((local.astimezone(dt.UTC) for local in both if local.tzname() == name), None)


def _kind(text: str) -> tuple[bool | None, bool | None]:
    """Whether it is in the walled garden, and slowed, by the Class that we answered with: it comes back as hexadecimal
    digits."""
    if text.startswith("0x"):
        try:
            text = bytes.fromhex(text[2:]).decode("ascii", "replace")
        except ValueError:
            return None, None
    known = {WALLED_CLASS: (True, False), SLOW_CLASS: (False, True), FULL_CLASS: (False, False)}
    return known.get(text, (None, None))


# ------------------------------------------------------------------ addresses and names


def address(text: str) -> str:
    """An address as it is stored; nothing where it is none.

    An IPv4 address in the clothes of IPv6 (`::ffff:192.0.2.1`) is the IPv4 address (RFC 4291, 2.5.5.2).
    """
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        return ""
    inner = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(inner or found)


def _prefix(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False)) if text else ""
    except ValueError:
        return ""


def mac(text: str) -> str:
    """A MAC address as aa:bb:cc:dd:ee:ff, however it is written; nothing where it is none."""
    digits = re.sub(r"[^0-9a-fA-F]", "", text).lower()
    if len(digits) != 12 or re.search(r"[^0-9a-fA-F:.\-]", text.strip()):
        return ""
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2))


def span(prefix: str) -> tuple[str, str]:
    """The first and the last address of an IPv6 prefix, as 32 hexadecimal digits that compare like the addresses."""
    if not prefix:
        return "", ""
    net = ipaddress.IPv6Network(prefix)
    return f"{int(net.network_address):032x}", f"{int(net.broadcast_address):032x}"


def user_name(number: str, taken: Iterable[str], realm: str) -> str:
    """The user name by convention: the account's number in small letters, `-2` for the second, and the realm."""
    stem = re.sub(r"[^a-z0-9]+", "", number.casefold()) or "line"
    known, end = {name.casefold() for name in taken}, f"@{realm}" if realm else ""
    count = 1
    while (made := f"{stem}{'' if count == 1 else f'-{count}'}{end}").casefold() in known:
        count += 1
    return made


# ------------------------------------------------------------------ what is answered

VENDORS = {
    "mikrotik": "MikroTik", "cisco": "Cisco", "juniper": "Juniper", "huawei": "Huawei", "other": "Other (WISPr)",
}  # fmt: skip
# For each vendor, what a NAS is told of an account that is served, and of one that is suspended.
DELIVERED: dict[str, tuple[str, str]] = {
    "mikrotik": (
        "Mikrotik-Rate-Limit := {up_k}k/{down_k}k",
        "Mikrotik-Rate-Limit := 1024k/1024k\nMikrotik-Address-List := {list}\nFramed-Pool := {pool}",
    ),
    "cisco": (
        "Cisco-AVPair += ip:sub-qos-policy-in=up-{up_k}k\nCisco-AVPair += ip:sub-qos-policy-out=down-{down_k}k",
        "Cisco-AVPair += ip:inacl={list}\nFramed-Pool := {pool}",
    ),
    "juniper": (
        "ERX-Ingress-Policy-Name := up-{up_k}k\nERX-Egress-Policy-Name := down-{down_k}k",
        "ERX-Ingress-Policy-Name := {list}\nFramed-Pool := {pool}",
    ),
    "huawei": (
        "Huawei-Input-Average-Rate := {up_bit}\nHuawei-Output-Average-Rate := {down_bit}",
        "Filter-Id := {list}\nFramed-Pool := {pool}",
    ),
    "other": (
        "WISPr-Bandwidth-Max-Up := {up_bit}\nWISPr-Bandwidth-Max-Down := {down_bit}",
        "Filter-Id := {list}\nFramed-Pool := {pool}",
    ),
}
PLACES = ("up_k", "down_k", "up_bit", "down_bit", "list", "pool", "user")
_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60}) *(:=|\+=) *(\S.*)")
_PLACE = re.compile(r"\{([^{}]*)\}")


def mistake(text: str) -> str:
    """What is wrong with lines of attributes, as a sentence; nothing where they are good."""
    for line in filter(None, (row.strip() for row in text.splitlines())):
        found = _LINE.fullmatch(line)
        if found is None:
            return f"“{line[:60]}” is no attribute: write Name := value, or Name += value for one of several."
        unknown = [name for name in _PLACE.findall(found[3]) if name not in PLACES]
        if unknown:
            return f"There is no {{{unknown[0][:30]}}}. What is filled in: {', '.join(f'{{{p}}}' for p in PLACES)}."
    return ""


def places(up_kbit: int | None, down_kbit: int | None, *, blocked: str, pool: str, user: str) -> dict[str, str]:
    """What is filled into lines of attributes; what is not known is not there."""
    found = {"list": blocked, "pool": pool, "user": user}
    for way, kbit in (("up", up_kbit), ("down", down_kbit)):
        if kbit:
            found |= {f"{way}_k": str(kbit), f"{way}_bit": str(kbit * 1000)}
    return {name: value for name, value in found.items() if value}


def filled(text: str, values: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Name, operator and value of each attribute; a line that needs what is not known is left out."""
    made = []
    for line in text.splitlines():
        found = _LINE.fullmatch(line.strip())
        if found is None or any(name not in values for name in _PLACE.findall(found[3])):
            continue
        made.append((found[1], found[2], _PLACE.sub(lambda place: values[place[1]], found[3])))
    return made


def holds(text: str, *, blocked: str, pool: str) -> bool:
    """Whether lines for the suspended keep them in: by a list or pool that is known, or by what needs neither."""
    wanted = {"list", "pool"} & set(_PLACE.findall(text))
    if not wanted:
        return bool(text.strip())
    return any(name in wanted and value for name, value in (("list", blocked), ("pool", pool)))


def answer(
    password: str,
    told: Sequence[tuple[str, str, str]],
    *,
    walled: bool,
    interim: int,
    slowed: bool = False,
    ipv4: str = "",
    ipv6: str = "",
) -> dict[str, Any]:
    """What FreeRADIUS's rest module is answered: the password to compare with, and what the NAS is told.

    An address of the account's own is left out where the pool of the suspended is told instead.
    """
    # Without `do_xlat` FreeRADIUS reads a percent sign as the beginning of something to fill in.
    made: dict[str, Any] = {"control:Cleartext-Password": {"op": ":=", "do_xlat": False, "value": [password]}}
    pooled = any(name == "Framed-Pool" for name, _, _ in told)
    own = [] if pooled else [("Framed-IP-Address", ":=", ipv4), ("Delegated-IPv6-Prefix", ":=", ipv6)]
    kind = WALLED_CLASS if walled else SLOW_CLASS if slowed else FULL_CLASS
    known = [("Class", ":=", kind), ("Acct-Interim-Interval", ":=", str(interim))]
    for name, op, value in (*known, *own, *told):
        if value:
            made.setdefault(f"reply:{name}", {"op": op, "do_xlat": False, "value": []})["value"].append(value)
    return made


# ------------------------------------------------------------------ asking a NAS to end a session

ACK, NAK, GONE = 41, 42, 503


def outcome(code: int | None, error: int | None) -> tuple[bool, str]:
    """Whether a session is gone by what the NAS answered to a Disconnect-Request, and that in words (RFC 5176)."""
    if code is None:
        return False, "The NAS did not answer. Is its address right, does it take CoA, and is the secret the same?"
    if code == ACK:
        return True, "The NAS ended it."
    if code == NAK and error == GONE:
        return True, "The NAS has no such session any more."
    causes = {401: "it does not take one of our attributes", 402: "an attribute is missing", 403: "it is another NAS",
              404: "the request is wrong", 501: "it is not allowed to", 504: "the session cannot be ended",
              506: "it is too busy"}  # fmt: skip
    return False, f"The NAS refused: {causes.get(error or 0, f'error {error}' if error else 'it did not say why')}."


_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size(octets: int) -> str:
    """Octets as people read them, by thousands: `64.2 GB`."""
    power = 0
    while power < 5 and octets * 20 >= 1000 ** (power + 1) * 20 - 1000**power:
        power += 1
    if not power:
        return f"{octets} B"
    tenths = (octets * 20 + 1000**power) // (2 * 1000**power)
    return f"{tenths // 10:,}.{tenths % 10} {_UNITS[power]}"


def speed_words(down_kbit: int, up_kbit: int) -> str:
    """A speed in megabits a second, down and up."""
    return f"{down_kbit / 1000:g}/{up_kbit / 1000:g} Mbit/s"


# ------------------------------------------------------------------ data that is included

GIGABYTE = 1_000_000_000
MOST_PERCENT = 100


def percents(text: str) -> list[int] | None:
    """`80, 100` as numbers in order, each once; none where something of it is no whole percentage up to 100."""
    parts = [part.strip().removesuffix("%").strip() for part in text.split(",") if part.strip()]
    if any(not re.fullmatch(r"[0-9]{1,4}", part) or not 1 <= int(part) <= MOST_PERCENT for part in parts):
        return None
    return sorted({int(part) for part in parts})


def reached(used: int, included: int, marks: Iterable[int]) -> list[int]:
    """Which percentages of what is included are used, the lowest first; all of it always counts as one."""
    return [mark for mark in sorted({*marks, 100}) if used * 100 >= included * mark] if included else []
