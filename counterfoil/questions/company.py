"""The company's money of a month, and what needs somebody: each from the report or the list that shows the same."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Sum

from counterfoil.billing.nouns import INVOICE
from counterfoil.billing.queries import with_settled
from counterfoil.cards.models import SavedCard
from counterfoil.collections.nouns import PROMISE
from counterfoil.customers.queries import of_visible
from counterfoil.desk.collections_tables import PROMISES_TABLE, disputes_table
from counterfoil.desk.everyone_tables import invoices_table, messages_table
from counterfoil.desk.tables import customer_column
from counterfoil.messaging.nouns import MESSAGE
from counterfoil.messaging.queries import complete
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.questions.answers import Answer, Asked, counted, listed, sums, sums_text
from counterfoil.questions.periods import Days
from counterfoil.questions.rules import fold
from counterfoil.questions.scope import listing, of_place, place_of, report_of
from counterfoil.receivables.nouns import DISPUTE
from counterfoil.sales.models import Agreement
from counterfoil.subscriptions.models import Term
from counterfoil.tickets.queries import listed as tickets_of_all
from counterfoil.tickets.tables import tickets_table

# ------------------------------------------------------------------ money of days


def _sums_of(rows: Iterable[Any], get: Callable[[Any], int]) -> dict[str, int]:
    return {code: minor for code, minor in sums(rows, get).items() if minor} or {}


def billed(asked: Asked) -> Answer:
    """Invoiced less credited, without tax, by product, this month unless other days are named."""
    days = asked.period(asked.this_month)
    table, rows, place = report_of(asked, "sales", days)
    unnamed = _sums_of([row for row in rows if row.product == "Without a product"], lambda row: row.net)
    if asked.reading.product:
        rows = [row for row in rows if fold(row.product) == asked.reading.product]
    if asked.reading.area:
        rows = [row for row in rows if fold(row.area) == asked.reading.area]
    found = _sums_of(rows, lambda row: row.net)
    named = asked.reading.product
    of = f" for {rows[0].product if rows else named.title()}" if named else place_of(asked)
    beside = f" {sums_text(unnamed, '')} was billed on lines without a product." if named and unnamed else ""
    return Answer(
        f"{sums_text(found, 'Nothing')} was billed{of} {asked.said(days)}, without tax and less what was "
        f"credited.{beside}",
        table,
        rows,
        (place,),
        figure=found,
    )


def received(asked: Asked) -> Answer:
    """Money received less what bounced, this month unless other days are named."""
    days = asked.period(asked.this_month)
    if asked.reading.has("who", "customers"):
        return _who_paid(asked, days)
    table, rows, place = report_of(asked, "received", days)
    found = _sums_of(rows, lambda row: row.kept)
    many = sum(row.count for row in rows)
    return Answer(
        f"{sums_text(found, 'Nothing')} was received {asked.said(days)}, in {counted(many, 'payment', 'no')}, "
        "less what bounced.",
        table,
        rows,
        (place,),
        figure=found,
    )


def _who_paid(asked: Asked, days: Days) -> Answer:
    table, rows, place = report_of(asked, "payments", days)
    good = [row for row in rows.select_related("reversal") if not hasattr(row, "reversal")]
    names = listed(list(dict.fromkeys(row.customer.name for row in good)), 5)
    found = sums(good, lambda row: row.amount_minor)
    said = f"{names} paid {sums_text(found, '')} {asked.said(days)}." if good else f"Nobody paid {asked.said(days)}."
    return Answer(said, table, good, (place,), figure=found)


def credited(asked: Asked) -> Answer:
    """What was given up in credit notes and write-offs, this month unless other days are named."""
    days = asked.period(asked.this_month)
    table, rows, place = report_of(asked, "credits", days)
    only = asked.reading.has("writeoff") and not asked.reading.has("creditnote", "credit")
    if only:
        rows = [row for row in rows if row.kind == "Write-off"]
    found = _sums_of(rows, lambda row: row.minor)
    verb = "written off" if only else "credited or written off"
    return Answer(f"{sums_text(found, 'Nothing')} was {verb} {asked.said(days)}.", table, rows, (place,), figure=found)


def tax(asked: Asked) -> Answer:
    """The tax of a period, invoiced less credited."""
    days = asked.period(asked.this_month)
    table, rows, place = report_of(asked, "tax", days)
    found = _sums_of(rows, lambda row: row.tax)
    return Answer(
        f"The tax is {sums_text(found, 'nothing')} {asked.said(days)}, invoiced less credited.",
        table,
        rows,
        (place,),
        figure=found,
    )


def revenue(asked: Asked) -> Answer:
    """What services bring a month, and what moved it."""
    days = asked.period(asked.this_month)
    table, rows, place = report_of(asked, "recurring-revenue", days)
    found = _sums_of(rows, lambda row: row.after)
    moved = _sums_of(rows, lambda row: row.after - row.before)
    return Answer(
        f"Services bring {sums_text(found, 'nothing')} a month, without tax; {sums_text(moved, 'nothing')} "
        f"more than before, {asked.said(days)}.",
        table,
        rows,
        (place,),
        figure=found,
    )


# ------------------------------------------------------------------ what needs somebody


def overdue_invoices(asked: Asked) -> Answer:
    """Invoices past their due day."""
    return _invoices(asked, "overdue", lambda rows: rows.filter(due_on__lt=asked.today))


def open_invoices(asked: Asked) -> Answer:
    """Invoices that are not settled."""
    return _invoices(asked, "open", lambda rows: rows)


def _invoices(asked: Asked, view: str, narrow: Callable[[Any], Any]) -> Answer:
    table = invoices_table(asked.caller)
    seen = with_settled(INVOICE.visible(asked.caller)).select_related("item", "customer").filter(item__open_minor__gt=0)
    rows = narrow(of_place(asked, seen)).order_by("due_on", "pk")
    found = dict(rows.order_by().values_list("currency").annotate(Sum("item__open_minor")))
    many = rows.count()
    return Answer(
        f"{counted(many, 'invoice')}{place_of(asked)} {'is' if many == 1 else 'are'} {view}, "
        f"{sums_text(found, 'nothing')} in all.",
        table,
        rows,
        (asked.page("invoices", "Invoices", view=view),),
        figure=many,
    )


def disputes(asked: Asked) -> Answer:
    """What customers do not accept."""
    rows = of_place(asked, DISPUTE.visible(asked.caller), "item__customer").filter(closed_on__isnull=True)
    rows = rows.select_related("item__customer")
    found: dict[str, int] = {}
    for row in rows:
        found[row.item.currency] = found.get(row.item.currency, 0) + row.amount_minor
    many = len(rows)
    return Answer(
        f"{counted(many, 'dispute')}{place_of(asked)} {'is' if many == 1 else 'are'} open, about "
        f"{sums_text(found, 'nothing')}.",
        disputes_table(asked.caller),
        rows,
        (asked.page("open-disputes", "Disputes"),),
        figure=many,
    )


def promises(asked: Asked) -> Answer:
    """Promises that are open, or broken where that is asked."""
    broken = asked.reading.has("broken") or (asked.reading.has("not") and asked.reading.has("keep", "pay"))
    kept = asked.reading.has("keep") and not broken
    rows = of_place(asked, PROMISE.visible(asked.caller)).select_related("customer", "item")
    rows = rows.filter(state__in=("broken", "part") if broken else ("kept",) if kept else ("open",))
    if asked.days:
        days = asked.days if broken or kept else asked.days.ahead(asked.today)
        rows = rows.filter(due_on__gte=days.first, due_on__lte=days.last)
    found = sums(rows, lambda row: row.amount_minor)
    many, what = rows.count(), "broken" if broken else "kept" if kept else "open"
    when = f", due {asked.said(days)}" if asked.days else ""
    return Answer(
        f"{counted(many, 'promise')}{place_of(asked)} {'is' if many == 1 else 'are'} {what}{when}, about "
        f"{sums_text(found, 'nothing')}.",
        PROMISES_TABLE,
        rows,
        (asked.page("promises", "Promises", view=what),),
        figure=many,
    )


def open_tickets(asked: Asked) -> Answer:
    """Tickets that are not resolved."""
    rows = of_place(asked, tickets_of_all(asked.caller)).exclude(state__in=("resolved", "closed"))
    late = rows.filter(due_at__lte=asked.caller.now).count()
    if asked.reading.has("overdue"):
        rows = rows.filter(due_at__lte=asked.caller.now)
    many = rows.count()
    said = "" if asked.reading.has("overdue") else f", {late} overdue" if late else ", none overdue"
    what = "overdue" if asked.reading.has("overdue") else "open"
    return Answer(
        f"{counted(many, 'ticket')}{place_of(asked)} {'is' if many == 1 else 'are'} {what}{said}.",
        tickets_table(asked.caller),
        rows,
        (asked.page("tickets", "Tickets"),),
        figure=many,
    )


CARDS = Table(
    key="answer-cards",
    title="Saved cards",
    columns=(
        customer_column("customer", of=lambda row: row.customer),
        Column("card", "Card", str),
        Column("on", "Expires", lambda row: row.expires_on, "date", strong=True),
    ),
    empty=("None", "Cards that expire in these days appear here."),
)


def _expire(asked: Asked, many: int) -> str:
    return "expired" if asked.reading.has("expired") else "expires" if many == 1 else "expire"


def cards_expiring(asked: Asked) -> Answer:
    """Whose saved card expires in the days asked about, by the end of next month unless others are named."""
    end = (asked.today.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    usual = Days(asked.today, end.replace(day=calendar.monthrange(end.year, end.month)[1]))
    if asked.reading.has("expired"):
        days = asked.days or Days(dt.date.min, asked.today - dt.timedelta(days=1))
    else:
        days = asked.days.ahead(asked.today) if asked.days else usual
    cards = of_visible(asked.caller, SavedCard.objects.filter(removed_on=None)).select_related("customer")
    rows = [row for row in of_place(asked, cards) if days.first <= row.expires_on <= days.last]
    rows.sort(key=lambda row: (row.expires_on, row.pk))
    when = asked.said(days)
    return Answer(
        f"{counted(len(rows), 'saved card')}{place_of(asked)} {_expire(asked, len(rows))} {when}.",
        CARDS,
        rows,
        (listing(asked),),
        figure=len(rows),
    )


CONTRACTS = Table(
    key="answer-contracts",
    title="Contracts",
    columns=(
        customer_column("customer", of=lambda row: row[0]),
        Column("what", "Contract", lambda row: row[1]),
        Column("ends", "Ends", lambda row: row[2], "date", strong=True),
    ),
    empty=("None", "Contracts that end in these days appear here."),
)


def contracts_ending(asked: Asked) -> Answer:
    """Whose contract or agreement ends in the days asked about, the next 30 unless others are named."""
    days = asked.days.ahead(asked.today) if asked.days else Days(asked.today, asked.today + dt.timedelta(days=30))
    terms = of_visible(
        asked.caller,
        Term.objects.filter(contract_ends__gte=days.first, contract_ends__lte=days.last),
        "subscription__customer",
    )
    later = Term.objects.filter(subscription=OuterRef("subscription"), valid_from__gt=OuterRef("valid_from"))
    terms = of_place(asked, terms.filter(~Exists(later)), "subscription__customer")
    rows = [
        (term.subscription.customer, term.subscription.number, term.contract_ends)
        for term in terms.select_related("subscription__customer")
    ]
    if asked.caller.may("sales.view"):
        agreements = of_visible(asked.caller, Agreement.objects.filter(state="active")).select_related("customer")
        rows += [
            (row.customer, row.number, row.last_day)
            for row in of_place(asked, agreements)
            if row.last_day and days.first <= row.last_day <= days.last
        ]
    rows.sort(key=lambda row: (row[2], row[1]))
    return Answer(
        f"{counted(len(rows), 'contract')}{place_of(asked)} {'ends' if len(rows) == 1 else 'end'} {asked.said(days)}.",
        CONTRACTS,
        rows,
        (asked.page("subscriptions", "Subscriptions"),),
        figure=len(rows),
    )


def bounced(asked: Asked) -> Answer:
    """Payments that were taken back in the days asked about, this month unless others are named."""
    days = asked.period(asked.this_month)
    table, rows, place = report_of(asked, "received", days)
    some = [row for row in rows if row.reversed]
    found = _sums_of(some, lambda row: row.reversed)
    return Answer(f"{sums_text(found, 'Nothing')} bounced {asked.said(days)}.", table, some, (place,), figure=found)


def undelivered(asked: Asked) -> Answer:
    """Messages that did not arrive, in the last 30 days unless others are named."""
    days = asked.period(Days(asked.today - dt.timedelta(days=30), asked.today))
    rows = MESSAGE.visible(asked.caller).filter(
        deliveries__state="failed", at__date__gte=days.first, at__date__lte=days.last
    )
    rows = complete(of_place(asked, rows).distinct()).order_by("-at")
    return Answer(
        f"{counted(rows.count(), 'message')} could not be delivered {asked.said(days)}.",
        messages_table(asked.caller),
        rows,
        (asked.page("messages", "Messages"),),
        figure=rows.count(),
    )


def calls(asked: Asked) -> Answer:
    """How many calls collectors made, this month unless other days are named."""
    days = asked.period(asked.this_month)
    table, rows, place = report_of(asked, "collector-calls", days)
    many = len(rows) if isinstance(rows, list) else rows.count()
    return Answer(f"{counted(many, 'call')} logged {asked.said(days)}.", table, rows, (place,), figure=many)


def letters(asked: Asked) -> Answer:
    """How many letters about what is late were sent, this month unless other days are named."""
    days = asked.period(asked.this_month)
    table, rows, place = report_of(asked, "dunning-history", days)
    many = len(rows) if isinstance(rows, list) else rows.count()
    return Answer(f"{counted(many, 'letter')} sent {asked.said(days)}.", table, rows, (place,), figure=many)
