"""Every read of tickets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from counterfoil.access.models import Login
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import contacts_of, of_visible, theirs
from counterfoil.messaging.models import Delivery, MessageFile
from counterfoil.messaging.operations import Thread
from counterfoil.messaging.sending import called
from counterfoil.operator.models import Lookup
from counterfoil.operator.queries import lookups
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.platform.secrets import decrypt
from counterfoil.staff.models import User
from counterfoil.suspension.queries import holidays
from counterfoil.tickets import rules
from counterfoil.tickets.interfaces import MailboxServer
from counterfoil.tickets.models import (
    CannedAnswer,
    IncomingMail,
    Mailbox,
    OfficeHours,
    Priority,
    ServiceTarget,
    Ticket,
    TicketFile,
    TicketMessage,
    TicketPolicy,
)

declare_view("tickets.view", "See tickets, and mail without a customer")

State = Ticket.State
DEPARTMENTS, CATEGORIES = "ticket_department", "ticket_category"
# So many Message-IDs stand in an e-mail's References at most: the first, and the newest.
_MOST_REFERENCES = 20
_RECENT = dt.timedelta(days=30)


# ------------------------------------------------------------------ policy


def policy() -> TicketPolicy:
    """What the operator decided; until then the usual."""
    return TicketPolicy.objects.order_by("-pk").first() or TicketPolicy()


def week() -> dict[int, tuple[int, int]]:
    """The hours of each weekday on which there is work, in minutes of the day."""
    said = {row.weekday: (row.opens, row.closes) for row in OfficeHours.objects.all()}
    return {day: span for day, span in {**rules.USUAL_WEEK, **said}.items() if span[0] < span[1]}


def targets() -> dict[str, tuple[int, int]]:
    """First answer and solution by priority, in business minutes."""
    said = {row.priority: (row.first_minutes, row.solve_minutes) for row in ServiceTarget.objects.all()}
    return {**rules.USUAL_TARGETS, **said}


def calendar() -> rules.Calendar:
    """When work is done."""
    return rules.Calendar(week(), frozenset(holidays()), timezone.get_current_timezone())


def canned_answers() -> list[CannedAnswer]:
    """The answers that can be chosen, by name."""
    return list(CannedAnswer.objects.filter(retired_on=None).order_by("name", "pk"))


def departments(on: dt.date) -> list[Lookup]:
    """The departments that a ticket can be sent to."""
    return lookups(DEPARTMENTS, on)


def categories(on: dt.date) -> list[Lookup]:
    """What a ticket can be about."""
    return lookups(CATEGORIES, on)


def people() -> list[User]:
    """Whom a ticket can be flagged to: everybody who works here, by name."""
    return list(User.objects.filter(is_active=True, kind="person").order_by("name", "pk"))


# ------------------------------------------------------------------ tickets


def complete(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Tickets with whose they are and whose work."""
    return rows.select_related("customer", "department", "category", "flagged_to", "merged_into")


def listed(caller: Caller) -> QuerySet[Ticket]:
    """All tickets that this caller may see, but those that were merged away; the most urgent first."""
    rows = complete(of_visible(caller, Ticket.objects.filter(merged_into=None)))
    return rows.order_by(F("due_at").asc(nulls_last=True), "-last_at", "-pk")


def tickets_of(customer: Customer) -> QuerySet[Ticket]:
    """A customer's tickets, those of merged accounts included: the open ones first, each kind newest first."""
    rows = complete(Ticket.objects.filter(theirs(customer), merged_into=None))
    return rows.order_by(F("ended_at").desc(nulls_first=True), "-last_at", "-pk")


