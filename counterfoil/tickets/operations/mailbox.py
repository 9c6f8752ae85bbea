"""The mailbox that tickets come from: how it is entered, and how far it was read."""

from __future__ import annotations

import re
from typing import Annotated, Any

from counterfoil.kernel.errors import refuse_if
from counterfoil.messaging.rules import is_address
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.secrets import encrypt
from counterfoil.platform.signatures import OneOf, Says, Secret
from counterfoil.tickets.interfaces import Seen
from counterfoil.tickets.models import Mailbox

_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
# With any of these another, the password would go somewhere else.
_ASKED = ("host", "port", "security", "user")
_HERE = ("localhost", "127.0.0.1")


def _sealed(caller: Caller, *, password: str = "", **rest: Any) -> str:
    return encrypt(password) if password else ""


@verb(label="Change the mailbox of tickets", before=_sealed, whole=True)
def set_mailbox(
    op: Operation,
    *,
    host: Annotated[str, Says("Server", "As imap.example.com. Blank: no mailbox is read.", most=253)] = "",
    port: Annotated[int, Says("Port", "993 for TLS, 143 for STARTTLS.", least=1)] = 993,
    security: Annotated[str, OneOf(Mailbox.Security)] = "tls",
    user: Annotated[str, Says("User", most=254, optional=True)] = "",
    password: Annotated[str, Says("Password", most=1000, optional=True), Secret] = "",
    folder: Annotated[str, Says("Folder", most=100)] = "INBOX",
    address: Annotated[str, Says("Address", "What customers write to.", most=254, optional=True)] = "",
    plus: Annotated[bool, Says("Each ticket has its own address", "Only where the server delivers "
                               "help+anything@example.com to help@example.com.")] = False,
) -> Mailbox:  # fmt: skip
    """What comes into this mailbox becomes tickets from now on; without a host none is read.

    The password is stored encrypted and told to nobody; left empty it stays, unless where it goes changes.
    """
    row = Mailbox.objects.select_for_update().filter(pk=1).first() or Mailbox(pk=1)
    wanted: dict[str, Any] = {
        "host": host.strip().rstrip(".").lower(), "port": port, "security": security, "user": user.strip(),
        "folder": folder.strip(), "address": address.strip(), "plus": plus,
    }  # fmt: skip
    _check(wanted)
    changes: dict[str, Any] = {
        name: [getattr(row, name), value] for name, value in wanted.items() if getattr(row, name) != value
    }
    elsewhere = bool(set(_ASKED) & set(changes))
    for name, value in wanted.items():
        setattr(row, name, value)
    if password:
        row.password, changes["password"] = op.ready, "changed"
    elif not row.host:
        row.password = ""
    else:
        again = "Enter the password again: the server or user changed." if row.password else "The password is missing."
        refuse_if(not row.password or elsewhere, "no_password", again, field="password")
    refuse_if(not changes, "no_change", "It is already set that way.")
    if elsewhere or "folder" in changes:
        row.uid_validity = row.last_uid = 0
    row.trouble = ""
    row.save()
    op.record("mailbox.changed", row, changes=changes)
    return row


def _check(wanted: dict[str, Any]) -> None:
    host, address = wanted["host"], wanted["address"]
    refuse_if(bool(host) and not _HOST.fullmatch(host), "bad_host",
              "A server is named like imap.example.com, without a port.", field="host")  # fmt: skip
    refuse_if(not 1 <= wanted["port"] <= 65535, "bad_port", "A port is from 1 to 65535.", field="port")
    refuse_if(bool(address) and not is_address(address), "bad_address",
              f"“{address[:60]}” is not an e-mail address.", field="address")  # fmt: skip
    refuse_if(wanted["plus"] and not address, "no_address", "Enter the address.", field="address")
    refuse_if(bool(host) and not wanted["user"], "no_user", "The user is missing.", field="user")
    refuse_if(any(not ch.isprintable() for ch in wanted["folder"]), "bad_folder", "Enter the folder’s name.",
              field="folder")  # fmt: skip
    plain = wanted["security"] == "none" and bool(host) and host not in _HERE
    refuse_if(plain, "no_tls", "Without TLS anybody in between could read the password. Choose TLS or STARTTLS.",
              field="security")  # fmt: skip


@step
def note_read(op: Operation, *, seen: Seen | None = None, trouble: str = "") -> None:
    """The mailbox was read up to here, or could not be read."""
    row = Mailbox.objects.select_for_update().filter(pk=1).first()
    if row is None:
        return
    if seen is not None:
        row.uid_validity, row.last_uid = seen.validity, seen.uid
    row.read_at, row.trouble = op.now, trouble[:300]
    row.save(update_fields=["uid_validity", "last_uid", "read_at", "trouble"])
