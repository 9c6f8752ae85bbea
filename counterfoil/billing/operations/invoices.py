"""Invoices from draft to issued, and the tax rates they use."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Annotated, Any, TypedDict

from django.db import DEFAULT_DB_ALIAS

from counterfoil.billing import queries, rules
from counterfoil.billing.models import CreditNote, Invoice, InvoiceLine, TaxRate
from counterfoil.billing.operations.charged import take_back_charges
from counterfoil.billing.operations.taxes import write_rate
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Customer, Site
from counterfoil.customers.queries import Account, billing_addresses, letterheads_of, lock
from counterfoil.documents.speech import Speech
from counterfoil.kernel.checks import check_day, check_text
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.ledger.rules import DEFERRED, REVENUE, TAX, Leg
from counterfoil.operator import numbering, terms
from counterfoil.operator.readiness import refuse_unless_ready
from counterfoil.platform import bulk
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Like
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import NewItem, open_items
from counterfoil.receivables.operations.allocate import settle
from counterfoil.receivables.operations.credit import credit_shares
from counterfoil.receivables.operations.items import MOST_DAYS_TO_PAY
from counterfoil.receivables.queries import party
from counterfoil.receivables.rules import Share

SEQUENCES = (("invoice", "INV-{number:06}"), ("credit_note", "CN-{number:06}"))
MOST_LINES = 200


@dataclass(frozen=True)
class NewInvoice:
    """An invoice to draft. A number is given only for one brought in from another system."""

    customer: Customer
    lines: tuple[LineInput, ...]
    on: dt.date
    due_on: dt.date | None = None
    prices_include_tax: bool = True
    reference: str = ""
    text: str = ""
    site: Site | None = None
    source: str = "one_off"
    number: str = ""


class InvoiceDetails(TypedDict, total=False):
    """What may be said of an invoice besides its lines and its day."""

    due_on: dt.date | None
    prices_include_tax: bool
    reference: str
    text: str
    site: Site | None


@step
def set_up_billing(op: Operation, *, rates: Sequence[dict[str, Any]]) -> None:
    """The number sequences and the tax rates exist."""
    for kind, pattern in SEQUENCES:
        numbering.define(op, kind, pattern)
    for rate in rates:
        if not TaxRate.objects.filter(code=rate["code"]).exists():
            write_rate(op, **{"is_default": False, **rate})


# ------------------------------------------------------------------ drafts


@verb(label="New invoice")
def draft_invoice(
    op: Operation,
    /,
    *,
    customer: Customer,
    lines: Sequence[LineInput],
    on: dt.date,
    **details: Annotated[Any, Like(InvoiceDetails)],
) -> Invoice:
    """A draft exists: it can change, is in no balance, and no number is spent on it. Details as in `NewInvoice`."""
    new = NewInvoice(customer=customer, lines=tuple(lines), on=on, **details)
    return draft_invoices(op, invoices=[new])[0]


@verb
def draft_invoices(op: Operation, *, invoices: Sequence[NewInvoice]) -> list[Invoice]:
    """The drafts exist with their lines and tax worked out."""
    rates = TaxRate.objects.in_bulk({line.tax_rate_id for new in invoices for line in new.lines if line.tax_rate_id})
    drafts, lines = [], []
    for new in invoices:
        draft = Invoice(customer=new.customer, currency=new.customer.currency, source=new.source)
        lines.append(_fill(op, draft, new, rates))
        drafts.append(draft)
    _insert(drafts)
    _write_lines(drafts, lines)
    for draft in drafts:
        op.record("invoice.drafted", draft, customer_id=draft.customer_id, total=total_text(draft))
    return drafts


@verb(label="Edit draft")
def change_draft(
    op: Operation,
    /,
    *,
    invoice: Invoice,
    version: int,
    lines: Sequence[LineInput],
    on: dt.date,
    **details: Annotated[Any, Like(InvoiceDetails)],
) -> Invoice:
    """The draft has these lines and dates instead."""
    lock([invoice.customer_id])
    draft = Invoice.objects.select_related("customer").get(pk=invoice.pk)
    _refuse_unless_draft(draft)
    refuse_if(
        draft.source == "recurring",
        "made_by_billing",
        "Its lines follow from the services. Discard it, change the services, and bill again.",
    )
    refuse_if(
        draft.version != version,
        "stale_form",
        "Somebody saved this draft while you were editing. Their changes are shown; re-enter yours.",
    )
    new = NewInvoice(customer=draft.customer, lines=tuple(lines), on=on, source=draft.source, **details)
    rates = TaxRate.objects.in_bulk({line.tax_rate_id for line in lines if line.tax_rate_id})
    rows = _fill(op, draft, new, rates)
    draft.version += 1
    InvoiceLine.objects.filter(invoice=draft).delete()
    draft.save()
    _write_lines([draft], [rows])
    op.record("invoice.changed", draft, customer_id=draft.customer_id, total=total_text(draft))
    return draft


@verb
def discard_draft(op: Operation, *, invoice: Invoice) -> Invoice:
    """The draft will never be issued; it stays readable. An issued invoice is taken back by a credit note only."""
    lock([invoice.customer_id])
    draft = Invoice.objects.get(pk=invoice.pk)
    _refuse_unless_draft(draft)
    draft.state = Invoice.State.DISCARDED
    draft.save(update_fields=["state"])
    take_back_charges(op, draft)
    op.record("invoice.discarded", draft, customer_id=draft.customer_id, total=total_text(draft))
    return draft


@step
def erase_drafts(op: Operation, *, customer: Customer) -> None:
    """Of a customer's discarded drafts only dates and amounts are left. Part of erasing personal data."""
    discarded = Invoice.objects.filter(customer=customer, state=Invoice.State.DISCARDED)
    op.keep(*discarded, customer_id=customer.pk)
    InvoiceLine.objects.filter(invoice__in=discarded).update(text="Erased")
    discarded.update(reference="", text="", copy={}, site=None)


