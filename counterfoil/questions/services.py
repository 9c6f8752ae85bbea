"""What a customer has: services and what they cost a month, contracts, changes, usage, and what a change would cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from counterfoil.catalogue.models import Product
from counterfoil.catalogue.rules import amount_text, tidy_price
from counterfoil.kernel.money import Money
from counterfoil.kernel.periods import deadline_text
from counterfoil.operator.queries import without_tax
from counterfoil.platform.tables import Column, Table
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.questions.answers import Answer, Asked, counted, listed, within
from counterfoil.questions.field import data_by_sessions
from counterfoil.questions.rules import fold
from counterfoil.sales.panels import AGREEMENTS
from counterfoil.sales.queries import agreements_of
from counterfoil.subscriptions import queries
from counterfoil.subscriptions.coming import actions_to_come, contracts_of
from counterfoil.subscriptions.panels import PACKAGE_CHANGES
from counterfoil.subscriptions.rules import STATE_WORDS
from counterfoil.usage.panels import USAGE_RECORDS
from counterfoil.usage.queries import metered, records_of


def _place(asked: Asked) -> Any:
    return asked.section("services", "services", "Services")


def _price(row: queries.ServiceRow) -> Money | None:
    currency = row.service.subscription.currency
    return None if row.month_minor is None else Money(row.month_minor, currency)


# Of the same rows as the section of the customer's page.
SERVICES = Table(
    key="answer-services",
    title="Services",
    columns=(
        Column("service", "Service", lambda row: str(row.service), sub=lambda row: row.service.subscription.number),
        Column("state", "Status", lambda row: STATE_WORDS[row.state].capitalize(), "badge"),
        Column("since", "Since", lambda row: row.service.first_had_on, "date", low=True),
        Column("quantity", "Quantity", lambda row: row.quantity.normalize(), "number", low=True),
        Column("often", "Billed", lambda row: row.frequency, low=True),
        Column("month", "A month", _price, "money", strong=True, total=True),
    ),
    empty=("No services yet", "Packages, lines and equipment of this customer appear here."),
)


def _rows(asked: Asked) -> list[queries.ServiceRow]:
    """The services they have, of the product that the question names where it names one."""
    rows = queries.service_rows(asked.customer, asked.today)
    wanted = asked.reading.product
    if wanted:
        rows = [row for row in rows if fold(row.service.product.name) == wanted]
    return rows


def services(asked: Asked) -> Answer:
    """Which services they have now."""
    rows = _rows(asked)
    if not rows:
        return Answer("They have no services.", SERVICES, [], (_place(asked),), figure=0)
    return Answer(
        f"{counted(len(rows), 'service')}: {listed([str(row.service) for row in rows], 6)}.",
        SERVICES,
        rows,
        (_place(asked),),
        figure=len(rows),
    )


def monthly(asked: Asked) -> Answer:
    """What their services are a month, as the services section says it."""
    rows = _rows(asked)
    groups = queries.grouped(rows)
    incl, excl = sum(group.incl_minor for group in groups), sum(group.excl_minor for group in groups)
    parts = [asked.money(incl)] if incl or not excl else []
    parts += [f"{asked.money(excl)} {without_tax()}"] if excl else []
    charged = [row for row in rows if row.month_minor]
    use = any(row.service.product.kind == Product.Kind.USAGE for row in rows)
    usage = "; what is used comes on top" if use else ""
    return Answer(
        f"They pay {' and '.join(parts)} a month, for {counted(len(charged), 'service', 'no')}{usage}.",
        SERVICES,
        rows,
        (_place(asked),),
        figure=incl + excl,
    )


def since(asked: Asked) -> Answer:
    """Since when they have had a service: each, or the one named."""
    rows = [row for row in _rows(asked) if row.service.first_had_on]
    if not rows:
        return Answer("They have no such service.", SERVICES, rows, (_place(asked),))
    said = [f"{row.service} since {asked.day(row.service.first_had_on)}" for row in rows if row.service.first_had_on]
    return Answer(
        f"They have had {listed(said, 4)}.",
        SERVICES,
        rows,
        (_place(asked),),
        figure=min(row.service.first_had_on for row in rows if row.service.first_had_on).isoformat(),
    )


PACKAGES = Table(
    key="answer-packages",
    title="Packages",
    columns=(
        Column("service", "Service", lambda row: row[0]),
        Column("package", "Change to", lambda row: row[1]),
        Column("price", "A period", lambda row: row[2], "money"),
        Column("more", "Difference", lambda row: row[3], "money", strong=True),
    ),
    empty=("No other package", "Packages on sale of the same kind appear here."),
)


def upgrade(asked: Asked) -> Answer:
    """What other packages of the same kind would cost more or less, at today's price for new services."""
    found = []
    for row in queries.service_rows(asked.customer, asked.today):
        service = row.service
        now = queries.price_of(service, asked.today) if service.product.kind != Product.Kind.USAGE else None
        if now is None or row.state != "effective":
            continue
        currency = service.subscription.currency
        for product, minor in queries.packages_for(service, asked.today):
            if product.family == service.product.family:
                found.append((str(service), product.name, Money(minor, currency), Money(minor - now, currency)))
    place = (_place(asked),)
    if not found:
        return Answer("There is no other package on sale to change to.", PACKAGES, [], place)
    dearer = sorted((row for row in found if row[3].minor > 0), key=lambda row: row[3].minor)
    if not dearer:
        return Answer("There is no bigger package on sale; smaller ones are below.", PACKAGES, found, place)
    named, name, price, more = dearer[0]
    return Answer(
        f"{name} instead of {named} is {asked.money(more.minor, more.currency)} more a period, at "
        f"{asked.money(price.minor, price.currency)} for new services today. The days of this period are "
        "worked out by the preview of the change.",
        PACKAGES,
        found,
        place,
        figure=more.minor,
    )