def shown_to_customers(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """The same as far as customers see them: none where the operator does not show them. It costs no query."""
    newest = TicketPolicy.objects.order_by("-pk").values("in_portal")[:1]
    return rows.annotate(shown=Coalesce(Subquery(newest), Value(True))).filter(shown=True)  # noqa: FBT003


def open_tickets_of(customer: Customer) -> list[Ticket]:
    """Those that are neither resolved nor closed."""
    return [row for row in tickets_of(customer)[:100] if not row.is_over]


def ticket_numbered(number: str) -> Ticket | None:
    """The ticket with a number; of one that was merged, the ticket that goes on."""
    row = complete(Ticket.objects.filter(number__iexact=number.strip())).first()
    return leading(row) if row else None


def leading(ticket: Ticket) -> Ticket:
    """The ticket that goes on where one was merged into another."""
    while ticket.merged_into is not None:
        ticket = ticket.merged_into
    return ticket


def found(caller: Caller, text: str, limit: int) -> list[Ticket]:
    """Tickets whose number or subject holds the text, those still open first."""
    rows = narrowed(listed(caller), text)
    return list(rows.order_by(F("ended_at").desc(nulls_first=True), "-last_at", "-pk")[:limit])


def narrowed(rows: QuerySet[Ticket], text: str) -> QuerySet[Ticket]:
    """Those whose number, subject, or customer's name or number holds the text."""
    return rows.filter(
        Q(number__icontains=text) | Q(subject__icontains=text) | Q(customer__name__icontains=text)
        | Q(customer__number__iexact=text)
    )  # fmt: skip


def waiting_for(caller: Caller) -> QuerySet[Ticket]:
    """What is flagged to this person and not over, the most urgent first."""
    return listed(caller).filter(flagged_to=caller.user_id or 0).exclude(state__in=rules.OVER)


def how_many_wait(caller: Caller) -> int:
    """How many open tickets are flagged to this person."""
    return waiting_for(caller).filter(state=State.OPEN).count()


def with_merged(ticket: Ticket) -> list[int]:
    """The keys of a ticket and of all that were merged into it."""
    keys, more = [ticket.pk], [ticket.pk]
    while more:
        more = list(Ticket.objects.filter(merged_into__in=more).values_list("pk", flat=True))
        keys += more
    return keys


def messages_of(ticket: Ticket, *, notes: bool = True) -> list[TicketMessage]:
    """What was said about a ticket and those merged into it, in order, with files and deliveries."""
    rows = TicketMessage.objects.filter(ticket__in=with_merged(ticket))
    if not notes:
        rows = rows.exclude(kind=TicketMessage.Kind.NOTE)
    return list(
        rows.select_related("sent", "mail", "ticket").prefetch_related(
            Prefetch("files", TicketFile.objects.select_related("file").defer("file__content").order_by("pk")),
            Prefetch("sent__deliveries", Delivery.objects.prefetch_related("reports").order_by("pk")),
            Prefetch("sent__files", MessageFile.objects.select_related("file").defer("file__content").order_by("pk")),
        ).order_by("at", "pk")
    )  # fmt: skip


def get_file(caller: Caller, pk: int) -> TicketFile | None:
    """A file that came with a ticket, with its bytes; none where it is not there, or of a customer out of sight."""
    rows = TicketFile.objects.select_related("file", "message__ticket").filter(pk=pk, file__isnull=False)
    return of_visible(caller, rows, "message__ticket__customer").first()


def files_left(ticket: Ticket) -> QuerySet[TicketFile]:
    """The files that came with a ticket and are not erased."""
    return TicketFile.objects.filter(message__ticket=ticket, file__isnull=False)


# ------------------------------------------------------------------ mail


def waiting_mail(caller: Caller) -> QuerySet[IncomingMail]:
    """Mail that nobody knows whose it is, the newest first; what is of nobody is seen by who sees everybody."""
    rows = IncomingMail.objects.filter(state=IncomingMail.State.WAITING)
    return rows.none() if caller.is_scoped else rows.order_by("-at", "-pk")


def mails(caller: Caller) -> QuerySet[IncomingMail]:
    """All mail that came in, the newest first."""
    rows = IncomingMail.objects.select_related("ticket__customer").order_by("-at", "-pk")
    return rows if not caller.is_scoped else of_visible(caller, rows, "ticket__customer")


def known_mail(key: str) -> IncomingMail | None:
    """The mail that came in under this key already."""
    return IncomingMail.objects.filter(key=key).first()


def came_lately(sender: str, now: dt.datetime, hours: int = 1) -> int:
    """How many e-mails came from an address within the last hours."""
    return IncomingMail.objects.filter(sender__iexact=sender, at__gt=now - dt.timedelta(hours=hours)).count()


def address_for(ticket: Ticket, mailbox: str) -> str:
    """Where answers to a ticket go, within the mailbox; nothing where there is none."""
    return rules.reply_address(mailbox, settings.SECRET_KEY, ticket.pk) if "@" in mailbox else ""


def mailbox() -> Mailbox | None:
    """The mailbox that is read, where one was entered."""
    return Mailbox.objects.exclude(host="").first()


def mailbox_address() -> str:
    """The address that each ticket has one of its own within; nothing where the mailbox does not take those."""
    row = mailbox()
    return row.address if row is not None and row.plus else ""


def mailbox_server(row: Mailbox) -> MailboxServer:
    """Where the mailbox is, with its password."""
    return MailboxServer(row.host, row.port, row.security, row.user, decrypt(row.password), row.folder)


def mailbox_text() -> str:
    """How the mailbox is, in a sentence."""
    row = Mailbox.objects.first()
    if row is None or not row.host:
        return "No mailbox is read. E-mails come in by counterfoil mail-in alone."
    if row.trouble:
        return f"{row} cannot be read: {row.trouble}"
    read = f"read {timezone.localtime(row.read_at):%-d %b, %H:%M}" if row.read_at else "not read yet"
    return f"{row}, {read}. {'Each ticket has its own address.' if row.plus else 'Answers are known by their subject.'}"


def thread(related: str) -> Thread | None:
    """The conversation that messages of a ticket belong to: the answer to what came last, after all before it."""
    ticket = ticket_numbered(number) if (number := rules.number_of(related)) else None
    if ticket is None:
        return None
    said = messages_of(ticket, notes=False)
    ids: list[str] = []
    for row in said:
        if row.mail is not None and row.mail.message_id:
            ids.append(row.mail.message_id)
        elif row.sent is not None:
            ids += [called(one) for one in row.sent.deliveries.all()[:1]]
    shown = ids if len(ids) <= _MOST_REFERENCES else [ids[0], *ids[1 - _MOST_REFERENCES :]]
    return Thread(rules.mark(ticket.number), address_for(ticket, mailbox_address()), shown)


# ------------------------------------------------------------------ what others ask


def request_named(customer: Customer, text: str) -> str:
    """How messages call the ticket that this number names, where it is this customer's; else nothing."""
    row = ticket_numbered(rules.number_of(text) or text)
    mine = row is not None and Customer.objects.filter(theirs(customer, "pk"), pk=row.customer_id).exists()
    return rules.related_of(row.number) if row is not None and mine else ""


def requests_of(customer: Customer) -> list[tuple[str, str, bool]]:
    """The customer's open tickets, those that ask for a statement first, and what ended lately."""
    since = timezone.now() - _RECENT
    rows = [row for row in tickets_of(customer)[:50] if not row.is_over or (row.ended_at and row.ended_at > since)]
    told = [(row.number, _words(row), not row.is_over and wants_statement(row)) for row in rows]
    return sorted(told, key=lambda one: not one[2])


def _words(row: Ticket) -> str:
    state = f", {row.get_state_display().lower()}" if row.is_over else ""
    return f"{row.number}, {row.subject[:60]}{state}"


def wants_statement(row: Ticket) -> bool:
    """Whether a ticket asks for a statement: by its category, else by its subject."""
    if row.category is not None and row.category.code == "statement_request":
        return True
    return rules.asks_for_statement(row.subject)


# ------------------------------------------------------------------ how it is shown


@dataclass(frozen=True)
class Due:
    """What is due of a ticket, and how urgent that is."""

    words: str
    tone: str = ""


def due_of(row: Ticket, now: dt.datetime, open_hours: rules.Calendar) -> Due:
    """By when a ticket is to be answered or solved: how late it is, how much is left, or that the clock stands.

    In business minutes, as the target is.
    """
    if row.is_over:
        return Due("")
    if row.paused_at is not None:
        return Due(f"Paused since {timezone.localtime(row.paused_at):%-d %b}")
    if row.due_at is None:
        return Due("No target")
    due = timezone.localtime(row.due_at)
    if row.due_at <= now:
        return Due(f"{rules.hours_text(rules.between(open_hours, row.due_at, now))} late", "bad")
    if due.date() == timezone.localtime(now).date():
        return Due(f"{rules.hours_text(rules.between(open_hours, now, row.due_at))}, {due:%H:%M}", "warn")
    return Due(f"{due:%a %-d %b, %H:%M}")


def addresses_to_answer(ticket: Ticket) -> list[str]:
    """Where an answer goes: who asked, else the customer's first e-mail address."""
    if ticket.contact_email:
        return [ticket.contact_email]
    for contact in contacts_of(ticket.customer):
        for point in contact.points.all():
            if point.kind == "email":
                return [point.value]
    return []


def login_name(login: Login | None, customer: Customer) -> str:
    """What a person of the portal is called on a ticket."""
    return (login.name or login.email) if login else customer.name


def figures_of(rows: Iterable[Ticket], now: dt.datetime) -> dict[str, int]:
    """How many of them are late, and how many due today."""
    today = timezone.localtime(now).date()
    due: list[Any] = [row.due_at for row in rows if row.due_at is not None]
    ahead = [one for one in due if one > now]
    return {"late": len(due) - len(ahead), "today": sum(timezone.localtime(one).date() == today for one in ahead)}


PRIORITIES = dict(Priority.choices)


@dataclass(frozen=True)
class Level:
    """One promise of the service level: what it says, how it stands, and how much of its time is used."""

    words: str
    stands: str
    tone: str
    used: int
    whole: int


def service_level(row: Ticket, now: dt.datetime) -> list[Level]:
    """First answer and solution of a ticket: by when, what is left of the time, and how much was used."""
    first, solve = targets()[row.priority]
    run = rules.between(calendar(), row.opened_at, row.paused_at or now) - row.paused_minutes
    found = []
    if row.answered_at is not None:
        late = row.first_due_at is not None and row.answered_at > row.first_due_at
        words = f"Answered {timezone.localtime(row.answered_at):%-d %b, %H:%M}"
        found.append(Level(words, "Late" if late else "In time", "bad" if late else "ok", min(run, first), first))
    elif row.first_due_at is not None and not row.is_over:
        found.append(_level("First answer", row.first_due_at, run, first, row, now))
    if row.ended_at is not None:
        late = row.solve_due_at is not None and row.ended_at > row.solve_due_at
        words = f"{row.get_state_display()} {timezone.localtime(row.ended_at):%-d %b, %H:%M}"
        found.append(Level(words, "Late" if late else "In time", "bad" if late else "ok", min(run, solve), solve))
    elif row.solve_due_at is not None:
        found.append(_level("Resolve", row.solve_due_at, run, solve, row, now))
    return found


def _level(what: str, due: dt.datetime, run: int, whole: int, row: Ticket, now: dt.datetime) -> Level:
    when = timezone.localtime(due)
    day = "" if when.date() == timezone.localtime(now).date() else f"{when:%a %-d %b}, "
    left = whole - run
    if row.paused_at is not None:
        return Level(f"{what}, {rules.hours_text(max(left, 0))} left", "Paused", "", min(run, whole), whole)
    if left <= 0:
        return Level(f"{what} by {day}{when:%H:%M}", f"{rules.hours_text(-left)} late", "bad", whole, whole)
    tone = "warn" if left * 2 <= whole else ""
    return Level(f"{what} by {day}{when:%H:%M}", f"{rules.hours_text(left)} left", tone, run, whole)


def week_text() -> str:
    """`Mon to Fri 08:00 to 17:00, Sat 09:00 to 12:00`: the open days, those of the same hours together."""
    said: list[tuple[list[int], tuple[int, int]]] = []
    for day, span in sorted(week().items()):
        if said and said[-1][1] == span and said[-1][0][-1] == day - 1:
            said[-1][0].append(day)
        else:
            said.append(([day], span))
    return ", ".join(
        f"{_days_text(days)} {rules.clock_text(start)} to {rules.clock_text(end)}" for days, (start, end) in said
    )


def _days_text(days: list[int]) -> str:
    names = [rules.WEEKDAYS[day][:3] for day in days]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
