"""Every write about customers, their contacts, addresses and notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.apps import apps
from django.db import IntegrityError, models

from counterfoil.customers import queries, rules
from counterfoil.customers.models import Contact, ContactPoint, Customer, Note, Site
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform import numbering
from counterfoil.platform.operations import Operation, operation
from counterfoil.staff.models import Operator, User
from counterfoil.staff.queries import operator

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class NewCustomer:
    """What is needed to open an account; an empty number asks for the next one."""

    name: str
    number: str = ""
    kind: str = "person"
    billing_type: str = "residential"
    joined_on: dt.date | None = None
    group: str = ""
    manager_id: int | None = None
    terms_days: int | None = None
    currency: str = ""
    tax_number: str = ""
    language: str = "en"
    parent_id: int | None = None
    area_id: int | None = None
    brand_id: int | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    contact_name: str = ""
    street: str = ""
    city: str = ""
    postcode: str = ""


@operation
def add_customers(op: Operation, *, customers: Sequence[NewCustomer]) -> list[Customer]:
    """The customers exist, each with an account number, and a primary contact and address where given."""
    house = operator()
    taken = set(
        Customer.objects.filter(number__in=[new.number.strip() for new in customers if new.number.strip()]).values_list(
            "number", flat=True
        )
    )
    _check_people(customers)
    rows = []
    for new in customers:
        number = rules.check_number(new.number) if new.number.strip() else ""
        refuse_if(number in taken, "number_taken", f"Account number {number} is taken.", field="number")
        if number:
            taken.add(number)
        joined = new.joined_on or op.today
        refuse_if(joined > op.today, "future_date", "The joining date is in the future.", field="joined_on")
        terms = house.terms_days if new.terms_days is None else new.terms_days
        refuse_if(not 0 <= terms <= 365, "absurd_terms", "Terms are between 0 and 365 days.", field="terms_days")
        rows.append(
            Customer(
                number=number,
                name=rules.check_text(new.name, field="name", most=rules.MOST_NAME),
                kind=_choice(new.kind, Customer.Kind, "kind"),
                billing_type=_choice(new.billing_type, Customer.BillingType, "billing_type"),
                joined_on=joined,
                group=rules.check_text(new.group, field="group", most=60, required=False),
                manager_id=new.manager_id,
                terms_days=terms,
                currency=rules.check_currency(new.currency or house.currency),
                tax_number=rules.check_text(new.tax_number, field="tax_number", most=40, required=False),
                language=rules.check_text(new.language, field="language", most=8),
                parent_id=new.parent_id,
                area_id=rules.within_scope(op.caller.scope, "area", new.area_id),
                brand_id=rules.within_scope(op.caller.scope, "brand", new.brand_id),
            )
        )
    unnumbered = [row for row in rows if not row.number]
    while unnumbered:
        _number(unnumbered, house)
        # A number that somebody gave by hand is passed over.
        found = Customer.objects.filter(number__in=[row.number for row in unnumbered])
        taken |= set(found.values_list("number", flat=True))
        unnumbered = [row for row in unnumbered if row.number in taken]
    try:
        Customer.objects.bulk_create(rows, batch_size=500)
    except IntegrityError as error:  # somebody took one of the numbers a moment ago
        raise Refused("number_taken", "An account number was taken a moment ago. Try again.", field="number") from error
    _add_first_contacts(rows, customers, region=house.region)
    Customer.objects.bulk_update(rows, ["search_text"], batch_size=500)
    for row in rows:
        op.record("customer.added", row, customer_id=row.pk, name=row.name, number=row.number)
    return rows


def _number(rows: Sequence[Customer], house: Operator) -> None:
    """Give each row the next account number of its stem, as the operator's convention says."""
    by_stem: dict[tuple[str, int], list[Customer]] = {}
    for row in rows:
        by_stem.setdefault(rules.CONVENTIONS[house.account_convention](row.name, house.account_prefix), []).append(row)
    # In one order, so that two operations cannot wait for each other's stems.
    for (stem, digits), members in sorted(by_stem.items(), key=lambda pair: pair[0]):
        numbering.define(f"customer:{stem}", stem, digits)
        for row, number in zip(members, numbering.take(f"customer:{stem}", len(members)), strict=True):
            row.number = number.text


