"""The account itself: adding customers, changing their details, active or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from django.db import IntegrityError

from counterfoil.customers import queries, rules
from counterfoil.customers.models import Contact, ContactPoint, Customer, Site
from counterfoil.customers.operations.fields import set_custom_values, set_tags
from counterfoil.customers.operations.shared import (
    account_reactivated,
    accounts_opened,
    apply_changes,
    choice,
    has_entries,
    learn_words,
    refresh_search,
    refuse_while_needed,
)
from counterfoil.kernel.checks import check_text
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.operator import numbering
from counterfoil.operator.models import Area, Brand, Operator
from counterfoil.operator.queries import operator
from counterfoil.operator.terms import RULES, check_terms
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Like, OneOf
from counterfoil.platform.words import Reason
from counterfoil.staff.models import User


@dataclass(frozen=True)
class NewCustomer:
    """What is needed to open an account; an empty number asks for the next one."""

    name: str
    number: str = ""
    kind: Annotated[str, OneOf(Customer.Kind)] = "person"
    billing_type: Annotated[str, OneOf(Customer.BillingType)] = "residential"
    joined_on: dt.date | None = None
    group: str = ""
    manager_id: int | None = None
    # Both empty: the company's. Without a rule they are days.
    terms_days: int | None = None
    terms_rule: Annotated[str | None, OneOf(tuple(RULES))] = None
    currency: str = ""
    tax_number: str = ""
    # Empty: as the company or the brand speaks.
    language: str = ""
    parent_id: int | None = None
    area_id: int | None = None
    brand_id: int | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    contact_name: str = ""
    street: str = ""
    city: str = ""
    postcode: str = ""


class CustomerChanges(TypedDict, total=False):
    """What of a customer can change; what is left out stays as it is."""

    name: str
    kind: Annotated[str, OneOf(Customer.Kind)]
    billing_type: Annotated[str, OneOf(Customer.BillingType)]
    joined_on: dt.date
    group: str
    manager: User | None
    terms_days: int
    terms_rule: Annotated[str, OneOf(tuple(RULES))]
    currency: str
    tax_number: str
    language: str
    parent: Customer | None
    area: Area | None
    brand: Brand | None
    tags: list[str]
    fields: dict[str, str]


@verb
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
        terms, rule = _terms(new, house)
        rows.append(
            Customer(
                number=number,
                name=check_text(new.name, field="name", most=rules.MOST_NAME),
                kind=choice(new.kind, Customer.Kind, "kind"),
                billing_type=choice(new.billing_type, Customer.BillingType, "billing_type"),
                joined_on=joined,
                group=check_text(new.group, field="group", most=60, required=False),
                manager_id=new.manager_id,
                terms_days=terms,
                terms_rule=rule,
                currency=rules.check_currency(new.currency or house.currency),
                tax_number=check_text(new.tax_number, field="tax_number", most=40, required=False),
                language=check_text(new.language, field="language", most=8, required=False),
                parent_id=new.parent_id,
                area_id=rules.within_scope(op.caller.scope, "area", new.area_id),
                brand_id=rules.within_scope(op.caller.scope, "brand", new.brand_id),
            )
        )
    for name in ("area", "brand"):
        _refuse_retired(name, {pk for row in rows if (pk := getattr(row, f"{name}_id"))})
    unnumbered = [row for row in rows if not row.number]
    while unnumbered:
        _number(unnumbered, op.today)
        # A number that somebody gave by hand is passed over.
        found = Customer.objects.filter(number__in=[row.number for row in unnumbered])
        taken |= set(found.values_list("number", flat=True))
        unnumbered = [row for row in unnumbered if row.number in taken]
    contacts, points, sites = _first_contacts(rows, customers, region=house.region)
    try:
        Customer.objects.bulk_create(rows, batch_size=500)
    except IntegrityError as error:  # somebody took one of the numbers a moment ago
        raise Refused("number_taken", "An account number was taken a moment ago. Try again.", field="number") from error
    Contact.objects.bulk_create(contacts, batch_size=500)
    for point in points:
        point.contact_id = point.contact.pk
    ContactPoint.objects.bulk_create(points, batch_size=500)
    Site.objects.bulk_create(sites, batch_size=500)
    learn_words(row.search_text for row in rows)
    accounts_opened(op, [row.pk for row in rows])
    for row in rows:
        op.record("customer.added", row, customer_id=row.pk, name=row.name, number=row.number)
    return rows


def _terms(new: NewCustomer, house: Operator) -> tuple[int, str]:
    """What is said of the terms, and the company's where nothing is."""
    if new.terms_days is None and new.terms_rule in (None, house.terms_rule):
        return house.terms_days, house.terms_rule
    refuse_if(new.terms_days is None, "required", "Enter the number of the terms.", field="terms_days")
    terms, rule = new.terms_days or 0, new.terms_rule or "days"
    check_terms(rule, terms)
    return terms, rule


