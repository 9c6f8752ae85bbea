"""How people meet agreements."""

from __future__ import annotations

from typing import Any

from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.queries import sites_of
from counterfoil.kernel.periods import add_months, date_text, days_before
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says
from counterfoil.sales import operations
from counterfoil.sales.models import Agreement
from counterfoil.sales.nouns import AGREEMENT
from counterfoil.sales.rules import renewed_end

_MONTHS = (1, 3, 6, 12, 24)
_RENEWAL = {"last_day": Says("Last day"), "renewal_months": Says("Then renewed")}


def _renewals(caller: Caller, row: Agreement | Customer) -> list[tuple[int | None, str]]:
    known = getattr(row, "renewal_months", None)
    months = [*_MONTHS, *([known] if known and known not in _MONTHS else [])]
    named = [(each, "For a month" if each == 1 else f"For {each} months") for each in months]
    return [(None, "No: it expires"), *named]


def _sites(caller: Caller, customer: Customer) -> list[tuple[Any, str]]:
    return [(None, "None"), *((site, site.text) for site in sites_of(customer))]


def _renewed(caller: Caller, row: Agreement) -> dict[str, Any]:
    ends = renewed_end(row.starts, row.ends, row.renewal_months or 12, caller.today)
    return {"last_day": days_before(ends, 1), "renewal_months": row.renewal_months}


def _about(row: Agreement) -> str:
    return f"{row}, to {date_text(row.last_day)}"


def _holds(row: Agreement) -> str:
    return f"{row.number} holds to {date_text(row.last_day)}."


def _ended(row: Agreement) -> str:
    if row.state == Agreement.State.TERMINATED:
        return f"{row.number} is terminated."
    return f"{row.number} ends on {date_text(row.last_day)}."


NEW_AGREEMENT = Door(
    operations.make_agreement, CUSTOMER, "agreement", "Make agreement", name="new-agreement", caption="New agreement",
    icon="file-text", words="agreement contract rent maintenance plan",
    offered=lambda customer, day: customer.status == "active",
    fields={
        "title": Says("For", most=120), "coverage": Says("What it covers", most=10_000), "starts": Says("From"),
        **_RENEWAL, "site": Says("Address"),
    },
    order=("title", "coverage", "starts", "last_day", "renewal_months", "site"),
    offers={"renewal_months": _renewals, "site": _sites},
    start=lambda caller, row: {"starts": caller.today, "last_day": days_before(add_months(caller.today, 12), 1)},
    done=lambda made, _: Saved(_holds(made), AGREEMENT.home(made)),
)  # fmt: skip
RENEW = Door(
    operations.renew_agreement, AGREEMENT, "renew", "Renew", about=_about, fields=_RENEWAL, start=_renewed,
    offered=lambda row, day: row.state != Agreement.State.TERMINATED, offers={"renewal_months": _renewals},
    done=lambda made, _: _holds(made),
)  # fmt: skip
TERMINATE = Door(
    operations.terminate_agreement, AGREEMENT, "terminate", "Terminate", danger=True, about=_about,
    offered=lambda row, day: row.state == Agreement.State.ACTIVE and not row.reason,
    fields={"on": Says("First day without it")},
    done=lambda made, _: _ended(made),
)  # fmt: skip
