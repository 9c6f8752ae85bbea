"""Customers who came in before and are different in the file now: what differs, and taking it over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.operations import add_contact, change_contact, change_customer
from counterfoil.customers.queries import contacts_of_many
from counterfoil.imports.rules import Record
from counterfoil.platform.operations import Operation

# What the file may say of a customer, and what it is called in a sentence.
_FIELDS = ("name", "tax_number", "group", "kind", "billing_type", "terms_days")
_WORDS = {"tax_number": "tax number", "billing_type": "type", "terms_days": "terms", "terms_rule": "terms",
          "emails": "e-mail address",
          "phones": "telephone"}  # fmt: skip


@dataclass(frozen=True)
class Different:
    """A customer and what the file says of them that is not so here."""

    customer: Customer
    contact: Contact | None
    changes: dict[str, Any]
    # Those of the contact: e-mail addresses and telephone numbers.
    reach: dict[str, Any]

    @property
    def said(self) -> str:
        """`K1: telephone is different in the file`."""
        names = dict.fromkeys(_WORDS.get(name, name) for name in (*self.changes, *self.reach))
        return f"{', '.join(names)} of {self.customer.number} {'are' if len(names) > 1 else 'is'} different in the file"


def differences(records: Sequence[Record], ids: dict[str, int]) -> Iterator[Different]:
    """Of these customers, by the id that each key of the file has here, those whom the file tells otherwise.

    What the file leaves blank is no difference.
    """
    rows = Customer.objects.in_bulk([ids[record.key] for record in records])
    contacts: dict[int, Contact] = {}
    for one in contacts_of_many(rows):
        contacts.setdefault(one.customer_id, one)
    for record in records:
        row = rows[ids[record.key]]
        contact: Contact | None = contacts.get(row.pk)
        changes = {
            name: value for name in _FIELDS
            if (value := record.values[name]) not in ("", None) and value != getattr(row, name)
        }  # fmt: skip
        # A file knows terms in days only.
        if record.values["terms_days"] is not None and row.terms_rule != "days":
            changes |= {"terms_days": record.values["terms_days"], "terms_rule": "days"}
        points = list(contact.points.all()) if contact else []
        reach = {
            name: list(value)
            for name, kind in (("emails", "email"), ("phones", "phone"))
            if (value := record.more[name]) and set(value) != {point.value for point in points if point.kind == kind}
        }
        # Who was merged or forgotten is told by the account they are now.
        if (changes or reach) and row.status not in ("merged", "erased"):
            yield Different(row, contact, changes, reach)


def take(op: Operation, found: Different) -> None:
    """What is here is as the file says from now on."""
    if found.changes:
        change_customer(op, customer=found.customer, version=found.customer.version, changes=found.changes)
    if found.reach and found.contact is not None:
        change_contact(op, contact=found.contact, version=found.contact.version, changes=found.reach)
    elif found.reach:
        add_contact(op, customer=found.customer, name=found.customer.name, roles=["primary", "billing", "statements"],
                    **found.reach)  # fmt: skip
