"""Data to measure on: large books written as plain tuples, small ones through the product's own operations."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.db import connection, transaction

from counterfoil.billing.operations import NewInvoice, draft_invoices, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Contact, ContactPoint, Customer, Site
from counterfoil.customers.operations import NewCustomer, add_customers
from counterfoil.customers.operations.shared import learn_words
from counterfoil.customers.rules import fold
from counterfoil.kernel.digests import digest
from counterfoil.ledger.models import Entry, LedgerAccount, Posting
from counterfoil.ledger.rules import RECEIVABLES, REVENUE, entry_line
from counterfoil.platform import bulk, write_guard
from counterfoil.platform.upkeep import keep_old_rows
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations.standings import work_out
from counterfoil.site.bench.figures import CALLER
from counterfoil.site.demo.people import FIRST, LAST, STREETS, SUBURBS
from counterfoil.trail.models import Event

CHUNK = 10_000


def person(n: int) -> tuple[str, str, str, str, tuple[str, str]]:
    """Name, e-mail, telephone, street and suburb of the n-th invented customer."""
    first, last = FIRST[n % len(FIRST)], LAST[n // len(FIRST) % len(LAST)].replace("_", " ")
    street = f"{n % 400 + 1} {STREETS[n % len(STREETS)]}"
    return f"{first} {last}", f"c{n}@customers.example", f"+2782{n:07d}", street, SUBURBS[n % len(SUBURBS)]


def account(n: int) -> str:
    """Account number of the n-th."""
    return f"B-{n:07d}"


def write_customers(start: int, stop: int) -> list[int]:
    """The customers from the start-th to the stop-th exist, each with a contact, how to reach it, and an address."""
    ids: list[int] = []
    for numbers in bulk.chunks(range(start, stop), CHUNK):
        with write_guard.writing(), transaction.atomic():
            ids += _customer_rows(numbers)
    return ids


def _customer_rows(numbers: Sequence[int]) -> list[int]:
    ids, contacts = (list(bulk.reserve_ids(model, len(numbers))) for model in (Customer, Contact))
    people = [person(n) for n in numbers]
    texts = [
        fold(f"{account(n)} {name} {email} {phone} {street} {' '.join(suburb)}")
        for n, (name, email, phone, street, suburb) in zip(numbers, people, strict=True)
    ]
    today = CALLER.today
    bulk.insert_rows(
        Customer,
        (
            "id", "number", "name", "kind", "billing_type", "status", "joined_on", "group", "terms_days", "currency",
            "tax_number", "language", "version", "search_text", "hold_reason",
        ),
        (
            (pk, account(n), row[0], "person", "residential", "active", today - dt.timedelta(days=n % 1500 + 400),
             f"Group {n % 20}", 30, "ZAR", "", "en", 1, text, "")
            for pk, n, row, text in zip(ids, numbers, people, texts, strict=True)
        ),
    )  # fmt: skip
    roles = ["primary", "billing", "statements"]
    bulk.insert_rows(
        Contact,
        ("id", "customer", "name", "title", "roles", "active", "version"),
        ((pk, owner, row[0], "", roles, True, 1) for pk, owner, row in zip(contacts, ids, people, strict=True)),
    )
    bulk.insert_rows(
        ContactPoint,
        ("contact", "kind", "value"),
        ((pk, *point) for pk, row in zip(contacts, people, strict=True)
         for point in (("email", row[1]), ("phone", row[2]))),
    )  # fmt: skip
    bulk.insert_rows(
        Site,
        ("customer", "label", "street", "city", "postcode", "country", "purposes", "is_primary", "active", "version"),
        ((pk, "Main", row[3], *row[4], "", ["billing"], True, True, 1) for pk, row in zip(ids, people, strict=True)),
    )
    learn_words(texts)
    work_out(ids, today)
    return ids


def write_items(customers: Sequence[int], each: int) -> int:
    """Each customer has so many open items, due over the last year, with their entries and postings; how many in all.

    They are of the kind that comes from elsewhere: it has no document of ours behind it.
    """
    owners = ((customer, n) for customer in customers for n in range(each))
    count = 0
    for rows in bulk.chunks(owners, CHUNK):
        with write_guard.writing(), transaction.atomic():
            _item_rows(rows)
        count += len(rows)
    return count


def _item_rows(owners: Sequence[tuple[int, int]]) -> None:
    accounts = dict(LedgerAccount.objects.values_list("code", "pk"))
    today, operation = CALLER.today, uuid.uuid4()
    ids = list(bulk.reserve_ids(Entry, len(owners)))
    days = [today - dt.timedelta(days=(customer * 7 + n * 31) % 365 + 31) for customer, n in owners]
    amounts = [1000 + pk % 9000 for pk in ids]
    entries = [
        (pk, on, "ZAR", "transfer_in", f"M{pk:09d}", "Brought forward", None)
        for pk, on in zip(ids, days, strict=True)
    ]  # fmt: skip
    columns = ("id", "on", "currency", "source", "number", "text", "reverses")
    bulk.insert_rows(Entry, (*columns, "operation_id", "at"), ((*row, operation, CALLER.now) for row in entries))
    legs = [
        [(RECEIVABLES, owner[0], minor), (REVENUE, None, -minor)] for owner, minor in zip(owners, amounts, strict=True)
    ]
    bulk.insert_rows(
        Posting,
        ("entry", "account", "customer", "amount_minor"),
        ((pk, accounts[code], owner, minor) for pk, both in zip(ids, legs, strict=True) for code, owner, minor in both),
    )
    bulk.insert_rows(
        OpenItem,
        ("customer", "kind", "side", "number", "on", "due_on", "currency", "amount_minor", "open_minor", "text",
         "reference", "entry"),
        (
            (owner[0], "transfer_in", "debit", row[4], row[1], row[1] + dt.timedelta(days=30), "ZAR", minor, minor,
             row[5], "", row[0])
            for owner, row, minor in zip(owners, entries, amounts, strict=True)
        ),
    )  # fmt: skip
    seen = digest(entry_line(row, both) for row, both in zip(entries, legs, strict=True))
    told = {"first": ids[0], "last": ids[-1], "count": len(ids), "digest": seen}
    bulk.insert_rows(
        Event,
        ("operation_id", "operation", "kind", "subject_type", "subject_id", "actor", "door", "at", "data", "salt"),
        [(operation, "ledger.post_entries", "entries.posted", "ledger.entry", ids[0], "bench", "bench", CALLER.now,
          told, "")],
    )  # fmt: skip
    work_out({customer for customer, _ in owners}, today)


def book(customers: int, invoices: int) -> list[Customer]:
    """Customers with so many issued invoices each, over a year, through the product's operations."""
    rows = []
    for batch in bulk.chunks(range(customers), 2000):
        rows += add_customers(CALLER, customers=[NewCustomer(f"Customer {n}", emails=(f"{n}@x.example",),
                                                             street=f"{n} Main Road", city="Rosebank")
                                                 for n in batch])  # fmt: skip
    for new in bulk.chunks(_invoices(rows, invoices), 2000):
        issue_invoices(CALLER, invoices=draft_invoices(CALLER, invoices=new))
    return rows


def _invoices(rows: Sequence[Customer], each: int) -> Iterator[NewInvoice]:
    line = (LineInput("Services", Decimal(1), Decimal("115.00")),)
    for n in range(each):
        for row in rows:
            yield NewInvoice(row, line, CALLER.today - dt.timedelta(days=30 * n + row.pk % 28))


def settle_down() -> None:
    """The planner knows what there is, as it would after a night; and what was written without operations is kept."""
    keep_old_rows(CALLER, again=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
