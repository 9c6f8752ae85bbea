"""Every write about customers and what is known of them."""

from counterfoil.customers.operations.account import (
    NewCustomer,
    add_customer,
    add_customers,
    change_customer,
    deactivate_customer,
    reactivate_customer,
)
from counterfoil.customers.operations.attachments import attach_file, remove_attachment, set_thumbnail, write_attachment
from counterfoil.customers.operations.destinations import set_destinations
from counterfoil.customers.operations.fields import save_custom_field, set_custom_values, set_tags
from counterfoil.customers.operations.holds import lift_credit_hold, place_credit_hold
from counterfoil.customers.operations.merging import absorb_customer, erase_person
from counterfoil.customers.operations.notes import add_note, pin_note
from counterfoil.customers.operations.people import add_contact, add_site, change_contact, change_site

__all__ = [
    "NewCustomer",
    "absorb_customer",
    "attach_file",
    "erase_person",
    "remove_attachment",
    "set_thumbnail",
    "write_attachment",
    "save_custom_field",
    "set_custom_values",
    "set_destinations",
    "set_tags",
    "add_contact",
    "add_customer",
    "add_customers",
    "add_note",
    "add_site",
    "change_contact",
    "change_customer",
    "change_site",
    "deactivate_customer",
    "lift_credit_hold",
    "place_credit_hold",
    "pin_note",
    "reactivate_customer",
]
