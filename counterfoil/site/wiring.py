"""All that joins upper floors to lower ones: who answers what (decision 0032), what follows what, and the schedule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterfoil.access.operations import prune_access
from counterfoil.billing import queries as billing
from counterfoil.billing.invoice_files import paid_online
from counterfoil.billing.operations import bills, draft_due_recurring, recurring, revenue
from counterfoil.billing.operations.exposure import refuse_exposure
from counterfoil.billing.operations.runs import preview_approved_runs
from counterfoil.billing.taxes import tax_gap
from counterfoil.cards import operations as cards
from counterfoil.cards import tasks as card_tasks
from counterfoil.cards.queries import pay_addresses
from counterfoil.catalogue import queries as catalogue
from counterfoil.catalogue.operations import tax_kept
from counterfoil.collections import operations as collections
from counterfoil.collections.queries import suspending
from counterfoil.credit.operations import profiles as credit
from counterfoil.customers import queries as customers
from counterfoil.customers.operations.shared import (
    account_merged,
    account_reactivated,
    accounts_opened,
    has_entries,
    kept_open,
)
from counterfoil.customers.tasks import wake_picturing
from counterfoil.debits import operations as debits
from counterfoil.debits.jobs import settle_due
from counterfoil.desk.operations import (
    mail_access_changes,
    tell_decided,
    tell_job_ended,
    tell_not_drafted,
    tell_of_action,
    tell_of_ticket,
    tell_run_issued,
    tell_undelivered,
)
from counterfoil.desk.report_mails import mail_due_reports
from counterfoil.desk.search import answered
from counterfoil.imports.operations import drop_old_uploads
from counterfoil.jobs import operations as field_jobs
from counterfoil.jobs.tasks import remind as remind_of_visits
from counterfoil.ledger import queries as ledger
from counterfoil.ledger.operations import ready_to_close
from counterfoil.messaging.operations import thread_of
from counterfoil.messaging.sending import mail_error
from counterfoil.messaging.tasks import wake as wake_sending
from counterfoil.network import operations as network
from counterfoil.network import queries as network_queries
from counterfoil.network.tasks import end_strays, wake_nases, watch_data
from counterfoil.operator.operations import brought_numbers, keeps_currency, keeps_time_zone
from counterfoil.operator.queries import operator_currency
from counterfoil.operator.readiness import company_gap, gaps
from counterfoil.platform import operations
from counterfoil.platform.callers import System, out_of_scope
from counterfoil.platform.fields import home_currency
from counterfoil.platform.jobs import caller_of, prune_job_files, wake_jobs
from counterfoil.platform.logs import send_error
from counterfoil.platform.operations import Step
from counterfoil.platform.restoring import in_use
from counterfoil.platform.showing import row_found, rows_seen
from counterfoil.platform.upkeep import prune_cache, prune_tasks, seal_trail
from counterfoil.questions import queries as questions
from counterfoil.receivables import queries as receivables
from counterfoil.receivables.operations import items, keep_standings, standings
from counterfoil.receivables.operations.send import request_answered, request_named
from counterfoil.receivables.operations.transfer import has_drafts
from counterfoil.receivables.queries import open_requests
from counterfoil.sales import operations as sales
from counterfoil.site.anchoring import anchor_daily
from counterfoil.staff import queries as staff
from counterfoil.staff.models import hashed_anew
from counterfoil.staff.operations import keep_hash
from counterfoil.subscriptions import operations as subscriptions
from counterfoil.subscriptions.operations.changing import days_taken
from counterfoil.subscriptions.operations.moving import service_moved
from counterfoil.subscriptions.operations.shared import sold_more
from counterfoil.suspension import operations as suspensions
from counterfoil.suspension import queries as suspension
from counterfoil.suspension.tasks import wake_network
from counterfoil.tickets import operations as tickets
from counterfoil.tickets import queries as ticket_queries
from counterfoil.tickets.tasks import wake_mailbox
from counterfoil.usage import operations as usage

# What happens because something else happened: a step and the kinds of event it follows, as background work. Each takes
# `events=`, the ids of the events, and runs once whatever happens to the task.
FOLLOWS: list[tuple[Step[Any, Any], tuple[str, ...]]] = [
    (tell_job_ended, ("job.finished", "job.failed")),
    (tell_decided, ("approval.given", "approval.refused", "approval.failed")),
    (tell_run_issued, ("bill_run.issued",)),
    (tell_undelivered, ("message.undelivered",)),
    (tell_of_action, ("action.taken",)),
    (tell_of_ticket, ("ticket.opened", "ticket.routed", "ticket.replied", "ticket.reopened")),
    (tell_not_drafted, ("invoice.not_drafted",)),
    (
        mail_access_changes,
        ("user.password_changed", "user.factor_added", "user.factor_removed", "user.factors_reset", "user.connected",
         "login.password_set", "login.passkey_added", "login.passkey_removed"),
    ),
    # What keeps or breaks a promise, or leaves nothing of it to pay.
    (
        collections.money_moved,
        ("receipt.recorded", "receipt.reversed", "refund.paid", "allocation.made", "allocation.undone",
         "invoice.credited", "item.written_off", "item.moved"),
    ),
    # What is credited of a line is in dispute no more, whoever credited it.
    (collections.disputes_moved, ("invoice.credited", "dispute.closed")),
    # Whatever settles an item, or says that it does not count: who owes nothing overdue any more is switched on again.
    # A promise holds what comes next.
    (
        suspensions.reconsider,
        ("receipt.recorded", "allocation.made", "credit.issued", "credit.released", "invoice.credited",
         "account.adjusted", "item.written_off", "item.moved", "dispute.opened", "promise.made"),
    ),
]  # fmt: skip
REACTIONS: dict[str, list[Step[Any, Any]]] = {}
for _step, _kinds in FOLLOWS:
    for _kind in _kinds:
        REACTIONS.setdefault(_kind, []).append(_step)

# What happens because of time, once a minute and in this order (site/schedule.py).
SCHEDULE: list[tuple[str, Callable[[System], int]]] = [
    # First after midnight: until then lists by what is overdue add up what has changed with the day.
    ("Keep what is overdue up to date", keep_standings),
    ("Send what is due", wake_sending),
    ("Picture what was attached", wake_picturing),
    ("Read the mailbox of tickets", wake_mailbox),
    ("Wake jobs", wake_jobs),
    ("Warn and suspend", suspensions.take_due_steps),
    ("Tell the network", wake_network),
    ("Do scheduled changes of services", subscriptions.run_due_actions),
    # After what ends services.
    ("End network access of services that ended", network.end_with_services),
    ("Close sessions that are not heard of any more", network.close_stale),
    ("Watch how much data is used", watch_data),
    ("End sessions that are not as they should be", end_strays),
    ("Ask NASes to end sessions", wake_nases),
    ("Judge promises whose day is over", collections.judge_due),
    ("Keep the collection figures of last month", collections.keep_last_month),
    # After the changes of the day, which they bill.
    ("Preview and issue approved bill runs", preview_approved_runs),
    # Before what is drafted for them.
    ("Renew and end agreements", sales.end_due_agreements),
    ("Draft recurring invoices", draft_due_recurring),
    ("Record debit orders whose day has come", settle_due),
    ("Release what was earned last month", revenue.release_last_month),
    # After what settles invoices of today.
    ("Plan what saved cards are charged", card_tasks.plan_charges),
    ("Tell of cards that expire", card_tasks.tell_expiring),
    ("Charge cards and work what gateways told", card_tasks.wake_cards),
    ("Remind of tomorrow’s visits", remind_of_visits),
    ("E-mail reports", mail_due_reports),
    ("Seal the trail", seal_trail),
    ("Anchor the seals", anchor_daily),
    ("Forget files of old jobs", prune_job_files),
    ("Forget files that nobody imported", drop_old_uploads),
    ("Forget finished tasks", prune_tasks),
    ("Forget what was counted while the clock was ahead", prune_cache),
    ("Forget whose old sessions were", network.forget_sessions),
    ("Forget links, tries and sessions that are over", prune_access),
]


def install() -> None:
    """Every question has its answers, in the order in which they are given; and what follows what is known."""
    # Who somebody is, what they may see, whether anybody is here yet, and who hears of an error.
    out_of_scope.plug(customers.refuse_out_of_scope)
    row_found.plug(customers.row_of)
    rows_seen.plug(customers.rows_of)
    caller_of.plug(staff.caller_of)
    hashed_anew.plug(keep_hash)
    gaps.plug(company_gap, tax_gap)
    keeps_time_zone.plug(network_queries.keeps_time_zone)
    keeps_currency.plug(catalogue.keeps_currency, ledger.keeps_currency)
    brought_numbers.plug(billing.brought_numbers, receivables.brought_numbers)
    home_currency.plug(operator_currency)
    in_use.plug(customers.has_customers, staff.has_people)
    send_error.plug(mail_error)

    # The books are closed.
    ready_to_close.plug(revenue.ready_to_close)

    # An account begins, keeps its currency, and ends.
    accounts_opened.plug(standings.begin)
    account_merged.plug(
        credit.follow_merge,
        suspensions.follow_merge,
        debits.follow_merge,
        cards.follow_merge,
        tickets.follow_merge,
        field_jobs.follow_merge,
    )
    account_reactivated.plug(suspensions.follow_reactivation)
    has_entries.plug(items.has_items)
    kept_open.plug(
        subscriptions.keeps_open,
        sales.keeps_open,
        bills.keeps_open,
        recurring.keeps_open,
        collections.keeps_open,
        debits.keeps_open,
        cards.keeps_open,
    )
    has_drafts.plug(billing.has_drafts)

    # Who is called first.
    suspending.plug(suspension.suspending)

    # What is printed and sent says where it is paid.
    paid_online.plug(pay_addresses)

    # A product is had; a service changes, and goes on under another account.
    tax_kept.plug(subscriptions.keeps_tax)
    days_taken.plug(usage.refuse_used)
    sold_more.plug(refuse_exposure)
    service_moved.plug(usage.take_along, network.take_along, field_jobs.take_along)

    # What a customer asked, which a statement answers, and the conversation that an e-mail belongs to.
    open_requests.plug(ticket_queries.requests_of)
    request_named.plug(ticket_queries.request_named)
    request_answered.plug(tickets.statement_answers)
    thread_of.plug(ticket_queries.thread)
    # What is typed into the palette, where it is a question.
    answered.plug(questions.answered)

    operations.REACTIONS.clear()
    operations.REACTIONS.update(REACTIONS)
