"""Where each kind of message goes, apart from the contact details."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from counterfoil.customers import queries, rules
from counterfoil.customers.models import Customer, Destination
from counterfoil.customers.operations.shared import choice
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.operations import Operation, verb

MOST = 20


@verb(label="Change where messages go")
def set_destinations(op: Operation, *, customer: Customer, about: str, emails: Iterable[str]) -> list[Destination]:
    """This kind of message goes to these addresses; to those of the contacts when there are none."""
    row = queries.lock([customer.pk])[customer.pk]
    choice(about, Destination.About, "about")
    wanted = [rules.check_email(email, field="emails") for email in emails if email.strip()]
    wanted = list({email.casefold(): email for email in reversed(wanted)}.values())[::-1]
    refuse_if(len(wanted) > MOST, "too_many", f"At most {MOST} addresses for one kind of message.", field="emails")
    before = list(Destination.objects.filter(customer=row, about=about).order_by("pk").values_list("email", flat=True))
    if before == wanted:
        return list(Destination.objects.filter(customer=row, about=about))
    Destination.objects.filter(customer=row, about=about).delete()
    made = Destination.objects.bulk_create(Destination(customer=row, about=about, email=email) for email in wanted)
    op.record(
        "destinations.changed", row, customer_id=row.pk, about=Destination.About(about).label.lower(),
        before=", ".join(before) or "as the contacts say", after=", ".join(wanted) or "as the contacts say",
    )  # fmt: skip
    return made


def follow_contact(
    op: Operation, customer: Customer, gone: Sequence[str], new: Sequence[str], also_for: Iterable[str]
) -> None:
    """After a contact's addresses changed: the chosen kinds of message go to the new ones instead of the old."""
    lost = {email.casefold() for email in gone}
    for about in also_for:
        there = list(
            Destination.objects.filter(customer=customer, about=about).order_by("pk").values_list("email", flat=True)
        )
        if there:
            kept = [email for email in there if email.casefold() not in lost]
            set_destinations(op, customer=customer, about=about, emails=[*kept, *new])
