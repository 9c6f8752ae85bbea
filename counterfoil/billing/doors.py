"""How people meet invoices, bills and runs, where a form needs nothing of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from counterfoil.billing import operations
from counterfoil.billing.models import BillRun, Invoice
from counterfoil.billing.nouns import BILL_RUN, BILL_RUN_ITEM, INVOICE, RECURRING_INVOICE
from counterfoil.catalogue.models import RECURRING
from counterfoil.customers.queries import groups
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says
from counterfoil.subscriptions.queries import currencies


def _total(row: Any) -> str:
    return money_text(row.total_minor, row.currency)


def _previewed(made: BillRun, _: None) -> Saved:
    many = f"{made.customers:,} customer{' is' if made.customers == 1 else 's are'}"
    return Saved(f"{many} being previewed for {made.name}.", BILL_RUN.url(made))


def _in_currencies(caller: Caller, _: None) -> list[tuple[str, str]] | None:
    found = currencies()
    return [(code, code) for code in found] if len(found) > 1 else None


def _working(verb: str, one: str) -> Callable[[BillRun, BillRun], Saved]:
    def said(run: BillRun, _: BillRun) -> Saved:
        total = run.job.total or 0 if run.job else 0
        many = f"{total:,} {one}{'' if total == 1 else 's'}"
        return Saved(f"{verb} {many} of {run.name}. You can close this page.", BILL_RUN.url(run))

    return said


def _begun(run: BillRun, before: BillRun) -> Saved:
    if run.state == BillRun.State.APPROVED:
        total = money_text(run.approved_minor or 0, run.currency)
        many = f"{run.approved_count:,} {'invoice' if run.approved_count == 1 else 'invoices'}"
        said = f"{run.name} approved: {many}, {total}. They are issued on {date_text(run.on)}."
        return Saved(said, BILL_RUN.url(run))
    return _working("Issuing", "invoice")(run, before)


def _discarded(made: Invoice, _: Invoice) -> Saved:
    return Saved("Draft discarded.", reverse("customer-tab", args=[made.customer.number, "billing"]))


ISSUE_INVOICE = Door(
    operations.issue_invoices, INVOICE, "issue", "Issue", name="issue-invoice", at_once=True,
    given={"invoices": lambda caller, row: [row]},
    done=lambda made, _: Saved(f"{made[0].number} issued.", INVOICE.url(made[0])),
)  # fmt: skip
DISCARD_DRAFT = Door(operations.discard_draft, INVOICE, "discard", "Discard", at_once=True, done=_discarded)
CANCEL_BILL = Door(
    operations.cancel_bill, INVOICE, "cancel", "Cancel this bill", caption="Cancel bill", danger=True,
    about=lambda row: f"{row.number}, {_total(row)}",
    done=lambda made, row: Saved(
        f"{row.number} cancelled by credit note {made.number} for {_total(made)}.", INVOICE.url(row)
    ),
)  # fmt: skip
STOP_RECURRING = Door(
    operations.stop_recurring, RECURRING_INVOICE, "stop", "Stop", caption="Stop recurring invoice", danger=True,
    offered=lambda row, day: row.next_on is not None,
    about=lambda row: str(row),
    done=lambda row, _: f"Recurring invoice {row.invoice} stopped.",
)  # fmt: skip
OPEN_BILL_RUN = Door(
    operations.open_bill_run, None, "new", "Preview", name="new-bill-run", under="bill-runs", caption="New bill run",
    home=lambda _: reverse("bill-runs"), start=lambda caller, _: {"bill_to": caller.today},
    fields={
        "bill_to": Says("Bill everything due up to"),
        "on": Says("Invoice date", "With a day to come, approve it now and it issues by itself on that day."),
    },
    offers={
        "group": lambda caller, _: [("", "Everyone"), *((name, name) for name in groups(caller))],
        "frequency": lambda caller, _: [("", "Any"), *RECURRING], "currency": _in_currencies,
    },
    done=_previewed,
)  # fmt: skip
HOLD_BACK = Door(
    operations.review_items, BILL_RUN_ITEM, "hold", "Put on hold", name="hold-back", under="bill-runs/customers",
    caption="Put on hold", offered=lambda row, day: row.state == "ready", about=lambda row: row.customer.name,
    home=lambda row: BILL_RUN.url(row.run),
    given={
        "run": lambda caller, row: row.run, "items": lambda caller, row: [row.pk],
        "verdict": lambda caller, row: "hold",
    },
    lead=lambda row: (
        f"{row.customer.name} is not billed by this run, until somebody lets the bill of "
        f"{money_text(row.total_minor or 0, row.run.currency)} through."
    ),
    done=lambda made, row: (
        f"{row.customer.name} on hold." if made else f"{row.customer.name} was not ready, so nothing changed."
    ),
)  # fmt: skip
BEGIN_ISSUING = Door(
    operations.begin_issuing, BILL_RUN, "issue", "Issue", name="issue-bill-run", at_once=True, done=_begun
)
TAKE_BACK_APPROVAL = Door(
    operations.take_back_approval, BILL_RUN, "take-back", "Take back", at_once=True,
    done=lambda made, row: Saved(
        f"Approval of {made.name} withdrawn. Nothing is issued until it is approved.", BILL_RUN.url(made)
    ),
)  # fmt: skip
PREVIEW_AGAIN = Door(
    operations.preview_again, BILL_RUN, "preview-again", "Preview again", name="preview-run-again", at_once=True,
    done=_working("Previewing", "customer"),
)  # fmt: skip
SEND_BILL_RUN = Door(
    operations.send_bill_run, BILL_RUN, "send", "Send", at_once=True, done=_working("Sending", "invoice")
)
RECHECK = Door(
    operations.recheck_exceptions, BILL_RUN, "recheck", "Check again", name="recheck-bill-run", at_once=True,
    done=_working("Checking again", "customer"),
)  # fmt: skip
DISCARD_BILL_RUN = Door(
    operations.discard_bill_run, BILL_RUN, "discard", "Discard", at_once=True,
    done=lambda made, row: Saved(f"{made.name} discarded. Nothing was issued.", BILL_RUN.url(made)),
)  # fmt: skip
