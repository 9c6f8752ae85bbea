"""Services of a file: what customers had elsewhere goes on here, and is billed from where the other system stopped."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models.functions import Lower

from counterfoil.catalogue.models import Product
from counterfoil.catalogue.queries import all_prices
from counterfoil.catalogue.rules import price_on, priced_by
from counterfoil.imports.models import ImportedRecord
from counterfoil.imports.operations.work import Work
from counterfoil.imports.rules import ONE, Record
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import date_text
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import (
    NewService,
    NewTerm,
    change_services,
    refuse_own_prices,
    reprice_services,
    take_over_services,
)
from counterfoil.subscriptions.queries import planned_timelines, term_on
from counterfoil.subscriptions.rules import Change, Stretch

KIND = ONE["services"]
_REASON = "Imported from a file"
_A_DAY = dt.timedelta(days=1)


def bring_services(work: Work) -> None:
    """Every service of the file is its customer's, billed from the day after it is paid up to.

    Of one that came in before and is different it is said, or the file's price, quantity and product hold from the
    first day that is not billed yet.
    """
    for batch in work.batches("services", together="customer"):
        differ: list[Record] = []
        fresh = work.sort_out(KIND, batch, differ=differ)
        products = _products(work, [*fresh, *differ])
        fresh = work.with_customer("services", [record for record in fresh if record.row in products])
        differ = [record for record in differ if record.row in products]
        prices = _Prices(work, products.values())
        _begin(work, fresh, products, prices)
        _meet_again(work, differ, products, prices)


def _begin(work: Work, records: Sequence[Record], products: Mapping[int, Product], prices: _Prices) -> None:
    """What a customer is billed together, by day and frequency, is one subscription."""
    together: dict[tuple[Any, ...], list[tuple[Record, NewService, dt.date]]] = defaultdict(list)
    for record in records:
        v, product = record.values, products[record.row]
        began = v["on"] or v["first_on"] or work.op.today
        first_on = max(v["first_on"] or began, began)
        often = v["frequency"] or "month"
        listed = prices.of(product, often, first_on, began)
        if v["price"] is None and listed is None:
            work.wrong(record, f"{product} has no {_OFTEN[often]} price in {work.currency}. Give it one in the "
                       "catalogue, or write the price in the file.", "services", "product")  # fmt: skip
            continue
        own = v["price"] if v["price"] != listed else None
        new = NewService(product, label=v["label"], quantity=v["quantity"] or Decimal(1), price=own)
        day = v["billing_day"] or first_on.day
        owner = work.people[v["customer"]].pk
        together[owner, often, day, v["first_on"] and first_on].append((record, new, began))
    made: list[tuple[Record, int]] = []
    for (_, often, day, first_on), rows in together.items():
        customer = work.people[rows[0][0].values["customer"]]
        try:
            with work.op.attempting():
                services = take_over_services(
                    work.op, customer=customer, services=[(new, began) for _, new, began in rows], first_on=first_on,
                    term=NewTerm(frequency=often, anchor_day=day),
                )  # fmt: skip
        except Refused as error:
            for record, _, _ in rows:
                work.wrong(record, error.sentence, "services")
        else:
            made += [(record, service.pk) for (record, _, _), service in zip(rows, services, strict=True)]
    work.came(KIND, made)


_OFTEN = {"week": "weekly", "month": "monthly", "quarter": "quarterly", "half_year": "half-yearly", "year": "yearly"}


class _Prices:
    """The prices of some products in the file's currency, each as its catalogue has it."""

    def __init__(self, work: Work, products: Any) -> None:
        self.currency = work.currency
        self.all = all_prices(products={product.pk for product in products})

    def of(self, product: Product, frequency: str, day: dt.date, had: dt.date) -> Decimal | None:
        versions = self.all.get((priced_by(product.kind, frequency), self.currency), {})
        found = price_on(versions.get(product.pk, ()), day, had)
        return None if found is None else found.normalize()


