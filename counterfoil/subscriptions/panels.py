"""What subscriptions offer to the customer page: services, package changes, one-time charges to come."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.kernel.periods import date_text
from counterfoil.operator.queries import without_tax
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Action, Panel
from counterfoil.platform.tables import Column, Table
from counterfoil.subscriptions import operations, queries
from counterfoil.subscriptions.nouns import ONE_TIME_CHARGE, SERVICE_ACTION

NEW_SUBSCRIPTION = Action(
    operations.start_subscription, "New subscription", "new-subscription", "plus",
    shown=lambda customer, day: customer.status == "active" and not customer.held_on(day),
    words="add package service subscribe sign up",
)  # fmt: skip
ONE_TIME = Action(
    operations.add_one_time_charge, "Add one-time charge", "one-time-charge", "tag", words="installation call-out once"
)

_TONES = {"done": "ok", "scheduled": "info", "failed": "bad"}

PACKAGE_CHANGES = Table(
    key="package-changes",
    title="Package changes",
    columns=(
        Column("on", "From", lambda row: row.on, "date", sort="on"),
        Column("service", "Service", lambda row: str(row.service), href=SERVICE_ACTION.url),
        Column("kind", "What", lambda row: row.get_kind_display(), sort="kind"),
        Column("before", "Previous", lambda row: row.before, low=True),
        Column("after", "New", lambda row: row.after, low=True),
        Column("state", "Status", lambda row: row.get_state_display(), "badge",
               tone=lambda row: _TONES.get(row.state, "")),
        Column("by", "Asked by", lambda row: row.asked_by, sub=lambda row: date_text(row.asked_at.date()), low=True),
        Column("why", "Why", lambda row: row.failure or row.reason, low=True),
        Column(
            "withdraw", "Withdraw", lambda row: "Withdraw" if row.state == "scheduled" else "", dialog=True,
               href=lambda row: reverse("withdraw-action", args=[row.pk]) if row.state == "scheduled" else ""),
    ),
    order="-on",
    empty=("No changes yet", "Every package change is here: who, when, from, to."),
)  # fmt: skip

ONE_TIME_CHARGES = Table(
    key="one-time-charges",
    title="One-time charges on the next bill",
    columns=(
        Column("on", "From", lambda row: row.on, "date", sort="on"),
        Column("text", "For", lambda row: row.text, sort="text", href=ONE_TIME_CHARGE.url),
        Column(
            "price",
            "Price",
            lambda row: f"{row.price:,.2f}",
            sub=lambda row: "" if row.prices_include_tax else row.excl,
        ),
        Column("quantity", "Quantity", lambda row: f"{row.quantity.normalize():f}", low=True),
        Column("by", "By", lambda row: row.asked_by, low=True),
    ),
    order="on",
    empty=("No one-time charges waiting", "What is charged once appears here until it is billed."),
)


def _services(caller: Caller, customer: Customer) -> dict[str, Any]:
    groups = queries.grouped(queries.service_rows(customer, caller.today))
    incl, excl = sum(group.incl_minor for group in groups), sum(group.excl_minor for group in groups)
    rows = [row for group in groups for row in group.rows]
    priced_without = any(not row.service.product.prices_include_tax for row in rows)
    return {
        "groups": groups, "excl": without_tax() if priced_without else "",
        "sums": {"incl_minor": incl, "excl_minor": excl},
        "metered": any(row.service.product.kind == Product.Kind.USAGE for row in rows),
    }  # fmt: skip


SERVICES_PANEL = Panel(
    "services", "Services", "subscriptions.view", _services, template="subscriptions/panels/services.html",
    actions=(NEW_SUBSCRIPTION,), words="packages data packages voip lines equipment", queries=8,
)  # fmt: skip
# What they have and what it is a month, without what can be done about it.
HAVE_PANEL = Panel(
    "what-they-have", "Services", "subscriptions.view", _services, template="subscriptions/panels/have.html",
    actions=(NEW_SUBSCRIPTION,), words="packages a month pays", queries=8,
)  # fmt: skip
CHANGES_PANEL = Panel(
    "package-changes", "Package changes", "subscriptions.view",
    lambda caller, customer: queries.actions_of(customer), table=PACKAGE_CHANGES,
    words="upgrade downgrade history scheduled", queries=4,
)  # fmt: skip
ONE_TIME_PANEL = Panel(
    "one-time-charges", "One-time charges on the next bill", "subscriptions.view",
    lambda caller, customer: queries.one_time_of(customer), table=ONE_TIME_CHARGES, actions=(ONE_TIME,),
    words="installation call-out penalty", queries=4,
)  # fmt: skip
