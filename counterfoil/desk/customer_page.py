"""The customer page: seven tabs, their sections in order, and the actions. Who is on this page is answered by reading.

A tab appears when it has a section the caller may see.
"""

from __future__ import annotations

from dataclasses import dataclass

from counterfoil.access.panels import PORTAL_ACCESS, VIEW_AS
from counterfoil.billing.panels import (
    BILL_NOW,
    CREDIT_NOTES_PANEL,
    INVOICES_PANEL,
    NEW_INVOICE,
    NEXT_BILLS_PANEL,
    RECURRING_PANEL,
)
from counterfoil.cards.panels import CARD_PAYMENTS, SAVED
from counterfoil.collections.panels import (
    ACTIONS_PANEL,
    AGREE_PLAN,
    ASSIGN,
    CALLS_PANEL,
    FOLLOW_UPS_PANEL,
    LOG_CALL,
    PROMISES_PANEL,
    RECORD_PROMISE,
)
from counterfoil.credit.panels import ASSIGN_CLASS, CREDIT_PROFILE
from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.panels import (
    ADD_CONTACT,
    ADD_NOTE,
    ADD_SITE,
    ATTACH,
    ATTACHMENTS,
    CONTACTS_PANEL,
    DEACTIVATE,
    DEBTOR_NOTES,
    DESTINATIONS,
    DETAILS,
    EDIT,
    NOTES,
    REACTIVATE,
    SITES_PANEL,
)
from counterfoil.debits.panels import ADD_MANDATE, BILLING_DETAILS, DEBIT_ORDERS, SET_METHOD
from counterfoil.desk import doors
from counterfoil.desk.operations import erase_personal_data
from counterfoil.desk.panels import ACTIVITY, AUDIT_PANEL, history
from counterfoil.dunning.panels import CORRESPONDENCE_PANEL
from counterfoil.jobs.panels import FUTURE_JOBS_PANEL, JOBS_PANEL
from counterfoil.kernel.errors import NotFound
from counterfoil.messaging.panels import SENT_PANEL
from counterfoil.network.panels import ACCESS_PANEL, ADD_ACCESS, DATA_USAGE_PANEL, SESSIONS_PANEL
from counterfoil.payments.panels import PAYMENTS, RECORD, REFUND, REFUNDS_PANEL
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Action, Panel
from counterfoil.platform.plain import doors_of
from counterfoil.receivables.operations import merge_customers, send_statement
from counterfoil.receivables.panels import (
    AGE_ANALYSIS,
    ALLOCATE,
    ALLOCATE_OLDEST,
    CREDITS_PANEL,
    DEBIT_MEMO,
    ISSUE_CREDIT,
    OPEN_ITEMS,
)
from counterfoil.sales.panels import AGREEMENTS_PANEL, NEW_AGREEMENT
from counterfoil.subscriptions.panels import (
    CHANGES_PANEL,
    HAVE_PANEL,
    NEW_SUBSCRIPTION,
    ONE_TIME,
    ONE_TIME_PANEL,
    SERVICES_PANEL,
)
from counterfoil.suspension.panels import (
    ALLOW_SUSPENSION,
    APPROVE_FAMILY,
    COMMANDS_PANEL,
    END,
    NEVER_SUSPEND,
    PAUSE,
    RESET,
    STOP,
    SUSPEND_NOW,
    SUSPENSION_PANEL,
)
from counterfoil.tickets.panels import OPEN_TICKET, TICKETS_PANEL
from counterfoil.usage.panels import ADD_USAGE, USAGE_PANEL, USAGE_RECORDS_PANEL

__all__ = ["history"]


@dataclass(frozen=True)
class Tab:
    """A tab with its own address, and its sections in order."""

    key: str
    title: str
    panels: tuple[Panel, ...] = ()


TABS = (
    Tab("overview", "Overview", (OPEN_ITEMS, HAVE_PANEL, ACTIVITY)),
    Tab(
        "billing",
        "Billing",
        (
            AGE_ANALYSIS,
            INVOICES_PANEL,
            RECURRING_PANEL,
            PAYMENTS,
            CREDIT_NOTES_PANEL,
            CREDITS_PANEL,
            REFUNDS_PANEL,
            DEBIT_ORDERS,
            CARD_PAYMENTS,
        ),
    ),
    Tab(
        "services",
        "Services",
        (
            SERVICES_PANEL,
            ACCESS_PANEL,
            DATA_USAGE_PANEL,
            SESSIONS_PANEL,
            NEXT_BILLS_PANEL,
            USAGE_PANEL,
            USAGE_RECORDS_PANEL,
            CHANGES_PANEL,
            ONE_TIME_PANEL,
        ),
    ),
    Tab("jobs", "Jobs", (JOBS_PANEL, FUTURE_JOBS_PANEL)),
    Tab("messages", "Messages", (TICKETS_PANEL, SENT_PANEL, NOTES, DESTINATIONS)),
    Tab(
        "collections",
        "Collections",
        (
            SUSPENSION_PANEL,
            FOLLOW_UPS_PANEL,
            PROMISES_PANEL,
            CALLS_PANEL,
            ACTIONS_PANEL,
            CORRESPONDENCE_PANEL,
            DEBTOR_NOTES,
            CREDIT_PROFILE,
            COMMANDS_PANEL,
        ),
    ),
    Tab(
        "account",
        "Account",
        (
            DETAILS,
            BILLING_DETAILS,
            SAVED,
            CONTACTS_PANEL,
            PORTAL_ACCESS,
            SITES_PANEL,
            AGREEMENTS_PANEL,
            ATTACHMENTS,
            AUDIT_PANEL,
        ),
    ),
)

