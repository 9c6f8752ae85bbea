"""Coming up: what happens next to a customer by itself, in the order of its days, from whichever app it comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Exists
from django.urls import reverse

from counterfoil.billing.forecast import NextBill
from counterfoil.billing.queries import recurring_of, recurs
from counterfoil.customers.models import Customer
from counterfoil.jobs.nouns import FIELD_JOB
from counterfoil.jobs.queries import coming_visits, local_day
from counterfoil.platform.callers import Caller
from counterfoil.receivables.rules import ItemState
from counterfoil.subscriptions.coming import actions_to_come, contracts_of
from counterfoil.subscriptions.models import ServiceAction
from counterfoil.subscriptions.queries import subscriptions_of
from counterfoil.suspension.queries import at_hand

# What falls due and what is billed are shown each up to so many; the whole up to twice that.
_OF_EACH = 4
_THIS_YEAR = 300


@dataclass(frozen=True)
class Coming:
    """Something that happens on a day: in words, where it is, and its amount in minor units where it has one."""

    on: dt.date
    what: str
    url: str
    minor: int | None = None
    # So far away that the day alone could be taken for one of this year.
    is_far: bool = False


def coming_up(
    caller: Caller, customer: Customer, items: Sequence[ItemState], bills: Sequence[NextBill]
) -> list[Coming]:
    """What is due, billed, changed or over next, as far as the caller may see it."""
    number, today = customer.number, caller.today
    services, billing = (reverse("customer-tab", args=[number, tab]) for tab in ("services", "billing"))
    due = [item for item in items if item.is_debit and item.due_on >= today]
    found = [
        Coming(item.due_on, f"{item.number} due", reverse("item", args=[item.id]), item.open_minor)
        for item in due[:_OF_EACH]
    ]
    found += [
        Coming(bill.on, "Bill cannot be made" if bill.refused else "Bill", f"{services}#next-bills",
               None if bill.refused else bill.minor)
        for bill in bills[:_OF_EACH]
    ]  # fmt: skip
    if caller.may("billing.view"):
        found += [
            Coming(row.next_on, "Draft invoice", f"{billing}#recurring-invoices", row.invoice.total_minor)
            for row in recurring_of(customer)
            if row.next_on and recurs(row)
        ]
    # What most customers have none of is not read at all.
    has_any = Customer.objects.filter(pk=customer.pk).values_list(
        Exists(subscriptions_of(customer)), Exists(coming_visits(customer, caller.now))
    )
    ((subscribes, is_visited),) = has_any
    if caller.may("subscriptions.view") and subscribes:
        found += [Coming(row.on, action_words(row), f"{services}#package-changes") for row in actions_to_come(customer)]
        found += [
            Coming(term.contract_ends, f"{term.subscription.number} contract ends", services)
            for term in contracts_of(customer, today) if term.contract_ends is not None
        ]  # fmt: skip
    if caller.may("jobs.view") and is_visited:
        found += [
            Coming(local_day(row.visit[0]), f"Visit, {row.job_type}", FIELD_JOB.url(row))
            for row in coming_visits(customer, caller.now)[:_OF_EACH]
        ]
    if (
        caller.may("suspension.view")
        and (row := at_hand(customer).row)
        and (on := at_hand(customer).suspends_on(today))
    ):
        place = f"{reverse('customer-tab', args=[number, 'collections'])}#suspension"
        found.append(Coming(on, "Suspended if unpaid", place, row.amount_minor))
    # The order of what is on one day is that of the list: first what is to be paid.
    soon = sorted(found, key=lambda row: row.on)[: 2 * _OF_EACH]
    return [replace(row, is_far=(row.on - today).days > _THIS_YEAR) for row in soon]


_WORDS = {
    ServiceAction.Kind.ADD: "{} starts", ServiceAction.Kind.START: "{} starts", ServiceAction.Kind.STOP: "{} suspended",
    ServiceAction.Kind.REST: "{} paused", ServiceAction.Kind.END_REST: "{} resumes",
    ServiceAction.Kind.QUANTITY: "{}: other quantity", ServiceAction.Kind.PRICE: "{}: other price",
    ServiceAction.Kind.DISCOUNT: "{}: discount", ServiceAction.Kind.CANCEL: "{} ends",
    ServiceAction.Kind.REGRET: "{} ends", ServiceAction.Kind.UNDO: "{} ends",
    ServiceAction.Kind.MOVE: "{} moves to another account",
}  # fmt: skip


def action_words(row: ServiceAction) -> str:
    """What a scheduled change does, in a few words."""
    if row.kind == ServiceAction.Kind.SWAP and row.product:
        return f"{row.service} becomes {row.product}"
    return _WORDS[ServiceAction.Kind(row.kind)].format(row.service)
