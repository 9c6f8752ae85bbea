"""What there is to read about the network."""

from __future__ import annotations

import datetime as dt

from counterfoil.network import queries, rules
from counterfoil.network.models import (
    AccessAccount,
    AccessSession,
    IncludedData,
    Nas,
    NetworkPolicy,
    Speed,
    VendorAttributes,
)
from counterfoil.platform.showing import Noun, Shown

_OWNER = ("service", "subscription", "customer")


def _in_use(row: Nas, day: dt.date) -> tuple[str, str]:
    return ("In use", "ok") if row.in_use else ("Not in use", "")


def _ended(row: AccessAccount, day: dt.date) -> tuple[str, str] | None:
    return ("Ended", "") if row.ended_on is not None else None


def online(row: AccessSession) -> tuple[str, str]:
    """Whether a session is open, in words with their tone."""
    if row.ended_at is not None:
        return "Ended", ""
    if row.is_cut:
        return "Disconnected", ""
    if row.walled:
        return "Walled garden", "warn"
    return ("Lower speed", "warn") if row.slowed else ("Online", "ok")


NAS = Noun(
    Nas, path="nas", sees="network.view", whose=(), word="NAS", badges=(_in_use,),
    labels={"coa_port": "CoA port", "in_use": "In use"},
    shows=("name", "address", "vendor", "coa_port", "in_use"),
)  # fmt: skip
ACCESS_ACCOUNT = Noun(
    AccessAccount, path="access-accounts", sees="network.view", whose=_OWNER, called=("account",),
    related=("service__product", "service__subscription__customer"), section="services#access",
    word="network access", badges=(_ended,), sorts=("user_name",), search=queries.narrowed,
    labels={"ipv4": "Own IPv4 address", "ipv6": "Own IPv6 prefix", "mac": "MAC address", "user_name": "User name"},
    shows=("service", "user_name", "ipv4", "ipv6", "mac", "circuit", "added_on", "ended_on", "reason"),
)  # fmt: skip
ACCESS_SESSION = Noun(
    AccessSession, path="sessions", sees="network.view", whose=("account", *_OWNER), called=("session",),
    related=("account__service__subscription__customer", "nas"), section="services#sessions", word="session",
    sorts=("started_at",), badges=(lambda row, day: online(row),), search=queries.sought,
    labels={"key": "Unique session id", "session": "Session id of the NAS", "nas_address": "Address of the NAS",
            "nas": "NAS", "mac": "Device", "ipv6": "IPv6 prefix", "walled": "Walled garden", "slowed": "Lower speed",
            "last_at": "Last report",
            "cause": "Why it ended", "end": "Ended by", "up": "Octets up", "down": "Octets down",
            "cut_at": "Ended for us", "used": "Up and down", "aside": "Reports that cannot be",
            "turn": "Use of this id"},
    shows=(
        "account", "user_name", "address", "ipv6", "mac", "port", "nas", "nas_address", "walled", "slowed",
        "started_at", "last_at", "ended_at", "end", "cause", "up", "down",
        Shown("used", lambda row: f"{rules.size(row.up)} up, {rules.size(row.down)} down", str), "aside", "cut_at",
        "session", "key", "turn",
    ),
    parts={"disconnects": ("at", "author", "state", "said", "finished_at"), "days": ("day", "up", "down")},
    one=lambda rows: rows.prefetch_related("disconnects", "days"),
)  # fmt: skip
VENDOR_ATTRIBUTES = Noun(
    VendorAttributes, path="vendor-attributes", sees="network.view", whose=(), word="attributes of a vendor",
    labels={"full": "Full service", "walled": "Walled garden"}, shows=("vendor", "full", "walled"),
)  # fmt: skip
SPEED = Noun(
    Speed, path="speeds", sees="network.view", whose=(), related=("product",), word="speed of a package",
    labels={"down_kbit": "Download, kbit/s", "up_kbit": "Upload, kbit/s"},
    shows=("product", "down_kbit", "up_kbit"),
)  # fmt: skip
INCLUDED_DATA = Noun(
    IncludedData, path="included-data", sees="network.view", whose=(), related=("product",),
    word="data of a package",
    labels={"gigabytes": "Included, GB", "beyond": "When it is used", "warns_at": "Tell the customer at, %",
            "down_kbit": "Lower download, kbit/s", "up_kbit": "Lower upload, kbit/s"},
    shows=("product", "gigabytes", "beyond", "warns_at", "down_kbit", "up_kbit"),
)  # fmt: skip
NETWORK_POLICY = Noun(
    NetworkPolicy, path="network-policies", sees="network.view", whose=(), word="policy of network access",
    labels={"interim_seconds": "Report every, seconds", "stale_minutes": "Taken for ended after, minutes",
            "keep_days": "Keep sessions, days"},
    shows=("realm", "walled_list", "walled_pool", "interim_seconds", "stale_minutes", "keep_days", "at", "author"),
)  # fmt: skip