def _refuse_retired(name: str, keys: set[int]) -> None:
    """An area or brand that is not offered any more is given to nobody."""
    if keys:
        model: type[Area | Brand] = Area if name == "area" else Brand
        row = model._base_manager.filter(pk__in=keys, retired_on__isnull=False).order_by("pk").first()
        refuse_if(row is not None, "retired", f"{row} is retired. Choose another {name}.", field=name)


def _number(rows: Sequence[Customer], today: dt.date) -> None:
    """Give each row the next account number."""
    asked = [numbering.For(today, row.brand_id, rules.number_stem(row.name)) for row in rows]
    for row, number in zip(rows, numbering.take("account", asked), strict=True):
        row.number = number.text


def _check_people(customers: Sequence[NewCustomer]) -> None:
    """Managers and parents exist, and a parent has none itself."""
    managers = {new.manager_id for new in customers if new.manager_id is not None}
    _check_managers(managers)
    parents = {new.parent_id for new in customers if new.parent_id is not None}
    missing = parents - set(Customer.objects.filter(pk__in=parents, parent=None).values_list("pk", flat=True))
    refuse_if(missing, "parent_loop", "A group has one level: choose a parent that has none itself.", field="parent")


def _check_managers(managers: Collection[int]) -> None:
    there = User.objects.filter(pk__in=managers, kind=User.Kind.PERSON).values_list("pk", flat=True)
    refuse_if(set(managers) - set(there), "no_such_manager", "Choose somebody who works here.", field="manager")


