"""What there is to read about subscriptions."""

from __future__ import annotations

from counterfoil.platform.showing import Noun
from counterfoil.subscriptions.models import OneTimeCharge, Service, ServiceAction, Subscription

SUBSCRIPTION = Noun(
    Subscription, path="subscriptions", sees="subscriptions.view", related=("customer", "site"),
    section="services",
    shows=("customer", "number", "site", "currency", "started_on", "next_bill_on"),
    parts={"services": ("id", "product", "label", "added_on", "ended_on", "end")},
)  # fmt: skip
SERVICE = Noun(
    Service, path="services", sees="subscriptions.view", related=("subscription", "product"),
    whose=("subscription", "customer"), section="services",
    one=lambda rows: rows.select_related("subscription__customer", "subscription__site"),
    shows=("subscription", "product", "label", "within", "added_on", "ended_on", "end", "taken_over_on"),
    parts={"spans": ("starts", "ends", "state", "product", "quantity", "price", "percent_off")},
)  # fmt: skip
SERVICE_ACTION = Noun(
    ServiceAction, path="service-actions", sees="subscriptions.view", called=("action",),
    related=("service", "product"),
    whose=("service", "subscription", "customer"), section="services#package-changes",
    word="package change", title=lambda row: f"{row.get_kind_display()}: {row.service}",
    one=lambda rows: rows.select_related("service__subscription__customer", "service__product"),
    shows=(
        "service", "kind", "state", "on", "until", "product", "quantity", "price", "percent_off", "reason",
        "asked_by", "asked_at", "done_at", "failure",
    ),
)  # fmt: skip
ONE_TIME_CHARGE = Noun(
    OneTimeCharge, path="one-time-charges", sees="subscriptions.view", called=("charge",),
    related=("subscription", "set_up_of"),
    whose=("subscription", "customer"), section="services#one-time-charges",
    one=lambda rows: rows.select_related("subscription__customer"),
    shows=(
        "subscription", "on", "text", "quantity", "price", "tax_code", "prices_include_tax", "billed_on", "dropped",
        "asked_by", "set_up_of",
    ),
)  # fmt: skip
