"""The terms of a customer or a site: given with a class, and overridden."""

from __future__ import annotations

from typing import Annotated, Any

from counterfoil.credit import queries, rules
from counterfoil.credit.models import Profile, ProfileClass
from counterfoil.credit.operations.shared import ProfileGiven, copied, differing, said
from counterfoil.customers.models import Customer, Site
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Like, Says
from counterfoil.staff.models import User


@verb(label="Give credit profile class")
def assign_class(
    op: Operation, *, customer: Customer, profile_class: ProfileClass,
    site: Annotated[Site | None, Says("For", "An address with terms of its own wins for what is invoiced to it.")]
    = None,
) -> Profile:  # fmt: skip
    """The customer, or one of its addresses, has the terms of the class from now on, and nothing overridden."""
    owner = lock([customer.pk])[customer.pk]
    refuse_if(not profile_class.active, "switched_off", f"{profile_class} is not offered.", field="profile_class")
    refuse_if(site is not None and site.customer_id != owner.pk, "other_customer",
              "That address is another customer's.", field="site")  # fmt: skip
    row = Profile.objects.filter(customer=owner, site=site).first() or Profile(customer=owner, site=site)
    row.profile_class, row.customised = profile_class, []
    values = copied(profile_class, rules.TERMS) | queries.amounts_in(profile_class, owner.currency)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    op.record("profile.assigned", row, customer_id=owner.pk, whom=_whom(row), name=profile_class.name)
    return row


@verb(label="Change credit profile")
def change_profile(
    op: Operation, *, profile: Profile, changes: Annotated[dict[str, Any], Like(ProfileGiven)]
) -> Profile:
    """The profile says this, whatever its class says; it counts as customised in what it differs."""
    lock([profile.customer_id])
    row = Profile.objects.select_related("customer", "site", "profile_class").get(pk=profile.pk)
    wanted = differing(row, changes)
    if not wanted:
        return row
    changed = said(row, wanted, row.customer.currency)
    for name, value in wanted.items():
        setattr(row, name, value)
    row.customised = sorted({*row.customised, *wanted})
    row.save()
    op.record("profile.changed", row, customer_id=row.customer_id, whom=_whom(row), changes=changed)
    return row


@step
def give_collector(op: Operation, *, customer: Customer, collector: User | None) -> Profile:
    """The customer is this collector's work, or nobody's. Who had no profile has one of the default class then.

    The caller holds the customer's lock.
    """
    row = Profile.objects.filter(customer=customer, site=None).first()
    if row is None:
        row = assign_class(op, customer=customer, profile_class=queries.default_class())
    return change_profile(op, profile=row, changes={"collector": collector})


@step
def switch_dunning(op: Operation, *, customer: Customer, yes: bool, site: Site | None = None) -> Profile:
    """Letters are sent, or not, to the customer or one of its addresses until the profile is changed again.

    Who had no profile has one of the default class then. The caller holds the customer's lock.
    """
    row = Profile.objects.filter(customer=customer, site=site).first()
    if row is None:
        row = assign_class(op, customer=customer, profile_class=queries.default_class(), site=site)
    return change_profile(op, profile=row, changes={"send_dunning": yes})


def follow_merge(op: Operation, customer: Customer, duplicate: Customer) -> None:
    """The terms of addresses that moved move along; who was sent no letters on either account is sent none.

    The caller holds both locks.
    """
    known = set(Profile.objects.filter(customer=customer, site__isnull=False).values_list("site_id", flat=True))
    for row in Profile.objects.filter(customer=duplicate, site__customer=customer).exclude(site__in=known):
        row.customer = customer
        row.save(update_fields=["customer"])
        op.keep(row, customer_id=customer.pk)
    if not queries.effective_terms(duplicate).send_dunning and queries.effective_terms(customer).send_dunning:
        switch_dunning(op, customer=customer, yes=False)


def _whom(row: Profile) -> str:
    return f"the address {row.site.label}" if row.site else "the customer"
