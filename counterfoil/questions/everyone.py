"""Questions about all customers that somebody may see: each answered by the list or the report that shows the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Sum
from django.urls import reverse

from counterfoil.catalogue.queries import products as products_seen
from counterfoil.customers.models import ContactPoint, Customer
from counterfoil.customers.queries import of_visible
from counterfoil.desk.suspension_tables import suspensions, suspensions_table
from counterfoil.desk.tables import customer_column, customers_table
from counterfoil.kernel.money import Money
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.questions.answers import Answer, Asked, counted, listed, sums, sums_text, within
from counterfoil.questions.rules import fold
from counterfoil.questions.scope import customers_of, figures_of, listing, money, of_place, place_of, report_of
from counterfoil.receivables.lists import all_are_of, only_overdue
from counterfoil.receivables.models import OpenItem
from counterfoil.subscriptions.queries import services_by_product

# ------------------------------------------------------------------ who owes


# As many rows as one looks through; the sentence counts all of them.
MOST_LISTED = 2_000


@dataclass(frozen=True)
class Owing:
    """A customer and what of theirs is late enough, in minor units."""

    customer: Customer
    currency: str
    minor: int
    oldest: dt.date


OWING = Table(
    key="answer-owing",
    title="Customers",
    columns=(
        customer_column("customer", of=lambda row: row.customer),
        Column("oldest", "Oldest due", lambda row: row.oldest, "date", sort=True),
        Column(
            "minor", "Amount", lambda row: Money(row.minor, row.currency), "money", sort=True, strong=True, total=True
        ),
    ),
    empty=("Nobody", "Customers who owe as much appear here."),
)


def owing(asked: Asked) -> Answer:
    """Who owes more than an amount, of items that are late by so many days; the items' own amounts, as the age
    analysis has them."""
    days = asked.reading.days_late
    if days is None and not asked.reading.has("overdue"):
        return _owing_in_all(asked)
    until = asked.today - dt.timedelta(days=min(days or 0, 36_500))
    items = OpenItem.objects.filter(side="debit", open_minor__gt=0, due_on__lt=until, currency=operator_currency())
    grouped = of_place(asked, of_visible(asked.caller, items)).order_by().values("customer")
    late_enough = grouped.annotate(minor=Sum("open_minor")).filter(minor__gt=asked.minor)
    every = list(late_enough.order_by("-minor", "customer").values_list("customer", "minor"))
    found = every[:MOST_LISTED]
    code = operator_currency()
    customers = Customer.objects.in_bulk([pk for pk, _ in found])
    first = dict(items.filter(customer__in=customers).order_by("customer", "-due_on").values_list("customer", "due_on"))
    rows = [Owing(customers[pk], code, minor, first[pk]) for pk, minor in found]
    many, total = len(every), sum(minor for _, minor in every)
    late = f"over {days} days late" if days else "overdue"
    more = f"more than {money(asked.minor)} that is {late}" if asked.reading.amount else f"what is {late}"
    place = (asked.page("age-analysis", "Age analysis"),)
    if not rows:
        return Answer(f"No customer{place_of(asked)} owes {more}.", OWING, rows, place, figure=0)
    verb = "owes" if many == 1 else "owe"
    least = f" The {MOST_LISTED:,} who owe most of it are listed." if many > len(rows) else ""
    return Answer(
        f"{counted(many, 'customer')}{place_of(asked)} {verb} {more}, together {money(total)}.{least}",
        OWING,
        rows,
        place,
        figure=many,
    )


def _owing_in_all(asked: Asked) -> Answer:
    rows = figures_of(asked, customers_of(asked).filter(currency=operator_currency()))
    rows = rows.filter(balance_minor__gt=asked.minor).order_by(F("balance_minor").desc(), "pk")
    many = rows.count()
    total = sum(rows.order_by().values_list("balance_minor", flat=True))
    more = f"more than {money(asked.minor)}" if asked.reading.amount else "something"
    place, table = (listing(asked),), customers_table(asked.caller)
    if not many:
        return Answer(f"No customer{place_of(asked)} owes {more}.", table, rows, place, figure=0)
    return Answer(
        f"{counted(many, 'customer')}{place_of(asked)} {'owes' if many == 1 else 'owe'} {more}, together "
        f"{money(total)}.",
        table,
        rows,
        place,
        figure=many,
    )


def overdue_total(asked: Asked) -> Answer:
    """How much of everybody is overdue, less free credit of each."""
    rows = figures_of(asked, only_overdue(customers_of(asked), asked.today)).order_by(F("overdue_minor").desc(), "pk")
    found: dict[str, int] = {}
    column = "standing__overdue_minor" if all_are_of(asked.today) else "overdue_minor"
    for code, minor in rows.order_by().values_list("currency", column):
        found[code] = found.get(code, 0) + minor
    many = rows.count()
    return Answer(
        f"{sums_text(found, 'Nothing')} is overdue, of {counted(many, 'customer', 'no')}{place_of(asked)}.",
        customers_table(asked.caller),
        rows,
        (listing(asked, "overdue"), asked.page("age-analysis", "Age analysis")),
        figure=found,
    )


def owed_total(asked: Asked) -> Answer:
    """What everybody owes together, by age."""
    table, rows, place = report_of(asked, "age-analysis")
    found: dict[str, int] = {}
    for code in rows.currencies:
        found[code] = rows.totals(code)["balance"]
    as_of = asked.day(asked.on)
    return Answer(
        f"{sums_text(found, 'Nothing')} is owed as of {as_of}, credit taken off.", table, rows, (place,), figure=found
    )


def top_debtors(asked: Asked) -> Answer:
    """Who owes most, or of whom most is overdue where that is asked; ten unless another number was."""
    late, most = asked.reading.has("overdue"), asked.reading.top or 10
    name, view = ("overdue_minor", "overdue") if late else ("balance_minor", "")
    rows = only_overdue(customers_of(asked), asked.today) if late else customers_of(asked)
    rows = figures_of(asked, rows).filter(**{f"{name}__gt": 0}).order_by(F(name).desc(), "pk")
    top = list(rows[:most])
    if not top:
        what = "is overdue" if late else "owes anything"
        return Answer(f"Nobody{place_of(asked)} {what}.", customers_table(asked.caller), top, (listing(asked),))
    said = [f"{row.name} {money(getattr(row, name), row.currency)}" for row in top[:3]]
    how = "The most is overdue from" if late else "The most is owed by"
    return Answer(f"{how} {listed(said)}.", customers_table(asked.caller), top, (listing(asked, view),),
                  figure=top[0].number)  # fmt: skip


def in_credit(asked: Asked) -> Answer:
    """Who has paid more than is owed."""
    rows = figures_of(asked, customers_of(asked)).filter(balance_minor__lt=0).order_by("balance_minor", "pk")
    found: dict[str, int] = {}
    for code, minor in rows.values_list("currency", "balance_minor"):
        found[code] = found.get(code, 0) - minor
    return Answer(
        f"{counted(rows.count(), 'customer')}{place_of(asked)} in credit, {sums_text(found, 'nothing')} together.",
        customers_table(asked.caller),
        rows,
        (listing(asked, "credit"),),
        figure=rows.count(),
    )


# ------------------------------------------------------------------ who they are


def how_many(asked: Asked) -> Answer:
    """How many customers there are."""
    rows = customers_of(asked).filter(status="active")
    return Answer(
        f"There {'is' if rows.count() == 1 else 'are'} {plural(rows.count(), 'active customer')}{place_of(asked)}.",
        customers_table(asked.caller),
        figures_of(asked, rows),
        (listing(asked),),
        figure=rows.count(),
    )


def without_email(asked: Asked) -> Answer:
    """Which customers have no e-mail address."""
    return _without(asked, "email", "e-mail address")


def without_phone(asked: Asked) -> Answer:
    """Which customers have no telephone number."""
    return _without(asked, "phone", "telephone number")


def _without(asked: Asked, kind: str, words: str) -> Answer:
    points = ContactPoint.objects.filter(contact__customer=OuterRef("pk"), contact__active=True, kind=kind)
    rows = figures_of(asked, customers_of(asked).filter(~Exists(points), status="active"))
    many = rows.count()
    return Answer(
        f"{counted(many, 'customer')}{place_of(asked)} {'has' if many == 1 else 'have'} no {words}.",
        customers_table(asked.caller),
        rows,
        (listing(asked),),
        figure=many,
    )


def won(asked: Asked) -> Answer:
    """Who joined in the days asked about, this month unless others are named."""
    return _moved(asked, "Joined", "joined", "")


def lost(asked: Asked) -> Answer:
    """Whose last service ended in the days asked about."""
    return _moved(asked, "Lost", "left", ": their last service ended")


def _moved(asked: Asked, what: str, words: str, how: str) -> Answer:
    days = asked.period(asked.this_month)
    table, rows, place = report_of(asked, "customers", days)
    found = [row for row in rows if row.what == what]
    return Answer(
        f"{counted(len(found), 'customer')} {words} {asked.said(days)}{how if found else ''}.",
        table,
        found,
        (place,),
        figure=len(found),
    )


def on_hold(asked: Asked) -> Answer:
    """Which accounts are on credit hold."""
    rows = figures_of(asked, customers_of(asked).exclude(hold_reason="").exclude(hold_ends__lte=asked.today))
    many = rows.count()
    return Answer(
        f"{counted(many, 'account')}{place_of(asked)} {'is' if many == 1 else 'are'} on credit hold.",
        customers_table(asked.caller),
        rows,
        (listing(asked, "held"),),
        figure=many,
    )


def suspended(asked: Asked) -> Answer:
    """Whose service is cut off."""
    rows = of_place(asked, suspensions(asked.caller)).filter(state="suspended", ended_on__isnull=True)
    rows = within(rows, asked.days, "suspended_on")
    found = sums(rows, lambda row: row.amount_minor)
    many = rows.count()
    owed = f", {sums_text(found, '')} overdue" if many else ""
    return Answer(
        f"{counted(many, 'account')}{place_of(asked)} {'is' if many == 1 else 'are'} suspended"
        f"{f', cut off {asked.said()}' if asked.days else ''}{owed}.",
        suspensions_table(asked.caller),
        rows,
        (asked.page("suspensions", "Suspensions"),),
        figure=many,
    )


def having(asked: Asked) -> Answer:
    """How many services of a product are active."""
    products = [row for row in products_seen(asked.caller) if fold(row.name) == asked.reading.product]
    counts = services_by_product(asked.caller)
    rows = [(row, counts.get(row.pk, 0)) for row in products]
    many = sum(number for _, number in rows)
    name = rows[0][0].name if rows else asked.reading.product.title()
    return Answer(f"{counted(many, 'service')} of {name} {'is' if many == 1 else 'are'} in use.", HAVING, rows,
                  (asked.page("catalogue", "Catalogue"),), figure=many)  # fmt: skip


HAVING = Table(
    key="answer-having",
    title="Products",
    columns=(
        Column("product", "Product", lambda row: row[0].name, href=lambda row: reverse("product", args=[row[0].pk])),
        Column("many", "Services", lambda row: row[1], "number", strong=True),
    ),
)