def _fill(op: Operation, draft: Invoice, new: NewInvoice, rates: dict[int, TaxRate]) -> list[InvoiceLine]:
    check_day(new.on, op.today)
    due_on = new.due_on or due_day(new.customer, new.on)
    refuse_if(due_on < new.on, "due_before_date", "An invoice cannot be due before its date.", field="due_on")
    refuse_if(
        (due_on - new.on).days > MOST_DAYS_TO_PAY,
        "absurd_date",
        "That due date is too far away to be right.",
        field="due_on",
    )
    refuse_if(not new.lines, "no_lines", "An invoice needs at least one line.", field="lines")
    refuse_if(
        len(new.lines) > MOST_LINES, "too_many_lines", f"An invoice has at most {MOST_LINES} lines.", field="lines"
    )
    site = new.site
    refuse_if(
        site is not None and site.customer_id != new.customer.pk,
        "other_customer",
        "That address is another customer's.",
    )
    draft.currency = new.customer.currency
    rows = []
    for index, line in enumerate(new.lines, start=1):
        rules.check_line(line, index)
        rate = rates.get(line.tax_rate_id) if line.tax_rate_id else None
        refuse_if(
            line.tax_rate_id and (rate is None or not queries.is_valid_on(rate, new.on)),
            "rate_not_valid",
            f"The tax rate of line {index} is not valid on the invoice date.",
            field=f"lines-{index}-tax_rate",
        )
        percent = rate.percent if rate else Decimal(0)
        amounts = rules.line_amounts(
            line.quantity, line.unit_price, percent, inclusive=new.prices_include_tax, currency=draft.currency
        )
        rows.append(
            InvoiceLine(
                position=index, text=check_text(line.text, field=f"lines-{index}-text", most=300),
                quantity=line.quantity, unit_price=line.unit_price, tax_rate=rate, tax_name=rate.name if rate else "",
                tax_percent=percent, net_minor=amounts.net, tax_minor=amounts.tax, total_minor=amounts.total,
            )
        )  # fmt: skip
    draft.on, draft.due_on, draft.site = new.on, due_on, site
    draft.prices_include_tax = new.prices_include_tax
    draft.reference = check_text(new.reference, field="reference", most=120, required=False)
    draft.text = check_text(new.text, field="text", most=200, required=False) or rows[0].text[:200]
    draft.net_minor = sum(row.net_minor for row in rows)
    draft.tax_minor = sum(row.tax_minor for row in rows)
    draft.total_minor = draft.net_minor + draft.tax_minor
    return rows


