"""How a customer is treated: suspension, promises, calls, letters, messages, tickets, and who they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from counterfoil.collections.panels import CALLS, FOLLOW_UPS, PROMISES
from counterfoil.collections.queries import calls_of, follow_ups_of, kept_of, open_promises_of, promises_of
from counterfoil.credit.queries import collectors_of, effective_terms
from counterfoil.dunning.panels import LETTERS
from counterfoil.dunning.queries import letters_of
from counterfoil.kernel.periods import deadline_text
from counterfoil.messaging.models import Delivery
from counterfoil.messaging.panels import SENT, delivery_status
from counterfoil.messaging.queries import messages_of, undelivered
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.questions.answers import Answer, Asked, counted, listed, local_day, within
from counterfoil.questions.invoices import named_invoice
from counterfoil.questions.periods import Days
from counterfoil.suspension import rules as suspending
from counterfoil.suspension.panels import why
from counterfoil.suspension.queries import at_hand
from counterfoil.tickets.queries import open_tickets_of, tickets_of
from counterfoil.tickets.tables import customer_tickets

# ------------------------------------------------------------------ suspension and holds


def suspended(asked: Asked) -> Answer:
    """Whether the service is cut off, why, or when it will be."""
    known = at_hand(asked.customer)
    row, place = known.row, (asked.section("collections", "suspension", "Suspension"),)
    never = f" They are never suspended: {known.exclusion.reason}." if known.exclusion else ""
    if row is None:
        return Answer(f"They are not suspended, and nothing leads to it.{never}", sources=place, figure="no")
    because = why(row, asked.today)
    amount = asked.money(row.amount_minor, row.currency)
    if row.state == suspending.SUSPENDED and row.suspended_on:
        return Answer(
            f"They are suspended since {asked.day(row.suspended_on)}: {amount} is overdue"
            f"{f', {because}' if because else ''}.",
            sources=place,
            figure=row.suspended_on.isoformat(),
        )
    if row.state == suspending.PAUSED and row.paused_until:
        last = deadline_text(row.paused_until - dt.timedelta(days=1), today=asked.today)
        return Answer(f"The suspension is paused up to {last}. {amount} is overdue.", sources=place, figure="paused")
    on = known.suspends_on(asked.today)
    if on:
        return Answer(
            f"They are not suspended yet: that happens on {deadline_text(on, today=asked.today)} if "
            f"{amount} stays unpaid.",
            sources=place,
            figure=on.isoformat(),
        )
    return Answer(
        f"They are listed for suspension, which waits for approval: {amount} is overdue.",
        sources=place,
        figure="listed",
    )


def hold(asked: Asked) -> Answer:
    """Whether the account is on credit hold."""
    row, place = asked.customer, (asked.section("account", "details", "Account details"),)
    if not row.held_on(asked.today):
        return Answer("There is no credit hold.", sources=place, figure="no")
    until = f", until {asked.day(row.hold_ends)}" if row.hold_ends else ""
    return Answer(f"The account is on credit hold{until}: {row.hold_reason}.", sources=place, figure="yes")


def excluded(asked: Asked) -> Answer:
    """Whether letters and suspension leave them out."""
    exclusion = at_hand(asked.customer).exclusion
    sends = effective_terms(asked.customer).send_dunning
    letters = "They get letters about what is late." if sends else "They get no letters about what is late."
    cut = (
        f"They are never suspended, since {asked.day(exclusion.since)}: {exclusion.reason}."
        if exclusion
        else "They can be suspended."
    )
    return Answer(
        f"{letters} {cut}",
        sources=(asked.section("collections", "credit-profile", "Credit profile"),),
        figure="yes" if exclusion or not sends else "no",
    )


# ------------------------------------------------------------------ collections


def promises_kept(asked: Asked) -> Answer:
    """How many promises they kept in full."""
    place = (asked.section("collections", "promises", "Promises"),)
    rows = within(promises_of(asked.customer), asked.days, "due_on")
    kept, decided = kept_of(asked.customer)
    if asked.days:
        states = [row.state for row in rows if row.state in ("kept", "part", "broken")]
        kept, decided = states.count("kept"), len(states)
    if not decided:
        waits = len(open_promises_of(asked.customer))
        said = f" {counted(waits, 'promise')} not due yet." if waits else ""
        return Answer(f"No promise of theirs is decided yet.{said}", PROMISES, rows, place, figure=0)
    when = f" due {asked.said()}" if asked.days else ""
    return Answer(
        f"They kept {kept} of {plural(decided, 'promise')}{when} in full.", PROMISES, rows, place, figure=kept
    )


def promised(asked: Asked) -> Answer:
    """What they promised to pay and by when."""
    rows = open_promises_of(asked.customer)
    place = (asked.section("collections", "promises", "Promises"),)
    if not rows:
        return Answer("No promise is open.", PROMISES, [], place, figure=0)
    said = [f"{asked.money(row.amount_minor)} by {deadline_text(row.due_on, today=asked.today)}" for row in rows]
    return Answer(f"They promised {listed(said)}.", PROMISES, rows, place, figure=rows[0].amount_minor)


def last_call(asked: Asked) -> Answer:
    """The newest call, and what was said."""
    rows = within(calls_of(asked.customer), asked.days)
    place = (asked.section("collections", "calls", "Calls"),)
    row = rows.first()
    if row is None:
        return Answer("No call was logged" + (f" {asked.said()}." if asked.days else "."), CALLS, [], place)
    spoke = f" with {row.spoke_to}" if row.spoke_to else ""
    note = f": “{row.note}”" if row.note else ""
    return Answer(
        f"The last call was on {asked.day(row.on)} by {row.collector_name}{spoke}, {row.outcome.name.lower()}{note}.",
        CALLS,
        rows[:5],
        place,
        figure=row.on.isoformat(),
    )


def letters(asked: Asked) -> Answer:
    """Which letters about what is late went out."""
    rows = within(letters_of(asked.customer), asked.days)
    place = (asked.section("collections", "correspondence", "Letters"),)
    row = rows.first()
    when = f" {asked.said()}" if asked.days else ""
    if row is None:
        return Answer(f"No letter was sent{when}.", LETTERS, [], place, figure=0)
    return Answer(
        f"{counted(rows.count(), 'letter')} sent{when}, the last “{row.letter.name}” on {asked.day(row.on)} "
        f"for {asked.money(row.total_minor)}.",
        LETTERS,
        rows,
        place,
        figure=rows.count(),
    )


def collector(asked: Asked) -> Answer:
    """Who collects from them."""
    name = collectors_of([asked.customer.pk]).get(asked.customer.pk, "")
    place = (asked.section("collections", "credit-profile", "Credit profile"),)
    return Answer(f"{name} collects from them." if name else "No collector is named.", sources=place, figure=name)


def follow_ups(asked: Asked) -> Answer:
    """What is still to be done after calls."""
    rows = follow_ups_of(asked.customer).filter(done_on=None)
    place = (asked.section("collections", "follow-ups", "To follow up"),)
    said = [f"{row.what.name.lower()} on {asked.day(row.on)}" for row in rows]
    return Answer(
        f"To follow up: {listed(said)}." if said else "Nothing is to be followed up.",
        FOLLOW_UPS,
        rows,
        place,
        figure=len(said),
    )


# ------------------------------------------------------------------ messages and tickets


def _sent_place(asked: Asked) -> Any:
    return asked.section("messages", "messages", "Messages sent")


def got_invoice(asked: Asked) -> Answer:
    """Whether an invoice reached them: the named one, else the newest message with an invoice."""
    rows = messages_of(asked.customer).filter(kind="invoice")
    if asked.reading.codes:
        number = str(named_invoice(asked).number)
        rows = rows.filter(Q(files__name__icontains=number) | Q(subject__icontains=number)).distinct()
        what = number
    else:
        what = "invoice"
    row = within_when(rows, asked.days).first()
    if row is None:
        return Answer(
            f"No message with {'an ' if what == 'invoice' else ''}{what} was sent to them.",
            SENT,
            [],
            (_sent_place(asked),),
            figure="no",
        )
    return _delivered(asked, row, f"“{row.subject}”")


def statement_sent(asked: Asked) -> Answer:
    """When a statement was last sent."""
    row = within_when(messages_of(asked.customer).filter(kind="statement"), asked.days).first()
    if row is None:
        return Answer("No statement was sent to them yet.", SENT, [], (_sent_place(asked),), figure="no")
    return _delivered(asked, row, "The last statement")


def _delivered(asked: Asked, row: Any, what: str) -> Answer:
    status = delivery_status(row)[0]
    to = listed([delivery.address for delivery in row.deliveries.all()])
    return Answer(
        f"{what} went to {to or 'nobody'} on {asked.day(local_day(row.at))}: {status.lower()}.",
        SENT,
        [row],
        (asked.page("message", "Message", row.pk), _sent_place(asked)),
        figure=status,
    )


def within_when(rows: Any, days: Days | None) -> Any:
    """The rows of the days asked about, by their moment."""
    return rows if days is None else rows.filter(at__date__gte=days.first, at__date__lte=days.last)


def messages(asked: Asked) -> Answer:
    """What was sent to them."""
    rows = within_when(messages_of(asked.customer), asked.days)
    row, when = rows.first(), f" {asked.said()}" if asked.days else ""
    if row is None:
        return Answer(f"Nothing was sent to them{when}.", SENT, [], (_sent_place(asked),), figure=0)
    return Answer(
        f"{counted(rows.count(), 'message')} sent{when}, the last “{row.subject}” on "
        f"{asked.day(local_day(row.at))}: {delivery_status(row)[0].lower()}.",
        SENT,
        rows,
        (_sent_place(asked),),
        figure=rows.count(),
    )


def not_delivered(asked: Asked) -> Answer:
    """What could not be delivered in the last 30 days, or the days asked about."""
    since = asked.days.first if asked.days else asked.today - dt.timedelta(days=30)
    moment = asked.caller.now - dt.timedelta(days=max((asked.today - max(since, dt.date(2000, 1, 1))).days, 0))
    rows: list[Delivery] = undelivered(asked.caller, moment, asked.customer)
    if asked.days:
        rows = [row for row in rows if row.finished_at and local_day(row.finished_at) <= asked.days.last]
    shown = list({row.message_id: row.message for row in rows}.values())
    said = [f"“{row.message.subject}” to {row.address}" for row in rows]
    when = asked.said() or f"since {asked.day(since)}"
    none = f"Everything was delivered {when}."
    return Answer(
        f"Not delivered: {listed(said)}." if said else none,
        SENT,
        list(messages_of(asked.customer).filter(pk__in=[row.pk for row in shown])),
        (_sent_place(asked),),
        figure=len(said),
    )


def tickets(asked: Asked) -> Answer:
    """Open tickets, or all of the days asked about."""
    place = (asked.section("messages", "tickets", "Tickets"),)
    if asked.days:
        rows = tickets_of(asked.customer).filter(
            opened_at__date__gte=asked.days.first, opened_at__date__lte=asked.days.last
        )
        return Answer(
            f"{counted(rows.count(), 'ticket')} opened {asked.said()}.",
            customer_tickets(),
            rows,
            place,
            figure=rows.count(),
        )
    found = open_tickets_of(asked.customer)
    said = [f"{row.number} {row.subject}" for row in found]
    return Answer(
        f"{counted(len(found), 'open ticket')}: {listed(said, 3)}." if found else "No ticket is open.",
        customer_tickets(),
        found,
        place,
        figure=len(found),
    )
