"""What sales offer to the customer page: agreements."""

from __future__ import annotations

from counterfoil.platform.panels import Panel
from counterfoil.platform.tables import Column, Table
from counterfoil.sales import doors, queries
from counterfoil.sales.models import Agreement
from counterfoil.sales.nouns import AGREEMENT

NEW_AGREEMENT = doors.NEW_AGREEMENT.action


def _status(row: Agreement) -> tuple[str, str]:
    if row.state == Agreement.State.ACTIVE and row.reason:
        return "Ends", "warn"
    return row.get_state_display(), {"active": "ok", "terminated": "bad"}.get(row.state, "")


def _renewal(row: Agreement) -> str:
    if row.renewal_months is None:
        return ""
    return "a month" if row.renewal_months == 1 else f"{row.renewal_months} months"


AGREEMENTS = Table(
    key="agreements",
    title="Agreements",
    columns=(
        Column("number", "Agreement", lambda row: row.number, sort="number", sub=lambda row: row.title,
               href=AGREEMENT.url),
        Column("coverage", "Covers", lambda row: row.coverage, low=True,
               sub=lambda row: row.site.text if row.site else ""),
        Column("starts", "From", lambda row: row.starts, "date", sort="starts", low=True),
        Column("last", "Last day", lambda row: row.last_day, "date", sort="ends"),
        Column("renewal", "Then renewed for", _renewal, low=True),
        Column("status", "Status", lambda row: _status(row)[0], "badge", sort="state",
               tone=lambda row: _status(row)[1], sub=lambda row: row.reason),
        doors.RENEW.column("Renew"),
        doors.TERMINATE.column("End"),
    ),
    empty=("No agreements yet", "Agreements with an end date (rent, a maintenance plan) appear here."),
)  # fmt: skip

AGREEMENTS_PANEL = Panel(
    "agreements", "Agreements", "sales.view", lambda caller, customer: queries.agreements_of(customer),
    table=AGREEMENTS, actions=(NEW_AGREEMENT,), words="contracts renewal expiry coverage maintenance rent", queries=3,
)  # fmt: skip
