"""Closing the books up to the end of a month, and opening them again."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from counterfoil.kernel.checks import EARLIEST
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import date_text, month_of
from counterfoil.ledger import queries
from counterfoil.ledger.models import OPEN, YEAR_SOURCE, Closing, Way
from counterfoil.ledger.operations.posting import NewEntry, lock_books, post_entries
from counterfoil.ledger.rules import RETAINED, Leg
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import OneOf, Says
from counterfoil.platform.words import Reason

_WHY = Says(most=200, optional=True)


@joint
def ready_to_close(op: Operation, day: dt.date, /) -> str:
    """Many are asked: post what is left to post up to the day, or say why it cannot be closed yet."""
    raise NotImplementedError


@verb(label="Close the books", whole=True)
def close_books(
    op: Operation,
    *,
    up_to: Annotated[dt.date, Says("Up to", "The last day of a month.")],
    how: Annotated[str, OneOf(Way), Says("How")] = Way.SOFT,
    reason: Annotated[str, _WHY] = "",
) -> Closing:
    """Nothing is posted up to this day from now on.

    Closed `soft`, people whose role says so still post into it, and it can be opened again; `final` is for everybody
    and for good. `year` is final too: what was earned and spent goes to retained earnings first, and the accounts of
    the new year begin at zero. That entry alone is posted on a day that is closed for good already, once.
    """
    lock_books()
    now = queries.closing()
    refuse_if(up_to != month_of(up_to).last, "not_a_month", "Books are closed up to the last day of a month.",
              field="up_to")  # fmt: skip
    refuse_if(up_to >= op.today, "future_date", f"{date_text(up_to)} is not over yet.", field="up_to")
    final = how != Way.SOFT
    before = now.final_to if final else now.closed_to
    there = before is not None and up_to <= before
    said = f"The books are closed up to {date_text(before or up_to)} already"
    refuse_if(there and how != Way.YEAR, "closed_already", f"{said}.", field="up_to")
    if not there:
        why = " ".join(filter(None, ready_to_close(op, up_to)))
        refuse_if(bool(why), "not_ready", why, field="up_to")
    if how == Way.YEAR:
        carried = _carry_over(op, up_to)
        refuse_if(there and not carried, "closed_already", f"{said}, and nothing is left to carry over.", field="up_to")
    row = _write(op, how, _later(up_to, now.closed_to), _later(up_to, now.final_to) if final else now.final_to, reason)
    op.record("books.closed", row, day=up_to, how=row.get_how_display().lower(), reason=row.reason)
    return row


@verb(label="Reopen the books", whole=True)
def reopen_books(
    op: Operation, *, since: Annotated[dt.date, Says("From", "The first day of a month.")], reason: Reason
) -> Closing:
    """Everything from this day on is posted again as on any day. What is closed for good stays closed."""
    lock_books()
    now = queries.closing()
    refuse_if(now.closed_to is None, "nothing_closed", "No month is closed.", field="since")
    refuse_if(since.year < EARLIEST.year, "absurd_date", f"{date_text(since)} is too long ago to be right.",
              field="since")  # fmt: skip
    refuse_if(since != month_of(since).start, "not_a_month", "Books are opened from the first day of a month.",
              field="since")  # fmt: skip
    assert now.closed_to is not None
    refuse_if(since > now.closed_to, "open_already", f"{date_text(since)} is open.", field="since")
    refuse_if(now.final_to is not None and since <= now.final_to, "closed_for_good",
              f"Everything up to {date_text(now.final_to or since)} is closed for good. Post the correction on a later "
              "day.", field="since")  # fmt: skip
    # What lies before stays closed, whoever closed it: books are closed up to a day.
    row = _write(op, OPEN, since - dt.timedelta(days=1), now.final_to, reason)
    op.record("books.reopened", row, day=since, reason=row.reason)
    return row


def _carry_over(op: Operation, up_to: dt.date) -> bool:
    """What the year's income and expense accounts have come to stands on retained earnings; whether there was any."""
    last = queries.year_closed_to()
    refuse_if(last is not None and up_to <= last, "closed_already",
              f"The year is closed up to {date_text(last or up_to)} already.", field="up_to")  # fmt: skip
    earned = queries.earned(up_to)
    for currency, sums in sorted(earned.items()):
        legs = (*(Leg(code, -minor) for code, minor in sorted(sums.items())), Leg(RETAINED, sum(sums.values())))
        text = f"Result of the year to {date_text(up_to)}"
        new = NewEntry(up_to, currency, YEAR_SOURCE, f"{up_to:%Y-%m}", text, legs)
        post_entries(op, entries=[new], closing=True)
    return bool(earned)


def _later(day: dt.date, other: dt.date | None) -> dt.date:
    return max(day, other or day)


def _write(op: Operation, how: str, closed_to: dt.date, final_to: dt.date | None, reason: str) -> Closing:
    return Closing.objects.create(
        how=how, closed_to=closed_to, final_to=final_to, reason=reason, at=op.now, author=op.caller.name[:120]
    )
