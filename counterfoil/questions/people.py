"""Who a customer is, where, whom to speak to, and what changed about the account."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from counterfoil.access.queries import accesses_of
from counterfoil.customers.models import Contact
from counterfoil.customers.panels import CONTACTS, SITES
from counterfoil.customers.queries import attachments_of, contacts_of, notes_of, sites_of
from counterfoil.desk.panels import AUDIT_PANEL, event_words
from counterfoil.kernel.periods import date_text
from counterfoil.platform.tables import Column, Table
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.questions.answers import Answer, Asked, counted, listed, local_day
from counterfoil.trail.kinds import KINDS
from counterfoil.trail.queries import who_did

# ------------------------------------------------------------------ who they are


def _details(asked: Asked) -> Any:
    return asked.section("account", "details", "Account details")


def _people(asked: Asked) -> list[Contact]:
    return [contact for contact in contacts_of(asked.customer) if contact.active]


def _points(asked: Asked, kind: str, none: str) -> Answer:
    people = _people(asked)
    said = [
        f"{point.value} ({contact.name})" for contact in people for point in contact.points.all() if point.kind == kind
    ]
    place = (asked.section("account", "contacts", "Contacts"),)
    return Answer(f"{listed(said, 5)}." if said else none, CONTACTS, people, place, figure=said[0] if said else "")


def phone(asked: Asked) -> Answer:
    """The numbers to reach them at."""
    return _points(asked, "phone", "There is no telephone number.")


def email(asked: Asked) -> Answer:
    """The addresses to write to."""
    return _points(asked, "email", "There is no e-mail address.")


def contacts(asked: Asked) -> Answer:
    """Whom to speak to."""
    people = _people(asked)
    place = (asked.section("account", "contacts", "Contacts"),)
    said = [f"{person.name}{f' ({person.title})' if person.title else ''}" for person in people]
    return Answer(
        f"{counted(len(people), 'contact')}: {listed(said, 5)}." if people else "There is no contact.",
        CONTACTS,
        people,
        place,
        figure=len(people),
    )


def address(asked: Asked) -> Answer:
    """Where they are."""
    sites = [site for site in sites_of(asked.customer) if site.active]
    place = (asked.section("account", "sites", "Addresses"),)
    said = [site.text for site in sites]
    return Answer(
        f"{'; '.join(said[:3])}." if said else "There is no address.",
        SITES,
        sites,
        place,
        figure=said[0] if said else "",
    )


def manager(asked: Asked) -> Answer:
    """Who looks after the account."""
    row = asked.customer.manager
    return Answer(
        f"{row.name} looks after the account." if row else "No account manager is named.",
        sources=(_details(asked),),
        figure=row.name if row else "",
    )


def terms(asked: Asked) -> Answer:
    """When an invoice is due."""
    return Answer(
        f"The payment terms are {asked.customer.terms}.", sources=(_details(asked),), figure=asked.customer.terms_days
    )


def tax_number(asked: Asked) -> Answer:
    """The tax number on their invoices."""
    number = asked.customer.tax_number
    return Answer(
        f"The tax number is {number}." if number else "There is no tax number.",
        sources=(_details(asked),),
        figure=number,
    )


def status(asked: Asked) -> Answer:
    """Whether the account is in use."""
    row = asked.customer
    return Answer(
        f"The account {row.number} is {row.get_status_display().lower()}, {row.get_kind_display().lower()}, "
        f"{row.get_billing_type_display().lower()}.",
        sources=(_details(asked),),
        figure=row.status,
    )


def portal(asked: Asked) -> Answer:
    """Who of them may sign in to the portal."""
    rows = accesses_of(asked.customer)
    place = (asked.section("account", "portal-access", "Portal access"),)
    names = listed([row.contact.name for row in rows])
    return Answer(
        f"{names} may sign in to the portal." if rows else "Nobody may sign in to the portal.",
        sources=place,
        figure=len(rows),
    )


NOTES = Table(
    key="answer-notes",
    title="Notes",
    columns=(
        Column("at", "When", lambda row: row.at, "when"),
        Column("text", "Note", lambda row: row.text),
        Column("by", "By", lambda row: row.author_name, low=True),
    ),
    empty=("No notes yet", "What staff wrote about this customer appears here."),
)


def notes(asked: Asked) -> Answer:
    """What staff wrote about them."""
    rows = notes_of(asked.customer)
    if asked.days:
        rows = [row for row in rows if asked.days.first <= local_day(row.at) <= asked.days.last]
    place = (asked.section("messages", "notes", "Notes"),)
    if not rows:
        return Answer("There is no note" + (f" {asked.said()}." if asked.days else "."), NOTES, rows, place, figure=0)
    newest = rows[0]
    return Answer(
        f"{counted(len(rows), 'note')}, the last by {newest.author_name} on {asked.day(local_day(newest.at))}: "
        f"“{newest.text[:200]}”",
        NOTES,
        rows,
        place,
        figure=len(rows),
    )


def files(asked: Asked) -> Answer:
    """What is attached to the account."""
    rows = list(attachments_of(asked.customer)[:100])
    place = (asked.section("account", "attachments", "Attachments"),)
    said = listed([row.name for row in rows])
    return Answer(
        f"{counted(len(rows), 'attachment')}: {said}." if rows else "Nothing is attached.",
        sources=place,
        figure=len(rows),
    )


# ------------------------------------------------------------------ what happened


# What is asked about, and the events that change it.
_CHANGED = {
    "address": ("site.",),
    "phone": ("contact.",),
    "email": ("contact.",),
    "contact": ("contact.",),
    "terms": ("customer.",),
    "manager": ("customer.",),
    "limit": ("profile.",),
    "hold": ("hold.",),
    "service": ("service.", "subscription.", "one_time."),
    "method": ("billing_details.", "mandate."),
    "debit": ("mandate.",),
    "agreement": ("agreement.",),
    "card": ("card.",),
    "promise": ("promise.",),
}


_COLUMNS = {"terms": ("terms days", "terms rule"), "manager": ("manager",)}


def changes(asked: Asked) -> Answer:
    """What happened to the account in the days asked about, from the audit trail; of one thing where one is named."""
    shown = AUDIT_PANEL.read(asked.caller, asked.customer)
    # What was only looked at or told changed nothing.
    quiet = [name for name, kind in KINDS.items() if not kind.changes]
    table, rows = shown["table"], shown["rows"].exclude(kind__in=[*quiet, "message.delivered", "mail.delivered"])
    days = asked.days
    if days is not None:
        rows = rows.filter(at__date__gte=days.first, at__date__lte=days.last)
    about = next((name for name in asked.reading.meanings if name in _CHANGED), "")
    wanted = Q()
    for start in _CHANGED.get(about, ()):
        wanted |= Q(kind__startswith=start)
    rows = rows.filter(wanted)
    if about in _COLUMNS:
        # Details of the account are changed together; what was changed is in the event.
        rows = rows.filter(data__changes__has_any_keys=list(_COLUMNS[about]))
    place = (asked.section("account", "audit", "Audit trail"),)
    newest, when = rows.first(), f" {asked.said()}" if days else ""
    what = f" of the {about}" if about else ""
    if newest is None:
        return Answer(f"No change{what}{when} is on record.", table, rows, place, figure=0)
    words = event_words(newest)
    return Answer(
        f"{plural(rows.count(), 'change')}{what}{when}. The last by "
        f"{who_did(newest)} on {date_text(local_day(newest.at), today=asked.today)}: {words[:1].lower()}{words[1:]}.",
        table,
        rows,
        place,
        figure=rows.count(),
    )
