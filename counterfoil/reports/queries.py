"""The reports there are, for the page, the command line and every export."""

from __future__ import annotations

import datetime as dt

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Rows
from counterfoil.platform.tables import Table
from counterfoil.reports import ageing, books, dunning, effectiveness, money, months, sales, suspensions
from counterfoil.reports import collections as chased
from counterfoil.reports.asked import Asked, Report

# In the order of the page.
REPORTS = {
    report.name: report
    for report in (
        Report("at-a-glance", "At a glance", "A year month by month: revenue, money in, what is overdue, customers.",
               "receivables.view", months.at_a_glance, charts=months.charts),
        Report("age-analysis", "Age analysis", "What everyone owes, by how late it is.", "receivables.view",
               books.age_analysis),
        Report("open-items", "Open items", "Everything that is open, item by item.", "receivables.view",
               books.open_items),
        Report("ageing-4-buckets", "Ageing, four buckets", "What everyone owes, by account, in four ages.",
               "receivables.view", ageing.ageing_by("ageing-4-buckets", "Ageing, four buckets", "Four buckets")),
        Report("ageing-7-buckets", "Ageing, seven buckets", "The same in seven ages.",
               "receivables.view", ageing.ageing_by("ageing-7-buckets", "Ageing, seven buckets", "Seven buckets")),
        Report("ageing-by-amount", "Ageing by amount", "Who owes most comes first.", "receivables.view",
               ageing.ageing_by_amount),
        Report("ageing-by-collector", "Ageing by collector", "What each collector has to collect, by age.",
               "collections.view", ageing.ageing_by_collector),
        Report("ageing-by-salesperson", "Ageing by account manager", "What each manager's customers owe, by age.",
               "receivables.view", ageing.ageing_by_salesperson),
        Report("ageing-with-plans", "Ageing with payment plans", "What is in a plan that is kept has its own column.",
               "collections.view", ageing.ageing_with_plans),
        Report("past-due-invoices", "Past due invoices", "What is late, invoice by invoice, with credits beside it.",
               "receivables.view", chased.past_due),
        Report("disputed-invoices", "Disputed invoices", "What customers do not accept, with what was said.",
               "receivables.view", chased.disputed),
        Report("call-actions", "Call actions", "What was decided in calls; credits that were asked for.",
               "collections.view", chased.call_actions, by_period=True),
        Report("collector-calls", "Collector call history", "Every call, by collector.", "collections.view",
               chased.calls, by_period=True),
        Report("receipt-promises", "Receipt promises", "What was promised for these days, and what came.",
               "collections.view", chased.promises, by_period=True),
        Report("forecasts", "Money expected by week", "What collectors foresee and customers promised, by week.",
               "collections.view", chased.forecasts),
        Report("follow-ups", "Collector’s follow-up", "What is still to be followed up.", "collections.view",
               chased.follow_ups),
        Report("collections-by-collector", "Collections by collector", "What payments settled, by collector.",
               "collections.view", chased.collected, by_period=True),
        Report("collection-effectiveness", "Collection effectiveness", "Ten months: collected, outstanding, days late.",
               "receivables.view", effectiveness.effectiveness, charts=effectiveness.charts),
        Report("dunning-history", "Letters sent", "Every letter of these days, with what it asked for and charged.",
               "dunning.view", dunning.history, by_period=True),
        Report("customer-profiles", "Customer profiles", "On which terms each customer is chased, and the limits.",
               "credit.view", dunning.profiles),
        Report("tax", "Tax by rate", "Invoiced less credited, by rate: the figures of a tax return.", "billing.view",
               money.tax, by_period=True),
        Report("tax-documents", "Documents behind the tax", "", "billing.view", money.tax_documents, by_period=True,
               behind="tax"),
        Report("sales", "Sales by product and area", "Invoiced less credited, without tax.", "billing.view",
               sales.sales, by_period=True),
        Report("received", "Money received", "By day and method, less what bounced.", "payments.view", money.received,
               by_period=True),
        Report("payments", "Payments of the period", "", "payments.view", money.payments, by_period=True,
               behind="received"),
        Report("credits", "Credit notes and write-offs", "What was given up, by whom and why.", "billing.view",
               money.credits_given, by_period=True),
        Report("recurring-revenue", "Recurring revenue", "What services bring a month, and what moved it.",
               "subscriptions.view", sales.recurring_revenue, by_period=True),
        Report("customers", "Customers won and lost", "Who joined, and whose last service ended.", "customers.view",
               sales.customers_moved, by_period=True),
        Report("suspensions", "Suspensions", "Who is listed, warned and suspended, and since when.", "suspension.view",
               suspensions.suspensions),
        Report("trial-balance", "Trial balance", "What stands on each ledger account.", "ledger.view",
               books.trial_balance),
        Report("ledger-account", "Ledger postings", "What was posted, account by account.", "ledger.view",
               books.ledger_account, by_period=True),
    )
}  # fmt: skip


def find_report(name: str) -> Report:
    """The report of that name; refused with the names there are."""
    if name not in REPORTS:
        raise Refused("no_such_report", f"There is no report {name}. There are: {', '.join(REPORTS)}.", field="name")
    return REPORTS[name]


def asked_for(first: dt.date | None, last: dt.date, of: str = "") -> Asked:
    """The days a report is asked about; those of the month up to its last day, where no first is named."""
    begin = last.replace(day=1) if first is None else first
    refuse_if(begin > last, "wrong_order", "The first day is after the last. Swap them.", field="from")
    return Asked(begin, last, of)


def read_report(caller: Caller, report: Report, asked: Asked) -> tuple[Table, Rows]:
    """The table and the rows of a report, for who may see them."""
    caller.must(report.sees)
    return report.read(caller, asked)
