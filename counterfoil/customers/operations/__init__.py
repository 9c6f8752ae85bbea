"""Every write about customers, their contacts, addresses and notes."""

from counterfoil.customers.operations.account import (
    NewCustomer,
    add_customer,
    add_customers,
    change_customer,
    deactivate_customer,
    reactivate_customer,
)
from counterfoil.customers.operations.notes import add_note, pin_note
from counterfoil.customers.operations.people import add_contact, add_site, change_contact, change_site

__all__ = [
    "NewCustomer",
    "add_contact",
    "add_customer",
    "add_customers",
    "add_note",
    "add_site",
    "change_contact",
    "change_customer",
    "change_site",
    "deactivate_customer",
    "pin_note",
    "reactivate_customer",
]
