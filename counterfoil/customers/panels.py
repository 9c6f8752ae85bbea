"""What customers offer to the customer page: details, contacts, addresses and notes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from counterfoil.customers import doors, operations, queries, reaching
from counterfoil.customers.models import Contact, Customer, CustomField, Destination, Site
from counterfoil.kernel.periods import date_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Action, Panel
from counterfoil.platform.tables import Column, Table
from counterfoil.platform.templatetags.counterfoil import phone

EDIT = Action(
    operations.change_customer, "Edit", "edit-customer", "square-pen", "e", words="edit details account", in_place=True
)
ADD_CONTACT, ADD_SITE = doors.ADD_CONTACT.action, doors.ADD_SITE.action
ADD_NOTE = doors.ADD_NOTE.action
ATTACH = Action(operations.attach_file, "Attach file", "attach-file", "paperclip", words="attach upload file document")
DEACTIVATE, REACTIVATE = doors.DEACTIVATE.action, doors.REACTIVATE.action


def _points(contact: Contact, kind: str) -> str:
    words = {"phone": phone}.get(kind, str)
    return ", ".join(words(point.value) for point in contact.points.all() if point.kind == kind)


def _roles(contact: Contact) -> str:
    return ", ".join(role.capitalize() for role in contact.roles)


CONTACTS = Table(
    key="contacts",
    title="Contacts",
    columns=(
        Column(
            "name", "Name", lambda row: row.name, sort=True, sub=lambda row: row.title,
            href=lambda row: reverse("edit-contact", args=[row.pk]), dialog=True,
        ),
        Column("roles", "Used for", _roles),
        Column("phone", "Phone", lambda row: _points(row, "phone")),
        Column("email", "E-mail", lambda row: _points(row, "email")),
        Column("state", "Status", lambda row: "" if row.active else "No longer at this customer", "badge", low=True),
    ),
    empty=("No contacts yet", "People to reach at this customer appear here."),
)  # fmt: skip

SITES = Table(
    key="sites",
    title="Addresses",
    columns=(
        Column(
            "label", "Name", lambda row: row.label, sort=True,
            href=lambda row: reverse("edit-site", args=[row.pk]), dialog=True,
        ),
        Column("address", "Address", lambda row: row.text),
        Column("purposes", "Used for", lambda row: ", ".join(purpose.capitalize() for purpose in row.purposes)),
        Column("state", "Status", lambda row: _site_state(row), "badge", low=True),
    ),
    empty=("No addresses yet", "Billing and service addresses appear here."),
)  # fmt: skip


def _site_state(site: Site) -> str:
    return "Not in use" if not site.active else "Main" if site.is_primary else ""


def _details(caller: Caller, customer: Customer) -> dict[str, Any]:
    values = queries.custom_values_of(customer)
    fields = queries.custom_fields(all_of_them=True) if values else []
    custom = [(field.label, custom_text(field, values[field.pk])) for field in fields if field.pk in values]
    return {
        "custom": custom,
        "tags": queries.tags_of(customer),
        # The parent may lie outside what the caller sees.
        "parent": queries.find_customer(caller, customer.parent_id),
    }


def custom_text(field: CustomField, text: str) -> str:
    """A custom value as people read it."""
    match field.kind:
        case "date":
            return date_text(dt.date.fromisoformat(text))
        case "yes_no":
            return text.capitalize()
    return text


def _destinations(caller: Caller, customer: Customer) -> dict[str, Any]:
    chosen = reaching.destinations_of(customer)
    usual = [address.email for address in reaching.statement_addresses(customer)]
    return {
        "kinds": [
            {"about": key, "label": label, "own": key in chosen, "addresses": chosen.get(key, usual)}
            for key, label in Destination.About.choices
        ]
    }


def _attachments(caller: Caller, customer: Customer) -> dict[str, Any]:
    return {"files": queries.attachments_of(customer)[:100]}


def _notes(caller: Caller, customer: Customer) -> dict[str, Any]:
    return {"notes": queries.notes_of(customer, debtor=False), "pinned_id": customer.pinned_note_id}


def _debtor_notes(caller: Caller, customer: Customer) -> dict[str, Any]:
    return {"notes": queries.notes_of(customer, debtor=True), "pinned_id": customer.pinned_note_id, "of_debtor": True}


DETAILS = Panel(
    "details", "Account details", "customers.view", _details, template="customers/panels/details.html",
    actions=(EDIT,), words="name number terms tax vat manager joined group tags custom fields", queries=5,
)  # fmt: skip
CONTACTS_PANEL = Panel(
    "contacts", "Contacts", "customers.view", lambda caller, customer: queries.contacts_of(customer), table=CONTACTS,
    actions=(ADD_CONTACT,), words="people phone email", queries=2,
)  # fmt: skip
SITES_PANEL = Panel(
    "sites", "Addresses", "customers.view", lambda caller, customer: queries.sites_of(customer), table=SITES,
    actions=(ADD_SITE,), words="sites additional addresses location", queries=1,
)  # fmt: skip
NOTES = Panel(
    "notes", "Notes", "customers.view", _notes, template="customers/panels/notes.html", actions=(ADD_NOTE,),
    note=lambda caller, customer: "staff only", words="comments", queries=1,
)  # fmt: skip
DEBTOR_NOTES = Panel(
    "debtor-notes", "Debtor notes", "customers.view", _debtor_notes, template="customers/panels/notes.html",
    note=lambda caller, customer: "staff only", words="debtor notes arrears", queries=1,
)  # fmt: skip
DESTINATIONS = Panel(
    "destinations", "Notification settings", "customers.view", _destinations,
    template="customers/panels/destinations.html", words="where messages go delivered email sms settings", queries=3,
    note=lambda caller, customer: "where each kind of message goes",
)  # fmt: skip
ATTACHMENTS = Panel(
    "attachments", "Attachments", "customers.view", _attachments, template="customers/panels/attachments.html",
    actions=(ATTACH,), words="files documents photos mandate survey job card aod letter upload", queries=1,
)  # fmt: skip