SEND_STATEMENT = Action(
    send_statement, "Send statement", "send-statement", "send", "s", words="send email statement of account"
)
MERGE = Action(
    merge_customers, "Merge another account", "merge", "git-merge", words="merge duplicate same customer twice",
    shown=lambda customer, day: customer.status in ("active", "inactive"),
)  # fmt: skip
EXPORT_PERSONAL = doors.EXPORT_PERSONAL.action
ERASE = Action(
    erase_personal_data, "Erase personal data", "erase", "eraser", danger=True,
    shown=lambda customer, day: customer.status in ("inactive", "merged"), words="gdpr popia forget erase delete",
)  # fmt: skip
# In the header: the last of these that is offered is the primary one.
HEAD = (RESET, SEND_STATEMENT, NEW_INVOICE, ADD_NOTE, RECORD)
# Under the three dots: by what one wants, everything that may be done. What no list names comes under the last.
GROUPS = (
    ("Money",
     (SEND_STATEMENT, BILL_NOW, NEW_INVOICE, RECORD, ISSUE_CREDIT, ALLOCATE, ALLOCATE_OLDEST, REFUND, DEBIT_MEMO,
      SET_METHOD, ADD_MANDATE)),
    ("Collections",
     (LOG_CALL, RECORD_PROMISE, AGREE_PLAN, ASSIGN, ASSIGN_CLASS, APPROVE_FAMILY, RESET, END, PAUSE, SUSPEND_NOW,
      STOP, NEVER_SUSPEND, ALLOW_SUSPENSION)),
    ("Services", (NEW_SUBSCRIPTION, NEW_AGREEMENT, ONE_TIME, ADD_USAGE, ADD_ACCESS)),
    ("Contact", (OPEN_TICKET, ADD_NOTE, ADD_CONTACT, ADD_SITE, ATTACH, VIEW_AS)),
    ("Account", (EDIT, MERGE, REACTIVATE, DEACTIVATE, EXPORT_PERSONAL, ERASE)),
)  # fmt: skip


def head_actions(caller: Caller, customer: Customer) -> list[Action]:
    """Three verbs at most, the primary one last."""
    offered = [action for action in HEAD if action.offered(caller, customer)]
    # Whoever bills needs the invoice in sight; whoever answers calls needs the note.
    return [*offered[:2], *offered[-1:]] if len(offered) > 3 else offered


def grouped_actions(caller: Caller, customer: Customer) -> list[tuple[str, list[Action]]]:
    """Everything that may be done to this customer, in groups; what cannot be undone is last in its group."""
    named = {action.url_name for _, actions in GROUPS for action in actions}
    # A door about a customer that is in no list comes last, so that none is out of reach.
    others = [one.action for one in doors_of(CUSTOMER) if one.url_name not in named]
    last = GROUPS[-1][0]
    found = []
    for title, actions in GROUPS:
        offered = [each for each in (*actions, *(others if title == last else ())) if each.offered(caller, customer)]
        if offered:
            found.append((title, sorted(offered, key=lambda action: action.danger)))
    return found


def all_actions(caller: Caller, customer: Customer) -> list[Action]:
    """Everything that may be done to this customer."""
    head = head_actions(caller, customer)
    rest = [action for _, actions in grouped_actions(caller, customer) for action in actions if action not in head]
    return [*head, *rest]


def tabs(caller: Caller) -> list[Tab]:
    """The tabs that have something for this caller."""
    seen = [Tab(tab.key, tab.title, tuple(p for p in tab.panels if caller.may(p.sees))) for tab in TABS]
    return [tab for tab in seen if tab.panels]


def find_tab(caller: Caller, key: str) -> Tab:
    """The tab with this key."""
    found = next((tab for tab in tabs(caller) if tab.key == key), None)
    if found is None:
        raise NotFound("There is no such page, or you may not see it.")
    return found


def find_panel(caller: Caller, key: str) -> tuple[Tab, Panel]:
    """The section with this key, and its tab."""
    for tab in tabs(caller):
        for panel in tab.panels:
            if panel.key == key:
                return tab, panel
    raise NotFound("There is no such section, or you may not see it.")
