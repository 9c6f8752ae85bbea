"""Reads about who may sign in to the portal, and as which customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.conf import settings
from django.db.models import QuerySet

from counterfoil.access import rules
from counterfoil.access.models import Access, Login, Passkey, Tries
from counterfoil.customers.models import Contact, Customer
from counterfoil.kernel.errors import NotFound
from counterfoil.platform.bulk import among
from counterfoil.platform.grants import declare_view

declare_view("access.view", "See who may sign in to the portal")


def standing() -> QuerySet[Access]:
    """Access that counts: not taken away, and the contact is still there."""
    return Access.objects.filter(taken_at=None, contact__active=True)


def customers_of(login: Login) -> list[Customer]:
    """The customers a login may see, in order of their numbers."""
    rows = standing().filter(login=login).select_related("customer").order_by("customer__number")
    return [row.customer for row in rows]


def has_access(customer: Customer) -> bool:
    """Whether anybody can sign in for this customer."""
    return standing().filter(customer=customer).exists()


def portal_url(path: str = "") -> str:
    """An address in the portal, for messages."""
    return f"{settings.PUBLIC_URL}/portal/{path}"


def portal_link(customer: Customer) -> str:
    """Where this customer helps themselves; empty when nobody there can sign in."""
    return portal_links([customer.pk])[customer.pk]


def portal_links(customers: Collection[int]) -> dict[int, str]:
    """The same of many customers."""
    able = set(standing().filter(among("customer", customers)).values_list("customer_id", flat=True))
    return {pk: portal_url() if pk in able else "" for pk in customers}


def accesses_of(customer: Customer) -> list[Access]:
    """Who has access to a customer, in the order in which it was given."""
    return list(standing().filter(customer=customer).select_related("login", "contact").order_by("pk"))


def login_for(email: str) -> Login | None:
    """The login of this address, when it may see anybody."""
    login = Login.objects.filter(email=rules.fold_email(email)).first()
    return login if login and customers_of(login) else None


def is_spent(limit: rules.Limit, value: str, now: dt.datetime) -> bool:
    """Whether all tries of a kind were used, one more than there are included, which was told in the trail."""
    row = Tries.objects.filter(key=rules.tries_key(limit.kind, value)).first()
    return row is not None and not rules.is_over(row.since, now) and row.count > limit.most


def contacts_to_invite(customer: Customer) -> list[tuple[Contact, str]]:
    """Each contact with each e-mail address that has no access yet."""
    taken = {access.login.email for access in accesses_of(customer)}
    contacts = Contact.objects.filter(customer=customer, active=True).prefetch_related("points").order_by("pk")
    return [
        (contact, point.value)
        for contact in contacts
        for point in contact.points.all()
        if point.kind == "email" and rules.fold_email(point.value) not in taken
    ]


def passkeys_of(login: Login) -> list[Passkey]:
    """A login's passkeys, oldest first."""
    return list(Passkey.objects.filter(login=login).order_by("pk"))


def get_passkey(login: Login, pk: int) -> Passkey:
    """A passkey of this login."""
    if (found := Passkey.objects.filter(pk=pk, login=login).first()) is None:
        raise NotFound("There is no such passkey.")
    return found


def passkey_with(key_id: str) -> Passkey | None:
    """The passkey with this credential id, of a login that may see anybody."""
    found = Passkey.objects.filter(key_id=key_id).select_related("login").first()
    return found if found and customers_of(found.login) else None