def _insert(drafts: Sequence[Invoice]) -> None:
    """The new drafts are rows, as `bulk_create` would have them, in a third of its time."""
    fields = [field for field in Invoice._meta.concrete_fields if not field.primary_key]
    rows = [tuple(getattr(draft, field.attname) for field in fields) for draft in drafts]
    for draft, pk in zip(drafts, bulk.add_rows(Invoice, [field.name for field in fields], rows), strict=True):
        draft.pk, draft._state.adding, draft._state.db = pk, False, DEFAULT_DB_ALIAS


def _write_lines(drafts: Sequence[Invoice], lines: Sequence[list[InvoiceLine]]) -> None:
    columns = (
        "invoice", "position", "text", "quantity", "unit_price", "tax_rate", "tax_name", "tax_percent", "net_minor",
        "tax_minor", "total_minor",
    )  # fmt: skip
    bulk.insert_rows(
        InvoiceLine,
        columns,
        (
            (
                draft.pk, row.position, row.text, row.quantity, row.unit_price, row.tax_rate_id, row.tax_name,
                row.tax_percent, row.net_minor, row.tax_minor, row.total_minor,
            )
            for draft, rows in zip(drafts, lines, strict=True)
            for row in rows
        ),
    )  # fmt: skip


def _refuse_unless_draft(invoice: Invoice) -> None:
    refuse_if(
        invoice.state != Invoice.State.DRAFT,
        "not_a_draft",
        f"{invoice} is {invoice.get_state_display().lower()}: only a draft can change.",
    )


# ------------------------------------------------------------------ issuing


@verb
def issue_invoices(op: Operation, *, invoices: Sequence[Invoice], numbers: Sequence[str] = ()) -> list[Invoice]:
    """The drafts have their numbers, are posted, and their items are open. From here on they never change.

    Account credit settles them, where it does so (domain 5.3).

    `numbers` are given only for documents brought in from another system; ours are taken without a gap.
    """
    if not numbers:
        refuse_unless_ready()
    customers = lock({invoice.customer_id for invoice in invoices})
    order = {invoice.pk: index for index, invoice in enumerate(invoices)}
    drafts = sorted(Invoice.objects.filter(pk__in=order), key=lambda row: order[row.pk])
    for draft in drafts:
        _refuse_unless_draft(draft)
        refuse_if(
            draft.total_minor <= 0, "nothing_to_bill", "An invoice with a zero total can't be issued.", field="lines"
        )
        refuse_if(
            draft.currency != customers[draft.customer_id].currency,
            "wrong_currency",
            f"{draft} is in {draft.currency}; the account is in another currency now. Edit the draft first.",
        )
    is_ours = numbering.ours("invoice") if numbers else bool
    for number in numbers:
        refuse_if(
            is_ours(number),
            "number_of_ours",
            f"{number} is in our own invoice number range.",
        )
    asked = [numbering.For(draft.on, customers[draft.customer_id].brand_id) for draft in drafts]
    taken = [] if numbers else numbering.take("invoice", asked)
    for index, draft in enumerate(drafts):
        draft.customer = customers[draft.customer_id]
        draft.number = numbers[index] if numbers else taken[index].text
        draft.sequence_no = None if numbers else taken[index].place
        draft.state = Invoice.State.ISSUED
    printed = printed_copies(list(customers.values()))
    for draft in drafts:
        draft.copy = printed[draft.customer_id]
    deferred = queries.net_for_days([draft.pk for draft in drafts])
    items = open_items(
        op,
        items=[
            NewItem(
                customer_id=draft.customer_id, kind="invoice", side="debit", number=draft.number or "", on=draft.on,
                due_on=draft.due_on, currency=draft.currency, amount_minor=draft.total_minor,
                legs=invoice_legs(draft.net_minor, draft.tax_minor, deferred.get(draft.pk, 0)), text=draft.text,
                reference=draft.reference,
            )
            for draft in drafts
        ],
    )  # fmt: skip
    # What comes from another system was settled there; its payments follow.
    shares, known = credit_shares([] if numbers else list(customers))
    settled = settled_by(shares)
    for draft, item in zip(drafts, items, strict=True):
        draft.item = item
        draft.copy = draft.copy | settled.get(item.pk, {})
    bulk.update_rows(
        Invoice,
        ("number", "sequence_no", "state", "copy", "item"),
        ((row.number, row.sequence_no, row.state, row.copy, row.item_id, row.pk) for row in drafts),
    )
    for draft in drafts:
        op.record("invoice.issued", draft, customer_id=draft.customer_id, number=draft.number, total=total_text(draft))
    if shares:
        _settle_from_each_day(op, shares, known, drafts)
        for draft in drafts:
            draft.item = known.get(draft.item_id or 0, draft.item)
    return drafts


