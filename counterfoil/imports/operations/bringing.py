"""Bringing in a file: all of it or nothing, and a second time adds nothing."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import NewInvoice, draft_invoices, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import NewCustomer, add_customers, add_note
from counterfoil.customers.queries import lock
from counterfoil.imports.mapping import FileMapping, read_mapping
from counterfoil.imports.models import ImportedRecord, ImportRun
from counterfoil.imports.operations.again import differences, take
from counterfoil.imports.rules import (
    ONE,
    ImportRefused,
    ImportResult,
    Plan,
    Record,
    RowError,
    Totals,
    make_plan,
)
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text, places
from counterfoil.kernel.periods import date_text
from counterfoil.ledger.rules import CREDITS_GIVEN, Leg
from counterfoil.operator import numbering
from counterfoil.operator.queries import operator
from counterfoil.operator.terms import due_day
from counterfoil.payments.operations import NewReceipt, record_receipts
from counterfoil.platform import bulk
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import NewItem, open_items, settle_with_credit
from counterfoil.receivables.rules import BROUGHT_IN
from counterfoil.subscriptions.models import Service
from counterfoil.usage.operations import NewUsage, record_usages
from counterfoil.usage.queries import ActiveDays, services_called, services_numbered

CHUNK = 2000


def _read(caller: Caller, *, content: bytes, mapping: str, **more: Any) -> tuple[FileMapping, Plan]:
    # A file names customers by their numbers, whoever they are.
    refuse_if(caller.scope, "whole_only", "Importing files needs access to all areas and brands.")
    read = read_mapping(mapping)
    # Without a currency of its own a file is in the operator's: how many places an amount has depends on it.
    house = operator()
    read = dataclasses.replace(read, currency=read.currency or house.currency)
    home = timezone.get_current_timezone()
    return read, make_plan(content, read, today=caller.today, region=house.region, home=home)


@verb(label="Import file", before=_read)
def import_file(op: Operation, *, content: bytes, file_name: str, mapping: str) -> ImportResult:
    """Every customer, invoice, payment and usage record of the file is there; refused whole when any row is wrong.

    Raises `ImportRefused` with one error per row and column. What was brought in before under the same key is left
    alone when it is the same, and is an error when it is not. A dry run is this operation with `previewing()`.
    """
    read, plan = op.ready
    if plan.errors and (plan.broken or read.wrong == "refuse"):
        raise ImportRefused(plan.errors)
    plan.without_wrong()
    run = ImportRun(
        source=read.source, file_name=file_name[:200], sha256=hashlib.sha256(content).hexdigest(),
        author=op.caller.name, at=op.now,
    )  # fmt: skip
    work = _Work(op, run, read, plan)
    used = (work.usage(),) if "usage" in read.parts else ()
    totals = (work.customers(), work.invoices(), work.receipts(), *used)
    errors = sorted((*plan.errors, *work.errors), key=lambda error: error.row)
    if errors and read.wrong == "refuse":
        raise ImportRefused(errors)
    result = ImportResult(read.name, work.currency, plan.rows, totals, tuple(work.said()), tuple(errors))
    if result.added:
        # After its payments, which say themselves what they settle.
        for batch in bulk.chunks([row.pk for row in work.people.values()], CHUNK):
            lock(batch)
            settle_with_credit(op, batch, op.today)
        counts = {f"{total.kind}s": total.added for total in totals if total not in used}
        if any(counts.values()):
            op.record("file.imported", run, file=file_name[:200], **counts)
        if records := sum(total.added for total in used):
            op.record("file.usage_imported", run, file=file_name[:200], records=records)
    return result


class _Work:
    """One file on its way in."""

    def __init__(self, op: Operation, run: ImportRun, mapping: FileMapping, plan: Plan) -> None:
        self.op, self.run, self.mapping, self.plan = op, run, mapping, plan
        self.source, self.currency = mapping.source, mapping.currency
        self.errors: list[RowError] = []
        self.people: dict[str, Customer] = {}
        # Accounts that the file names and that are another one now, by their number.
        self.merged: dict[str, str] = {}
        self.moved: Counter[tuple[str, str]] = Counter()
        self.different: list[Record] = []
        self.remarks: list[str] = []

    def customers(self) -> Totals:
        fresh, known = self._sort_out("customer", self.plan.customers)
        known += len(self.different)

        def add(records: Sequence[Record]) -> list[int]:
            rows = add_customers(self.op, customers=[self._new_customer(record) for record in records])
            for record, row in zip(records, rows, strict=True):
                if record.more["note"]:
                    add_note(self.op, customer=row, text=record.more["note"])
            return [row.pk for row in rows]

        fresh = self._add("customer", fresh, add)
        self._meet_again()
        self._find_people({record.values["customer"] for record in (*self.plan.invoices, *self.plan.receipts)})
        return Totals("customer", len(fresh) + known, len(fresh), known, 0, 0)

    def _meet_again(self) -> None:
        """Those who are different in the file: the file's way is taken, or it is said and left as it is."""
        for batch in bulk.chunks(self.different, CHUNK):
            rows = ImportedRecord.objects.filter(source=self.source, kind="customer", key__in=[r.key for r in batch])
            for found in differences(batch, dict(rows.values_list("key", "object_id"))):
                if self.mapping.repeated == "update":
                    take(self.op, found)
                    self.remarks.append(f"The {found.said}, and was taken from it.")
                else:
                    self.remarks.append(f"The {found.said}, and was left as it is here.")

    def said(self) -> list[str]:
        """What there is to know besides the totals, the first hundred of each kind."""
        found = []
        for (kind, number), count in sorted(self.moved.items()):
            many = plural(count, "payment" if kind == "receipt" else kind)
            found.append(f"{many} for {number} went to {self.merged[number]}, which it was merged into.")
        for why, rows in self.plan.left_out.items():
            some = ", ".join(str(row) for row in rows[:10]) + (" and more" if len(rows) > 10 else "")
            each = "it" if len(rows) == 1 else "each"
            found.append(f"{plural(len(rows), 'row')} left out, because {each} {why}: row {some}.")
        return [*found[:100], *self.remarks[:100]]

    def _new_customer(self, record: Record) -> NewCustomer:
        v = record.values
        # A number that the file leaves blank is the next of ours; without a column of numbers the key is the number.
        own = "number" in self.mapping.parts["customers"]
        return NewCustomer(
            name=v["name"], number=v["number"] if own else record.key, kind=v["kind"] or "person",
            billing_type=v["billing_type"] or "residential", joined_on=v["joined_on"], group=v["group"],
            terms_days=v["terms_days"], currency=self.currency, tax_number=v["tax_number"],
            emails=record.more["emails"], phones=record.more["phones"],
            contact_name=v["contact"], street=v["street"], city=v["city"], postcode=v["postcode"],
        )  # fmt: skip

    def _find_people(self, wanted: set[str]) -> None:
        """Customers by the key of the file; a file without customers names account numbers."""
        imported = dict(
            ImportedRecord.objects.filter(source=self.source, kind="customer").values_list("key", "object_id")
        )
        rows = Customer.objects.in_bulk([pk for key, pk in imported.items() if key in wanted])
        self.people = {key: rows[imported[key]] for key in wanted if key in imported}
        others = Customer.objects.filter(number__in=[key for key in wanted if key not in imported])
        self.people |= {row.number: row for row in others}
        self._follow_merged()

    def _follow_merged(self) -> None:
        """An account that was merged is the one it is now, however often that was merged since."""
        while gone := {key: row for key, row in self.people.items() if row.merged_into_id is not None}:
            into = Customer.objects.in_bulk({row.merged_into_id for row in gone.values()})
            for key, row in gone.items():
                self.people[key] = into[row.merged_into_id]
                self.merged[key] = into[row.merged_into_id].number

    def invoices(self) -> Totals:
        records = self._with_customer("invoice", self.plan.invoices)
        fresh, known = self._sort_out("invoice", [one for one in records if one.values["amount"] > 0])
        credits, known_credits = self._sort_out("credit", [one for one in records if one.values["amount"] < 0])
        taken = set()
        for batch in bulk.chunks(fresh, CHUNK):
            numbers = [record.key for record in batch]
            taken |= set(Invoice.objects.filter(number__in=numbers).values_list("number", flat=True))
        for record in fresh:
            if record.key in taken:
                self._wrong(record, f"Invoice {record.key} is there already, and did not come from this source.")
        fresh = [record for record in fresh if record.key not in taken]

        def add(records: Sequence[Record]) -> list[int]:
            drafts = draft_invoices(self.op, invoices=[self._new_invoice(record) for record in records])
            issue_invoices(self.op, invoices=drafts, numbers=[record.key for record in records])
            return [draft.pk for draft in drafts]

        came = [*self._add("invoice", fresh, add), *self._add("credit", credits, self._bring_credits)]
        return self._totals("invoice", self.plan.invoices, came, known + known_credits)

    def _bring_credits(self, records: Sequence[Record]) -> list[int]:
        """Credits of a book keep their own number and day."""
        for record in records:
            refuse_if(
                numbering.is_of("credit", record.key), "number_taken",
                f"{record.key} is a number that we give ourselves. Give it another prefix in the file.",
            )  # fmt: skip
        new = [
            NewItem(
                customer_id=self.people[r.values["customer"]].pk, kind="credit", side="credit", number=r.key,
                on=r.values["on"], currency=self.currency, amount_minor=-r.values["amount"],
                legs=(Leg(CREDITS_GIVEN, -r.values["amount"]),), text=r.values["text"], reference=BROUGHT_IN,
            )
            for r in records
        ]  # fmt: skip
        items = open_items(self.op, items=new, locked=lock({item.customer_id for item in new}))
        for item in items:
            self.op.record("credit.issued", item, customer_id=item.customer_id, number=item.number,
                           amount=money_text(item.amount_minor, item.currency), reason=item.text)  # fmt: skip
        return [item.pk for item in items]

    def _new_invoice(self, record: Record) -> NewInvoice:
        v = record.values
        customer = self.people[v["customer"]]
        lines = tuple(
            LineInput(text, Decimal(1), Decimal(minor).scaleb(-places(customer.currency)))
            for text, minor in record.more["lines"]
        )
        due_on = v["due_on"] or due_day(customer.terms_rule, customer.terms_days, v["on"])
        return NewInvoice(
            customer=customer, lines=lines, on=v["on"], due_on=due_on,
            reference=v["reference"], text=v["text"], source="import",
        )  # fmt: skip

    def receipts(self) -> Totals:
        fresh, known = self._sort_out("receipt", self._with_customer("receipt", self.plan.receipts))
        settles = self._items_to_settle(fresh)
        wrong = {error.row for error in self.errors}
        fresh = [record for record in fresh if record.row not in wrong]

        def add(records: Sequence[Record]) -> list[int]:
            # Read anew for each batch: the one before may have settled some of them. What is too much stays on account.
            items = {settles[record.values["invoice"]][0] for record in records if record.values["invoice"]}
            left = dict(OpenItem.objects.filter(pk__in=items, open_minor__gt=0).values_list("pk", "open_minor"))
            new = [self._new_receipt(record, settles, left) for record in records]
            return record_receipts(self.op, receipts=new)

        fresh = self._add("receipt", fresh, add)
        return self._totals("receipt", self.plan.receipts, fresh, known)

    def _items_to_settle(self, records: Sequence[Record]) -> dict[str, tuple[int, int]]:
        """Invoice number to (item, customer), for the invoices that the payments name."""
        found: dict[str, tuple[int, int]] = {}
        for batch in bulk.chunks((r.values["invoice"] for r in records if r.values["invoice"]), CHUNK):
            rows = Invoice.objects.filter(number__in=batch)
            for number, item, customer in rows.values_list("number", "item", "customer_id"):
                found[number or ""] = (item, customer)
        for record in records:
            number = record.values["invoice"]
            if number and number not in found:
                self._wrong(record, f"There is no invoice {number} for this payment.")
            elif number and found[number][1] != self.people[record.values["customer"]].pk:
                self._wrong(record, f"Invoice {number} belongs to another customer.")
        return found

    def _new_receipt(self, record: Record, settles: dict[str, tuple[int, int]], left: dict[int, int]) -> NewReceipt:
        v = record.values
        allocate: tuple[tuple[int, int], ...] | None = None
        if v["invoice"]:
            item = settles[v["invoice"]][0]
            minor = min(left.get(item, 0), v["amount"])
            left[item] = left.get(item, 0) - minor
            allocate = ((item, minor),)
        return NewReceipt(
            self.people[v["customer"]].pk, v["amount"], v["on"], v["method"], v["reference"], allocate, self.currency
        )

    def usage(self) -> Totals:
        fresh, known = self._sort_out(ONE["usage"], self.plan.usage)
        services = self._services_used(fresh)
        fresh = [record for record in fresh if record.row in services]

        def add(records: Sequence[Record]) -> list[int]:
            new = [
                NewUsage(services[r.row].pk, r.values["on"], r.values["quantity"], r.key, r.values["text"])
                for r in records
            ]
            return record_usages(self.op, records=new, source=self.source)

        fresh = self._add(ONE["usage"], fresh, add)
        together = sum((record.values["quantity"] for record in self.plan.usage), Decimal(0))
        return Totals(ONE["usage"], len(self.plan.usage), len(fresh), known, 0, 0, together)

    def _services_used(self, records: Sequence[Record]) -> dict[int, Service]:
        """The service that each row means, by the row: the one of that name which was active on that day."""
        names = [record.values["service"] for record in records]
        called = services_called(names)
        called |= services_numbered([name for name in names if name not in called], operator().region)
        active = ActiveDays(service.pk for services in called.values() for service in services)
        found: dict[int, Service] = {}
        for record in records:
            v = record.values
            named = [
                service
                for service in called.get(v["service"], ())
                if v["customer"] in ("", service.subscription.customer.number)
                and v["product"] in ("", service.product.code)
            ]
            there = [service for service in named if active.on(service.pk, v["on"])]
            if len(there) == 1:
                found[record.row] = there[0]
            elif there:
                owners = ", ".join(sorted({f"{s.subscription.customer.number} {s.product.code}" for s in there})[:3])
                self._wrong(record, f"{v['service']} is more than one service ({owners}). Say the customer and the "
                            "product too.", "service")  # fmt: skip
            elif named:
                self._wrong(record, f"{v['service']} was not active on {date_text(v['on'])}. Check the day, or start "
                            "the service from then.", "on")  # fmt: skip
            else:
                self._wrong(record, f"No service that is charged by usage is called {v['service']}. Check it, or give "
                            "the service that label.", "service")  # fmt: skip
        return found

    # -------------------------------------------------------------- shared

    def _with_customer(self, kind: str, records: Sequence[Record]) -> list[Record]:
        for record in records:
            if (number := record.values["customer"]) in self.merged:
                self.moved[kind, number] += 1
            if record.values["customer"] not in self.people and self.mapping.unknown == "leave out":
                self.plan.leave_out(record.row, "names a customer who is not there")
            elif record.values["customer"] not in self.people:
                self._wrong(record, f"There is no customer {record.values['customer']}.")
            elif self.people[record.values["customer"]].currency != self.currency:
                self._wrong(record, f"That customer's account is not in {self.currency}.")
        return [record for record in records if record.values["customer"] in self.people]

    def _sort_out(self, kind: str, records: Sequence[Record]) -> tuple[list[Record], int]:
        """Records not brought in before, and how many were; the same key with other content is an error."""
        fresh, known = [], 0
        for batch in bulk.chunks(records, CHUNK):
            rows = ImportedRecord.objects.filter(source=self.source, kind=kind, key__in=[r.key for r in batch])
            before = dict(rows.values_list("key", "fingerprint"))
            for record in batch:
                if record.key not in before:
                    fresh.append(record)
                elif before[record.key] == record.fingerprint:
                    known += 1
                elif kind == "customer":
                    self.different.append(record)
                else:
                    self._wrong(record, f"{kind.capitalize()} {record.key} was imported before with other content.")
        return fresh, known

    def _add(self, kind: str, records: Sequence[Record], add: Callable[[Sequence[Record]], list[int]]) -> list[Record]:
        """The records that came in: all of them, but those that a rule refused."""
        came: list[Record] = []
        if records and self.run.pk is None:
            self.run.save()  # a file that adds nothing leaves no trace
        for batch in bulk.chunks(records, CHUNK):
            left, ids = list(batch), []
            while left:
                try:
                    with self.op.attempting():
                        ids = add(left)
                    break
                except Refused as error:
                    # A rule said no to one of the batch: find out which row by asking for each alone, with the database
                    # as it was before the batch.
                    culprit = self._culprit(left, add, error)
                    self._wrong(culprit, error.sentence)
                    if self.mapping.wrong == "refuse":
                        return came
                    left.remove(culprit)
            bulk.insert_rows(
                ImportedRecord,
                ("run", "source", "kind", "key", "fingerprint", "object_id"),
                (
                    (self.run.pk, self.source, kind, record.key, record.fingerprint, pk)
                    for record, pk in zip(left, ids, strict=True)
                ),
            )
            came += left
        return came

    def _culprit(self, batch: Sequence[Record], add: Callable[[Sequence[Record]], list[int]], error: Refused) -> Record:
        for record in batch:
            try:
                with self.op.attempting():
                    add([record])
                    raise Refused("tried", "This was only tried.")
            except Refused as again:
                if again.code == error.code:
                    return record
        return batch[0]

    def _wrong(self, record: Record, sentence: str, name: str = "") -> None:
        """What is wrong with a record; `name` is the field of usage that the column is read for."""
        column = self.mapping.column("usage", name) if name else ""
        self.errors.append(RowError(record.row, column, sentence))

    def _totals(self, kind: str, records: Sequence[Record], fresh: Sequence[Record], known: int) -> Totals:
        return Totals(
            kind, len(records), len(fresh), known, sum(r.values["amount"] for r in records),
            sum(r.values["amount"] for r in fresh),
        )  # fmt: skip
