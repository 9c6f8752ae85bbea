"""Invoices and credit notes of a customer: what was billed and why so much, what is open, and what comes next."""

from __future__ import annotations

import re
from typing import Any

from counterfoil.billing.forecast import next_bills
from counterfoil.billing.panels import (
    CREDIT_NOTES_PANEL,
    INVOICES,
    INVOICES_PANEL,
    NEXT_BILLS_PANEL,
    RECURRING_PANEL,
    invoice_status,
)
from counterfoil.billing.queries import (
    credit_notes_of,
    drafts,
    invoices_numbered,
    invoices_of,
    recurring_of,
    recurs,
    why_of,
    with_settled,
)
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.periods import deadline_text
from counterfoil.payments.queries import receipts_of
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.questions.answers import Answer, Asked, counted, listed, within
from counterfoil.questions.rules import fold
from counterfoil.receivables.panels import CREDITS_PANEL


def _invoices(asked: Asked) -> Any:
    return asked.section("billing", "invoices", "Invoices")


def _issued(asked: Asked) -> Any:
    return with_settled(invoices_of(asked.customer).exclude(number=None)).select_related("item", "customer")


def last_invoice(asked: Asked) -> Answer:
    """The newest invoice."""
    row = within(_issued(asked), asked.days).order_by("-on", "-pk").first()
    if row is None:
        return Answer("There is no invoice yet.", INVOICES, [], (_invoices(asked),))
    status = invoice_status(row, asked.today)[0]
    return Answer(
        f"The last invoice is {row.number} of {asked.day(row.on)}: {asked.money(row.total_minor)}, "
        f"{status[:1].lower()}{status[1:]}.",
        INVOICES,
        [row],
        (asked.page("invoice", row.number, row.pk), _invoices(asked)),
        figure=row.total_minor,
    )


def invoices(asked: Asked) -> Answer:
    """What was invoiced in the days asked about, all of it otherwise."""
    rows = within(_issued(asked), asked.days).order_by("-on", "-pk")
    if asked.reading.product:
        return _billed_for(asked, rows)
    many, total = rows.count(), sum(row.total_minor for row in rows)
    when = f" {asked.said()}" if asked.days else " so far"
    if not many:
        return Answer(f"Nothing was invoiced{when}.", INVOICES, rows, (_invoices(asked),), figure=0)
    left = sum(row.item.open_minor for row in rows if row.item)
    still = f", of which {asked.money(left)} is open" if left else ", all of it settled"
    return Answer(
        f"{asked.money(total)} was invoiced{when}, in {plural(many, 'invoice')}{still}.",
        INVOICES,
        rows,
        (_invoices(asked),),
        figure=total,
    )


def _billed_for(asked: Asked, rows: Any) -> Answer:
    name = asked.reading.product
    found = list(rows.prefetch_related("lines__charges__product"))
    lines = [
        (invoice, line)
        for invoice in found
        for line in invoice.lines.all()
        if any(charge.product and fold(charge.product.name) == name for charge in line.charges.all())
        or fold(line.text).startswith(name)
    ]
    total = sum(line.total_minor for _, line in lines)
    invoiced = list(dict.fromkeys(invoice for invoice, _ in lines))
    when = f" {asked.said()}" if asked.days else " so far"
    called = lines[0][1].text.split(",")[0] if lines else name.capitalize()
    if not lines:
        return Answer(f"Nothing was invoiced for {called}{when}.", INVOICES, [], (_invoices(asked),), figure=0)
    why = tuple(f"{invoice.number}: {line.text}, {asked.money(line.total_minor)}" for invoice, line in lines)
    return Answer(
        f"{asked.money(total)} was invoiced for {called}{when}, on {plural(len(invoiced), 'invoice')}.",
        INVOICES,
        invoiced,
        (_invoices(asked),),
        why,
        total,
    )