def contract(asked: Asked) -> Answer:
    """When their contracts and agreements end."""
    terms = contracts_of(asked.customer, asked.today)
    # Who may not see agreements is told of the contracts of services alone.
    agreements = agreements_of(asked.customer)
    if not asked.caller.may("sales.view"):
        agreements = agreements.none()
    running = [row for row in agreements if row.state == "active"]
    place = (_place(asked), asked.section("account", "agreements", "Agreements"))
    said = [
        f"{term.subscription.number} on {deadline_text(term.contract_ends, today=asked.today)}"
        for term in terms
        if term.contract_ends
    ]
    said += [
        f"agreement {row.number} on {deadline_text(row.last_day, today=asked.today)}" for row in running if row.last_day
    ]
    if not said:
        return Answer("No contract holds them: services run until they are cancelled.", AGREEMENTS, agreements, place)
    return Answer(
        f"The contract of {listed(said)} ends." if len(said) == 1 else f"Contracts end: {listed(said)}.",
        AGREEMENTS,
        agreements,
        place,
        figure=min(
            [t.contract_ends for t in terms if t.contract_ends] or [row.last_day for row in running if row.last_day]
        ).isoformat(),
    )


def agreements(asked: Asked) -> Answer:
    """Which agreements there are."""
    rows = agreements_of(asked.customer)
    active = [row for row in rows if row.state == "active"]
    place = (asked.section("account", "agreements", "Agreements"),)
    said = f": {listed([f'{row.number} {row.title}' for row in active])}" if active else ""
    return Answer(f"{counted(len(active), 'agreement')} in force{said}.", AGREEMENTS, rows, place, figure=len(active))


def planned(asked: Asked) -> Answer:
    """What is scheduled to happen to their services."""
    rows = within(actions_to_come(asked.customer), asked.days and asked.days.ahead(asked.today))
    place = (asked.section("services", "package-changes", "Package changes"),)
    if not rows:
        return Answer("No change of a service is scheduled.", PACKAGE_CHANGES, [], place, figure=0)
    said = [f"{row.service}: {row.get_kind_display().lower()} on {asked.day(row.on)}" for row in rows]
    return Answer(
        f"{counted(len(rows), 'change')} scheduled. {listed(said)}.", PACKAGE_CHANGES, rows, place, figure=len(rows)
    )


def package_changes(asked: Asked) -> Answer:
    """What was done to their services in the days asked about."""
    rows = (
        within(queries.actions_of(asked.customer), asked.days).filter(state="done").select_related("service__product")
    )
    place = (asked.section("services", "package-changes", "Package changes"),)
    when = f" {asked.said()}" if asked.days else ""
    said = [f"{row.service}: {row.get_kind_display().lower()} on {asked.day(row.on)}" for row in rows[:4]]
    if not said:
        return Answer(f"No service was changed{when}.", PACKAGE_CHANGES, rows, place, figure=0)
    return Answer(
        f"{counted(rows.count(), 'change')} of services{when}. {listed(said)}.",
        PACKAGE_CHANGES,
        rows,
        place,
        figure=rows.count(),
    )


def usage(asked: Asked) -> Answer:
    """How much was used in the days asked about, this month unless others are named, by unit."""
    days = asked.period(asked.this_month)
    rows = within(records_of(asked.customer), days)
    # What goes over the line is counted by its sessions; records are of what is charged by use.
    over_the_line = asked.reading.has("data") or not (asked.reading.has("phonecall") or rows.exists())
    if over_the_line and (found := data_by_sessions(asked)) is not None:
        return found
    calls, data = asked.reading.has("phonecall"), asked.reading.has("data")
    used: dict[str, Decimal] = {}
    shown = []
    for row in rows.select_related("service__product"):
        unit = row.service.product.unit
        # Minutes are talked, everything else is data.
        if _is_talk(unit) == calls or not (calls or data):
            used[unit] = used.get(unit, Decimal(0)) + row.quantity
            shown.append(row)
    place = (asked.section("services", "usage-records", "Usage records"), asked.section("services", "usage", "Usage"))
    when = asked.said(days)
    units = {service.product.unit for service in metered(asked.customer)}
    if not used and data and all(_is_talk(unit) for unit in units):
        none = "Their data is not counted: they have no network access, and no service is charged by data."
        return Answer(none, USAGE_RECORDS, [], place, figure="")
    if not used:
        none = "No service of theirs is counted by use" if not metered(asked.customer).exists() else "Nothing was used"
        return Answer(f"{none}{'' if 'counted' in none else f' {when}'}.", USAGE_RECORDS, [], place, figure=0)
    amounts = listed([amount_text(tidy_price(total, asked.customer.currency), unit) for unit, total in used.items()])
    return Answer(
        f"They used {amounts} {when}, in {plural(len(shown), 'record')}.",
        USAGE_RECORDS,
        shown,
        place,
        figure={unit: str(total.normalize()) for unit, total in used.items()},
    )


def _is_talk(unit: str) -> bool:
    return unit.casefold().startswith(("min", "call", "sec", "oproep"))


def joined(asked: Asked) -> Answer:
    """Since when they are a customer."""
    on = asked.customer.joined_on
    years = (asked.today - on).days // 365
    long = f", {plural(years, 'year')}" if years else ""
    place = (asked.section("account", "details", "Account details"),)
    return Answer(f"They have been a customer since {asked.day(on)}{long}.", sources=place, figure=on.isoformat())
