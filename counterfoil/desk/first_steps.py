"""What a new company does first, from an empty database to the first bill; each step goes away when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from counterfoil.billing.taxes import anything_issued, tax_gap
from counterfoil.catalogue.queries import anything_priced
from counterfoil.customers.queries import has_customers
from counterfoil.messaging.queries import sends_mail
from counterfoil.operator.queries import default_account, operator
from counterfoil.operator.readiness import UNNAMED
from counterfoil.platform.callers import Caller


@dataclass(frozen=True)
class Step:
    """A step, what it is good for, and where it is taken."""

    title: str
    why: str
    button: str
    url_name: str
    right: str
    done: Callable[[], bool]
    dialog: bool = False

    @property
    def url(self) -> str:
        return reverse(self.url_name)


def _company_known() -> bool:
    house = operator()
    return bool(house.address and house.email and house.name != UNNAMED)


def _tax_decided() -> bool:
    return tax_gap() is None


def _way_to_pay() -> bool:
    return bool(default_account() or operator().pay_url)


STEPS = (
    Step("Enter your company", "Name, address, tax number and contacts, as documents and messages print them.",
         "Enter company", "company", "operator.change_operator", _company_known),
    Step("Say how customers pay", "A bank account or a page to pay at, printed on every invoice and statement.",
         "Add bank account", "add-bank-account", "operator.add_bank_account", _way_to_pay, dialog=True),
    Step("Decide about tax", "Which taxes you charge, or that you charge none. Nothing is issued before it is said.",
         "Decide about tax", "tax", "billing.decide_tax", _tax_decided),
    Step("Set up e-mail", "The mail server that invoices and statements leave by, with a test.",
         "Set up e-mail", "e-mail", "messaging.set_mail_server", sends_mail),
    Step("Add a product with a price", "What you sell, such as Home Fibre 50 at 599.00 a month. One is enough.",
         "Add product", "add-product", "catalogue.add_product", anything_priced),
    Step("Add a customer", "One by hand, or a whole list with Import.",
         "New customer", "add-customer", "customers.add_customer", has_customers, dialog=True),
    Step("Issue the first bill", "On the customer's page: a new subscription, then Bill now. It is previewed first.",
         "Customers", "customers", "billing.issue_invoices", anything_issued),
)  # fmt: skip


def first_steps(caller: Caller) -> list[Step]:
    """The steps that are left for this person; none once a bill was issued."""
    mine = [step for step in STEPS if caller.may(step.right)]
    if not mine or anything_issued():
        return []
    return [step for step in mine if not step.done()]
