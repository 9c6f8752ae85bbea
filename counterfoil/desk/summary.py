"""The header of a customer: seven figures and what needs attention. Each figure has one definition, in its own app."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse

from counterfoil.billing.forecast import NextBill, next_bills
from counterfoil.billing.queries import invoices_of, lifetime_value
from counterfoil.customers.models import Contact, Customer, Site
from counterfoil.customers.queries import contacts_of, sites_of
from counterfoil.desk.coming import Coming, coming_up
from counterfoil.jobs.queries import times_of_open_jobs
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text, deadline_text
from counterfoil.messaging.queries import undelivered
from counterfoil.network.nouns import online
from counterfoil.network.queries import last_sessions_of
from counterfoil.payments.models import Receipt
from counterfoil.payments.queries import last_receipt, reversed_since
from counterfoil.platform.approvals import waiting_of
from counterfoil.platform.callers import Caller
from counterfoil.receivables.lists import open_disputes_of
from counterfoil.receivables.panels import read_items
from counterfoil.receivables.queries import Figures, days_to_pay, figures
from counterfoil.suspension.models import Suspension
from counterfoil.suspension.queries import at_hand

_RECENT = dt.timedelta(days=30)


@dataclass(frozen=True)
class Attention:
    """What is not normal: what, why, and the one link."""

    icon: str
    tone: str
    what: str
    why: str
    link: str
    url: str


@dataclass(frozen=True)
class Connection:
    """Whether the line is up, in words with their tone, and since when; or why that is not known."""

    words: str
    tone: str = ""
    since: dt.datetime | None = None
    why: str = ""


@dataclass(frozen=True)
class Summary:
    """What the header and the side column show, on every tab."""

    figures: Figures
    lifetime_minor: int
    days_to_pay: int | None
    last: Receipt | None
    attention: list[Attention]
    contacts: list[Contact]
    # Where the service is, and where documents go; the same for most.
    site: Site | None
    billing_site: Site | None
    coming: list[Coming]
    # The bills to come as far as they are shown; none to who may not see bills.
    bills: list[NextBill]
    # None to who may not see the network; and the times of jobs that are not over, None for those without one.
    connection: Connection | None
    jobs: list[dt.datetime | None] | None
    # Whether this person may see what is owed at all.
    money: bool

    @property
    def primary(self) -> Contact | None:
        return self.contacts[0] if self.contacts else None

    @property
    def phone(self) -> str:
        return _point(self.primary, "phone")

    @property
    def email(self) -> str:
        return _point(self.primary, "email")

    @property
    def next_bill(self) -> NextBill | None:
        return self.bills[0] if self.bills else None


def _point(contact: Contact | None, kind: str) -> str:
    points = contact.points.all() if contact else ()
    return next((point.value for point in points if point.kind == kind), "")


def _site(sites: list[Site], purpose: str) -> Site | None:
    """The address for a purpose, else the primary one."""
    return next((site for site in sites if purpose in site.purposes), sites[0] if sites else None)


def summary_of(caller: Caller, customer: Customer) -> Summary:
    """Everything the header says, read once."""
    today, money = caller.today, caller.may("receivables.view")
    items = read_items(customer, today) if money else []
    found = figures(customer, today, items)
    contacts = [contact for contact in contacts_of(customer) if contact.active]
    sites = [site for site in sites_of(customer) if site.active]
    bills = next_bills(customer, today, 3) if caller.may("billing.view") and customer.status == "active" else []
    return Summary(
        figures=found,
        lifetime_minor=lifetime_value(customer, today) if caller.may("billing.view") else 0,
        days_to_pay=days_to_pay(customer, today) if money else None,
        last=last_receipt(customer, today) if caller.may("payments.view") else None,
        attention=_attention(caller, customer, found, contacts),
        contacts=contacts,
        site=_site(sites, "service"),
        billing_site=_site(sites, "billing"),
        coming=coming_up(caller, customer, items, bills),
        bills=bills,
        connection=_connection(customer) if caller.may("network.view") else None,
        jobs=times_of_open_jobs(customer) if caller.may("jobs.view") else None,
        money=money,
    )


def _connection(customer: Customer) -> Connection:
    """By the sessions of the access accounts in use, of which most customers have one."""
    rows = last_sessions_of(customer)
    if rows is None:
        return Connection("None", why="No network access")
    if not rows:
        return Connection("Offline", why="No session yet")
    there = next((row for row in rows if row.ended_at is None and not row.is_cut), None)
    if there is None:
        return Connection("Offline", "bad", rows[0].ended_at or rows[0].cut_at)
    words, tone = online(there)
    return Connection(words, tone, there.started_at)


def _suspension(row: Suspension, on: dt.date | None, number: str, today: dt.date) -> list[Attention]:
    """That the service is off, or when it will be, and what is overdue."""
    amount = money_text(row.amount_minor, row.currency)
    place = f"{reverse('customer-tab', args=[number, 'collections'])}#suspension"
    if row.state in ("suspended", "paused") and row.suspended_on is not None:
        what = f"Suspended since {date_text(row.suspended_on, today=today)}"
        if row.paused_until is not None:
            what = f"Suspension paused up to {deadline_text(row.paused_until - dt.timedelta(days=1), today=today)}"
            ending = reverse("end-suspension", args=[number])
            return [Attention("ban", "amber", what, f"{amount} is overdue.", "End the suspension", ending)]
        switch_on = reverse("reset-suspension", args=[number])
        return [Attention("ban", "red", what, f"{amount} is overdue.", "Switch on again", switch_on)]
    if on is not None:
        what = f"Suspends {deadline_text(on, today=today)} if unpaid"
        return [Attention("ban", "amber", what, f"{amount} is overdue.", "Suspension", place)]
    return [Attention("ban", "amber", "Listed for suspension", f"{amount} is overdue.", "Suspension", place)]


def _attention(caller: Caller, customer: Customer, found: Figures, contacts: list[Contact]) -> list[Attention]:
    """In order of weight; the header shows three and counts the rest."""
    today, currency, number = caller.today, customer.currency, customer.number
    lines = []
    if customer.status != "active":
        lines.append(
            Attention("ban", "red", "This account is inactive", "Kept with all its history.", "Audit trail",
                      f"{reverse('customer-tab', args=[number, 'account'])}#audit")
        )  # fmt: skip
    if caller.may("suspension.view") and (row := at_hand(customer).row) is not None:
        lines += _suspension(row, at_hand(customer).suspends_on(today), number, today)
    for reversal in () if not caller.may("payments.view") else reversed_since(customer, today - _RECENT):
        receipt = reversal.receipt
        lines.append(
            Attention("triangle-alert", "red", f"Payment of {money_text(receipt.amount_minor, currency)} bounced",
                      f"{receipt.number} on {date_text(reversal.on, today=today)}: {reversal.reason}.", "Payment",
                      reverse("receipt", args=[receipt.pk]))
        )  # fmt: skip
    if caller.may("platform.view"):
        lines += [
            Attention("clock", "amber", "Waits for approval", f"{row.label}, asked for by {row.asked_by}.", "Request",
                      reverse("approval", args=[row.pk]))
            for row in waiting_of(caller, customer.pk)
        ]  # fmt: skip
    for dispute in open_disputes_of(customer) if caller.may("receivables.view") else ():
        # What is settled is in no figure any more; somebody still has to say how it ended.
        left = min(dispute.amount_minor, dispute.item.open_minor)
        said = f"{money_text(left, currency)} in dispute on" if left else "Still in dispute, though settled:"
        lines.append(
            Attention("flag", "amber", f"{said} {dispute.item.number}",
                      f"{dispute.reason}, since {date_text(dispute.opened_on, today=today)}.", "Resolve",
                      reverse("item", args=[dispute.item_id]))
        )  # fmt: skip
    free = found.credit_minor - found.set_aside_minor
    if free and found.total_due_minor:
        lines.append(
            Attention("link", "amber", f"{money_text(free, currency)} of credit is not allocated",
                      "Invoices are open beside it.", "Allocate", reverse("allocate-oldest", args=[number]))
        )  # fmt: skip
    for delivery in undelivered(caller, caller.now - _RECENT, customer)[:2] if caller.may("messaging.view") else ():
        lines.append(
            Attention("mail", "red", f"“{delivery.message.subject}” was not delivered", f"To {delivery.address}.",
                      "Message", reverse("message", args=[delivery.message_id]))
        )  # fmt: skip
    drafts = invoices_of(customer)[:50] if caller.may("billing.view") else ()
    waiting = sum(1 for invoice in drafts if invoice.number is None)
    if waiting:
        said = "A draft invoice waits" if waiting == 1 else f"{waiting} draft invoices wait"
        lines.append(
            Attention("receipt", "sub", f"{said} to be issued", "Not yet in the balance.", "Invoices",
                      f"{reverse('customer-tab', args=[number, 'billing'])}#invoices")
        )  # fmt: skip
    if not any(_point(contact, "email") for contact in contacts):
        lines.append(
            Attention("mail", "sub", "No e-mail address for statements", "Statements cannot be sent.", "Contacts",
                      f"{reverse('customer-tab', args=[number, 'account'])}#contacts")
        )  # fmt: skip
    return lines
