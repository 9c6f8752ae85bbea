"""Every write about subscriptions: what a customer has changes here, and each change is one tracked record."""

from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import TAX_KEPT_BY
from counterfoil.customers.models import Customer
from counterfoil.customers.operations.shared import KEPT_OPEN_BY
from counterfoil.subscriptions import queries
from counterfoil.subscriptions.operations.beginning import add_services, set_up_subscriptions, start_subscription
from counterfoil.subscriptions.operations.changing import (
    change_services,
    do_scheduled_action,
    fail_scheduled_action,
    remove_services,
    reprice_services,
    run_due_actions,
    withdraw_action,
)
from counterfoil.subscriptions.operations.coupons import take_coupon
from counterfoil.subscriptions.operations.moving import change_account
from counterfoil.subscriptions.operations.shared import NewService, NewTerm, look_again, refresh_due
from counterfoil.subscriptions.operations.terms import add_one_time_charge, amend_terms, drop_one_time_charge

__all__ = [
    "NewService",
    "NewTerm",
    "add_one_time_charge",
    "add_services",
    "amend_terms",
    "change_account",
    "change_services",
    "do_scheduled_action",
    "drop_one_time_charge",
    "fail_scheduled_action",
    "look_again",
    "refresh_due",
    "remove_services",
    "reprice_services",
    "run_due_actions",
    "set_up_subscriptions",
    "start_subscription",
    "take_coupon",
    "withdraw_action",
]


def _services_go_on(customer: Customer) -> str:
    if queries.has_live_services(customer):
        return f"{customer.number} has services that go on. Remove them first, or change their account."
    return ""


def _somebody_has_it(product: Product) -> str:
    return "There are services of it" if queries.has_services(product) else ""


KEPT_OPEN_BY.append(_services_go_on)
TAX_KEPT_BY.append(_somebody_has_it)