def _check_people(customers: Sequence[NewCustomer]) -> None:
    """Managers and parents exist, and a parent has none itself."""
    managers = {new.manager_id for new in customers if new.manager_id is not None}
    missing = managers - set(User.objects.filter(pk__in=managers).values_list("pk", flat=True))
    refuse_if(missing, "no_such_manager", "That manager does not exist.", field="manager")
    parents = {new.parent_id for new in customers if new.parent_id is not None}
    missing = parents - set(Customer.objects.filter(pk__in=parents, parent=None).values_list("pk", flat=True))
    refuse_if(missing, "parent_loop", "A group has one level: choose a parent that has none itself.", field="parent")


def _add_first_contacts(rows: list[Customer], customers: Sequence[NewCustomer], *, region: str) -> None:
    contacts, points, sites = [], [], []
    for row, new in zip(rows, customers, strict=True):
        emails = [rules.check_email(email) for email in new.emails if email.strip()]
        phones = [rules.check_phone(phone, region=region) for phone in new.phones if phone.strip()]
        if emails or phones or new.contact_name:
            name = rules.check_text(new.contact_name or new.name, field="contact_name", most=rules.MOST_NAME)
            contact = Contact(customer=row, name=name, roles=["primary", "billing", "statements"])
            row.search_text = name
            contacts.append(contact)
            points += [ContactPoint(contact=contact, kind="email", value=value) for value in dict.fromkeys(emails)]
            points += [ContactPoint(contact=contact, kind="phone", value=value) for value in dict.fromkeys(phones)]
        where: list[str] = []
        if new.street:
            where = [
                rules.check_text(new.street, field="street", most=200),
                rules.check_text(new.city, field="city", most=80, required=False),
                rules.check_text(new.postcode, field="postcode", most=16, required=False),
            ]
            sites.append(
                Site(
                    customer=row, label="Main", street=where[0], city=where[1], postcode=where[2],
                    purposes=["billing", "service"], is_primary=True,
                )
            )  # fmt: skip
        row.search_text = rules.fold(
            " ".join([row.number, row.name, row.search_text, *emails, *phones, *where, row.group])
        )
    Contact.objects.bulk_create(contacts, batch_size=500)
    for point in points:
        point.contact_id = point.contact.pk
    ContactPoint.objects.bulk_create(points, batch_size=500)
    Site.objects.bulk_create(sites, batch_size=500)


@operation
def add_customer(op: Operation, /, *, name: str, **details: Any) -> Customer:
    """One more customer exists. The details are those of `NewCustomer`."""
    for listed in ("emails", "phones"):
        details[listed] = tuple(details.get(listed, ()))
    return add_customers(op, customers=[NewCustomer(name=name, **details)])[0]


_CUSTOMER_FIELDS = (
    "name", "kind", "billing_type", "joined_on", "group", "manager", "terms_days", "currency", "tax_number", "language",
    "parent", "area", "brand",
)  # fmt: skip


@operation(label="Edit details")
def change_customer(op: Operation, *, customer: Customer, version: int, changes: dict[str, Any]) -> Customer:
    """The customer's details have the given values; refused when somebody saved since `version` was read."""
    row = queries.lock([customer.pk])[customer.pk]
    changes = {name: changes[name] for name in _CUSTOMER_FIELDS if name in changes}
    for name, most in (("name", rules.MOST_NAME), ("group", 60), ("tax_number", 40), ("language", 8)):
        if name in changes:
            required = name in ("name", "language")
            changes[name] = rules.check_text(changes[name], field=name, most=most, required=required)
    for name, choices in (("kind", Customer.Kind), ("billing_type", Customer.BillingType)):
        if name in changes:
            changes[name] = _choice(changes[name], choices, name)
    if "joined_on" in changes:
        refuse_if(changes["joined_on"] > op.today, "future_date", "That date is in the future.", field="joined_on")
    if "terms_days" in changes:
        days = changes["terms_days"]
        refuse_if(not 0 <= days <= 365, "absurd_terms", "Terms are between 0 and 365 days.", field="terms_days")
    if "currency" in changes:
        changes["currency"] = rules.check_currency(changes["currency"])
        refuse_if(
            changes["currency"] != row.currency and _has_items(row),
            "currency_in_use",
            "This account has entries in its currency, so it cannot change. Open another account.",
            field="currency",
        )
    for name in {"area", "brand"} & changes.keys():
        rules.within_scope(op.caller.scope, name, changes[name].pk if changes[name] else 0)
    parent = changes.get("parent")
    refuse_if(
        parent is not None
        and (
            parent.pk == row.pk
            or Customer.objects.filter(pk=parent.pk, parent__isnull=False).exists()
            or Customer.objects.filter(parent=row).exists()
        ),
        "parent_loop",
        "A group has one level: a parent has none itself, and a member has no members.",
        field="parent",
    )
    old_new = _apply(op, row, version, changes)
    if old_new:
        _refresh_search(row)
        op.record("customer.changed", row, customer_id=row.pk, changes=old_new)
    return row