def open_invoices(asked: Asked) -> Answer:
    """Invoices that are not fully settled."""
    rows = within(_issued(asked), asked.days).filter(item__open_minor__gt=0).order_by("due_on", "pk")
    minor = sum(row.item.open_minor for row in rows)
    if not rows:
        return Answer("No invoice is open.", INVOICES, [], (_invoices(asked),), figure=0)
    verb = "is" if len(rows) == 1 else "are"
    return Answer(
        f"{counted(len(rows), 'invoice')} {verb} open, {asked.money(minor)} in all: "
        f"{listed([str(row.number) for row in rows])}.",
        INVOICES,
        rows,
        (_invoices(asked),),
        figure=minor,
    )


def named_invoice(asked: Asked) -> Any:
    """The invoice that the question names, of this customer; refused where there is none, or more than one."""
    refuse_if(len(asked.reading.codes) > 1, "one_invoice", "Ask about one invoice at a time.")
    (code,) = asked.reading.codes
    for row in invoices_numbered(asked.caller, code, 50):
        if row.customer_id == asked.customer.pk and is_called(str(row.number), code):
            return _issued(asked).get(pk=row.pk)
    raise Refused("no_such_invoice", f"{asked.customer.name} has no invoice {code}.")


def is_called(number: str, code: str) -> bool:
    """Whether a code is a document's number: all of it, or its digits where only digits were said."""
    digits = re.sub(r"\D", "", number).lstrip("0")
    return number.upper() == code or (code.isdecimal() and digits == code.lstrip("0"))


def invoice_state(asked: Asked) -> Answer:
    """How a named invoice stands."""
    row = named_invoice(asked)
    status = invoice_status(row, asked.today)[0]
    open_minor = row.item.open_minor if row.item else 0
    left = f", {asked.money(open_minor)} open" if open_minor and open_minor != row.total_minor else ""
    return Answer(
        f"{row.number} of {asked.day(row.on)} over {asked.money(row.total_minor)}: "
        f"{status[:1].lower()}{status[1:]}{left}.",
        INVOICES,
        [row],
        (asked.page("invoice", row.number, row.pk),),
        figure=open_minor,
    )


def why_invoice(asked: Asked) -> Answer:
    """What an invoice consists of, and how it differs from the one before: the named one, else the newest."""
    if asked.reading.codes:
        row = named_invoice(asked)
    else:
        row = within(_issued(asked), asked.days).order_by("-on", "-pk").first()
        if row is None:
            return Answer("There is no invoice to explain.", INVOICES, [], (_invoices(asked),))
    lines = list(row.lines.order_by("pk"))
    why = [f"{line.text}: {asked.money(line.total_minor)}" for line in lines]
    before = _issued(asked).filter(on__lte=row.on, pk__lt=row.pk).order_by("-on", "-pk").first()
    sentence = (
        f"{row.number} of {asked.day(row.on)} is {asked.money(row.total_minor)}, from {plural(len(lines), 'line')}"
    )
    if before is not None:
        more = row.total_minor - before.total_minor
        than = f"than {before.number} of {asked.day(before.on)}"
        sentence += (
            f", {asked.money(abs(more))} {'more' if more > 0 else 'less'} {than}"
            if more
            else (f", the same as {before.number}")
        )
        old = {line.text.partition(",")[0] for line in before.lines.all()}
        new = [line for line in lines if line.text.partition(",")[0] not in old]
        why += [f"New since {before.number}: {line.text}" for line in new]
    if charges := why_of(row):
        why.append(f"{plural(len(charges), 'charge')} for periods, each with its days, on the invoice's page")
    rows = [one for one in (row, before) if one is not None]
    return Answer(
        f"{sentence}.", INVOICES, rows, (asked.page("invoice", str(row.number), row.pk),), tuple(why), row.total_minor
    )