def _first_contacts(
    rows: list[Customer], customers: Sequence[NewCustomer], *, region: str
) -> tuple[list[Contact], list[ContactPoint], list[Site]]:
    """The first contact and address of each customer, and with them what the customer is searched by."""
    contacts: list[Contact] = []
    points: list[ContactPoint] = []
    sites: list[Site] = []
    for row, new in zip(rows, customers, strict=True):
        emails = [rules.check_email(email) for email in new.emails if email.strip()]
        phones = [rules.check_phone(phone, region=region) for phone in new.phones if phone.strip()]
        if emails or phones or new.contact_name:
            name = check_text(new.contact_name or new.name, field="contact_name", most=rules.MOST_NAME)
            contact = Contact(customer=row, name=name, roles=["primary", "billing", "statements"])
            row.search_text = name
            contacts.append(contact)
            points += [ContactPoint(contact=contact, kind="email", value=value) for value in dict.fromkeys(emails)]
            points += [ContactPoint(contact=contact, kind="phone", value=value) for value in dict.fromkeys(phones)]
        where: list[str] = []
        if new.street:
            where = [
                check_text(new.street, field="street", most=200),
                check_text(new.city, field="city", most=80, required=False),
                check_text(new.postcode, field="postcode", most=16, required=False),
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
    return contacts, points, sites


@verb
def add_customer(op: Operation, /, *, name: str, **details: Annotated[Any, Like(NewCustomer)]) -> Customer:
    """One more customer exists. The details are those of `NewCustomer`."""
    for listed in ("emails", "phones"):
        details[listed] = tuple(details.get(listed, ()))
    return add_customers(op, customers=[NewCustomer(name=name, **details)])[0]


_CUSTOMER_FIELDS = (
    "name", "kind", "billing_type", "joined_on", "group", "manager", "terms_days", "terms_rule", "currency",
    "tax_number", "language", "parent", "area", "brand",
)  # fmt: skip


@verb(label="Edit details")
def change_customer(
    op: Operation, *, customer: Customer, version: int, changes: Annotated[dict[str, Any], Like(CustomerChanges)]
) -> Customer:
    """The customer's details have the given values, `tags` and custom `fields` among them.

    Refused when somebody saved since `version` was read.
    """
    row = queries.lock([customer.pk])[customer.pk]
    tags, values = changes.get("tags"), changes.get("fields")
    changes = {name: changes[name] for name in _CUSTOMER_FIELDS if name in changes}
    for name, most in (("name", rules.MOST_NAME), ("group", 60), ("tax_number", 40), ("language", 8)):
        if name in changes:
            required = name == "name"
            changes[name] = check_text(changes[name], field=name, most=most, required=required)
    for name, choices in (("kind", Customer.Kind), ("billing_type", Customer.BillingType)):
        if name in changes:
            changes[name] = choice(changes[name], choices, name)
    if "joined_on" in changes:
        refuse_if(changes["joined_on"] > op.today, "future_date", "That date is in the future.", field="joined_on")
    if {"terms_days", "terms_rule"} & changes.keys():
        check_terms(changes.get("terms_rule", row.terms_rule), changes.get("terms_days", row.terms_days))
    if "currency" in changes:
        changes["currency"] = rules.check_currency(changes["currency"])
        refuse_if(
            changes["currency"] != row.currency and any(has_entries(row)),
            "currency_in_use",
            "This account has entries in its currency, so it cannot change. Open another account.",
            field="currency",
        )
    for name in {"area", "brand"} & changes.keys():
        chosen = changes[name]
        rules.within_scope(op.caller.scope, name, chosen.pk if chosen else 0)
        if chosen and chosen.pk != getattr(row, f"{name}_id"):
            _refuse_retired(name, {chosen.pk})
    if (manager := changes.get("manager")) is not None and manager.pk != row.manager_id:
        _check_managers({manager.pk})
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
    old_new = apply_changes(op, row, version, changes)
    if old_new:
        refresh_search(row)
        op.record("customer.changed", row, customer_id=row.pk, changes=old_new)
    if tags is not None:
        set_tags(op, customer=row, names=tags)
    if values is not None:
        set_custom_values(op, customer=row, values=values)
    return row


@verb
def deactivate_customer(op: Operation, *, customer: Customer, reason: Reason) -> Customer:
    """The customer is inactive: kept with all its history, out of everyday lists."""
    refuse_while_needed(queries.lock([customer.pk])[customer.pk])
    return _set_status(op, customer, Customer.Status.INACTIVE, "customer.deactivated", reason)


@verb
def reactivate_customer(op: Operation, *, customer: Customer, reason: Reason) -> Customer:
    """The customer is active again."""
    row = _set_status(op, customer, Customer.Status.ACTIVE, "customer.reactivated", reason)
    account_reactivated(op, row)
    return row


def _set_status(op: Operation, customer: Customer, status: str, event: str, reason: str) -> Customer:
    row = queries.lock([customer.pk])[customer.pk]
    refuse_if(
        row.status in (Customer.Status.MERGED, Customer.Status.ERASED), "account_closed",
        f"The account is {row.get_status_display().lower()}, and that is final.",
    )  # fmt: skip
    refuse_if(row.status == status, "already_so", f"The customer is {status} already.")
    row.status = status
    row.version += 1
    row.save(update_fields=["status", "version"])
    op.record(event, row, customer_id=row.pk, reason=reason)
    return row
