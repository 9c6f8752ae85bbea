"""The lists of letters: runs, the preliminary list, and what a run sent and holds back."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from counterfoil.dunning.models import DunningRun
from counterfoil.dunning.nouns import CORRESPONDENCE, DUNNING_RUN
from counterfoil.dunning.panels import file_url, how
from counterfoil.kernel.money import Money
from counterfoil.platform.tables import Column, Filter, Table, View


def _of_whom(row: DunningRun) -> str:
    parts = [
        str(row.letter_set or ""), row.collector.name if row.collector else "",
        f"{row.first_number or 'first'} to {row.last_number or 'last'}" if row.first_number or row.last_number else "",
    ]  # fmt: skip
    return ", ".join(part for part in parts if part) or "Everybody"


RUNS = Table(
    key="dunning-runs",
    title="Dunning",
    columns=(
        Column("as_of", "As of", lambda row: row.as_of, "date", sort="as_of", href=DUNNING_RUN.url),
        Column("state", "Status", lambda row: row.get_state_display(), "badge", sort="state",
               tone=lambda row: "ok" if row.state == "done" else "info"),
        Column("whom", "Of whom", _of_whom, low=True),
        Column("letters", "Letters", lambda row: row.count, "number"),
        Column("author", "By", lambda row: row.author, low=True),
        Column("at", "Started", lambda row: row.at, "when", low=True),
    ),
    order="-as_of",
    empty=("No letters yet", "Preview who is late, and send everybody the letter that is theirs."),
)  # fmt: skip


def _letter(row: Any) -> str:
    return row.dunned.line.letter if row.dunned else ""


def _why(row: Any) -> str:
    said = row.left.said if row.left else ""
    return said[:1].upper() + said[1:]


def _days(row: Any) -> int | None:
    return (row.dunned.as_of - row.dunned.late[0].due_on).days if row.dunned else None


def _money(get: Any) -> Any:
    return lambda row: Money(get(row.dunned), row.currency) if row.dunned else None


def _narrow(rows: Any, value: str) -> Any:
    if value == "letter":
        return [row for row in rows if row.dunned]
    return [row for row in rows if row.left and row.left.held is (value == "held")]


PRELIMINARY = Table(
    key="preliminary",
    title="Who is late",
    columns=(
        Column("customer", "Customer", lambda row: row.name, sort=True, named=True,
               sub=lambda row: row.number,
               href=lambda row: reverse("customer-tab", args=[row.number, "collections"])),
        Column("letter", "Letter", _letter, sort=True, strong=True),
        Column("why", "Why not", _why, sort=True),
        Column("days", "Days late", _days, "number",
               sort=True),
        Column("items", "Items", lambda row: len(row.dunned.late) if row.dunned else None, "number", low=True),
        Column("charges", "Interest and fee", _money(lambda one: one.interest_minor + one.fee_minor), "money",
               low=True, total=True),
        Column("asked", "Asked for", _money(lambda one: one.total_minor), "money", sort=True, total=True,
               strong=True),
    ),
    views=(
        View("late", "Late", lambda rows: [row for row in rows if row.left is None or row.left.code != "not_overdue"]),
        View("all", "Everybody who owes", lambda rows: rows),
    ),
    filters=(
        Filter("what", "What", lambda: (("letter", "Get a letter"), ("held", "On hold"), ("left", "Left out")),
               _narrow),
    ),
    empty=("Nobody is late", "There is nothing overdue as of that day."),
)  # fmt: skip

RUN_LETTERS = Table(
    key="run-letters",
    title="Letters",
    columns=(
        Column("customer", "Customer", lambda row: row.customer.name, sort="customer__name",
               href=lambda row: reverse("customer-tab", args=[row.customer.number, "collections"]),
               sub=lambda row: row.site.label if row.site else row.customer.number),
        Column("letter", "Letter", lambda row: row.letter.name, sort="letter__name", href=CORRESPONDENCE.url),
        Column("how", "Sent by", how, href=file_url),
        Column("charged", "Interest and fee",
               lambda row: Money(row.interest_minor + row.fee_minor, row.currency), "money", low=True),
        Column("asked", "Asked for", lambda row: Money(row.total_minor, row.currency), "money", sort="total_minor",
               strong=True),
    ),
    filters=(
        Filter("how", "Sent by", lambda: (("email", "E-mail"), ("paper", "On paper")),
               lambda rows, value: rows.filter(message__isnull=value == "paper")),
    ),
    order="customer",
    empty=("No letters", "Nobody was sent a letter by this run."),
)  # fmt: skip
