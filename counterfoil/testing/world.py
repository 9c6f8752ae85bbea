"""A world built through operations, so that one which cannot exist cannot be built."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

from django.utils import timezone

from counterfoil.billing.models import Invoice, TaxRate
from counterfoil.billing.operations import bill_customer, decide_tax, draft_invoice, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import NewProduct, add_product, set_prices
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_customer
from counterfoil.kernel.money import Money, plain_text, read_minor
from counterfoil.operator.operations import change_operator
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import record_receipt
from counterfoil.platform.callers import Caller, System
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.queries import open_items_of
from counterfoil.sales.models import Agreement
from counterfoil.sales.operations import make_agreement
from counterfoil.site.roles import ROLES
from counterfoil.subscriptions.models import Service, Subscription
from counterfoil.subscriptions.operations import NewService, NewTerm, start_subscription
from counterfoil.trail.kinds import KEPT, KEPT_PRIVATELY
from counterfoil.trail.models import Event
from counterfoil.usage.models import UsageRecord
from counterfoil.usage.operations import record_usage


def found_company() -> None:
    """The company may issue and send: it has a name and an address, and charges tax."""
    caller = Caller.system("shell")
    change_operator(caller, name="Zebra Net", address="1 Zebra Road", city="Cape Town", postcode="8001")
    decide_tax(caller, charges=True)


class World:
    """A clock, callers, and short ways to customers, invoices and payments."""

    def __init__(self) -> None:
        self.today = dt.date(2026, 3, 31)
        self.count = 0

    @contextlib.contextmanager
    def on(self, day: str | dt.date) -> Iterator[None]:
        """Set the clock to a day for a while."""
        before, self.today = self.today, dt.date.fromisoformat(day) if isinstance(day, str) else day
        try:
            yield
        finally:
            self.today = before

    @property
    def now(self) -> dt.datetime:
        noon = dt.datetime.combine(self.today, dt.time(12))
        return timezone.make_aware(noon)

    def caller(self, role: str = "administrator", name: str = "") -> Caller:
        """A caller with the grants of a role, at the world's time."""
        seed = ROLES[role]
        limits = {key: Money(minor, "ZAR") for key, minor in seed.limits.items()}
        return Caller(name=name or role.capitalize(), grants=frozenset(seed.grants), limits=limits, at=self.now)

    def system(self, behalf: Caller | None = None) -> System:
        """The product itself, for whoever asked (an administrator), at the world's time."""
        return Caller.system("job", behalf=behalf or self.caller())

    @property
    def clerk(self) -> Caller:
        return self.caller("billing", "Zanele Khumalo")

    @property
    def agent(self) -> Caller:
        return self.caller("agent", "Sipho Dube")

    @property
    def nobody(self) -> Caller:
        return Caller(name="Nobody", grants=frozenset(), at=self.now)

    def customer(self, name: str = "Zara Naidoo", owing: dict[str, str] | None = None, **details: Any) -> Customer:
        """A customer, with an issued invoice for each `due date: amount` of `owing` (dated 30 days before)."""
        details.setdefault("joined_on", dt.date(2020, 1, 1))
        customer = add_customer(self.caller(), name=name, **details)
        for due, amount in (owing or {}).items():
            self.invoice(customer, amount, due_on=due)
        return customer

    def invoice(
        self,
        customer: Customer,
        amount: str,
        *,
        due_on: str | None = None,
        on: str | None = None,
        tax: str | None = None,
    ) -> Invoice:
        """An issued invoice of one line, tax included."""
        due = dt.date.fromisoformat(due_on) if due_on else None
        day = dt.date.fromisoformat(on) if on else due - dt.timedelta(days=30) if due else self.today
        rate = TaxRate.objects.get(code=tax).pk if tax else None
        line = LineInput("Services", Decimal(1), Decimal(amount), rate)
        draft = draft_invoice(self.caller(), customer=customer, lines=[line], on=day, due_on=due)
        return issue_invoices(self.caller(), invoices=[draft])[0]

    def draft(self, customer: Customer, amount: str) -> Invoice:
        """An invoice of one line that waits to be issued."""
        line = LineInput("Services", Decimal(1), Decimal(amount), None)
        return draft_invoice(self.caller(), customer=customer, lines=[line], on=self.today)

    def pays(self, customer: Customer, amount: str, on: str | None = None, **details: Any) -> Receipt:
        """A payment, oldest first unless told otherwise."""
        day = dt.date.fromisoformat(on) if on else self.today
        minor = read_minor(amount, customer.currency)
        details = {"method": "eft", "duplicate_ok": True, **details}
        return record_receipt(self.caller(), customer=customer, amount_minor=minor, on=day, **details)

    def package(
        self, name: str, price: str | None, *, kind: str = "data", frequency: str = "month", **rest: Any
    ) -> Product:
        """A product with a price from long ago (or none yet), tax included."""
        code = name.lower().replace(" ", "-")
        product = add_product(self.caller(), new=NewProduct(code=code, name=name, kind=kind, **rest))
        if price is not None:
            set_prices(
                self.caller(), prices=[(product, frequency, Decimal(price))], currency="ZAR",
                valid_from=dt.date(2000, 1, 1),
            )  # fmt: skip
        return product

    def subscribe(self, customer: Customer, *products: Product, on: str | None = None, **term: Any) -> Subscription:
        """A subscription with these products from a day on, billed monthly in advance unless told otherwise."""
        day = dt.date.fromisoformat(on) if on else self.today
        return start_subscription(
            self.caller(), customer=customer, services=[NewService(product) for product in products], on=day,
            term=NewTerm(**term),
        )  # fmt: skip

    def agreement(self, customer: Customer, **details: Any) -> Agreement:
        """An agreement of five years with this customer, unless told otherwise."""
        details = {"title": "Rent of a mast", "starts": dt.date(2026, 1, 1), "ends": dt.date(2031, 1, 1), **details}
        return make_agreement(self.caller(), customer=customer, **details)

    def metered(
        self, name: str, price: str | None, *, unit: str = "minute", included: str = "0", **rest: Any
    ) -> Product:
        """A product charged by usage, with a price for each unit from long ago (or none yet)."""
        return self.package(name, price, kind="usage", frequency="unit", unit=unit, included=Decimal(included), **rest)

    def uses(self, service: Service, quantity: str, on: str | None = None, **rest: Any) -> UsageRecord:
        """So much used of a service on a day."""
        day = dt.date.fromisoformat(on) if on else self.today
        return record_usage(self.caller(), service=service, on=day, quantity=Decimal(quantity), **rest)

    def bill(self, customer: Customer, bill_to: str | None = None, **rest: Any) -> Invoice:
        """What is due up to a day, billed."""
        day = dt.date.fromisoformat(bill_to) if bill_to else self.today
        bill: Any = bill_customer(self.caller(), customer=customer, bill_to=day, **rest)
        # Of a credit note a test says so itself.
        return cast(Invoice, bill)

    def open(self, customer: Customer, on: str | None = None) -> dict[str, str]:
        """What is open on a day, by number."""
        day = dt.date.fromisoformat(on) if on else self.today
        return {i.number: plain_text(i.signed_open_minor, customer.currency) for i in open_items_of(customer, day)}

    def item(self, number: str) -> OpenItem:
        return OpenItem.objects.get(number=number)

    @property
    def events(self) -> list[str]:
        """The kinds of events so far, without those of the set-up and of building customers."""
        skip = (
            "entries.", "operator.", "tax_policy.", "ledger.", "bucket_set.", "tax_rate.",
            "customer.added", "row.", "rows.", "books.", "lookup.", "profile_class.", "letter.added", "letter_set.",
        )  # fmt: skip
        kinds = Event.objects.order_by("pk").values_list("kind", flat=True)
        return [kind for kind in kinds if not kind.startswith(skip)]


def told(event: Event) -> dict[str, Any]:
    """What an event says, without the digest it keeps."""
    return {key: value for key, value in event.data.items() if key not in (KEPT, KEPT_PRIVATELY)}


def counts() -> dict[str, int]:
    """How many rows every business table has: the same before and after a refused request."""
    from django.apps import apps  # noqa: PLC0415

    return {
        model._meta.label: model._base_manager.count()
        for model in apps.get_models()
        if model.__module__.startswith("counterfoil.")
    }
