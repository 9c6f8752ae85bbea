"""How a customer pays: payments, refunds, what bounced, the saved card, the mandate, and how long it takes."""

from __future__ import annotations

from typing import Any

from counterfoil.cards.queries import card_of
from counterfoil.debits.panels import ORDERS
from counterfoil.debits.queries import mandate_of, method_of, orders_of, waiting_of
from counterfoil.payments.panels import RECEIPTS, REFUNDS
from counterfoil.payments.queries import last_receipt, methods, receipts_of, refunds_of
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.questions.answers import Answer, Asked, counted, within
from counterfoil.receivables.queries import days_to_pay as average_days


def _receipts(asked: Asked) -> Any:
    return asked.section("billing", "receipts", "Payments and receipts")


def last_payment(asked: Asked) -> Answer:
    """The newest payment that did not bounce."""
    row = last_receipt(asked.customer, asked.on)
    if row is None:
        return Answer("No payment was received yet.", RECEIPTS, [], (_receipts(asked),))
    days = (asked.today - row.on).days
    ago = "today" if not days else "yesterday" if days == 1 else f"{days} days ago"
    shown = receipts_of(asked.customer).filter(pk=row.pk)
    return Answer(
        f"They last paid {asked.money(row.amount_minor)} on {asked.day(row.on)}, {ago}, by "
        f"{row.method_name}: {row.number}.",
        RECEIPTS,
        shown,
        (asked.page("receipt", row.number, row.pk), _receipts(asked)),
        figure=row.amount_minor,
    )


def payments(asked: Asked) -> Answer:
    """Payments of the days asked about, all of them otherwise; what bounced is not counted."""
    rows = within(receipts_of(asked.customer), asked.days)
    if asked.reading.amount is not None:
        rows = rows.filter(amount_minor__gt=asked.minor)
    good = [row for row in rows if not hasattr(row, "reversal")]
    minor, when = sum(row.amount_minor for row in good), f" {asked.said()}" if asked.days else " so far"
    if not good:
        return Answer(f"Nothing was paid{when}.", RECEIPTS, rows, (_receipts(asked),), figure=0)
    back = f" {counted(len(rows) - len(good), 'payment')} bounced." if len(rows) > len(good) else ""
    return Answer(
        f"They paid {asked.money(minor)}{when}, in {plural(len(good), 'payment')}.{back}",
        RECEIPTS,
        rows,
        (_receipts(asked),),
        figure=minor,
    )


def bounced(asked: Asked) -> Answer:
    """Payments that were taken back."""
    # By the day on which it bounced, not that on which it came.
    rows = within(receipts_of(asked.customer).filter(reversal__isnull=False), asked.days, "reversal__on")
    when = f" {asked.said()}" if asked.days else ""
    if not rows:
        return Answer(f"No payment bounced{when}.", RECEIPTS, [], (_receipts(asked),), figure=0)
    minor = sum(row.amount_minor for row in rows)
    why = tuple(f"{row.number}: {row.reversal.reason}, {asked.day(row.reversal.on)}" for row in rows)
    return Answer(
        f"{counted(len(rows), 'payment')} bounced{when}, {asked.money(minor)} in all.",
        RECEIPTS,
        rows,
        (_receipts(asked),),
        why,
        minor,
    )


def refunds(asked: Asked) -> Answer:
    """Money that was paid back."""
    rows = within(refunds_of(asked.customer), asked.days)
    minor, when = sum(row.amount_minor for row in rows), f" {asked.said()}" if asked.days else ""
    place = (asked.section("billing", "refunds", "Refunds"),)
    said = (
        f"{asked.money(minor)} was refunded{when}, in {plural(len(rows), 'refund')}."
        if rows
        else (f"Nothing was refunded{when}.")
    )
    return Answer(said, REFUNDS, rows, place, figure=minor)


def method(asked: Asked) -> Answer:
    """How they agreed to pay."""
    code = method_of(asked.customer)
    place = (asked.section("account", "pays", "Billing details"),)
    if code:
        return Answer(f"They pay by {methods()[code].name}, as agreed.", sources=place, figure=code)
    row = last_receipt(asked.customer, asked.today)
    last = f" The last payment was by {row.method_name}." if row else ""
    return Answer(f"No way of paying is agreed.{last}", sources=place)


def mandate(asked: Asked) -> Answer:
    """Whether there is a mandate, and what was collected by it."""
    row, orders = mandate_of(asked.customer), orders_of(asked.customer)
    place = (
        asked.section("account", "pays", "Billing details"),
        asked.section("billing", "debit-orders", "Debit orders"),
    )
    if row is None:
        return Answer("There is no mandate, so nothing is collected by debit order.", ORDERS, orders, place)
    state = {"active": "active", "waiting": "not signed yet", "ended": "ended"}[row.state]
    collected = orders.first()
    last = ""
    if collected is not None:
        last = (
            f" The last debit order was of {asked.money(collected.amount_minor)} on {asked.day(collected.run.on)}: "
            f"{collected.get_state_display().lower()}."
        )
    if waiting := waiting_of(asked.customer):
        last += f" The next collects {asked.money(waiting.amount_minor)} on {asked.day(waiting.run.on)}."
    return Answer(f"Mandate {row.number} is {state}.{last}", ORDERS, orders, place, figure=row.state)


def card(asked: Asked) -> Answer:
    """The saved card, and when it expires."""
    row = card_of(asked.customer)
    place = (asked.section("account", "saved-card", "Saved card"),)
    if row is None:
        return Answer("No card is saved.", sources=place)
    over = "expired" if row.expires_on < asked.today else "expires"
    return Answer(
        f"The saved card is {row}; it {over} on {asked.day(row.expires_on)}.",
        sources=place,
        figure=row.expires_on.isoformat(),
    )


def days_to_pay(asked: Asked) -> Answer:
    """How long they take on average."""
    days = average_days(asked.customer, asked.today)
    if days is None:
        return Answer(
            "No invoice was paid yet, so nothing is known about how long they take.", sources=(_receipts(asked),)
        )
    return Answer(
        f"They pay {plural(days, 'day')} after the invoice on average, over the last invoices paid; the "
        f"terms are {asked.customer.terms}.",
        sources=(_receipts(asked),),
        figure=days,
    )
