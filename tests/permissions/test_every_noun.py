"""Every noun there is: its page is shown to who may see it, and to nobody else, nor to somebody of another area."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from counterfoil.billing.models import BillRunItem, TaxRate
from counterfoil.billing.operations import credit_invoice
from counterfoil.catalogue.models import Price
from counterfoil.customers.models import Contact
from counterfoil.customers.operations import add_note, add_site, attach_file, save_custom_field
from counterfoil.operator.operations import add_brand
from counterfoil.payments.operations import pay_refund
from counterfoil.platform.callers import Caller
from counterfoil.platform.showing import nouns
from counterfoil.receivables.models import Allocation, Standing
from counterfoil.receivables.operations import open_dispute, save_bucket_set
from counterfoil.receivables.rules import DEFAULT_BUCKETS
from counterfoil.site import urls
from counterfoil.staff.models import Role, User
from counterfoil.staff.operations import add_user, change_role
from counterfoil.subscriptions.operations import add_one_time_charge
from tests.permissions.place import Place

# Registered by being imported, as in the served product.
assert urls
WHY = {"reason": "Because"}
# A row of each, all of them of a customer in the north where they are somebody's.
ROWS: dict[str, Callable[[Place], Any]] = {
    "addresses": lambda p: add_site(p.by, customer=p.zara, label="Home", street="1 Main Road"),
    "agreements": lambda p: p.agreement(),
    "allocations": lambda p: Allocation.objects.get(credit=p.receipt().item),
    "approvals": lambda p: p.request(),
    "areas": lambda p: p.north,
    "attachments": lambda p: attach_file(p.by, customer=p.zara, kind="other", name="a.txt", content=b"Text"),
    "balances": lambda p: Standing.objects.get(customer=p.zara),
    "bill-run-items": lambda p: p.run() and BillRunItem.objects.get(),
    "bill-runs": lambda p: p.run(),
    "brands": lambda p: add_brand(p.by, name="Valley Net"),
    "bucket-sets": lambda p: save_bucket_set(p.by, name="Other", buckets=DEFAULT_BUCKETS),
    "contacts": lambda p: Contact.objects.get(customer=p.zara),
    "coupons": lambda p: p.coupon(),
    "credit-notes": lambda p: credit_invoice(p.by, invoice=p.invoice, **WHY),
    "custom-fields": lambda p: save_custom_field(p.by, label="Gate", kind="text"),
    "customers": lambda p: p.zara,
    "disputes": lambda p: open_dispute(p.by, item=p.item, amount_minor=100, **WHY),
    "invoices": lambda p: p.invoice,
    "items": lambda p: p.credit(),
    "jobs": lambda p: p.job(),
    "messages": lambda p: p.message(),
    "notes": lambda p: add_note(p.by, customer=p.zara, text="Note"),
    "one-time-charges": lambda p: add_one_time_charge(
        p.by, subscription=p.service().subscription, text="Call-out", price=Decimal(250), on=p.today
    ),
    "payments": lambda p: p.receipt(),
    "people": lambda p: p.other,
    "portal-access": lambda p: p.access(),
    "prices": lambda p: p.service() and Price.objects.get(),
    "products": lambda p: p.world.package("Fibre", "599"),
    "recurring-invoices": lambda p: p.recurring(),
    "refunds": lambda p: pay_refund(
        p.by, customer=p.world.pays(p.zara, "500.00").customer, amount_minor=100, on=p.today, method="eft", **WHY
    ),
    "roles": lambda p: Role.objects.get(key="reader"),
    "service-actions": lambda p: p.action(),
    "services": lambda p: p.service(),
    "subscriptions": lambda p: p.service().subscription,
    "tax-rates": lambda p: TaxRate.objects.first(),
    "tokens": lambda p: p.token(),
    "usage-records": lambda p: p.world.uses(p.metered(), "5"),
}
# Seen by whose they are and by who looks after the system, which their own tests hold them to.
OWN = {"jobs", "approvals"}
# Of all customers, and so not there for who sees some of them only.
WHOLE = {"bill-runs", "areas"}


def test_every_noun_has_a_row_here() -> None:
    assert {noun.path for noun in nouns()} == set(ROWS), "Add a row, and its page is tested for who may see it."


def _signed_in(place: Place, grants: list[str], area: Any = None) -> Client:
    """Somebody whose role holds exactly these."""
    change_role(place.by, role=Role.objects.get(key="agent"), grants=grants, limits={})
    who: User = add_user(
        place.by, email="who@x.example", name="Who", role="agent", password="correct horse battery",
        areas=[area] if area else [],
    )  # fmt: skip
    client = Client()
    client.force_login(who)
    return client


@pytest.mark.parametrize("path", sorted(set(ROWS) - OWN))
def test_a_page_is_there_for_who_may_see_it(place: Place, path: str) -> None:
    noun = next(one for one in nouns() if one.path == path)
    row = ROWS[path](place)
    page = noun.url(row)
    # The page of a role is the form that changes it.
    wanted = ["customers.view", noun.sees, *(["staff.change_role"] if path == "roles" else [])]
    assert _signed_in(place, wanted).get(page).status_code == 200


@pytest.mark.parametrize("path", sorted(set(ROWS) - OWN - {"balances"}))
def test_a_page_is_not_there_without_the_right(place: Place, path: str) -> None:
    noun = next(one for one in nouns() if one.path == path)
    # The page of a balance is the customer's, so it is left out.
    page = noun.url(ROWS[path](place))
    others = {one.sees for one in nouns()} - {noun.sees}
    answer = _signed_in(place, sorted(others)).get(page)
    assert answer.status_code == (403 if path == "roles" else 404)


@pytest.mark.parametrize("path", sorted(set(ROWS) - OWN))
def test_another_areas_row_is_not_there(place: Place, path: str) -> None:
    noun = next(one for one in nouns() if one.path == path)
    row = ROWS[path](place)
    page = noun.url(row)
    elsewhere = _signed_in(place, sorted({one.sees for one in nouns()} | {"staff.change_role"}), place.south)
    hidden = noun.is_somebodys or path == "customers" or path in WHOLE
    assert elsewhere.get(page).status_code == (404 if hidden else 200)
    # The row is found, and not found, by the same way from code.
    here = Caller(name="Me", grants=frozenset({"*"}), at=place.world.now)
    assert noun.get(here, noun.address_of(row)).pk == row.pk
    if hidden:
        limited = replace(here, scope={"area": frozenset({place.south.pk})})
        assert not noun.visible(limited).filter(pk=row.pk).exists()
