"""What people choose from: outcomes of calls, actions, reasons, ratings."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.db.models import Max
from django.utils.text import slugify

from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.operator.lookups import DELIVERED
from counterfoil.operator.models import Lookup
from counterfoil.operator.operations.shared import lock
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import OneOf, Says
from counterfoil.platform.words import LastDay

_Name = Annotated[str, Says(most=60)]
_Description = Annotated[str, Says(most=200, optional=True)]


@step
def set_up_lookups(op: Operation) -> None:
    """The delivered ones are there; one whose name the owner changed stays as it is."""
    known = set(Lookup.objects.values_list("kind", "code"))
    for kind, rows in DELIVERED.items():
        for place, (code, name) in enumerate(rows, 1):
            if (kind, code) not in known:
                row = Lookup.objects.create(kind=kind, code=code, name=name, position=place, delivered=True)
                op.record("lookup.added", row, name=row.name, list=row.get_kind_display().lower())


@verb(label="Add choice", whole=True)
def add_lookup(
    op: Operation,
    *,
    kind: Annotated[str, OneOf(Lookup.Kind), Says("List")],
    name: _Name,
    description: _Description = "",
    starts: dt.date | None = None,
    ends: LastDay | None = None,
) -> Lookup:
    """It can be chosen from the list of its kind, from a day and up to a last one where they are given.

    What the product does by itself it does for delivered ones only; this one is scheduled and reported.
    """
    lock()
    _check_days(starts, ends)
    tidy = _free(kind, name)
    last = Lookup.objects.filter(kind=kind).aggregate(last=Max("position"))["last"] or 0
    code = _code(kind, tidy)
    row = Lookup.objects.create(
        kind=kind, code=code, name=tidy, description=description, position=last + 1, starts=starts, ends=ends
    )
    op.record("lookup.added", row, name=row.name, list=row.get_kind_display().lower())
    return row


@verb(label="Change choice", whole=True)
def change_lookup(
    op: Operation,
    *,
    lookup: Lookup,
    name: _Name,
    description: _Description = "",
    starts: dt.date | None = None,
    ends: LastDay | None = None,
) -> Lookup:
    """It is called this, and offered on these days. What was written with it stays, and shows the name it has now."""
    lock()
    row = Lookup.objects.get(pk=lookup.pk)
    _check_days(starts, ends)
    before = row.name
    row.name = _free(row.kind, name, row)
    row.description, row.starts, row.ends = description, starts, ends
    row.save(update_fields=["name", "description", "starts", "ends"])
    days = f", to {date_text(row.last_day)}" if row.last_day else ""
    op.record("lookup.changed", row, before=before, name=row.name, list=row.get_kind_display().lower(), days=days)
    return row


def _check_days(starts: dt.date | None, ends: dt.date | None) -> None:
    refuse_if(
        starts is not None and ends is not None and ends <= starts, "no_days",
        "It would end before it starts. Choose a later last day.", field="last_day",
    )  # fmt: skip


def _free(kind: str, name: str, row: Lookup | None = None) -> str:
    tidy = tidy_name(name)
    others = Lookup.objects.filter(kind=kind, name__iexact=tidy)
    refuse_if((others.exclude(pk=row.pk) if row else others).exists(), "name_taken",
              f"There is {tidy} in this list already.", field="name")  # fmt: skip
    return tidy


def _code(kind: str, name: str) -> str:
    base = slugify(name).replace("-", "_")[:50] or "own"
    taken = set(Lookup.objects.filter(kind=kind, code__startswith=base).values_list("code", flat=True))
    return next(code for n in range(1, 1000) if (code := base if n == 1 else f"{base}_{n}") not in taken)