def _has_items(customer: Customer) -> bool:
    # The open items lie a floor above; the registry answers whether there are any without an import upwards.
    return bool(apps.get_model("receivables.OpenItem")._base_manager.filter(customer_id=customer.pk).exists())


@operation
def deactivate_customer(op: Operation, *, customer: Customer, reason: str) -> Customer:
    """The customer is inactive: kept with all its history, out of everyday lists."""
    return _set_status(op, customer, Customer.Status.INACTIVE, "customer.deactivated", reason)


@operation
def reactivate_customer(op: Operation, *, customer: Customer, reason: str) -> Customer:
    """The customer is active again."""
    return _set_status(op, customer, Customer.Status.ACTIVE, "customer.reactivated", reason)


def _set_status(op: Operation, customer: Customer, status: str, event: str, reason: str) -> Customer:
    row = queries.lock([customer.pk])[customer.pk]
    refuse_if(row.status == status, "already_so", f"The customer is {status} already.")
    row.status = status
    row.version += 1
    row.save(update_fields=["status", "version"])
    op.record(event, row, customer_id=row.pk, reason=rules.check_text(reason, field="reason", most=200))
    return row


@operation
def add_contact(
    op: Operation,
    *,
    customer: Customer,
    name: str,
    title: str = "",
    roles: Iterable[str] = (),
    emails: Iterable[str] = (),
    phones: Iterable[str] = (),
) -> Contact:
    """The customer has one more person to reach."""
    row = queries.lock([customer.pk])[customer.pk]
    contact = Contact.objects.create(
        customer=row,
        name=rules.check_text(name, field="name", most=rules.MOST_NAME),
        title=rules.check_text(title, field="title", most=80, required=False),
        roles=_subset(roles, Contact.ROLES, "roles"),
    )
    _set_points(contact, emails, phones)
    _refresh_search(row)
    op.record("contact.added", contact, customer_id=row.pk, name=contact.name)
    return contact


@operation(label="Edit contact")
def change_contact(op: Operation, *, contact: Contact, version: int, changes: dict[str, Any]) -> Contact:
    """The contact has the given name, title, roles, e-mails, phones, or is inactive."""
    customer = queries.lock([contact.customer_id])[contact.customer_id]
    row = Contact.objects.select_for_update().get(pk=contact.pk)
    fields: dict[str, Any] = {name: changes[name] for name in ("name", "title", "roles", "active") if name in changes}
    if "name" in fields:
        fields["name"] = rules.check_text(fields["name"], field="name", most=rules.MOST_NAME)
    if "roles" in fields:
        fields["roles"] = _subset(fields["roles"], Contact.ROLES, "roles")
    before = {point.value for point in row.points.all()}
    if "emails" in changes or "phones" in changes:
        _set_points(row, changes.get("emails"), changes.get("phones"))
    after = {point.value for point in ContactPoint.objects.filter(contact=row)}
    old_new = _apply(op, row, version, fields, force=before != after)
    if before != after:
        old_new["reached at"] = [", ".join(sorted(before)), ", ".join(sorted(after))]
    if old_new:
        _refresh_search(customer)
        op.record("contact.changed", row, customer_id=customer.pk, name=row.name, changes=old_new)
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


@operation(label="Add address")
def add_site(
    op: Operation,
    *,
    customer: Customer,
    label: str,
    street: str,
    city: str = "",
    postcode: str = "",
    country: str = "",
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
        label=rules.check_text(label, field="label", most=60),
        street=rules.check_text(street, field="street", most=200),
        city=rules.check_text(city, field="city", most=80, required=False),
        postcode=rules.check_text(postcode, field="postcode", most=16, required=False),
        country=rules.check_text(country, field="country", most=60, required=False),
        purposes=_subset(purposes, Site.PURPOSES, "purposes"),
        is_primary=is_primary,
    )
    _refresh_search(row)
    op.record("site.added", site, customer_id=row.pk, label=site.label)
    return site


