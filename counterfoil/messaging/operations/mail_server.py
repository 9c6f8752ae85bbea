"""The mail server that messages leave by, as people enter it, and a test of it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from django.conf import settings

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.words import heard
from counterfoil.messaging import queries, rules
from counterfoil.messaging.interfaces import Accepted, Channel
from counterfoil.messaging.models import MailServer, MailSettings
from counterfoil.messaging.sending import trial_of
from counterfoil.messaging.tasks import send_due_messages
from counterfoil.operator.queries import operator
from counterfoil.platform import secrets
from counterfoil.platform.callers import Caller
from counterfoil.platform.connectors import connector
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import OneOf, Says

_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
# The way to this machine itself is nobody else's to read.
_HERE = ("localhost", "127.0.0.1")
_ELSEWHERE = "The environment variable EMAIL_HOST names the mail server, so it is changed there."
# With any of these another, the password goes somewhere else.
_ASKED = ("host", "port", "security", "user")


def _sealed(caller: Caller, *, password: str = "", **rest: Any) -> str:
    return secrets.encrypt(password) if password else ""


@verb(label="Change the mail server", before=_sealed, whole=True)
def set_mail_server(
    op: Operation,
    *,
    host: Annotated[str, Says(most=253, optional=True)],
    port: int = 587,
    security: Annotated[str, OneOf(MailSettings.Security)] = "starttls",
    user: Annotated[str, Says(most=254)] = "",
    password: Annotated[str, Says(most=1000)] = "",
    from_name: Annotated[str, Says(most=120)] = "",
    from_address: Annotated[str, Says(most=254)] = "",
    reply_to: Annotated[str, Says(most=254)] = "",
    version: int | None = None,
) -> MailSettings:
    """Messages leave by this server, those that wait at once; without a host they wait until there is one.

    The password is stored encrypted and told to nobody; left empty, it stays as it is, unless where it goes changes.
    Refused where the environment names the server, and with a `version` when somebody else saved since.
    """
    refuse_if(settings.EMAIL_HOST, "set_elsewhere", _ELSEWHERE)
    row = MailSettings.objects.select_for_update().filter(pk=1).first() or MailSettings(pk=1, version=0)
    refuse_if(
        version is not None and row.version != version, "stale_form",
        "Somebody saved this while you were editing. Their changes are shown; re-enter yours.",
    )  # fmt: skip
    wanted: dict[str, Any] = {
        "host": host.strip().rstrip(".").lower(), "port": port, "security": security, "user": user.strip(),
        "from_name": " ".join(from_name.split()), "from_address": from_address.strip(), "reply_to": reply_to.strip(),
    }  # fmt: skip
    _check(wanted)
    changes: dict[str, Any] = {
        name: [getattr(row, name), value] for name, value in wanted.items() if getattr(row, name) != value
    }
    for name, value in wanted.items():
        setattr(row, name, value)
    if not row.user:
        row.password = ""
    elif password:
        row.password, changes["password"] = op.ready, "changed"
    else:
        # Else whoever names another server would be sent the password.
        again = "Enter the password again: the server or user changed." if row.password else "The password is missing."
        refuse_if(not row.password or set(_ASKED) & set(changes), "no_password", again, field="password")
    if changes or not row.version:
        row.since, row.version = op.now, row.version + 1
        row.save()
        op.record("mail_server.changed", row, changes=changes)
        # It is another one: what the last did not answer says nothing of it.
        MailServer.objects.update(failures=0, closed_until=None)
        send_due_messages.enqueue()
    return row


def _check(wanted: dict[str, Any]) -> None:
    host = wanted["host"]
    known = MailSettings.Security.values
    bad = bool(host) and not _HOST.fullmatch(host)
    refuse_if(bad, "bad_host", "A server is named like smtp.example.com, without a port.", field="host")
    refuse_if(not 1 <= wanted["port"] <= 65535, "bad_port", "A port is from 1 to 65535.", field="port")
    refuse_if(wanted["security"] not in known, "bad_security", "Choose STARTTLS, TLS or none.", field="security")
    for name in ("from_address", "reply_to"):
        text = wanted[name]
        bad = bool(text) and not rules.is_address(text)
        refuse_if(bad, "bad_address", f"“{text[:60]}” is not an e-mail address.", field=name)
    for name, label in (("user", "The user"), ("from_name", "The name")):
        if wanted[name]:
            rules.check_line(wanted[name], field=name, name=label, most=254)
    refuse_if(
        bool(wanted["user"]) and wanted["security"] == "none" and host not in _HERE,
        "plain_password", "Without STARTTLS or TLS everybody on the way could read the password.", field="security",
    )  # fmt: skip


def _tried(caller: Caller, *, to: str) -> str:
    """What the mail server answers to a real message; refused in plain words when it does not take it."""
    (address,) = rules.check_addresses([to])
    refuse_if(not queries.sends_mail(), "no_mail_server", "No mail server is set up.")
    if caller.preview:
        return ""
    channel: Channel = connector("MESSAGE_CHANNELS", "email")
    outcome = channel.send(trial_of(address, caller.now))
    if isinstance(outcome, Accepted):
        return outcome.answer
    raise Refused("mail_refused", heard(getattr(outcome, "why", "") or outcome.reason, most=500))


@verb(label="Send a test message", right=set_mail_server, before=_tried, whole=True)
def try_mail_server(op: Operation, *, to: Annotated[str, Says(most=254)]) -> str:
    """A test message was taken by the mail server; what it answered. Sent before anything is written.

    Refused with what is wrong in plain words: the sign-in, the certificate, the sender, or no answer.
    """
    # Of the company: a server that the environment names has no row.
    op.record("mail_server.tested", operator(), address=to.strip())
    return str(op.ready)
