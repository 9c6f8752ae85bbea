"""What must be true of access to the portal: it shows nobody anything by mistake."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F

from counterfoil.access.models import Access, Login
from counterfoil.access.rules import fold_email
from counterfoil.platform.checks import book_check


@book_check
def access_is_to_the_contacts_own_customer() -> Iterable[str]:
    """Whoever has access to a customer is one of its contacts."""
    wrong = Access.objects.exclude(contact__customer_id=F("customer_id")).order_by("pk")
    for pk in wrong.values_list("pk", flat=True):
        yield f"Access {pk} shows a customer to a contact of another."


@book_check
def logins_have_folded_addresses() -> Iterable[str]:
    """One mailbox is one login: an address that is not folded could be there twice."""
    for pk, email in Login.objects.order_by("pk").values_list("pk", "email"):
        if email != fold_email(email):
            yield f"The address of login {pk} is not folded."
