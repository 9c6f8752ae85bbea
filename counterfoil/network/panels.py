"""What the network offers to the customer page: access with who is on line, sessions, and data usage."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from counterfoil.customers.models import Customer
from counterfoil.network import doors, queries, rules
from counterfoil.network.models import AccessAccount, AccessSession
from counterfoil.network.nouns import ACCESS_ACCOUNT, ACCESS_SESSION, online
from counterfoil.network.queries import Used
from counterfoil.network.tables import SESSIONS, now_words
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Panel
from counterfoil.platform.tables import Column, Table

ADD_ACCESS = doors.ADD_ACCESS.action
# So many days are shown one by one.
_DAYS = 31
# As wide as the bar of the most is.
_BAR = 160


@dataclass(frozen=True)
class Access:
    """An account as it is now."""

    account: AccessAccount
    sessions: list[AccessSession]

    @property
    def pk(self) -> int:
        return self.account.pk

    @property
    def state(self) -> tuple[str, str]:
        if self.account.ended_on is not None:
            return "Ended", ""
        mine = [row for row in self.sessions if row.account_id == self.account.pk]
        return online(mine[0]) if mine else ("Offline", "")

    @property
    def address(self) -> str:
        mine = [row.address for row in self.sessions if row.account_id == self.account.pk and row.address]
        return mine[0] if mine else self.account.ipv4 or ""

    @property
    def open_session(self) -> AccessSession | None:
        return next((row for row in self.sessions if row.account_id == self.account.pk), None)


def _access(caller: Caller, customer: Customer) -> list[Access]:
    rows = list(queries.accounts_of(customer)[:200])
    there = queries.online_of(customer) if rows else []
    return [Access(row, there) for row in rows]


ACCESS = Table(
    key="access",
    title="Network access",
    columns=(
        Column("user", "User name", lambda row: row.account.user_name,
               href=lambda row: ACCESS_ACCOUNT.url(row.account), sub=lambda row: str(row.account.service)),
        Column("state", "Status", lambda row: row.state[0], "badge", tone=lambda row: row.state[1]),
        Column("now", "This session", lambda row: now_words(row.sessions, row.account),
               href=lambda row: ACCESS_SESSION.url(row.open_session) if row.open_session else ""),
        Column("address", "Address", lambda row: row.address, sub=lambda row: row.account.ipv6, low=True),
        Column("line", "Device and circuit", lambda row: row.account.mac or "Any device",
               sub=lambda row: row.account.circuit, low=True),
    ),
    empty=("No network access yet", "How this customer’s services sign in to the network appears here."),
)  # fmt: skip


@dataclass(frozen=True)
class _Line:
    """What was used, with a bar of the most."""

    row: Used
    when: str
    scale: int

    @property
    def down(self) -> str:
        return rules.size(self.row.down)

    @property
    def up(self) -> str:
        return rules.size(self.row.up)

    @property
    def all(self) -> str:
        return rules.size(self.row.octets)

    @property
    def width(self) -> int:
        """How long the bar is, in points; something that was used is at least one."""
        return max(1, round(self.row.octets * _BAR / self.scale)) if self.row.octets else 0


def _lines(rows: list[Used], form: str) -> list[_Line]:
    scale = queries.most(rows)
    return [_Line(row, row.when.strftime(form), scale) for row in rows]


def used(customer: Customer, today: dt.date) -> dict[str, Any]:
    """Twelve months, and the last days one by one, each with a bar."""
    months = queries.used_by_month(customer, since=queries.a_year_before(today))
    days = queries.used_by_day(customer, since=today - dt.timedelta(days=_DAYS - 1))
    now = [row for row in months if (row.when.year, row.when.month) == (today.year, today.month)]
    return {
        "months": _lines(months, "%B %Y"), "days": _lines(days, "%a %-d %b"),
        "included": queries.data_of(customer, today),
        "so_far": rules.size(sum(row.octets for row in now)), "several": len({row.service for row in months}) > 1,
    }  # fmt: skip


ACCESS_PANEL = Panel(
    "access", "Network access", "network.view", _access, table=ACCESS, actions=(ADD_ACCESS,),
    words="radius pppoe online now ip address mac user name password", queries=4,
)  # fmt: skip
SESSIONS_PANEL = Panel(
    "sessions", "Sessions", "network.view", lambda caller, customer: queries.sessions_of(customer), table=SESSIONS,
    words="radius online history connected accounting", queries=4,
)  # fmt: skip
DATA_USAGE_PANEL = Panel(
    "data-usage", "Data usage", "network.view", lambda caller, customer: used(customer, caller.today),
    template="network/panels/usage.html", words="gigabytes traffic octets month day included cap fair use", queries=10,
)  # fmt: skip
