"""Invoices, credits and payments of a file."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import NewInvoice, draft_invoices, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.customers.queries import lock
from counterfoil.imports.operations.work import Work
from counterfoil.imports.rules import Record
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text, places
from counterfoil.ledger.rules import CREDITS_GIVEN, Leg
from counterfoil.operator import numbering
from counterfoil.operator.terms import due_day
from counterfoil.payments.operations import NewReceipt, record_receipts
from counterfoil.payments.queries import methods
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import NewItem, open_items
from counterfoil.receivables.rules import BROUGHT_IN


def bring_invoices(work: Work) -> None:
    """Every invoice of the file is issued under its own number, and what is below zero is a credit."""

    def add(records: Sequence[Record]) -> list[int]:
        drafts = draft_invoices(work.op, invoices=[_new_invoice(work, record) for record in records])
        issue_invoices(work.op, invoices=drafts, numbers=[record.key for record in records])
        return [draft.pk for draft in drafts]

    for batch in work.batches("invoices"):
        new = work.sort_out("invoice", [one for one in batch if one.values["amount"] > 0])
        fresh = work.with_customer("invoices", new)
        new = work.sort_out("credit", [one for one in batch if one.values["amount"] < 0])
        credits = work.with_customer("invoices", new)
        numbers = [record.key for record in fresh]
        taken = set(Invoice.objects.filter(number__in=numbers).values_list("number", flat=True))
        for record in fresh:
            if record.key in taken:
                work.wrong(record, f"Invoice {record.key} is there already, and did not come from this source.",
                           "invoices", "number")  # fmt: skip
        work.add("invoice", [record for record in fresh if record.key not in taken], add)
        work.add("credit", credits, lambda records: _bring_credits(work, records))


def _bring_credits(work: Work, records: Sequence[Record]) -> list[int]:
    """Credits of a book keep their own number and day."""
    is_ours = numbering.ours("credit")
    for record in records:
        sentence = f"{record.key} is a number that we give ourselves. Give it another prefix in the file."
        refuse_if(is_ours(record.key), "number_taken", sentence)
    new = [
        NewItem(
            customer_id=work.people[r.values["customer"]].pk, kind="credit", side="credit", number=r.key,
            on=r.values["on"], currency=work.currency, amount_minor=-r.values["amount"],
            legs=(Leg(CREDITS_GIVEN, -r.values["amount"]),), text=r.values["text"], reference=BROUGHT_IN,
        )
        for r in records
    ]  # fmt: skip
    items = open_items(work.op, items=new, locked=lock({item.customer_id for item in new}))
    for item in items:
        work.op.record("credit.issued", item, customer_id=item.customer_id, number=item.number,
                       amount=money_text(item.amount_minor, item.currency), reason=item.text)  # fmt: skip
    return [item.pk for item in items]


def _new_invoice(work: Work, record: Record) -> NewInvoice:
    v = record.values
    customer = work.people[v["customer"]]
    lines = tuple(
        LineInput(text, Decimal(1), Decimal(minor).scaleb(-places(customer.currency)))
        for text, minor in record.more["lines"]
    )
    due_on = v["due_on"] or due_day(customer.terms_rule, customer.terms_days, v["on"])
    return NewInvoice(
        customer=customer, lines=lines, on=v["on"], due_on=due_on,
        reference=v["reference"], text=v["text"], source="import",
    )  # fmt: skip


def bring_receipts(work: Work) -> None:
    """Every payment of the file is there, in the order of their days; it settles the invoice that it names."""
    for batch in work.batches("receipts"):
        fresh = work.with_customer("receipts", work.sort_out("receipt", batch))
        settles = _items_to_settle(work, fresh)
        _read_methods(work, fresh)
        wrong = {error.row for error in work.errors}

        def add(records: Sequence[Record], settles: dict[str, tuple[int, int]] = settles) -> list[int]:
            # Read anew for each batch: the one before may have settled some of them. What is too much stays on account.
            items = {settles[record.values["invoice"]][0] for record in records if record.values["invoice"]}
            left = dict(OpenItem.objects.filter(pk__in=items, open_minor__gt=0).values_list("pk", "open_minor"))
            new = [_new_receipt(work, record, settles, left) for record in records]
            return record_receipts(work.op, receipts=new)

        work.add("receipt", [record for record in fresh if record.row not in wrong], add)


def _read_methods(work: Work, records: Sequence[Record]) -> None:
    """How each was paid, by the code or the name of a way to pay."""
    ways = methods()
    known = {name.casefold(): code for code, row in ways.items() for name in (row.name, code, code.replace("_", " "))}
    for record in records:
        said = record.values["method"]
        if code := known.get(" ".join(said.casefold().split())):
            record.values["method"] = code
        else:
            names = ", ".join(row.name for row in ways.values())
            work.wrong(record, f"There is no way to pay called {said[:40]}: {names}. Add it to the list of payment "
                       "methods in Settings, or change the file.", "receipts", "method")  # fmt: skip


def _items_to_settle(work: Work, records: Sequence[Record]) -> dict[str, tuple[int, int]]:
    """Invoice number to (item, customer), for the invoices that the payments name."""
    found: dict[str, tuple[int, int]] = {}
    rows = Invoice.objects.filter(number__in=[r.values["invoice"] for r in records if r.values["invoice"]])
    for number, item, customer in rows.values_list("number", "item", "customer_id"):
        found[number or ""] = (item, customer)
    for record in records:
        number = record.values["invoice"]
        if number and number not in found:
            work.wrong(record, f"There is no invoice {number} for this payment.", "receipts", "invoice")
        elif number and found[number][1] != work.people[record.values["customer"]].pk:
            work.wrong(record, f"Invoice {number} belongs to another customer.", "receipts", "invoice")
    return found


def _new_receipt(
    work: Work, record: Record, settles: dict[str, tuple[int, int]], left: dict[int, int]
) -> NewReceipt:  # fmt: skip
    v = record.values
    allocate: tuple[tuple[int, int], ...] | None = None
    if v["invoice"]:
        item = settles[v["invoice"]][0]
        minor = min(left.get(item, 0), v["amount"])
        left[item] = left.get(item, 0) - minor
        allocate = ((item, minor),)
    return NewReceipt(
        work.people[v["customer"]].pk, v["amount"], v["on"], v["method"], v["reference"], allocate, work.currency
    )
