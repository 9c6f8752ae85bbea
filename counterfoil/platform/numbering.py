"""How many numbers of a kind were given: counted in the caller's transaction, given back by a rollback."""

from __future__ import annotations

from django.db import connection

from counterfoil.platform import write_guard


def advance(key: str, count: int) -> int:
    """So many more are given; returns the last. Call it last: the row stays locked until commit (decision 0004)."""
    write_guard.require_open("platform_numbersequence")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE platform_numbersequence SET last = last + %s WHERE key = %s RETURNING last", [count, key]
        )
        row = cursor.fetchone()
    assert row, f"There are no numbers of {key}."
    return int(row[0])
