"""The short lists of the home page: what waits, each with the one place to go to."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.billing.models import BillRunItem
from counterfoil.cards.nouns import CARD_EVENT, EVENT_TONES, called
from counterfoil.debits.nouns import DEBIT_RUN
from counterfoil.debits.queries import reaches_bank_by
from counterfoil.debits.tables import EARLY, RUN_TONES
from counterfoil.desk.approvals import amount_of
from counterfoil.desk.coming import action_words
from counterfoil.desk.tables import customer_column, standing_money
from counterfoil.kernel.money import Money
from counterfoil.platform.tables import Column, Table

OVERDUE = Table(
    key="overdue",
    title="Most overdue",
    columns=(
        customer_column(),
        Column("oldest", "Oldest due", lambda row: row.oldest_due_on, "date"),
        Column("overdue", "Overdue", lambda row: standing_money(row, "overdue_minor"), "money", strong=True),
    ),
    peek=lambda row: reverse("peek", args=[row.number]),
    empty=("Nobody is overdue", "Customers with something past due appear here."),
)  # fmt: skip

DRAFTS = Table(
    key="drafts",
    title="Drafts to issue",
    columns=(
        Column(
            "customer", "Customer", lambda row: row.customer.name, sub=lambda row: row.text,
            href=lambda row: reverse("invoice", args=[row.pk]),
        ),
        Column("on", "Dated", lambda row: row.on, "date"),
        Column("total", "Total", lambda row: Money(row.total_minor, row.currency), "money", strong=True),
    ),
    empty=("No drafts to issue", "Invoices that are not issued yet appear here."),
)  # fmt: skip

UNDELIVERED = Table(
    key="undelivered",
    title="Not delivered",
    columns=(
        Column(
            "message", "Message", lambda row: row.message.subject, sub=lambda row: row.message.customer.name,
            href=lambda row: reverse("message", args=[row.message_id]),
        ),
        Column("address", "Address", lambda row: row.address, sub=lambda row: row.result),
        Column("when", "When", lambda row: row.finished_at, "when"),
    ),
    empty=("No delivery failures", "Messages that could not be delivered appear here."),
)  # fmt: skip

NEWEST = Table(
    key="newest",
    title="New customers",
    columns=(
        customer_column(),
        Column("joined", "Joined", lambda row: row.joined_on, "date"),
    ),
    peek=lambda row: reverse("peek", args=[row.number]),
    empty=("No customers yet", "Add the first one, or import a file."),
)  # fmt: skip


def _of_run(row: BillRunItem, minor: int | None) -> Money | None:
    """An amount of a customer's bill; none where there was no bill before, or none can be made."""
    return None if minor is None else Money(minor, row.run.currency)


HELD_BACK = Table(
    key="held-back",
    title="Held back in the bill run",
    columns=(
        customer_column("customer", of=lambda row: row.customer),
        Column("said", "Why", lambda row: row.said, href=lambda row: f"{reverse('bill-run', args=[row.run_id])}"),
        Column("last", "Last bill", lambda row: _of_run(row, row.last_minor), "money", low=True),
        Column("total", "This bill", lambda row: _of_run(row, row.total_minor), "money", strong=True),
    ),
    empty=("Nobody is held back", "Customers of the bill run that wait for a decision appear here."),
)  # fmt: skip

TO_APPROVE = Table(
    key="to-approve",
    title="Waits for approval",
    columns=(
        Column("label", "Request", lambda row: row.label, href=lambda row: reverse("approval", args=[row.pk])),
        Column("asked_by", "Asked by", lambda row: row.asked_by, low=True),
        Column("amount", "Amount", amount_of, "money", strong=True),
    ),
    empty=("Nothing waits for you", "Requests above somebody's limit appear here."),
)  # fmt: skip

DEBITS = Table(
    key="debit-orders-waiting",
    title="Debit orders",
    columns=(
        Column("on", "Collect on", lambda row: row.on, "date", href=DEBIT_RUN.url),
        Column("state", "Status", lambda row: row.get_state_display(), "badge", tone=lambda row: RUN_TONES[row.state]),
        Column("by", "To the bank by", lambda row: reaches_bank_by(row) if row.state in EARLY else None, "date"),
        Column("amount", "Amount", lambda row: Money(row.file_minor or row.frozen_minor, row.currency)
               if row.frozen_count else None, "money", strong=True),
    ),
    empty=("No debit orders wait", "Runs that are not answered yet appear here."),
)  # fmt: skip

CARDS = Table(
    key="card-events-to-see",
    title="Card payments to look at",
    columns=(
        Column("at", "Received", lambda row: row.at, "when", href=CARD_EVENT.url),
        Column("name", "What", called),
        Column("state", "Status", lambda row: row.get_state_display(), "badge",
               tone=lambda row: EVENT_TONES[row.state]),
        Column("said", "Why", lambda row: row.said),
    ),
    empty=("Nothing to look at", "What the card gateway told and nobody could record appears here."),
)  # fmt: skip

CHANGES_SOON = Table(
    key="changes-soon",
    title="Changes to come",
    columns=(
        customer_column("customer", of=lambda row: row.service.subscription.customer),
        Column("what", "What", action_words, href=lambda row: reverse("show-service", args=[row.service_id])),
        Column("on", "From", lambda row: row.on, "date"),
    ),
    empty=("Nothing changes", "Scheduled changes of services appear here."),
)  # fmt: skip
