"""Every write about subscriptions: what a customer has changes here, and each change is one tracked record."""

from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.subscriptions import queries
from counterfoil.subscriptions.operations.beginning import (
    add_services,
    set_up_subscriptions,
    start_subscription,
    take_over_services,
)
from counterfoil.subscriptions.operations.changing import (
    change_services,
    do_scheduled_action,
    fail_scheduled_action,
    refuse_own_prices,
    remove_services,
    reprice_services,
    run_due_actions,
    withdraw_action,
)
from counterfoil.subscriptions.operations.coupons import take_coupon
from counterfoil.subscriptions.operations.moving import change_account
from counterfoil.subscriptions.operations.setting_up import follow_start
from counterfoil.subscriptions.operations.shared import NewService, NewTerm, look_again, refresh_due
from counterfoil.subscriptions.operations.terms import add_one_time_charge, amend_terms, drop_one_time_charge

__all__ = [
    "follow_start",
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
    "refuse_own_prices",
    "reprice_services",
    "run_due_actions",
    "set_up_subscriptions",
    "start_subscription",
    "take_coupon",
    "take_over_services",
    "withdraw_action",
]


def keeps_open(customer: Customer) -> str:
    """Why an account stays open: services of it go on."""
    if queries.has_live_services(customer):
        return f"{customer.number} has services that go on. Remove them first, or change their account."
    return ""


def keeps_tax(product: Product) -> str:
    """Why the prices of a product stay with tax or without: somebody has it."""
    return "There are services of it" if queries.has_services(product) else ""
