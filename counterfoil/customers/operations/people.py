"""Contacts and addresses: whom to reach, and where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypedDict

from counterfoil.customers import queries, rules
from counterfoil.customers.models import Contact, ContactPoint, Customer, Site
from counterfoil.customers.operations.destinations import follow_contact
from counterfoil.customers.operations.shared import apply_changes, refresh_search, subset
from counterfoil.kernel.checks import check_text
from counterfoil.operator.queries import operator
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Like, Says


class ContactChanges(TypedDict, total=False):
    """What of a contact can change; what is left out stays as it is."""

    name: str
    title: str
    roles: list[str]
    active: bool
    emails: list[str]
    phones: list[str]


class SiteChanges(TypedDict, total=False):
    """What of an address can change; what is left out stays as it is."""

    label: str
    street: str
    city: str
    postcode: str
    country: str
    purposes: list[str]
    is_primary: bool
    active: bool


@verb
def add_contact(
    op: Operation,
    *,
    customer: Customer,
    name: Annotated[str, Says(most=rules.MOST_NAME)],
    title: Annotated[str, Says(most=80)] = "",
    roles: Iterable[str] = (),
    emails: Iterable[str] = (),
    phones: Iterable[str] = (),
) -> Contact:
    """The customer has one more person to reach."""
    row = queries.lock([customer.pk])[customer.pk]
    contact = Contact.objects.create(
        customer=row,
        name=name,
        title=title,
        roles=subset(roles, Contact.ROLES, "roles"),
    )
    _set_points(contact, emails, phones)
    refresh_search(row)
    op.record("contact.added", contact, customer_id=row.pk, name=contact.name)
    op.keep(row, customer_id=row.pk)
    return contact


@verb(label="Edit contact")
def change_contact(
    op: Operation,
    *,
    contact: Contact,
    version: int,
    changes: Annotated[dict[str, Any], Like(ContactChanges)],
    also_for: Iterable[str] = (),
) -> Contact:
    """The contact has the given name, title, roles, e-mails, phones, or is inactive.

    Messages go on to where they went, but for the kinds in `also_for`: those follow the new addresses.
    """
    customer = queries.lock([contact.customer_id])[contact.customer_id]
    row = Contact.objects.select_for_update().get(pk=contact.pk)
    fields: dict[str, Any] = {name: changes[name] for name in ("name", "title", "roles", "active") if name in changes}
    if "name" in fields:
        fields["name"] = check_text(fields["name"], field="name", most=rules.MOST_NAME)
    if "roles" in fields:
        fields["roles"] = subset(fields["roles"], Contact.ROLES, "roles")
    mails = {point.value for point in row.points.all() if point.kind == "email"}
    before = {point.value for point in row.points.all()}
    if "emails" in changes or "phones" in changes:
        _set_points(row, changes.get("emails"), changes.get("phones"))
    after = {point.value for point in ContactPoint.objects.filter(contact=row)}
    old_new = apply_changes(op, row, version, fields, force=before != after)
    if before != after:
        old_new["reached at"] = [", ".join(sorted(before)), ", ".join(sorted(after))]
    if old_new:
        refresh_search(customer)
        op.record("contact.changed", row, customer_id=customer.pk, name=row.name, changes=old_new)
        op.keep(customer, customer_id=customer.pk)
    now = list(ContactPoint.objects.filter(contact=row, kind="email").order_by("pk").values_list("value", flat=True))
    if mails != set(now):
        new = [email for email in now if email not in mails]
        follow_contact(op, customer, [email for email in mails if email not in now], new, also_for)
    return row


def _set_points(contact: Contact, emails: Iterable[str] | None, phones: Iterable[str] | None) -> None:
    """The contact has these; a kind that is not given stays as it is."""
    region = operator().region
    wanted = [("email", rules.check_email(value)) for value in emails or () if value.strip()]
    wanted += [("phone", rules.check_phone(value, region=region)) for value in phones or () if value.strip()]
    given = [kind for kind, values in (("email", emails), ("phone", phones)) if values is not None]
    ContactPoint.objects.filter(contact=contact, kind__in=given).delete()
    ContactPoint.objects.bulk_create(
        ContactPoint(contact=contact, kind=kind, value=value) for kind, value in dict.fromkeys(wanted)
    )


@verb(label="Add address")
def add_site(
    op: Operation,
    *,
    customer: Customer,
    label: Annotated[str, Says(most=60)],
    street: Annotated[str, Says(most=200)],
    city: Annotated[str, Says(most=80)] = "",
    postcode: Annotated[str, Says(most=16)] = "",
    country: Annotated[str, Says(most=60)] = "",
    purposes: Iterable[str] = (),
    is_primary: bool = False,
) -> Site:
    """The customer has one more address; the first is the primary one."""
    row = queries.lock([customer.pk])[customer.pk]
    is_primary = is_primary or not Site.objects.filter(customer=row).exists()
    if is_primary:
        Site.objects.filter(customer=row, is_primary=True).update(is_primary=False)
    site = Site.objects.create(
        customer=row,
        label=label,
        street=street,
        city=city,
        postcode=postcode,
        country=country,
        purposes=subset(purposes, Site.PURPOSES, "purposes"),
        is_primary=is_primary,
    )
    refresh_search(row)
    op.record("site.added", site, customer_id=row.pk, label=site.label)
    op.keep(row, customer_id=row.pk)
    return site


@verb(label="Edit address")
def change_site(
    op: Operation, *, site: Site, version: int, changes: Annotated[dict[str, Any], Like(SiteChanges)]
) -> Site:
    """The address has the given values."""
    customer = queries.lock([site.customer_id])[site.customer_id]
    row = Site.objects.select_for_update().get(pk=site.pk)
    allowed = ("label", "street", "city", "postcode", "country", "purposes", "is_primary", "active")
    changes = {name: changes[name] for name in allowed if name in changes}
    for name, most in (("label", 60), ("street", 200), ("city", 80), ("postcode", 16), ("country", 60)):
        if name in changes:
            required = name in ("label", "street")
            changes[name] = check_text(changes[name], field=name, most=most, required=required)
    if "purposes" in changes:
        changes["purposes"] = subset(changes["purposes"], Site.PURPOSES, "purposes")
    if changes.get("is_primary"):
        Site.objects.filter(customer=customer, is_primary=True).exclude(pk=row.pk).update(is_primary=False)
    old_new = apply_changes(op, row, version, changes)
    if old_new:
        refresh_search(customer)
        op.record("site.changed", row, customer_id=customer.pk, label=row.label, changes=old_new)
        op.keep(customer, customer_id=customer.pk)
    return row
