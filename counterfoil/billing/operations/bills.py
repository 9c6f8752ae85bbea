"""Billing what services cost: one path for one customer, for a preview, and for a run of a million.

Plain values into the rules and out of them, written by COPY (executemany on SQLite): plural first, architecture 1.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from counterfoil.billing import queries
from counterfoil.billing.charges import Catalogue, Due, due_charges, read_catalogue
from counterfoil.billing.line_texts import bill_name
from counterfoil.billing.lines import Line, Printed, line_of, print_with_tax
from counterfoil.billing.models import Charge, CreditNote, CreditNoteLine, Invoice, InvoiceLine
from counterfoil.billing.operations.charged import CHARGE_COLUMNS, charge_row
from counterfoil.billing.operations.credits import creditable_item, issue_credit_note
from counterfoil.billing.operations.invoices import due_day, invoice_legs, printed_copies, settled_by
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import Account, lock_accounts, speeches_of
from counterfoil.documents.speech import Speech
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.operator import numbering
from counterfoil.operator.readiness import refuse_unless_ready
from counterfoil.platform import bulk
from counterfoil.platform.kept import Columns, digest, worked_out
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.words import PastDay
from counterfoil.receivables.operations import NewItem
from counterfoil.receivables.operations.allocate import settle
from counterfoil.receivables.operations.credit import credit_shares
from counterfoil.receivables.operations.items import open_rows
from counterfoil.subscriptions.models import OneTimeCharge, Service, Subscription
from counterfoil.subscriptions.queries import has_live_services, next_bill_on
from counterfoil.trail.kinds import KEPT

_FARTHEST = dt.timedelta(days=400)


@dataclass(frozen=True)
class Outcome:
    """What billing a customer came to: an invoice, a credit note, or why neither."""

    invoice_id: int | None = None
    credit_note_id: int | None = None
    total_minor: int = 0
    code: str = ""
    said: str = ""
    # Service id, text and total of each line.
    lines: tuple[tuple[int | None, str, int], ...] = ()


@dataclass
class _Bill:
    due: Due
    customer: Account
    lines: list[Line]
    tax_name: str
    # Whoever reads it reads it in this language.
    speech: Speech
    # What its lines come to; they are printed in other words later, with the same amounts.
    net: int = field(init=False)
    tax: int = field(init=False)
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.net = sum([line.net for line in self.lines])
        self.tax = sum([line.tax for line in self.lines])
        self.total = self.net + self.tax

    @cached_property
    def prices_include_tax(self) -> bool:
        """Whether it is printed with tax: unless everything on it is priced without (decision 0023)."""
        excluding = any(not line.charge.prices_include_tax for line in self.lines)
        return not excluding or any(line.charge.prices_include_tax and line.tax for line in self.lines)

    @cached_property
    def text(self) -> str:
        """What it is for, on one line."""
        charged = [line for line in self.lines if line.total > 0]
        days = [(line.charge.starts, line.charge.ends) for line in charged if line.charge.service_id is not None]
        return bill_name(days, [line.text for line in charged], self.speech)

    @property
    def told(self) -> tuple[tuple[int | None, str, int], ...]:
        return tuple((line.charge.service_id, line.text, line.total) for line in self.lines)

    @property
    def deferred(self) -> int:
        """Net of what is for days: earned day by day, not when it is billed."""
        return sum(line.net for line in self.lines if line.charge.is_for_days)


@verb(label="Bill now")
def bill_customer(
    op: Operation,
    *,
    customer: Customer,
    bill_to: dt.date,
    on: PastDay | None = None,
    subscription: Subscription | None = None,
    draft: bool = False,
) -> Invoice | CreditNote:
    """Everything due up to and on a day is billed on one invoice (domain 4.7), or on a draft. Again, there is nothing.

    Account credit settles it, where it does so (domain 5.3). Where credits for services exceed the charges it is one
    credit note with the same lines. Refuses `nothing_to_bill`, and what keeps a service from being priced.
    """
    if not draft:
        refuse_unless_ready()
    day = on or op.today
    refuse_if(abs(bill_to - op.today) > _FARTHEST, "absurd_date", "That day is too far away to be right.",
              field="bill_to")  # fmt: skip
    wanted = [customer.pk]
    outcome = bill_customers(
        op, customers=wanted, bill_to=bill_to, on=day, only=subscription, draft=draft, may_credit=wanted
    )[customer.pk]
    if outcome.code:
        raise Refused(outcome.code, outcome.said, field="bill_to")
    bill: Invoice | CreditNote
    if outcome.credit_note_id is not None:
        bill = CreditNote.objects.select_related("customer", "item", "invoice").get(pk=outcome.credit_note_id)
    else:
        assert outcome.invoice_id is not None
        bill = Invoice.objects.select_related("customer", "item").get(pk=outcome.invoice_id)
    bill.billed = outcome.lines
    return bill


@step
def bill_customers(
    op: Operation,
    *,
    customers: Sequence[int],
    bill_to: dt.date,
    on: dt.date,
    catalogue: Catalogue | None = None,
    only: Subscription | None = None,
    draft: bool = False,
    may_credit: Collection[int] = (),
    note: Callable[[Mapping[int, Outcome]], None] = lambda outcomes: None,
) -> dict[int, Outcome]:
    """Each customer is billed what is due up to and on a day; returns what came of each. One failing stops no other.

    `note` is told of what comes of each before numbers are taken, while nobody waits; of a credit note afterwards.

    A bill that comes to less than nothing is refused, but for those who `may_credit`. One whose charges and credits
    are equal waits for the next one. Periods with nothing to charge (rest, a free part of a bundle) are passed.
    """
    locked = lock_accounts(customers)
    known = catalogue or read_catalogue(on)
    dues = due_charges(list(locked), bill_to, known, only=only)
    speeches = speeches_of(locked.values())
    outcomes: dict[int, Outcome] = {}
    bills: list[_Bill] = []
    printed: Printed = {}
    for pk, customer in locked.items():
        try:
            credit = pk in may_credit and not draft
            bill = _bill(customer, dues.get(pk), known, bill_to, speeches[pk], printed, may_credit=credit)
        except Refused as refusal:
            outcomes[pk] = Outcome(code=refusal.code, said=refusal.sentence)
        else:
            bills.append(bill)
    mark_services([due for due in dues.values() if due.is_quiet], on)
    owed = [bill for bill in bills if bill.total > 0]
    ids = list(bulk.reserve_ids(Invoice, len(owed))) if owed else []
    parts = _write_lines(owed, ids)
    for bill, invoice in zip(owed, ids, strict=True):
        outcomes[bill.customer.pk] = Outcome(invoice, total_minor=bill.total, lines=bill.told)
    mark_services([bill.due for bill in owed], on)
    note(outcomes)
    _write(op, owed, ids, parts, on, draft=draft)
    credited: dict[int, Outcome] = {}
    for bill in bills:
        if bill.total < 0:
            try:
                with op.attempting():
                    credited[bill.customer.pk] = _write_credit_note(op, bill, on)
            except Refused as refusal:
                credited[bill.customer.pk] = Outcome(code=refusal.code, said=refusal.sentence)
    note(credited)
    return outcomes | credited


def keeps_open(customer: Customer) -> str:
    """Why an account stays open whose services have ended: what is left of them comes to something."""
    day = next_bill_on(customer)
    if day is None or has_live_services(customer):
        return ""  # what goes on comes to something without end, and is told by whoever has it
    due = due_charges([customer.pk], dt.date.max, read_catalogue(day)).get(customer.pk)
    if due is None or due.is_nothing:
        return ""
    return f"{customer.number} has something to bill, from {date_text(day)} on. Bill it first."


def _write_credit_note(op: Operation, bill: _Bill, on: dt.date) -> Outcome:
    """A bill below zero is one credit note: what it gives back less what it charges, each on a line of its own.

    It is of the newest of the invoices that charged what it gives back, and settles what is open of them.
    """
    if bill.prices_include_tax:
        print_with_tax(bill.lines, bill.due.currency, bill.tax_name, bill.speech)
    invoices = queries.invoices_charging([line.charge for line in bill.lines if line.total < 0])
    refuse_if(
        not invoices, "not_issued",
        "The credit is on a draft. Issue or discard it first, then bill again.",
    )  # fmt: skip
    lines = [
        CreditNoteLine(
            position=place, text=line.text, tax_rate_id=line.rate_id, tax_name=line.rate_name, tax_percent=line.percent,
            net_minor=-line.net, tax_minor=-line.tax, total_minor=-line.total,
        )
        for place, line in enumerate(bill.lines, start=1)
    ]  # fmt: skip
    note = issue_credit_note(
        op, Customer.objects.get(pk=bill.customer.pk), invoices, [creditable_item(row) for row in invoices], lines,
        bill.speech.say("Services changed"), max(on, invoices[0].on), -bill.deferred,
    )  # fmt: skip
    mark_services([bill.due], on)
    bulk.insert_rows(
        Charge,
        CHARGE_COLUMNS,
        (
            charge_row(line.charge, line.total, line.net, None, made.pk)
            for line, made in zip(bill.lines, lines, strict=True)
        ),
    )
    return Outcome(credit_note_id=note.pk, total_minor=bill.total, lines=bill.told)


def _bill(
    customer: Account, due: Due | None, catalogue: Catalogue, bill_to: dt.date, speech: Speech, printed: Printed, *,
    may_credit: bool,
) -> _Bill:  # fmt: skip
    if due is None or due.is_quiet:
        raise Refused("nothing_to_bill", f"There is nothing to bill up to {date_text(bill_to)}.")
    if due.refused is not None:
        raise due.refused
    refuse_if(customer.status != "active", "account_closed", f"The account is {customer.status}.")
    refuse_if(
        due.currency != customer.currency, "wrong_currency",
        f"The subscription is in {due.currency}, the account in {customer.currency}.",
    )  # fmt: skip
    lines = [line_of(due, charge, catalogue, speech, printed) for charge in due.charges]
    bill = _Bill(due, customer, lines, catalogue.tax_name, speech)
    total = bill.total
    refuse_if(
        not total, "nothing_to_bill",
        f"Charges and credits up to {date_text(bill_to)} are equal. They go on the next bill.",
    )  # fmt: skip
    refuse_if(
        total < 0 and not may_credit, "negative_bill",
        f"The total is {money_text(total, due.currency)}, so it is a credit note, which has no draft. Issue it.",
    )  # fmt: skip
    return bill


# ------------------------------------------------------------------ writing


_Parts = dict[int, list[tuple[str, str]]]


def _write(
    op: Operation, bills: Sequence[_Bill], ids: Sequence[int], parts: _Parts, on: dt.date, *, draft: bool
) -> None:
    """The invoices with their items, postings and events. Numbers are one block, and whoever waits for the next ones
    waits until the commit: so what needs none is worked out and written before."""
    if not bills:
        return
    if draft:
        _insert_invoices(bills, ids, on, "draft", [None] * len(bills), [None] * len(bills), [{}] * len(bills))
        for bill, pk in zip(bills, ids, strict=True):
            total = money_text(bill.total, bill.due.currency)
            op.record_of("invoice.drafted", Invoice, pk, customer_id=bill.customer.pk, total=total)
        return
    printed = printed_copies([bill.customer for bill in bills])
    plain = bulk.written([printed[bill.customer.pk] for bill in bills], _COPY.encoder)
    copies: list[dict[str, Any]] = [*plain]
    texts, totals = worked_out(plain), [money_text(bill.total, bill.due.currency) for bill in bills]
    owed = [(due_day(bill.customer, on), invoice_legs(bill.net, bill.tax, bill.deferred), bill.text) for bill in bills]
    bulk.check_keys(InvoiceLine, but=Invoice)
    bulk.check_keys(Charge, but=Invoice)
    numbers = numbering.take("invoice", [numbering.For(on, bill.customer.brand_id) for bill in bills])
    items = open_rows(
        op,
        [
            NewItem(
                customer_id=bill.customer.pk, kind="invoice", side="debit", number=number.text, on=on,
                due_on=due_on, currency=bill.due.currency, amount_minor=bill.total, legs=legs, text=text,
            )
            for bill, number, (due_on, legs, text) in zip(bills, numbers, owed, strict=True)
        ],
        {bill.customer.pk: bill.customer for bill in bills},
    )  # fmt: skip
    shares, known = credit_shares([bill.customer.pk for bill in bills])
    if shares:
        settled = settled_by(shares)
        copies = [copy | settled[item[0]] if item[0] in settled else copy
                  for copy, item in zip(copies, items, strict=True)]  # fmt: skip
    rows = _insert_invoices(bills, ids, on, "issued", numbers, [item[0] for item in items], copies)
    # Kept as worked out from what was written: reading it back would be a third of a run's time.
    kept = _INVOICE.encode(rows, texts)
    for bill, pk, number, total, text in zip(bills, ids, numbers, totals, kept, strict=True):
        told = {"number": number.text, "total": total, KEPT: digest(_INVOICE.label, pk, text, parts[pk])}
        op.record_of("invoice.issued", Invoice, pk, customer_id=bill.customer.pk, **told)
    if shares:
        settle(op, shares, known, on)


_COPY: Any = Invoice._meta.get_field("copy")
_INVOICE_COLUMNS = (
    "id", "customer", "site", "state", "number", "sequence_no", "currency", "on", "due_on", "prices_include_tax",
    "reference", "text", "source", "net_minor", "tax_minor", "total_minor", "item", "copy", "version",
)  # fmt: skip
_LINE_COLUMNS = (
    "id", "invoice", "position", "text", "quantity", "unit_price", "tax_rate", "tax_name", "tax_percent",
    "net_minor", "tax_minor", "total_minor",
)  # fmt: skip
_INVOICE = Columns(Invoice, _INVOICE_COLUMNS, Invoice.kept.but)
_LINES, _CHARGES = Columns(InvoiceLine, _LINE_COLUMNS), Columns(Charge, CHARGE_COLUMNS)


def _insert_invoices(
    bills: Sequence[_Bill], ids: Sequence[int], on: dt.date, state: str, numbers: Sequence[Any], items: Sequence[Any],
    copies: Sequence[Mapping[str, Any]],
) -> list[tuple[Any, ...]]:  # fmt: skip
    rows = []
    for bill, pk, number, item, copy in zip(bills, ids, numbers, items, copies, strict=True):
        rows.append(
            (
                pk, bill.customer.pk, bill.due.site_id, state, number.text if number else None,
                number.place if number else None, bill.due.currency, on, due_day(bill.customer, on),
                bill.prices_include_tax, "",
                bill.text, "recurring", bill.net, bill.tax, bill.total, item, copy, 1,
            )
        )  # fmt: skip
    bulk.insert_rows(Invoice, _INVOICE_COLUMNS, rows)
    return rows


def _write_lines(bills: Sequence[_Bill], ids: Sequence[int]) -> _Parts:
    """Lines and charges, as they are kept with each invoice.

    Before their invoices: to an issued one nothing may be added, and foreign keys are checked at the end.
    """
    for bill in bills:
        if bill.prices_include_tax:
            print_with_tax(bill.lines, bill.due.currency, bill.tax_name, bill.speech)
    count = sum([len(bill.lines) for bill in bills])
    line_ids = bulk.reserve_ids(InvoiceLine, count) if count else ()
    places_ = ((pk, position, line) for bill, pk in zip(bills, ids, strict=True)
               for position, line in enumerate(bill.lines, start=1))  # fmt: skip
    lines, charges = [], []
    for line_id, (pk, position, line) in zip(line_ids, places_, strict=True):
        lines.append((
            line_id, pk, position, line.text, line.quantity, line.unit_price, line.rate_id, line.rate_name,
            line.percent, line.net, line.tax, line.total,
        ))  # fmt: skip
        charges.append(charge_row(line.charge, line.total, line.net, line_id, None))
    bulk.insert_rows(InvoiceLine, _LINE_COLUMNS, lines)
    bulk.insert_rows(Charge, CHARGE_COLUMNS, charges)
    parts: _Parts = {pk: [] for pk in ids}
    for row, kept_line, kept_charge in zip(lines, _LINES.encode(lines), _CHARGES.encode(charges), strict=True):
        parts[row[1]] += ((_LINES.label, kept_line), (_CHARGES.label, kept_charge))
    return parts


def mark_services(dues: Sequence[Due], on: dt.date) -> None:
    """The services are billed as far as was looked at, and their subscriptions know when there is something next."""
    bulk.update_rows(
        Service,
        ("billed_to", "changed_from"),
        ((day, due.changed_from[pk], pk) for due in dues for pk, day in due.billed_to.items()),
    )
    bulk.update_rows(
        Subscription, ("next_bill_on",), ((day, pk) for due in dues for pk, day in due.next_bill_on.items())
    )
    bulk.update_rows(OneTimeCharge, ("billed_on",), ((on, pk) for due in dues for pk in due.once))
