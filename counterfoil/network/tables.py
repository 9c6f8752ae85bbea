"""The lists of sessions and of access accounts."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.utils import timezone

from counterfoil.customers.nouns import CUSTOMER
from counterfoil.network import doors, queries, rules
from counterfoil.network.models import AccessAccount, AccessSession
from counterfoil.network.nouns import ACCESS_ACCOUNT, ACCESS_SESSION, online
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Column, Filter, Table, View

_OPEN = Q(ended_at=None)


def _owner(row: AccessSession) -> str:
    if row.account is None:
        return "Nobody’s"
    customer = row.account.service.subscription.customer
    return customer.name


def _number(row: AccessSession) -> str:
    return row.account.service.subscription.customer.number if row.account is not None else ""


def _size(octets: int) -> str:
    """A figure and its unit stay on one line."""
    return rules.size(octets).replace(" ", "\N{NO-BREAK SPACE}")


def _nas(row: AccessSession) -> str:
    return row.nas.name if row.nas is not None else row.nas_address


_COLUMNS = (
    Column("session", "Session", lambda row: row.user_name or "Forgotten", href=ACCESS_SESSION.url,
           sub=lambda row: row.ipv6),
    Column("address", "Address", lambda row: row.address or "", sub=lambda row: row.mac, sort="address"),
    Column("state", "Status", lambda row: online(row)[0], "badge", tone=lambda row: online(row)[1]),
    Column("started", "Since", lambda row: row.started_at, "when", sort="started_at"),
    Column("last", "Last report", lambda row: row.last_at, "when", sort="last_at", low=True),
    Column("ended", "Ended", lambda row: row.ended_at, "when", low=True, sub=lambda row: row.cause),
    Column("down", "Down", lambda row: _size(row.down), sort="down"),
    Column("up", "Up", lambda row: _size(row.up), sort="up", low=True),
    Column("nas", "NAS", _nas, low=True),
)  # fmt: skip


def sessions_table(caller: Caller) -> Table:
    """All sessions that this person sees, those on line now first."""
    whose = Column(
        "customer", "Customer", _owner, sub=_number,
        href=lambda row: CUSTOMER.url(row.account.service.subscription.customer) if row.account else "",
    )  # fmt: skip
    return Table(
        key="network-sessions",
        title="Sessions",
        columns=(*_COLUMNS[:1], whose, *_COLUMNS[1:], doors.DISCONNECT.column("Disconnect")),
        views=(
            View("online", "Online now", lambda rows: rows.filter(_OPEN)),
            View("walled", "Walled garden", lambda rows: rows.filter(_OPEN, walled=True)),
            View("nobody", "Nobody’s", lambda rows: rows.filter(account=None, forgotten_on=None)),
            View("ended", "Ended", lambda rows: rows.filter(ended_at__isnull=False)),
            View("aside", "Counters that cannot be", lambda rows: rows.filter(aside__gt=0)),
            View("all", "All", lambda rows: rows),
        ),
        filters=(
            Filter("nas", "NAS", lambda: [(str(row.pk), row.name) for row in queries.nases()],
                   lambda rows, value: rows.filter(nas=int(value))),
        ),
        search=queries.sought, search_label="User, address, MAC, customer", grows=True,
        row_id=lambda row: str(row.pk),
        empty=("No sessions here", "What NASes report by RADIUS appears here."),
    )  # fmt: skip


# Of one customer.
SESSIONS = Table(
    key="sessions-of-customer",
    title="Sessions",
    columns=(
        Column(
            "started",
            "Started",
            lambda row: row.started_at,
            "when",
            sort="started_at",
            href=ACCESS_SESSION.url,
            sub=lambda row: row.user_name,
        ),
        Column("ended", "Ended", lambda row: row.ended_at, "when", sub=lambda row: row.cause),
        *_COLUMNS[1:3],
        *_COLUMNS[6:8],
        doors.DISCONNECT.column("Disconnect"),
    ),
    empty=("No sessions yet", "Each time this customer connects appears here."),
)


def accounts_table(caller: Caller) -> Table:
    """All access accounts that this person sees."""
    return Table(
        key="access-accounts",
        title="Network access",
        columns=(
            Column("user", "User name", lambda row: row.user_name, href=ACCESS_ACCOUNT.url, sort="user_name"),
            Column("customer", "Customer", lambda row: row.service.subscription.customer.name,
                   sub=lambda row: row.service.subscription.customer.number,
                   href=lambda row: CUSTOMER.url(row.service.subscription.customer)),
            Column("service", "Service", lambda row: str(row.service)),
            Column("address", "Own address", lambda row: row.ipv4 or "", sub=lambda row: row.ipv6, low=True),
            Column("mac", "MAC address", lambda row: row.mac, sub=lambda row: row.circuit, low=True),
            Column("since", "Since", lambda row: row.added_on, "date", sort="added_on", low=True),
            Column("ended", "Ended", lambda row: row.ended_on, "date", low=True),
        ),
        views=(
            View("open", "In use", lambda rows: rows.filter(ended_on=None)),
            View("ended", "Ended", lambda rows: rows.filter(ended_on__isnull=False)),
            View("all", "All", lambda rows: rows),
        ),
        search=queries.narrowed, search_label="User name, address, MAC, customer", grows=True,
        row_id=lambda row: str(row.pk),
        empty=("No network access yet", "Add access on a customer’s page, under Services."),
    )  # fmt: skip


def now_words(rows: list[AccessSession], account: AccessAccount) -> str:
    """Since when an account is on line, and what it used in that session; nothing where it is not."""
    mine = [row for row in rows if row.account_id == account.pk]
    if not mine:
        return ""
    row = mine[0]
    more = f", and {len(mine) - 1} more" if len(mine) > 1 else ""
    told = f"{rules.size(row.down)} down, {rules.size(row.up)} up, last report {_when(row.last_at)}"
    return f"Since {_when(row.started_at)}, {told}{more}"


def _when(at: dt.datetime) -> str:
    return f"{timezone.localtime(at):%-d %b, %H:%M}"