@operation(label="Edit address")
def change_site(op: Operation, *, site: Site, version: int, changes: dict[str, Any]) -> Site:
    """The address has the given values."""
    customer = queries.lock([site.customer_id])[site.customer_id]
    row = Site.objects.select_for_update().get(pk=site.pk)
    allowed = ("label", "street", "city", "postcode", "country", "purposes", "is_primary", "active")
    changes = {name: changes[name] for name in allowed if name in changes}
    for name, most in (("label", 60), ("street", 200), ("city", 80), ("postcode", 16), ("country", 60)):
        if name in changes:
            required = name in ("label", "street")
            changes[name] = rules.check_text(changes[name], field=name, most=most, required=required)
    if "purposes" in changes:
        changes["purposes"] = _subset(changes["purposes"], Site.PURPOSES, "purposes")
    if changes.get("is_primary"):
        Site.objects.filter(customer=customer, is_primary=True).exclude(pk=row.pk).update(is_primary=False)
    old_new = _apply(op, row, version, changes)
    if old_new:
        _refresh_search(customer)
        op.record("site.changed", row, customer_id=customer.pk, label=row.label, changes=old_new)
    return row


@operation
def add_note(op: Operation, *, customer: Customer, text: str, pin: bool = False) -> Note:
    """Staff can read the note, with the author and time set by the system; the customer never sees it (seed 001)."""
    clean = rules.check_text(text, field="text", most=rules.MOST_NOTE)
    note = Note.objects.create(
        customer=customer, text=clean, author_id=op.caller.user_id, author_name=op.caller.name, at=op.now
    )
    op.record("note.added", note, customer_id=customer.pk, text=clean[:200])
    if pin:
        pin_note(op, customer=customer, note=note)
    return note


@operation
def pin_note(op: Operation, *, customer: Customer, note: Note | None) -> Customer:
    """The note is shown beside everything on the customer's page; none takes the pinned one down."""
    row = queries.lock([customer.pk])[customer.pk]
    refuse_if(note is not None and note.customer_id != row.pk, "other_customer", "That note is another customer's.")
    row.pinned_note = note
    row.save(update_fields=["pinned_note"])
    if note is not None:
        op.record("note.pinned", note, customer_id=row.pk, text=note.text[:200])
    else:
        op.record("note.unpinned", row, customer_id=row.pk)
    return row


# ------------------------------------------------------------------ shared by the verbs above


def _apply(
    op: Operation, row: M, version: int, changes: dict[str, Any], *, force: bool = False
) -> dict[str, list[str]]:
    """Set the fields and return old and new in words; refused when the row was saved since it was read."""
    current: int = row.version  # type: ignore[attr-defined]
    if current != version:
        raise Refused(
            "stale_form", "Somebody saved this while you were editing. What is here now is theirs; enter yours again."
        )
    old_new = {}
    for name, value in changes.items():
        old = getattr(row, name)
        if old != value:
            old_new[name.replace("_", " ")] = [_words(old), _words(value)]
            setattr(row, name, value)
    if old_new or force:
        row.version = current + 1  # type: ignore[attr-defined]
        row.save()
    return old_new


def _words(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, User):
        return value.name
    return ", ".join(value) if isinstance(value, list) else str(value)


def _refresh_search(customer: Customer) -> None:
    parts = [customer.number, customer.name, customer.group, customer.tax_number]
    for contact in Contact.objects.filter(customer=customer).prefetch_related("points"):
        parts += [contact.name, *(point.value for point in contact.points.all())]
    parts += [site.text for site in Site.objects.filter(customer=customer)]
    customer.search_text = rules.fold(" ".join(parts))
    Customer.objects.filter(pk=customer.pk).update(search_text=customer.search_text)


def _choice(value: str, choices: type[models.TextChoices], field: str) -> str:
    refuse_if(
        value not in choices.values, "unknown_choice", f"Choose one of: {', '.join(choices.values)}.", field=field
    )
    return value


def _subset(values: Iterable[str], known: Sequence[str], field: str) -> list[str]:
    chosen = list(dict.fromkeys(values))
    unknown = [value for value in chosen if value not in known]
    refuse_if(unknown, "unknown_choice", f"Choose from: {', '.join(known)}.", field=field)
    return chosen
