"""What a customer owes and why: balance, what is overdue, disputed or in credit, invoices and credit notes."""

from __future__ import annotations

from typing import Any

from counterfoil.billing.panels import (
    INVOICES,
)
from counterfoil.billing.queries import (
    invoices_of,
    lifetime_value,
)
from counterfoil.credit.queries import credit_limits
from counterfoil.kernel.periods import deadline_text
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.questions.answers import Answer, Asked, counted, listed
from counterfoil.receivables.lists import open_disputes_of
from counterfoil.receivables.panels import AGE_ANALYSIS, items_table
from counterfoil.receivables.queries import figures, open_items_of


def _age(asked: Asked) -> Any:
    return asked.section("billing", "age-analysis", "Age analysis")


def _invoices(asked: Asked) -> Any:
    return asked.section("billing", "invoices", "Invoices")


def _as_of(asked: Asked) -> str:
    return "" if asked.on == asked.today else f" on {asked.day(asked.on)}"


def balance(asked: Asked) -> Answer:
    """What they owe on a day, today unless another was named."""
    items = open_items_of(asked.customer, asked.on)
    found = figures(asked.customer, asked.on, items)
    then, was = _as_of(asked), "is" if asked.on == asked.today else "was"
    if not items:
        return Answer(
            f"Nothing {was} owed{then}. The balance {was} {asked.money(0)}.", figure=0, sources=(_age(asked),)
        )
    parts = [plural(found.open_items, "open item")]
    if found.overdue_minor:
        parts.append(f"of which {asked.money(found.overdue_minor)} {was} overdue")
    if found.disputed_minor:
        parts.append(f"{asked.money(found.disputed_minor)} in dispute")
    if found.credit_minor:
        parts.append(f"{asked.money(found.credit_minor)} of account credit taken off")
    table = items_table(asked.customer.currency, asked.on)
    sentence = f"The balance{then} {was} {asked.money(found.balance_minor)}: {', '.join(parts)}."
    return Answer(sentence, table, items, (_age(asked), _invoices(asked)), figure=found.balance_minor)


def why_balance(asked: Asked) -> Answer:
    """The balance, and each document that makes it up."""
    found = balance(asked)
    items = list(found.rows)
    lines = [
        f"{item.number} of {asked.day(item.on)}, {item.text or item.kind}: {asked.money(item.signed_open_minor)}"
        + (f" of {asked.money(item.amount_minor)}" if item.open_minor != item.amount_minor else "")
        for item in items
    ]
    return Answer(found.sentence, found.table, items, found.sources, tuple(lines), found.figure)


def overdue(asked: Asked) -> Answer:
    """What is past its due day, less free credit."""
    items = open_items_of(asked.customer, asked.on)
    found = figures(asked.customer, asked.on, items)
    late = [item for item in items if item.is_debit and item.days_late(asked.on) > (asked.reading.days_late or 0)]
    table = items_table(asked.customer.currency, asked.on)
    if asked.reading.days_late:
        minor = sum(item.open_minor for item in late)
        said = f"{asked.money(minor)} is more than {asked.reading.days_late} days late"
        return Answer(
            f"{said}: {listed([i.number for i in late])}."
            if late
            else f"Nothing is more than {asked.reading.days_late} days late.",
            table,
            late,
            (_age(asked),),
            figure=minor,
        )
    if not found.overdue_minor:
        covered = " Account credit covers what is past its due day." if late else ""
        return Answer(f"Nothing is overdue{_as_of(asked)}.{covered}", table, late, (_age(asked),), figure=0)
    sentence = (
        f"{asked.money(found.overdue_minor)} is overdue{_as_of(asked)}, the oldest by "
        f"{plural(found.oldest_days, 'day')}: {listed([item.number for item in late])}."
    )
    if found.disputed_minor:
        sentence += f" {asked.money(found.disputed_minor)} is in dispute."
    return Answer(sentence, table, late, (_age(asked),), figure=found.overdue_minor)


