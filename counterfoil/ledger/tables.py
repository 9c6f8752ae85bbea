"""Lists of the ledger."""

from __future__ import annotations

from counterfoil.platform.tables import Column, Table

CLOSINGS = Table(
    key="closings",
    title="Closing the books",
    columns=(
        Column("at", "When", lambda row: row.at, "when", sort="at"),
        Column("how", "What", lambda row: row.get_how_display()),
        Column("to", "Closed up to", lambda row: row.closed_to, "date"),
        Column("final", "For good up to", lambda row: row.final_to, "date"),
        Column("reason", "Reason", lambda row: row.reason, low=True),
        Column("author", "By", lambda row: row.author),
    ),
    empty=("Nothing is closed", "Once a month is over and in order, close it: nothing is posted into it any more."),
)
