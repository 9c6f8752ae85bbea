"""A book of a million customers with ten items each in minutes: the database copies what a few thousand rows are.

It has what lists read: customers, tags, open items with what follows from them, invoices, drafts, and a bill run of
everybody. There is no ledger behind its items, so it does not prove itself; only that lists say what the items say.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from counterfoil.billing.models import BillRun
from counterfoil.billing.operations.runs import finish_sending
from counterfoil.customers.models import Customer, Tag
from counterfoil.ledger.models import Entry
from counterfoil.operator.models import Area
from counterfoil.platform import bulk, write_guard
from counterfoil.receivables.checks import standings_follow_from_open_items
from counterfoil.receivables.operations.standings import work_out
from counterfoil.site.bench.book import write_customers
from counterfoil.site.bench.figures import CALLER

EACH = 10


class LargeBook:
    """Customers that are the first ones again and again: a manager's, new, inactive, tagged and in areas alike."""

    def __init__(self, base: int, manager: int) -> None:
        self.base, self.count = base, base
        write_customers(0, base)
        with write_guard.writing(), transaction.atomic():
            areas = [Area.objects.create(name=name).pk for name in ("North", "South", "East", "West")]
            tag = Tag.objects.create(name="Slow payer").pk
            self.run = BillRun.objects.create(
                name="Everybody", state="issued", bill_to=CALLER.today, on=CALLER.today, currency="ZAR",
                author="bench", at=CALLER.now,
            )  # fmt: skip
            _do("UPDATE customers_customer SET status = 'inactive' WHERE id %% 97 = 1")
            _do("UPDATE customers_customer SET joined_on = %s WHERE id %% 89 = 1", CALLER.today.replace(day=1))
            _do("UPDATE customers_customer SET manager_id = %s WHERE id %% 83 = 1", manager)
            _do("UPDATE customers_customer SET area_id = %s + id %% 4 WHERE id %% 5 <> 0", areas[0])
            _do(f"{_TAG} FROM customers_customer WHERE id %% 71 = 1", tag)
        self._furnish(0)

    def grow(self, count: int) -> None:
        """There are so many customers, a multiple of the first ones."""
        last = int(_value("SELECT MAX(id) FROM customers_customer"))
        times = [self.count // self.base, count // self.base - 1]
        new = f"old + n * {self.base}"
        searched = "search_text"
        for before, after in (
            ("LOWER(number)", f"LOWER({_account(new)})"), (_digits("old"), _digits(new)),
            ("'c' || old || '@'", f"'c' || ({new}) || '@'"),
        ):  # fmt: skip
            searched = f"REPLACE({searched}, {before}, {after})"
        with write_guard.writing(), transaction.atomic():
            _do(
                f"INSERT INTO customers_customer (number, name, {_LIKE}, search_text) WITH RECURSIVE again(n) AS ("
                "SELECT CAST(%s AS BIGINT) UNION ALL SELECT n + 1 FROM again WHERE n < %s), base AS ("
                "SELECT customers_customer.*, CAST(SUBSTR(number, 3) AS BIGINT) AS old FROM customers_customer "
                f"WHERE id <= %s) SELECT {_account(new)}, name, {_LIKE}, {searched} FROM again CROSS JOIN base",
                *times, self.base,
            )  # fmt: skip
            tag = Tag.objects.get().pk
            _do(f"{_TAG} FROM customers_customer WHERE id > %s AND id %% 71 = 1", tag, last)
        self.count = count
        self._furnish(last)

    def _furnish(self, last: int) -> None:
        """The customers after the last that was have items, an invoice, some a draft, and a place in the run."""
        today = CALLER.today
        with write_guard.writing(), transaction.atomic():
            entry = Entry.objects.create(
                on=today, currency="ZAR", source="invoice", number=f"After {last}", text="Bench",
                operation_id=uuid.uuid4(), at=CALLER.now,
            )  # fmt: skip
            _do(_ITEMS.format(day=_day("(c.id * 7 + i.n * 31) %% 395 - 30")), today, today, entry.pk, last)
            _do(
                _INVOICES.format(state="issued", number=f"'INV-' || {_digits('id')}", some="id > 0"), today, today, last
            )
            _do(_INVOICES.format(state="draft", number="NULL", some="id %% 5000 = 1"), today, today, last)
            _do(_RUN, self.run.pk, last)
            BillRun.objects.filter(pk=self.run.pk).update(customers=self.count)
        _do("ANALYZE")
        after = Customer.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
        for keys in bulk.chunks(after.iterator(), 50_000):
            with write_guard.writing(), transaction.atomic():
                work_out(keys, today)
        finish_sending(CALLER, run=self.run)


def settle_down() -> None:
    """The planner knows what there is, as it would after a night; and what lists say is what the items say."""
    _do("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    wrong = list(standings_follow_from_open_items())
    assert not wrong, wrong


_LIKE = (
    'kind, billing_type, status, joined_on, "group", terms_days, currency, tax_number, language, version, manager_id, '
    "area_id, hold_reason"
)
_TAG = "INSERT INTO customers_customertag (customer_id, tag_id) SELECT id, %s"
# Due from a year ago to a month ahead. A third of the customers owe nothing, one in fifty-three is in credit.
_ITEMS = f"""
    INSERT INTO receivables_openitem (customer_id, kind, side, number, "on", due_on, currency, amount_minor, open_minor,
        text, reference, entry_id)
    WITH RECURSIVE i(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n < {EACH - 1})
    SELECT c.id, 'invoice', CASE WHEN i.n = 9 AND c.id %% 53 = 7 THEN 'credit' ELSE 'debit' END,
        'X' || c.id || '-' || i.n, {{day}}, {{day}}, 'ZAR', 1000 + (c.id * 13 + i.n * 101) %% 9000,
        CASE WHEN c.id %% 3 = 0 OR (c.id %% 53 = 7 AND i.n < 9) THEN 0 ELSE 1000 + (c.id * 13 + i.n * 101) %% 9000 END,
        '', '', %s
    FROM customers_customer c CROSS JOIN i WHERE c.id > %s
"""
_INVOICES = """
    INSERT INTO billing_invoice (customer_id, state, number, currency, "on", due_on, prices_include_tax, reference,
        text, source, net_minor, tax_minor, total_minor, copy, version)
    SELECT id, '{state}', {number}, 'ZAR', %s, %s, TRUE, '', '', 'one_off', 100, 15, 115, '{{}}', 1
    FROM customers_customer WHERE id > %s AND {some}
"""
_RUN = """
    INSERT INTO billing_billrunitem (run_id, customer_id, state, total_minor, last_minor, code, said, approved, sent)
    SELECT %s, id, CASE WHEN id %% 101 = 3 THEN 'held' ELSE 'billed' END, id * 37 %% 100000, id * 31 %% 100000, '', '',
        FALSE, FALSE
    FROM customers_customer WHERE id > %s
"""


def _do(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        # Without parameters the two signs of a percentage are not made one.
        cursor.execute(sql if parameters else sql.replace("%%", "%"), parameters or None)


def _value(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row: Sequence[Any] = cursor.fetchone()
        return row[0]


def _digits(number: str) -> str:
    """A number as seven digits."""
    if connection.vendor == "postgresql":
        return f"LPAD(CAST({number} AS TEXT), 7, '0')"
    return f"PRINTF('%%07d', {number})"


def _account(number: str) -> str:
    return f"'B-' || {_digits(number)}"


def _day(before: str) -> str:
    """So many days before a parameter."""
    if connection.vendor == "postgresql":
        return f"CAST(%s AS DATE) - CAST({before} AS INTEGER)"
    return f"DATE(%s, (-({before})) || ' days')"