def credit_notes(asked: Asked) -> Answer:
    """What was credited, this year unless other days are named."""
    days = asked.period(asked.this_year)
    rows = within(credit_notes_of(asked.customer), days)
    minor, place = sum(row.total_minor for row in rows), asked.section("billing", "credit-notes", "Credit notes")
    when = asked.said(days)
    if not rows:
        return Answer(f"Nothing was credited {when}.", CREDIT_NOTES_PANEL.table, rows, (place,), figure=0)
    return Answer(
        f"{asked.money(minor)} was credited {when}, in {plural(len(rows), 'credit note')}.",
        CREDIT_NOTES_PANEL.table,
        rows,
        (place,),
        figure=minor,
    )


def write_offs(asked: Asked) -> Answer:
    """What was written off, ever unless days are named."""
    rows = within(asked.rows_of(CREDITS_PANEL), asked.days).filter(kind="write_off")
    minor = sum(row.amount_minor for row in rows)
    place = (asked.section("billing", "credits", "Credits and adjustments"),)
    when = f" {asked.said()}" if asked.days else ""
    said = f"{asked.money(minor)} was written off{when}." if rows else f"Nothing was written off{when}."
    return Answer(said, CREDITS_PANEL.table, rows, place, figure=minor)


def next_invoice(asked: Asked) -> Answer:
    """When the next bill comes and what it will be."""
    bills = next_bills(asked.customer, asked.today)
    place = (asked.section("services", "next-bills", "Next bills"),)
    if not bills:
        return Answer("No bill is coming: there is no service to bill.", NEXT_BILLS_PANEL.table, [], place)
    bill = bills[0]
    if bill.refused:
        return Answer(
            f"The bill of {asked.day(bill.on)} cannot be made: {bill.refused}", NEXT_BILLS_PANEL.table, bills, place
        )
    return Answer(
        f"The next bill comes on {deadline_text(bill.on, today=asked.today)}: {asked.money(bill.minor)} "
        "if nothing changes.",
        NEXT_BILLS_PANEL.table,
        bills,
        place,
        figure=bill.minor,
    )


def recurring(asked: Asked) -> Answer:
    """Recurring invoices that still come."""
    rows = [row for row in recurring_of(asked.customer) if recurs(row)]
    minor = sum(row.invoice.total_minor for row in rows)
    place = (asked.section("billing", "recurring-invoices", "Recurring invoices"),)
    said = (
        f"{counted(len(rows), 'recurring invoice')}, {asked.money(minor)} together."
        if rows
        else ("There is no recurring invoice.")
    )
    return Answer(said, RECURRING_PANEL.table, rows, place, figure=len(rows))


def draft_invoices(asked: Asked) -> Answer:
    """Drafts that wait to be issued."""
    rows = drafts(asked.caller).filter(customer=asked.customer)
    minor = sum(row.total_minor for row in rows)
    said = (
        f"{counted(len(rows), 'draft invoice')} over {asked.money(minor)} to be issued."
        if rows
        else ("No draft invoice waits.")
    )
    return Answer(said, INVOICES_PANEL.table, rows, (_invoices(asked),), figure=minor)


def paid_for(asked: Asked) -> Answer:
    """Money received beside what was invoiced in the days asked about."""
    days = asked.period(asked.this_year)
    invoiced = sum(row.total_minor for row in within(_issued(asked), days))
    received = within(receipts_of(asked.customer), days)
    paid = sum(row.amount_minor for row in received if not hasattr(row, "reversal"))
    return Answer(
        f"{asked.money(invoiced)} was invoiced and {asked.money(paid)} paid {asked.said(days)}.",
        INVOICES,
        within(_issued(asked), days),
        (_invoices(asked),),
        figure=paid,
    )


def tax_charged(asked: Asked) -> Answer:
    """The tax on what was invoiced less credited, this year unless other days are named."""
    days = asked.period(asked.this_year)
    rows, back = within(_issued(asked), days), within(credit_notes_of(asked.customer), days)
    minor = sum(row.tax_minor for row in rows) - sum(row.tax_minor for row in back)
    return Answer(
        f"{asked.money(minor)} of tax was charged {asked.said(days)}, invoiced less credited.",
        INVOICES, rows, (_invoices(asked),), figure=minor,
    )  # fmt: skip
