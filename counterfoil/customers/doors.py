"""How people meet what is done to customers, where a form needs nothing of its own."""

from __future__ import annotations

from typing import Any

from counterfoil.customers import operations
from counterfoil.customers.models import Contact, Customer, Destination, Site
from counterfoil.customers.nouns import ATTACHMENT, CONTACT, CUSTOMER, NOTE, SITE
from counterfoil.customers.reaching import destinations_of
from counterfoil.operator.queries import lookups
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved, VersionedForm
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says

_CONTACT = {
    "name": Says(most=300), "title": Says("Position", most=80, optional=True), "emails": Says("E-mail addresses"),
    "phones": Says("Phone numbers"), "roles": Says("Used for"), "active": Says("Still at this customer"),
    "also_for": Says(
        "Also use for", "These go to their own addresses. Tick those to update too."
    ),
}  # fmt: skip
_ORDER = ("name", "title", "emails", "phones", "roles")
_SITE = {
    "label": Says("Name of the address", most=60), "city": Says(most=80, optional=True),
    "postcode": Says(most=16, optional=True), "country": Says(most=60, optional=True),
    "purposes": Says("Used for"), "is_primary": Says("Main address"), "active": Says("In use"),
}  # fmt: skip


def _roles(caller: Caller, row: Any) -> list[tuple[str, str]]:
    return [(role, role.capitalize()) for role in Contact.ROLES]


def _purposes(caller: Caller, row: Any) -> list[tuple[str, str]]:
    return [(purpose, purpose.capitalize()) for purpose in Site.PURPOSES]


def _also_for(caller: Caller, row: Contact) -> list[tuple[str, str]] | None:
    names = dict(Destination.About.choices)
    apart = destinations_of(row.customer)
    return [(key, f"{names[key]}, now {', '.join(at)}") for key, at in apart.items()] or None


def _points(row: Contact, kind: str) -> list[str]:
    return [point.value for point in row.points.all() if point.kind == kind]


def _reached(caller: Caller, row: Contact) -> dict[str, Any]:
    return {
        "emails": _points(row, "email"), "phones": _points(row, "phone"),
        "also_for": list(destinations_of(row.customer)),
    }  # fmt: skip


def _saved(made: Contact, before: Contact) -> Saved:
    # Nobody need remember: what still goes to an address that is gone from here is said.
    gone = {*_points(before, "email")} - {*made.points.filter(kind="email").values_list("value", flat=True)}
    names = dict(Destination.About.choices)
    stale = [
        f"{names[about]} still go to {email}."
        for about, emails in destinations_of(made.customer).items()
        for email in emails
        if email in gone
    ]
    return Saved(" ".join([f"{made.name} saved.", *stale]), CONTACT.home(made))


def _note_types(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [(None, "None"), *((one, one.name) for one in lookups("note_type", caller.today))]


ADD_NOTE = Door(
    operations.add_note, CUSTOMER, "note", "Add note", name="add-note", icon="sticky-note", key="n",
    words="add note comment debtor notes",
    done=lambda note, _: "Note added.",
    fields={
        "text": Says("Note", "Visible to staff only."),
        "pin": Says("Pin to the account page"),
    },
    offers={"note_type": _note_types}, order=("text", "note_type", "pin"),
)  # fmt: skip
ADD_CONTACT = Door(
    operations.add_contact, CUSTOMER, "contact", "Add contact", caption="Add contact", icon="users",
    words="add contact person", fields={**_CONTACT, "emails": Says("E-mail addresses", "One per line.")}, order=_ORDER,
    offers={"roles": _roles}, done=lambda made, _: Saved(f"{made.name} added.", CONTACT.home(made)),
)  # fmt: skip
EDIT_CONTACT = Door(
    operations.change_contact, CONTACT, "edit", "Save", name="edit-contact", caption="Edit contact",
    about=lambda row: row.customer.name, form=VersionedForm, fields=_CONTACT, order=(*_ORDER, "active", "also_for"),
    offers={"roles": _roles, "also_for": _also_for}, start=_reached, done=_saved,
    asks={
        "name": Says(autocomplete="name"), "title": Says(), "phones": Says("Phone numbers", "One per line."),
        "emails": Says("E-mail addresses", "One per line. The address you sign in with stays as it is."),
    },
)  # fmt: skip
ADD_SITE = Door(
    operations.add_site, CUSTOMER, "address", "Add address", caption="Add address", icon="house",
    words="add address site location", fields=_SITE, offers={"purposes": _purposes},
    done=lambda made, _: Saved(f"Address {made.label} added.", SITE.home(made)),
)  # fmt: skip
EDIT_SITE = Door(
    operations.change_site, SITE, "edit", "Save", name="edit-site", caption="Edit address",
    about=lambda row: row.customer.name, form=VersionedForm, fields=_SITE, offers={"purposes": _purposes},
    done=lambda made, _: Saved(f"Address {made.label} saved.", SITE.home(made)),
    asks={
        "street": Says(autocomplete="street-address"), "city": Says(autocomplete="off"),
        "postcode": Says(autocomplete="off"),
    },
)  # fmt: skip
PIN_NOTE = Door(
    operations.pin_note, NOTE, "pin", "Pin", at_once=True,
    given={
        "customer": lambda caller, row: row.customer,
        "note": lambda caller, row: None if row.customer.pinned_note_id == row.pk else row,
    },
    done=lambda made, _: "Note pinned." if made.pinned_note_id else "Note unpinned.",
)  # fmt: skip
DEACTIVATE = Door(
    operations.deactivate_customer, CUSTOMER, "deactivate", "Make inactive", name="deactivate",
    caption="Make inactive", icon="ban", danger=True, words="deactivate close inactive",
    offered=lambda row, day: row.status == Customer.Status.ACTIVE,
    done=lambda row, _: f"{row.name} is inactive.",
)  # fmt: skip
REACTIVATE = Door(
    operations.reactivate_customer, CUSTOMER, "reactivate", "Make active", name="reactivate", caption="Make active",
    icon="check", words="reactivate open active",
    offered=lambda row, day: row.status == Customer.Status.INACTIVE, done=lambda row, _: f"{row.name} is active.",
)  # fmt: skip
REMOVE_ATTACHMENT = Door(
    operations.remove_attachment, ATTACHMENT, "remove", "Remove", name="remove-attachment", danger=True,
    about=lambda row: row.name,
    done=lambda row, _: f"{row.name} removed.",
)  # fmt: skip
PLACE_HOLD = Door(
    operations.place_credit_hold, CUSTOMER, "credit-hold", "Place hold", icon="ban", words="credit hold block risk",
    offered=lambda row, day: row.status == "active" and not row.held_on(day),
    done=lambda row, _: f"{row.name} gets no new services until the hold is over.",
)  # fmt: skip
LIFT_HOLD = Door(
    operations.lift_credit_hold, CUSTOMER, "lift-hold", "Lift hold", icon="check", words="credit hold release",
    offered=lambda row, day: row.held_on(day),
    about=lambda row: f"{row.name}: {row.hold_reason}", done=lambda row, _: f"{row.name} can have new services again.",
)  # fmt: skip
