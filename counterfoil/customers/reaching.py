"""Where messages to customers go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from counterfoil.customers.models import Contact, ContactPoint, Customer, Destination
from counterfoil.customers.queries import contacts_of, contacts_of_many
from counterfoil.platform.bulk import among


@dataclass(frozen=True)
class Address:
    """An e-mail address of a customer, whose it is and what for."""

    email: str
    name: str
    role: str


# Whose addresses messages about money go to, the first that there are; and those about what is late.
_MONEY_ROLES = ("statements", "billing", "primary")
_LATE_ROLES = ("collections", "billing", "statements", "primary")


def _roles(about: str) -> tuple[str, ...]:
    return _LATE_ROLES if about == Destination.About.REMINDER else _MONEY_ROLES


def statement_addresses(customer: Customer) -> list[Address]:
    """Where statements go: contacts for statements, else for billing, else the primary contact."""
    return _by_role(contacts_of(customer), _MONEY_ROLES)


def _by_role(contacts: Sequence[Contact], roles: Sequence[str]) -> list[Address]:
    for role in roles:
        found = [
            Address(point.value, contact.name, role)
            for contact in contacts
            if contact.active and role in contact.roles
            for point in contact.points.all()
            if point.kind == "email"
        ]
        if found:
            return list({address.email.casefold(): address for address in found}.values())
    return []


def addresses_for(customer: Customer, about: str) -> list[Address]:
    """Where a kind of message goes: its own destinations, else the contacts for statements, billing, or anything."""
    return addresses_of([customer.pk], about)[customer.pk]


def whose_address(email: str) -> list[Customer]:
    """The customers that an e-mail address is known of, each once: of a contact, or where messages to them go.

    What was merged is the account that it was merged into; who was erased is nobody.
    """
    points = ContactPoint.objects.filter(kind="email", value__iexact=email, contact__active=True)
    keys = {*points.values_list("contact__customer_id", flat=True),
            *Destination.objects.filter(email__iexact=email).values_list("customer_id", flat=True)}  # fmt: skip
    rows = Customer.objects.filter(pk__in=keys).select_related("merged_into").order_by("pk")
    found = [row.merged_into or row for row in rows]
    return list({row.pk: row for row in found if row.status != Customer.Status.ERASED}.values())


def addresses_of(customers: Sequence[int], about: str) -> dict[int, list[Address]]:
    """The same of many customers, in three queries."""
    set_apart = Destination.objects.filter(among("customer", customers), about=about).order_by("pk")
    chosen: dict[int, list[str]] = {}
    for pk, email in set_apart.values_list("customer_id", "email"):
        chosen.setdefault(pk, []).append(email)
    contacts: dict[int, list[Contact]] = {pk: [] for pk in customers}
    for contact in contacts_of_many(customers):
        contacts[contact.customer_id].append(contact)
    roles = _roles(about)
    return {
        pk: _chosen(chosen[pk], rows, about) if pk in chosen else _by_role(rows, roles) for pk, rows in contacts.items()
    }


def _chosen(emails: Sequence[str], contacts: Sequence[Contact], about: str) -> list[Address]:
    names = {point.value.casefold(): contact.name for contact in contacts for point in contact.points.all()}
    return [Address(email, names.get(email.casefold(), "as set for these messages"), about) for email in emails]


def reachable(customers: Sequence[int], about: str) -> set[int]:
    """Those of the customers for whom `addresses_for` would find any, in two queries."""
    own = Destination.objects.filter(among("customer", customers), about=about).values_list("customer_id", flat=True)
    points = ContactPoint.objects.filter(among("contact__customer", customers), contact__active=True, kind="email")
    known = points.values_list("contact__customer_id", "contact__roles")
    return {*own, *(pk for pk, roles in known if not set(_roles(about)).isdisjoint(roles))}


def destinations_of(customer: Customer) -> dict[str, list[str]]:
    """The addresses that were set for each kind of message."""
    found: dict[str, list[str]] = {}
    for about, email in Destination.objects.filter(customer=customer).order_by("pk").values_list("about", "email"):
        found.setdefault(about, []).append(email)
    return found