def oldest(asked: Asked) -> Answer:
    """The open item that is due longest."""
    debits = [item for item in open_items_of(asked.customer, asked.on) if item.is_debit]
    table = items_table(asked.customer.currency, asked.on)
    if not debits:
        return Answer("Nothing is open.", table, [], (_age(asked),))
    item = min(debits, key=lambda one: (one.due_on, one.id))
    late = item.days_late(asked.on)
    when = f"{plural(late, 'day')} overdue" if late > 0 else f"due {deadline_text(item.due_on, today=asked.today)}"
    return Answer(
        f"The oldest open item is {item.number} of {asked.day(item.on)}, {when}: {asked.money(item.open_minor)} open.",
        table,
        [item],
        (_age(asked),),
        figure=item.number,
    )


def by_age(asked: Asked) -> Answer:
    """What is open, by how late it is."""
    shown = AGE_ANALYSIS.read(asked.caller, asked.customer)
    rows, table = shown["rows"], shown["table"]
    heads = [column for column in table.columns if column.key.startswith("b")]
    parts = []
    for column in heads:
        minor = sum(value for row in rows if (value := column.get(row)))
        if minor:
            parts.append(f"{column.label} {asked.money(minor)}")
    total = figures(asked.customer, asked.today).balance_minor
    said = f": {', '.join(parts)}" if parts else ""
    return Answer(f"The balance of {asked.money(total)} by age{said}.", table, rows, (_age(asked),), figure=total)


def credit(asked: Asked) -> Answer:
    """What stands in the customer's favour."""
    found = figures(asked.customer, asked.on)
    rows = [item for item in open_items_of(asked.customer, asked.on) if not item.is_debit]
    table = items_table(asked.customer.currency, asked.on)
    place = (asked.section("billing", "credits", "Credits and adjustments"),)
    if not found.credit_minor:
        return Answer(f"There is no account credit{_as_of(asked)}.", table, rows, place, figure=0)
    aside = f", {asked.money(found.set_aside_minor)} of it set aside" if found.set_aside_minor else ""
    return Answer(
        f"{asked.money(found.credit_minor)} of account credit is not allocated{_as_of(asked)}{aside}.",
        table,
        rows,
        place,
        figure=found.credit_minor,
    )


def disputes(asked: Asked) -> Answer:
    """What is in dispute, of which documents and why."""
    rows = open_disputes_of(asked.customer)
    items = {row.item_id for row in rows}
    open_items = [item for item in open_items_of(asked.customer, asked.today) if item.id in items]
    table = items_table(asked.customer.currency, asked.today)
    if not rows:
        return Answer("Nothing is in dispute.", table, [], (_age(asked),), figure=0)
    minor = figures(asked.customer, asked.today).disputed_minor
    why = tuple(
        f"{row.item.number}: {asked.money(row.amount_minor)}, {row.reason}, since {asked.day(row.opened_on)}"
        for row in rows
    )
    numbers = listed([row.item.number for row in rows])
    return Answer(f"{asked.money(minor)} is in dispute, on {numbers}.", table, open_items, (_age(asked),), why, minor)


def limit(asked: Asked) -> Answer:
    """How much they may owe."""
    limits = credit_limits(asked.customer)
    owed = figures(asked.customer, asked.today).balance_minor
    place = (asked.section("collections", "credit-profile", "Credit profile"),)
    most = limits.total_minor if limits else None
    if most is None:
        return Answer(f"There is no credit limit. {asked.money(owed)} is owed.", sources=place)
    left = most - owed
    said = f"{asked.money(left)} is left" if left >= 0 else f"it is exceeded by {asked.money(-left)}"
    return Answer(f"The credit limit is {asked.money(most)}; {said}.", sources=place, figure=most)


def lifetime(asked: Asked) -> Answer:
    """What was invoiced less credited, ever."""
    minor = lifetime_value(asked.customer, asked.today)
    rows = [row for row in invoices_of(asked.customer) if row.number]
    return Answer(
        f"The lifetime value is {asked.money(minor)}, invoiced less credited, "
        f"from {counted(len(rows), 'invoice', 'no')}.",
        INVOICES,
        rows,
        (_invoices(asked),),
        figure=minor,
    )