def _settle_from_each_day(
    op: Operation, shares: Sequence[Share], items: dict[int, OpenItem], issued: Sequence[Invoice]
) -> None:
    """It counts from the first of each customer's own days: what others are issued changes none of their past."""
    first: dict[int, dt.date] = {}
    for row in issued:
        first[row.customer_id] = min(row.on, first.get(row.customer_id, row.on))
    for day in sorted(set(first.values())):
        settle(op, [share for share in shares if first[items[share.debit_id].customer_id] == day], items, day)


def settled_by(shares: Sequence[Share]) -> dict[int, dict[str, int]]:
    """What account credit settles of each item as it is issued, as the copy of its invoice says it."""
    settled = Counter[int]()
    for share in shares:
        settled[share.debit_id] += share.minor
    return {item: {"settled_minor": minor} for item, minor in settled.items()}


def printed_copies(customers: Sequence[Customer | Account]) -> dict[int, dict[str, Any]]:
    """Each customer by id, and the operator under its brand in its language, as printed today."""
    heads = letterheads_of(customers)
    houses: dict[tuple[int | None, str], tuple[dict[str, Any], Speech]] = {}
    for row in customers:
        if (row.brand_id, row.language) not in houses:
            houses[row.brand_id, row.language] = asdict(heads[row.pk]), heads[row.pk].speech
    addresses = billing_addresses([row.pk for row in customers])
    copies = {}
    for row in customers:
        house, speech = houses[row.brand_id, row.language]
        # `vars` of the flat values: what `asdict` would give, without copying each of them deeply.
        copies[row.pk] = {"customer": vars(party(row, addresses.get(row.pk, ""), speech)), "operator": house}
    return copies


def invoice_legs(net: int, tax: int, for_days: int) -> tuple[Leg, ...]:
    """What an invoice posts beside the receivable. Of its net, what is for days is earned as they pass."""
    return Leg(REVENUE, for_days - net), Leg(DEFERRED, -for_days), Leg(TAX, -tax)


def due_day(customer: Customer | Account, on: dt.date) -> dt.date:
    """When an invoice of a day is due by the customer's terms."""
    return terms.due_day(customer.terms_rule, customer.terms_days, on)


def total_text(document: Invoice | CreditNote) -> str:
    """The total of a document in words."""
    return money_text(document.total_minor, document.currency)
