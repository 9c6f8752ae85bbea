"""What a message must be before it may leave, and when to try again."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence

from counterfoil.kernel.errors import Refused, refuse_if

MOST_ADDRESSES = 20
# Minutes to wait after each failed try; after the last the message has failed.
BACK_OFF_MINUTES = (1, 5, 30, 120, 720)
# A link is of use for minutes: its mail is tried again soon, and as long as the link works.
SOON_MINUTES = (0.25, 1, 2, 5)
# For so long a message waits for a mail server that cannot be reached at all (RFC 5321, 4.5.4.1).
WAITS_FOR = dt.timedelta(days=5)
UNREACHABLE_PAUSE = dt.timedelta(minutes=1)
# The longest that what only its addressee may read is of use, and how long the row stays that says what became of it.
PRIVATE_FOR = dt.timedelta(days=1)
PRIVATE_KEPT = dt.timedelta(days=7)
# So many messages in a row that got no answer, and the server is left alone for a while.
OPENS_AFTER = 3
_FIRST_PAUSE, LONGEST_PAUSE = dt.timedelta(seconds=15), dt.timedelta(minutes=5)
# A sender that has been silent for so long has died. Whether its message arrived cannot be known.
# So long nothing is sent to an address that a server reported as no good.
SUPPRESSED_FOR = dt.timedelta(days=90)
INTERRUPTED_AFTER = dt.timedelta(minutes=10)
INTERRUPTED = "Interrupted, may have arrived. Ask before you send it again."

# Deliberately stricter than RFC 5321: no quotes, no comments, ASCII before the @, and a dot in the domain.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[^\W_]([\w-]{0,61}[^\W_])?")


def is_address(text: str) -> bool:
    """Whether this is an e-mail address that can be written into a mail header as it stands."""
    local, at, domain = text.rpartition("@")
    labels = domain.split(".")
    return (
        bool(at)
        and len(text) <= 254
        and len(local) <= 64
        and bool(_LOCAL.fullmatch(local))
        and len(labels) > 1
        and all("_" not in label and _LABEL.fullmatch(label) for label in labels)
    )


def read_addresses(text: str) -> list[str]:
    """The addresses people type into one field, separated by commas, semicolons or white space."""
    return [part for part in re.split(r"[,;\s]+", text) if part]


def check_addresses(addresses: Sequence[str]) -> list[str]:
    """The addresses to send to, each once; refused with the one that is wrong."""
    wanted: dict[str, str] = {}
    for address in addresses:
        if clean := address.strip():
            shown = " ".join(clean.split())[:60]
            refuse_if(not is_address(clean), "bad_address", f"“{shown}” is not an e-mail address.", field="addresses")
            wanted.setdefault(clean.casefold(), clean)
    refuse_if(not wanted, "no_address", "Give at least one address to send to.", field="addresses")
    refuse_if(
        len(wanted) > MOST_ADDRESSES,
        "too_many_addresses",
        f"A message may go to {MOST_ADDRESSES} addresses at most.",
        field="addresses",
    )
    return list(wanted.values())


def check_line(text: str, *, field: str, name: str, most: int) -> str:
    """One line of text for a header: not empty, not too long, and nothing in it that could start another header."""
    clean = text.strip()
    refuse_if(not clean, f"no_{field}", f"{name} is missing.", field=field)
    refuse_if(len(clean) > most, f"{field}_too_long", f"{name} may have {most} characters at most.", field=field)
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in clean):
        raise Refused(f"bad_{field}", f"{name} must be a single line of text.", field=field)
    return clean


def storable(text: str) -> str:
    """The text without what no database and no mail server takes: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def next_try(attempts: int, now: dt.datetime) -> dt.datetime | None:
    """When to try again after so many failed tries; None when that was the last."""
    if attempts > len(BACK_OFF_MINUTES):
        return None
    return now + dt.timedelta(minutes=BACK_OFF_MINUTES[max(attempts, 1) - 1])


def next_try_soon(attempts: int, now: dt.datetime) -> dt.datetime:
    """When to try again with what is of use for minutes only."""
    return now + dt.timedelta(minutes=SOON_MINUTES[min(max(attempts, 1), len(SOON_MINUTES)) - 1])


def longest_wait() -> dt.timedelta:
    """The longest time between two tries: what waits longer was put off by a clock that was wrong."""
    return dt.timedelta(minutes=max(BACK_OFF_MINUTES))


def pause_after(failures: int) -> dt.timedelta | None:
    """How long a server is left alone that gave no answer so many times in a row; None when it is not yet."""
    if failures < OPENS_AFTER:
        return None
    doublings: int = 2 ** min(failures - OPENS_AFTER, 10)
    return min(_FIRST_PAUSE * doublings, LONGEST_PAUSE)
