"""Find: facts, actions, sections, records and customers, from one text. Facts come from the same reads as the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from counterfoil.billing.queries import credit_notes_numbered, invoices_numbered
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import search as search_customers
from counterfoil.customers.rules import fold
from counterfoil.desk import customer_page as page
from counterfoil.desk.navigation import menu
from counterfoil.desk.summary import summary_of
from counterfoil.jobs.nouns import FIELD_JOB
from counterfoil.jobs.queries import found as jobs_found
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.payments.queries import receipts_numbered
from counterfoil.platform.callers import Caller
from counterfoil.platform.joints import joint
from counterfoil.subscriptions.queries import subscriptions_numbered
from counterfoil.tickets.nouns import TICKET
from counterfoil.tickets.queries import found

MOST = 11
EACH = 4


@dataclass(frozen=True)
class Hit:
    """One result: what it is, its value or key, and where it leads."""

    label: str
    url: str
    icon: str = "arrow-right"
    value: str = ""
    key: str = ""
    dialog: bool = False
    words: str = ""


@joint
def answered(caller: Caller, text: str, customer: Customer | None, /) -> tuple[str, str]:
    """One is asked: the sentence that answers a text, and where the rows behind it are; empty for no question."""
    raise NotImplementedError


def find(caller: Caller, text: str, customer: Customer | None) -> list[tuple[str, list[Hit]]]:
    """Results in groups, in the order in which people want them."""
    words = [word.rstrip("?") for word in fold(text).split()]
    known: list[tuple[str, list[Hit]]] = []
    if customer is not None:
        known += [("Facts", _facts(caller, customer)), ("Do", _do(caller, customer))]
        known += [("Sections", _sections(caller, customer))] if words else []
    known += [("Go to", _pages(caller))] if words or customer is None else []
    groups = _narrow(known, words)
    ((sentence, place),) = answered(caller, text, customer)
    if sentence:
        groups.insert(0, ("Answer", [Hit(sentence, place, "search")]))
    if words:
        groups.append(("Records", _records(caller, text.strip())))
        groups.append(("Customers", _customers(caller, text)))
    shown = [(name, hits[: EACH if words else 5]) for name, hits in groups if hits]
    if not shown and place:
        shown = [("Ask", [Hit(f"Ask “{text.strip()}”", place, "search")])]
    return _at_most(shown, MOST)


def _at_most(groups: list[tuple[str, list[Hit]]], most: int) -> list[tuple[str, list[Hit]]]:
    result, left = [], most
    for name, hits in groups:
        if left > 0:
            result.append((name, hits[:left]))
            left -= len(hits)
    return result


def _narrow(groups: list[tuple[str, list[Hit]]], words: list[str]) -> list[tuple[str, list[Hit]]]:
    """Hits that hold every word; where there is none in any group, those that hold one of three letters and more."""
    if not words:
        return groups
    texts = [(name, [(hit, fold(f"{hit.label} {hit.words}")) for hit in hits]) for name, hits in groups]
    every = [(name, [hit for hit, text in hits if all(word in text for word in words)]) for name, hits in texts]
    if any(hits for _, hits in every):
        return every
    long = [word for word in words if len(word) > 2]
    return [(name, [hit for hit, text in hits if any(word in text for word in long)]) for name, hits in texts]


def _facts(caller: Caller, customer: Customer) -> list[Hit]:
    today, currency = caller.today, customer.currency
    summary = summary_of(caller, customer)
    figures = summary.figures
    billing = reverse("customer-tab", args=[customer.number, "billing"])
    account = reverse("customer-tab", args=[customer.number, "account"])

    def money(minor: int) -> str:
        return money_text(minor, currency)

    late = f", oldest {figures.oldest_days} days" if figures.overdue_minor else ""
    facts = [
        Hit("Balance", f"{billing}#age-analysis", "landmark", money(figures.balance_minor), words="owe owes due total"),
        Hit(
            "Overdue", f"{billing}#age-analysis", "landmark", money(figures.overdue_minor) + late, words="late arrears"
        ),
        Hit("Account credit", f"{billing}#credits", "badge-minus", money(figures.credit_minor), words="unallocated"),
        Hit("In dispute", f"{billing}#age-analysis", "flag", money(figures.disputed_minor), words="disputed query"),
        Hit("Lifetime value", f"{billing}#invoices", "chart-column", money(summary.lifetime_minor), words="worth ltv"),
        Hit("Payment terms", f"{account}#details", "clock", customer.terms, words="net days"),
    ]
    if not summary.money:
        facts = facts[-1:]
    if last := summary.last:
        said = f"{money(last.amount_minor)} on {date_text(last.on, today=today)}, {last.method_name}"
        facts.insert(
            2, Hit("Last payment", reverse("receipt", args=[last.pk]), "landmark", said, words="paid pay when")
        )
    if (bill := summary.next_bill) and not bill.refused:
        said = f"{money(bill.minor)} on {date_text(bill.on, today=today)}, estimate"
        services = reverse("customer-tab", args=[customer.number, "services"])
        facts.append(Hit("Next invoice", f"{services}#next-bills", "layers", said, words="bill when coming forecast"))
    if summary.days_to_pay is not None:
        facts.append(Hit("Pays in", f"{billing}#receipts", "clock", f"{summary.days_to_pay} days", words="average dso"))
    if summary.phone:
        facts.append(Hit("Phone", f"{account}#contacts", "phone", summary.phone, words="mobile call number telephone"))
    if summary.email:
        facts.append(Hit("E-mail", f"{account}#contacts", "mail", summary.email, words="email address mail"))
    if summary.site:
        facts.append(Hit("Address", f"{account}#sites", "house", summary.site.text, words="site street location"))
    if customer.manager:
        facts.append(Hit("Account manager", f"{account}#details", "users", customer.manager.name, words="manager"))
    if customer.tax_number:
        facts.append(Hit("Tax number", f"{account}#details", "info", customer.tax_number, words="vat"))
    return facts


def _do(caller: Caller, customer: Customer) -> list[Hit]:
    return [
        Hit(action.label, action.url(customer), action.icon, key=action.key.upper(), dialog=True, words=action.words)
        for action in page.all_actions(caller, customer)
    ] + [
        Hit(
            "View statement",
            reverse("statement", args=[customer.number]),
            "file-text",
            words="statement of account pdf",
        )
    ]


def _sections(caller: Caller, customer: Customer) -> list[Hit]:
    return [
        Hit(panel.title, f"{reverse('customer-tab', args=[customer.number, tab.key])}#{panel.key}", value=tab.title,
            words=panel.words)
        for tab in page.tabs(caller)
        for panel in tab.panels
    ]  # fmt: skip


def _pages(caller: Caller) -> list[Hit]:
    hits = [
        Hit(item["label"], item["url"], item["icon"], key=f"G {item['key'].upper()}" if item["key"] else "",
            words="report ageing aged debtors" if "analysis" in item["label"] else "")
        for group in menu(caller, "")
        for item in group["items"]
    ]  # fmt: skip
    if caller.may("jobs.view"):
        hits.append(Hit("Jobs", reverse("field-jobs"), "calendar", words="activity activities work orders visits"))
    if caller.may("customers.add_customer"):
        hits.append(Hit("New customer", reverse("add-customer"), "plus", dialog=True, words="add create customer"))
    return hits


def _records(caller: Caller, text: str) -> list[Hit]:
    if len(text) < 3:
        return []
    hits: list[Hit] = []
    if caller.may("billing.view"):
        hits += [
            Hit(row.number or "", reverse("invoice", args=[row.pk]), "receipt", _value(row.total_minor, row), words="")
            for row in invoices_numbered(caller, text, EACH)
        ]
        hits += [
            Hit(row.number, reverse("item", args=[row.item_id]), "badge-minus", _value(-row.total_minor, row))
            for row in credit_notes_numbered(caller, text, EACH)
        ]
    if caller.may("payments.view"):
        hits += [
            Hit(row.number, reverse("receipt", args=[row.pk]), "landmark", _value(row.amount_minor, row))
            for row in receipts_numbered(caller, text, EACH)
        ]
    if caller.may("subscriptions.view"):
        hits += [
            Hit(row.number, reverse("show-subscription", args=[row.pk]), "layers", row.customer.name)
            for row in subscriptions_numbered(caller, text, EACH)
        ]
    if caller.may("tickets.view"):
        hits += [
            Hit(f"{row.number}, {row.subject[:60]}", TICKET.url(row), "message-square", row.customer.name)
            for row in found(caller, text, EACH)
        ]
    if caller.may("jobs.view"):
        hits += [
            Hit(f"{row.number}, {row.summary[:60]}", FIELD_JOB.url(row), "calendar", row.customer.name)
            for row in jobs_found(caller, text, EACH)
        ]
    return hits


def _value(minor: int, row: Any) -> str:
    return f"{money_text(minor, row.currency)}, {row.customer.name}"


def _customers(caller: Caller, text: str) -> list[Hit]:
    return [
        Hit(row.name, reverse("customer", args=[row.number]), "users", row.number)
        for row in search_customers(caller, text, limit=EACH + 1)
    ]
