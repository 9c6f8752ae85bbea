"""The pages that only list: each a table over rows, which one view of lists shows, orders, narrows and exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from counterfoil.bank import queries as bank
from counterfoil.bank.tables import lines_table
from counterfoil.billing.nouns import CREDIT_NOTE, INVOICE
from counterfoil.billing.queries import with_settled
from counterfoil.billing.run_queries import bill_runs
from counterfoil.cards import queries as cards
from counterfoil.cards.tables import EVENTS as CARD_EVENTS
from counterfoil.catalogue.queries import coupons
from counterfoil.collections.nouns import CALL, CALL_ACTION, PROMISE
from counterfoil.customers.duplicates import duplicates
from counterfoil.customers.operations import save_custom_field
from counterfoil.customers.queries import custom_fields, visible, with_custom_values
from counterfoil.debits import queries as debits
from counterfoil.debits.tables import RUNS as RUNS_OF_DEBITS
from counterfoil.desk import collections_tables as chased
from counterfoil.desk import everyone_tables as everyone
from counterfoil.desk.approvals import approvals_table
from counterfoil.desk.catalogue_tables import coupons_table, product_rows, products_table
from counterfoil.desk.dunning_tables import RUNS as RUNS_OF_LETTERS
from counterfoil.desk.month_end import month_end
from counterfoil.desk.run_tables import BILL_RUNS
from counterfoil.desk.staff import matrix, matrix_table, people_table, roles_table, tokens_table
from counterfoil.desk.suspension_tables import HOLIDAYS, suspensions, suspensions_table
from counterfoil.desk.tables import (
    DUPLICATES,
    FIELDS,
    JOBS,
    bucket_sets_table,
    customers_table,
    listed_fields,
    lookups_table,
    only_numbers,
)
from counterfoil.dunning.queries import dunning_runs
from counterfoil.jobs import queries as field_jobs
from counterfoil.jobs.tables import jobs_table
from counterfoil.kernel.errors import refuse_if
from counterfoil.ledger.queries import closings
from counterfoil.ledger.tables import CLOSINGS
from counterfoil.messaging.nouns import MESSAGE
from counterfoil.messaging.queries import complete
from counterfoil.network import queries as network
from counterfoil.network.tables import accounts_table, sessions_table
from counterfoil.operator.queries import all_lookups, areas, brands, operator_currency
from counterfoil.payments.nouns import RECEIPT
from counterfoil.payments.queries import with_aside
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Rows
from counterfoil.platform.jobs import jobs_of
from counterfoil.platform.nouns import APPROVAL
from counterfoil.platform.tables import Table
from counterfoil.receivables.lists import with_figures
from counterfoil.receivables.nouns import DISPUTE
from counterfoil.receivables.queries import bucket_sets
from counterfoil.staff import queries as staff
from counterfoil.subscriptions.nouns import SUBSCRIPTION
from counterfoil.suspension import queries as suspension
from counterfoil.tickets import queries as tickets
from counterfoil.tickets.tables import mail_table, tickets_table


@dataclass(frozen=True)
class ListPage:
    """A list with an address of its own."""

    # What its address is called, and its list where people keep views of it.
    name: str
    key: str
    table: Callable[[Caller], Table]
    rows: Callable[[Caller], Rows]
    # The view that shows it, where the rows themselves do not say who may see them.
    sees: str = ""
    template: str = "desk/list.html"
    # What stands around the list.
    more: Callable[[Caller], Mapping[str, Any]] = lambda caller: {}
    # Those of the rows that were ticked, for an export of them alone.
    ticked: Callable[[Any, list[str]], Rows] | None = None


def _customers(caller: Caller) -> Rows:
    return with_custom_values(with_figures(visible(caller), caller.today), listed_fields())


def _fields(caller: Caller) -> Rows:
    refuse_if(not caller.may(save_custom_field), "not_allowed", "Your role does not include custom fields.")
    return custom_fields(all_of_them=True)


CUSTOMERS = ListPage(
    "customers", "customers", lambda caller: customers_table(caller, listed_fields()), _customers,
    template="desk/customers.html", ticked=only_numbers,
)  # fmt: skip
DUPLICATE_ACCOUNTS = ListPage("duplicates", "duplicates", lambda caller: DUPLICATES, duplicates)
CUSTOM_FIELDS = ListPage("custom-fields", "fields", lambda caller: FIELDS, _fields, template="desk/fields.html")
JOBS_PAGE = ListPage("jobs", "jobs", lambda caller: JOBS, jobs_of)
APPROVALS = ListPage(
    "approvals", "approvals", approvals_table, APPROVAL.visible, "platform.view", template="desk/approvals.html"
)
RUNS = ListPage(
    "bill-runs", "bill-runs", lambda caller: BILL_RUNS, bill_runs, template="desk/bill_runs.html",
    more=lambda caller: {"steps": month_end(caller)},
)  # fmt: skip
CATALOGUE = ListPage(
    "catalogue", "products", lambda caller: products_table(caller, operator_currency()),
    lambda caller: product_rows(caller, operator_currency()), "catalogue.view", template="desk/catalogue.html",
)  # fmt: skip
COUPONS = ListPage(
    "coupons", "coupons", lambda caller: coupons_table(caller.today), coupons, "catalogue.view",
    template="desk/coupons.html",
)  # fmt: skip
PEOPLE = ListPage(
    "people", "people", lambda caller: people_table(), staff.users, "staff.view", template="desk/people.html",
    more=lambda caller: {"areas": areas(), "brands": brands()},
)  # fmt: skip
ROLES = ListPage(
    "roles", "roles", lambda caller: roles_table(), lambda caller: staff.roles(), "staff.view",
    template="desk/roles.html",
)  # fmt: skip
TOKENS = ListPage(
    "tokens", "tokens", lambda caller: tokens_table(caller.today), staff.tokens, "staff.view",
    template="desk/tokens.html",
)  # fmt: skip
MATRIX = ListPage(
    "who-may-do-what", "who-may-do-what", lambda caller: matrix_table(), lambda caller: matrix(), "staff.view",
    template="desk/matrix.html",
)  # fmt: skip

BUCKETS = ListPage(
    "ageing-buckets", "ageing-buckets", bucket_sets_table, lambda caller: bucket_sets(),
    "receivables.view", template="desk/ageing_buckets.html",
)  # fmt: skip

LOOKUPS = ListPage(
    "lookups", "lookups", lookups_table, lambda caller: all_lookups(), "operator.view",
    template="desk/lookups.html",
)  # fmt: skip


def _invoices(caller: Caller) -> Rows:
    return with_settled(INVOICE.visible(caller)).select_related("item", "customer")


def _payments(caller: Caller) -> Rows:
    return with_aside(RECEIPT.visible(caller)).select_related("item", "reversal", "customer")


def _subscriptions(caller: Caller) -> Rows:
    rows = SUBSCRIPTION.visible(caller).select_related("customer", "site")
    return rows.prefetch_related("services__product")


def _waiting(caller: Caller) -> dict[str, Any]:
    waiting = suspensions(caller).filter(state="overdue", ended_on__isnull=True)
    return {"listed": waiting.count(), "enabled": suspension.policies().any_enabled}


SUSPENSIONS = ListPage(
    "suspensions", "suspensions", suspensions_table, suspensions, "suspension.view", template="desk/suspensions.html",
    more=_waiting, ticked=everyone.ticked,
)  # fmt: skip
HOLIDAYS_PAGE = ListPage(
    "holidays", "holidays", lambda caller: HOLIDAYS, lambda caller: suspension.holiday_rows(), "suspension.view",
    template="desk/holidays.html",
)  # fmt: skip

CLOSING_PAGE = ListPage(
    "closing", "closings", lambda caller: CLOSINGS, lambda caller: closings(), "ledger.view",
    template="desk/closing.html",
)  # fmt: skip

BANK_PAGE = ListPage(
    "bank", "bank-lines", lines_table, lambda caller: bank.lines(), "bank.view", template="desk/bank.html",
)  # fmt: skip

DEBITS_PAGE = ListPage(
    "debit-orders", "debit-runs", lambda caller: RUNS_OF_DEBITS, lambda caller: debits.runs(), "debits.view",
    template="desk/debit_orders.html",
)  # fmt: skip

CARD_EVENTS_PAGE = ListPage("card-events", "card-events", lambda caller: CARD_EVENTS, cards.events, "cards.view")


def _late(caller: Caller) -> dict[str, Any]:
    return {"figures": tickets.figures_of(tickets.listed(caller).exclude(due_at=None)[:500], caller.now),
            "mail": tickets.waiting_mail(caller).count()}  # fmt: skip


TICKETS = ListPage(
    "tickets", "tickets", tickets_table, tickets.listed, "tickets.view", template="desk/tickets.html", more=_late,
)  # fmt: skip
INCOMING_MAIL = ListPage(
    "mail-without-customer", "incoming-mail", mail_table, tickets.mails, "tickets.view", template="desk/tickets.html",
    more=_late,
)  # fmt: skip

SESSIONS = ListPage(
    "sessions", "network-sessions", sessions_table, network.sessions, "network.view", template="desk/sessions.html",
)  # fmt: skip
ACCESS_ACCOUNTS = ListPage(
    "access-accounts", "access-accounts", accounts_table, network.accounts, "network.view",
    template="desk/sessions.html",
)  # fmt: skip
FIELD_JOBS = ListPage(
    "field-jobs", "field-jobs", jobs_table, field_jobs.listed, "jobs.view", template="desk/field_jobs.html",
    more=field_jobs.figures,
)  # fmt: skip

# What customers have, for all of them at once.
EVERYONES = (
    ListPage(
        "invoices", "everyones-invoices", everyone.invoices_table, _invoices, "billing.view",
        template="desk/invoices.html", ticked=everyone.ticked,
    ),
    ListPage(
        "credit-notes", "everyones-credit-notes", everyone.credit_notes_table,
        lambda caller: CREDIT_NOTE.visible(caller).select_related("customer", "invoice", "item"), "billing.view",
        template="desk/invoices.html",
    ),
    ListPage("payments", "everyones-payments", everyone.payments_table, _payments, "payments.view"),
    ListPage("subscriptions", "everyones-subscriptions", everyone.subscriptions_table, _subscriptions,
             "subscriptions.view"),
    ListPage("messages", "everyones-messages", everyone.messages_table,
             lambda caller: complete(MESSAGE.visible(caller)).select_related("customer"), "messaging.view"),
)  # fmt: skip

DUNNING = ListPage(
    "dunning", "dunning-runs", lambda caller: RUNS_OF_LETTERS, dunning_runs, "dunning.view",
    template="desk/dunning.html",
)  # fmt: skip
# What there is besides the queue, under Collections.
COLLECTIONS = (
    ListPage("promises", "everyones-promises", lambda caller: chased.PROMISES_TABLE,
             lambda caller: PROMISE.visible(caller).select_related("customer", "item"), "collections.view",
             template="desk/collections_list.html"),
    ListPage("open-disputes", "everyones-disputes", chased.disputes_table,
             lambda caller: DISPUTE.visible(caller).select_related("item__customer"), "receivables.view",
             template="desk/collections_list.html"),
    ListPage("call-actions", "everyones-call-actions", lambda caller: chased.ACTIONS_TABLE,
             lambda caller: CALL_ACTION.visible(caller).select_related(
                 "action", "topic__item", "call__customer", "dispute", "line"),
             "collections.view", template="desk/collections_list.html"),
    ListPage("calls", "everyones-calls", lambda caller: chased.CALLS_TABLE,
             lambda caller: CALL.visible(caller).select_related("customer", "outcome", "response", "contact"),
             "collections.view", template="desk/collections_list.html"),
)  # fmt: skip