def _products(work: Work, records: Sequence[Record]) -> dict[int, Product]:
    """The product that each row names by its code or its name, by the row; what is none is an error."""
    names = {record.values["product"].casefold() for record in records}
    by: dict[str, set[Product]] = defaultdict(set)
    for field in ("code", "alternative_code", "name"):
        for product in Product.objects.annotate(said=Lower(field)).filter(said__in=names):
            by[getattr(product, field).casefold()].add(product)
    found = {}
    for record in records:
        said = record.values["product"]
        there = by.get(said.casefold(), set())
        if len(there) == 1:
            found[record.row] = next(iter(there))
        elif there:
            codes = ", ".join(sorted(product.code for product in there)[:5])
            work.wrong(record, f"{said} is more than one product ({codes}). Write the code.", "services", "product")
        else:
            work.wrong(record, f"No product is called {said}. Add it to the catalogue, or write its code.", "services",
                       "product")  # fmt: skip
    return found


def _meet_again(work: Work, records: Sequence[Record], products: Mapping[int, Product], prices: _Prices) -> None:
    """Services that are different in the file: the file's way is taken, or it is said and left as it is."""
    rows = ImportedRecord.objects.filter(source=work.source, kind=KIND, key__in=[r.key for r in records])
    ids = dict(rows.values_list("key", "object_id"))
    services = Service.objects.select_related("product", "subscription__customer").in_bulk(ids.values())
    planned = planned_timelines(ids.values())
    often = {pk: term_on(service.subscription, work.op.today).frequency for pk, service in services.items()}
    for record in records:
        service = services[ids[record.key]]
        day = max(filter(None, (service.billed_to, service.taken_over_on, service.added_on)))
        now = next((s for s in planned[service.pk] if s.starts <= day < s.until), None)
        name = f"{service} of {service.subscription.customer.number}"
        if now is None:
            work.remarks.append(f"{name} has ended here, and was left as it is.")
            continue
        v = record.values
        if v["first_on"] is not None and v["first_on"] > day:
            work.remarks.append(
                f"{name} is paid up to {date_text(v['first_on'] - _A_DAY)} in the file, and billed from "
                f"{date_text(day)} here. Credit what is charged twice."
            )
        if (v["label"] and v["label"] != service.label) or (v["frequency"] or often[service.pk]) != often[service.pk]:
            work.remarks.append(
                f"The label or the frequency of {name} is different in the file, and was left as it is."
            )
        changes = _changes(record, products[record.row], prices, often[service.pk], service, now, day)
        what = ", ".join(_CALLED[change.kind] for change in changes)
        if not changes:
            continue
        if work.mapping.repeated == "ask":
            work.differing.append(f"The {what} of {name} is different in the file.")
            continue
        if work.mapping.repeated == "keep":
            work.remarks.append(f"The {what} of {name} is different in the file, and was left as it is here.")
            continue
        try:
            with work.op.attempting():
                refuse_own_prices(work.op.caller, changes, field="price")
                for change in changes:
                    act = reprice_services if change.kind == "price" else change_services
                    act(work.op, services=[service], change=change, reason=_REASON)
        except Refused as error:
            work.wrong(record, error.sentence, "services")
        else:
            work.remarks.append(
                f"The {what} of {name} is different in the file, and is as there from {date_text(day)}."
            )


_CALLED = {"swap": "product", "quantity": "quantity", "price": "price"}


def _changes(
    record: Record, product: Product, prices: _Prices, often: str, service: Service, now: Stretch, day: dt.date
) -> list[Change]:  # fmt: skip
    """What makes the service what the file says it is; what the file leaves blank is no difference."""
    v, found = record.values, []
    swapped = product.pk != now.product_id
    listed = prices.of(product, often, day, day if swapped else service.first_had_on)
    price = v["price"] if v["price"] != listed else None
    if swapped:
        found.append(Change("swap", day, product_id=product.pk, price=price))
    elif v["price"] is not None and v["price"] != (listed if now.price is None else now.price):
        found.append(Change("price", day, price=price))
    if v["quantity"] is not None and v["quantity"] != now.quantity:
        found.append(Change("quantity", day, quantity=v["quantity"]))
    return found
