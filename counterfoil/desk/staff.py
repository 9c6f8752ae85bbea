"""People, roles, and who may do what, as lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from counterfoil.kernel.money import Money
from counterfoil.operator.models import Area, Brand
from counterfoil.operator.queries import areas, brands, operator_currency
from counterfoil.platform.grants import VIEWS, all_grants, words_of, work_of
from counterfoil.platform.tables import Column, Filter, Table
from counterfoil.staff.models import Role, Token, User
from counterfoil.staff.queries import people_by_role, roles
from counterfoil.staff.rules import covers


@dataclass(frozen=True)
class Grant:
    """A row of the matrix: something that may be done or seen."""

    name: str
    words: str
    # What each role may, in words, by its key.
    cells: dict[str, str]

    @property
    def work(self) -> str:
        return work_of(self.name.partition(".")[0])

    @property
    def is_view(self) -> bool:
        return self.name in VIEWS


def matrix() -> list[Grant]:
    """Every verb and view that a role may hold, and how far each role goes: worked out from what is registered."""
    known, currency = roles(), operator_currency()
    return [
        Grant(name, words_of(name), {role.key: _cell(role, name, currency) for role in known}) for name in all_grants()
    ]


def _cell(role: Role, name: str, currency: str) -> str:
    if not covers(role.grants, name):
        return ""
    limit = role.limits.get(name)
    return "Yes" if limit is None else f"Up to {Money(limit, currency)}"


def matrix_table() -> Table:
    """Verbs and views down, roles across."""

    def of(role: Role) -> Column:
        return Column(role.key, role.name, lambda row: row.cells.get(role.key, ""))

    return Table(
        key="who-may-do-what",
        title="Who may do what",
        columns=(
            Column("words", "What", lambda row: row.words, sort=True),
            Column("app", "Work", lambda row: row.work, sort=True, low=True),
            *(of(role) for role in roles()),
        ),
        filters=(
            Filter(
                "kind", "Kind", lambda: [("do", "Doing"), ("see", "Seeing")],
                lambda rows, value: [row for row in rows if row.is_view == (value == "see")],
            ),
            Filter(
                "role", "Role", lambda: [(role.key, role.name) for role in roles()],
                lambda rows, value: [row for row in rows if row.cells.get(value)],
            ),
        ),
        order="app",
        page_size=200,
        search_label="What may be done",
    )  # fmt: skip


def limited_to(user: User) -> str:
    """The areas and brands a person is limited to, in words."""
    known: list[tuple[list[int], Sequence[Area | Brand]]] = [(user.area_ids, areas()), (user.brand_ids, brands())]
    return ", ".join(row.name for ids, rows in known for row in rows if row.pk in ids)


def people_table() -> Table:
    """Everybody who works or worked here."""
    names = {"area": {row.pk: row.name for row in areas()}, "brand": {row.pk: row.name for row in brands()}}

    def limits(user: User) -> str:
        pairs = [("area", pk) for pk in user.area_ids] + [("brand", pk) for pk in user.brand_ids]
        return ", ".join(names[kind].get(pk, "") for kind, pk in pairs)

    def active(rows: Any, value: str) -> Any:
        return rows.filter(is_active=value == "active")

    return Table(
        key="people",
        title="People",
        columns=(
            Column(
                "name", "Name", lambda row: row.name, sort="name", sub=lambda row: row.email,
                href=lambda row: reverse("person", args=[row.pk]),
            ),
            Column("role", "Role", lambda row: row.role.name, sort="role__name"),
            Column("limits", "Sees only", limits, low=True),
            Column("status", "Status", lambda row: "" if row.is_active else "Inactive", "badge", sort="is_active"),
        ),
        filters=(
            Filter(
                "role", "Role", lambda: [(role.key, role.name) for role in roles()],
                lambda rows, value: rows.filter(role__key=value),
            ),
            Filter("status", "Status", lambda: [("active", "Active"), ("inactive", "Inactive")], active),
        ),
        search=lambda rows, text: rows.filter(name__icontains=text) | rows.filter(email__icontains=text),
        search_label="Name or e-mail",
        order="name",
    )  # fmt: skip


def tokens_table(today: dt.date) -> Table:
    """What other programs prove themselves with."""

    def status(row: Token) -> str:
        if row.revoked_at is not None:
            return "Revoked"
        return "Expired" if row.expires_on is not None and row.expires_on < today else ""

    return Table(
        key="tokens",
        title="Access tokens",
        columns=(
            Column(
                "name", "Program", lambda row: row.user.name, sort="user__name", sub=lambda row: f"…{row.ending}",
                href=lambda row: "" if row.revoked_at else reverse("revoke-token", args=[row.pk]), dialog=True,
            ),
            Column("role", "Role", lambda row: row.user.role.name, sort="user__role__name"),
            Column("limits", "Sees only", lambda row: limited_to(row.user), low=True),
            Column("status", "Status", status, "badge"),
            Column("used_on", "Last used", lambda row: row.used_on, "date", sort="used_on"),
            Column("expires_on", "Works up to", lambda row: row.expires_on, "date", sort="expires_on"),
            Column("added_by", "Added by", lambda row: row.added_by, low=True),
        ),
        search=lambda rows, text: rows.filter(user__name__icontains=text),
        search_label="Program",
        order="name",
        empty=("No access tokens", "A token lets another program in by the API."),
    )  # fmt: skip


def roles_table() -> Table:
    """The roles, with how many people, grants and limits they have."""
    currency, people = operator_currency(), people_by_role()

    def limits(role: Role) -> str:
        return ", ".join(f"{words_of(name)} {Money(minor, currency)}" for name, minor in role.limits.items())

    return Table(
        key="roles",
        title="Roles",
        columns=(
            Column("name", "Role", lambda row: row.name, href=lambda row: reverse("change-role", args=[row.key])),
            Column("people", "People", lambda row: people.get(row.pk, 0), "number"),
            Column("grants", "May do", lambda row: sum(covers(row.grants, name) for name in all_grants()), "number"),
            Column("limits", "Limit without approval", limits),
        ),
    )
