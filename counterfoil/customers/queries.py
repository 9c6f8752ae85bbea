"""Every read of customers. Visibility is decided here, once; all other reads start from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, QuerySet

from counterfoil.customers import rules
from counterfoil.customers.models import Contact, Customer, Note, Site
from counterfoil.kernel.errors import NotFound
from counterfoil.platform.operations import Caller


@dataclass(frozen=True)
class Address:
    """An e-mail address of a customer, whose it is and what for."""

    email: str
    name: str
    role: str


def visible(caller: Caller) -> QuerySet[Customer]:
    """The customers this caller may see."""
    customers = Customer.objects.select_related("manager", "pinned_note")
    if caller.only is not None:
        return customers.filter(pk__in=caller.only)
    return customers if caller.may("customers.view") else customers.none()


def get_customer(caller: Caller, number: str) -> Customer:
    """The customer with this account number; the same answer when it is not there and when it may not be seen."""
    customer = visible(caller).filter(number=number).first()
    if customer is None:
        raise NotFound(f"There is no customer {number[:40]}, or you may not see it.")
    return customer


def find_customer(caller: Caller, pk: int | None) -> Customer | None:
    """The customer with this id, where there is one and the caller may see it."""
    return visible(caller).filter(pk=pk).first() if pk is not None else None


def lock(customers: Iterable[int]) -> dict[int, Customer]:
    """The customers by id, locked until commit, in one order so that two operations cannot wait for each other."""
    ids = sorted(set(customers))
    rows = Customer.objects.filter(pk__in=ids).order_by("pk")
    if connection.features.has_select_for_no_key_update:
        rows = rows.select_for_update(of=("self",), no_key=True)
    return {row.pk: row for row in rows}


def search(caller: Caller, text: str, limit: int = 20) -> list[Customer]:
    """Customers whose name, number, phone, e-mail or address holds every word; a number's start comes first."""
    words = rules.fold(text).split()[:8]
    if not words:
        return []
    found = list(matching(visible(caller), text)[: limit * 4])
    first = " ".join(words)

    def rank(customer: Customer) -> tuple[int, str]:
        number, name = customer.number.casefold(), rules.fold(customer.name)
        return (0 if number == first else 1 if number.startswith(first) or name.startswith(first) else 2, name)

    return sorted(found, key=rank)[:limit]


def matching(customers: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    """Narrow a query to customers whose searchable text holds every word."""
    for term in rules.search_terms(text):
        customers = customers.filter(search_text__contains=term)
    return customers


def contacts_of(customer: Customer) -> list[Contact]:
    """Contacts, primary first, with their e-mails and phones."""
    rows = list(Contact.objects.filter(customer=customer).prefetch_related("points").order_by("pk"))
    return sorted(rows, key=lambda row: (not row.active, "primary" not in row.roles))


def sites_of(customer: Customer) -> list[Site]:
    """Addresses, the primary one first."""
    return list(Site.objects.filter(customer=customer).order_by("-active", "-is_primary", "pk"))


def billing_site_of(customer: Customer) -> Site | None:
    """The address that documents go to: the one for billing, else the primary one."""
    sites = [site for site in sites_of(customer) if site.active]
    return next((site for site in sites if "billing" in site.purposes), sites[0] if sites else None)


def notes_of(customer: Customer, limit: int = 50) -> list[Note]:
    """Notes, newest first."""
    return list(Note.objects.filter(customer=customer).order_by("-at", "-pk")[:limit])


def statement_addresses(customer: Customer) -> list[Address]:
    """Where statements go: contacts for statements, else for billing, else the primary contact."""
    contacts = [contact for contact in contacts_of(customer) if contact.active]
    for role in ("statements", "billing", "primary"):
        found = [
            Address(point.value, contact.name, role)
            for contact in contacts
            if role in contact.roles
            for point in contact.points.all()
            if point.kind == "email"
        ]
        if found:
            return list({address.email.casefold(): address for address in found}.values())
    return []


def groups(caller: Caller) -> list[str]:
    """The groups in use."""
    return list(visible(caller).exclude(group="").order_by("group").values_list("group", flat=True).distinct())


def recently_joined(caller: Caller, limit: int = 5) -> list[Customer]:
    """The newest customers."""
    return list(visible(caller).order_by(F("joined_on").desc(), "-pk")[:limit])


def get_contact(caller: Caller, pk: int) -> Contact:
    """A contact of a customer the caller may see."""
    rows = Contact.objects.filter(pk=pk, customer__in=visible(caller)).select_related("customer")
    if (found := rows.prefetch_related("points").first()) is None:
        raise NotFound("There is no such contact, or you may not see it.")
    return found


def get_site(caller: Caller, pk: int) -> Site:
    """An address of a customer the caller may see."""
    found = Site.objects.filter(pk=pk, customer__in=visible(caller)).select_related("customer").first()
    if found is None:
        raise NotFound("There is no such address, or you may not see it.")
    return found


def get_note(caller: Caller, pk: int) -> Note:
    """A note about a customer the caller may see."""
    found = Note.objects.filter(pk=pk, customer__in=visible(caller)).select_related("customer").first()
    if found is None:
        raise NotFound("There is no such note, or you may not see it.")
    return found
