"""What a visitor may read. Every read of the portal is here, and starts from the customers the session may see.

The caller of a visitor is confined to one customer (`Caller.only`), so each `get_…(caller, …)` of the apps below
answers "not there" for anything of anybody else. What is not for customers (drafts, notes, authors, why something is
disputed) is not read.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import mark_safe

from counterfoil.access.sessions import Visitor
from counterfoil.billing import queries as billing
from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.billing.nouns import INVOICE
from counterfoil.cards import queries as cards
from counterfoil.collections import queries as collections
from counterfoil.collections.models import Promise
from counterfoil.customers import queries as customers
from counterfoil.customers.models import Contact, Site
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.debits import queries as debits
from counterfoil.debits.models import DebitOrder
from counterfoil.documents.parties import Letterhead, pay_link, payment_view
from counterfoil.jobs import queries as jobs
from counterfoil.jobs.models import FieldJob
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.kernel.periods import Period, add_months, date_text, read_date
from counterfoil.network import queries as network
from counterfoil.network.included import DataState
from counterfoil.network.queries import Used, a_year_before
from counterfoil.payments import queries as payments
from counterfoil.payments.models import Receipt
from counterfoil.platform.models import Approval
from counterfoil.receivables import queries as receivables
from counterfoil.receivables.rules import ItemState, PayNow, Statement, pay_now
from counterfoil.suspension import queries as suspension
from counterfoil.tickets import queries as tickets
from counterfoil.tickets.models import Ticket, TicketFile, TicketMessage
from counterfoil.usage import queries as usage
from counterfoil.usage.models import UsageRecord
from counterfoil.usage.queries import PeriodUsage

_LONGEST = 3660  # days of one statement: ten years


@dataclass(frozen=True)
class ToPay:
    """What there is to pay, in parts that add up to the balance, and how to pay it."""

    parts: PayNow
    currency: str
    operator: Letterhead
    reference: str
    link: str
    # Here, on the page that is made for it.
    by_card: bool = False

    @property
    def facts(self) -> list[dict[str, str]]:
        """Where to pay, as documents say it, the reference last; nothing where there is no account."""
        if not (self.operator.bank or self.operator.bank_account or self.operator.iban):
            return []
        facts: list[dict[str, str]] = self._view["facts"] if self._view else []
        return [*facts[:-1], {**facts[-1], "label": self.operator.speech.say("Reference|narrow")}] if facts else []

    @property
    def qr(self) -> str:
        """What fills in a transfer of what is to be paid in a banking app; nothing where a page takes payments."""
        return mark_safe(self._view["qr"]) if self._view and "qr" in self._view and not self.link else ""

    @cached_property
    def _view(self) -> dict[str, Any] | None:
        euro = (self.parts.pay_now or self.parts.payable) if self.currency == "EUR" else 0
        return payment_view(self.operator, self.reference, euro_minor=euro)

    @property
    def in_credit(self) -> int:
        return max(-self.parts.balance, 0)


_OFF = "Your service is switched off because {amount} is overdue."
_OFF_UNTIL_PAID = f"{_OFF} It is switched on again as soon as we have your payment."


@dataclass(frozen=True)
class Suspended:
    """What the customer reads, and how it looks."""

    tone: str
    text: str


def to_pay(visitor: Visitor) -> ToPay:
    """The answer to “what do I have to pay?”."""
    customer = _mine(visitor)
    today = visitor.caller.today
    house = customers.letterhead_of(customer)
    return ToPay(
        pay_now(receivables.open_items_of(customer, today), today),
        customer.currency,
        house,
        customer.number,
        pay_link(house, customer.number),
        cards.gateway() is not None,
    )


def collected(visitor: Visitor) -> DebitOrder | None:
    """What will be collected from the customer's bank account, so that nobody pays it twice."""
    return debits.waiting_of(_mine(visitor))


def suspended(visitor: Visitor) -> Suspended | None:
    """What the customer should know of a suspension: that it is so, or the day on which it will be; none otherwise."""
    row = suspension.suspension_of(visitor.customer)
    if row is None:
        return None
    today, speech = visitor.caller.today, customers.speeches_of([visitor.customer])[visitor.customer.pk]
    say, amount = speech.say, speech.money(row.amount_minor, row.currency)
    if row.state == "suspended":
        again = suspension.policy_of(visitor.customer).resets
        said = say(_OFF_UNTIL_PAID if again else _OFF, amount=amount)
        return Suspended("bad", said)
    if row.state == "paused" and row.paused_until is not None:
        last = speech.deadline(row.paused_until - dt.timedelta(days=1), today=today)
        return Suspended("warn", say("Your service is on up to {day}, so that you can pay {amount}.", day=last,
                                     amount=amount))  # fmt: skip
    on = suspension.suspends_on(row, today)
    if on is None:
        return None
    day = speech.deadline(on, today=today)
    said = say("{amount} is overdue. Your service is switched off on {day} unless it is paid.", amount=amount, day=day)
    return Suspended("warn", said)


@dataclass(frozen=True)
class Arranged:
    """What the customer has promised, and what they may arrange by themselves."""

    promises: list[Promise]
    may_promise: bool
    # In how many parts they may ask to pay; less than two is none.
    most: int


def arranged(visitor: Visitor) -> Arranged:
    """The customer's promises that are open, and whether they may promise or ask for a plan."""
    found, policy = collections.open_promises_of(visitor.customer), collections.policy()
    return Arranged(found, bool(policy.portal_days) and not found, 0 if found else policy.portal_instalments)


def requests(visitor: Visitor) -> QuerySet[Ticket]:
    """What the customer asked, the open ones first; nothing where the operator does not show it."""
    return tickets.shown_to_customers(tickets.tickets_of(_mine(visitor)))


def open_requests(visitor: Visitor) -> list[Ticket]:
    """Those that are not over."""
    return [row for row in requests(visitor)[:50] if not row.is_over][:10]


def visits(visitor: Visitor) -> list[FieldJob]:
    """Visits to the customer that are still to come; nothing where the operator does not show them."""
    return jobs.shown_visits(visitor.customer, visitor.caller.now)


def request(visitor: Visitor, number: str) -> Ticket:
    """One of the customer's requests, or the one that it was merged into."""
    row = tickets.ticket_numbered(number)
    if row is None or not requests(visitor).filter(pk=row.pk).exists():
        raise NotFound()
    return row


def said(row: Ticket) -> list[TicketMessage]:
    """What the customer and we said to each other, but for what was taken back. Internal notes are not read at all."""
    rows = tickets.messages_of(row, notes=False)
    return [one for one in rows if one.sent is None or one.sent.cancelled_at is None]


def request_file(visitor: Visitor, pk: int) -> TicketFile:
    """A file that the customer sent with a request, with its bytes."""
    row = tickets.get_file(visitor.caller, pk)
    if row is None or row.message.kind == TicketMessage.Kind.NOTE:
        raise NotFound()
    request(visitor, row.message.ticket.number)
    return row


def _mine(visitor: Visitor) -> Any:
    """The visitor's customer, found the way everything is found: among those the caller may see."""
    return CUSTOMER.get(visitor.caller, visitor.customer.number)


def invoices(visitor: Visitor) -> QuerySet[Invoice]:
    """Issued invoices, newest first; drafts are not the customer's business yet."""
    return billing.invoices_of(_mine(visitor)).filter(state=Invoice.State.ISSUED)


def invoice(visitor: Visitor, pk: int) -> Invoice:
    """One issued invoice."""
    found = INVOICE.get(visitor.caller, pk)
    if found.state != Invoice.State.ISSUED:
        raise NotFound()
    return found


def standing(visitor: Visitor) -> dict[int, ItemState]:
    """The open items by id, with what is in dispute of each."""
    return {item.id: item for item in receivables.open_items_of(_mine(visitor), visitor.caller.today)}


def usage_now(visitor: Visitor) -> list[PeriodUsage]:
    """What was used in the current and the last billing period of each service that is charged by usage."""
    return usage.usage_by_period(_mine(visitor), visitor.caller.today)


def data_used(visitor: Visitor) -> list[Used]:
    """What their connections used in each of the last twelve months, newest first."""
    return network.used_by_month(_mine(visitor), since=a_year_before(visitor.caller.today))


def data_now(visitor: Visitor) -> list[DataState]:
    """How much of the data that is included each connection has used in its billing period."""
    return network.data_of(_mine(visitor), visitor.caller.today)


def usage_records(visitor: Visitor) -> QuerySet[UsageRecord]:
    """Each call, session or day of traffic, newest first."""
    return usage.records_of(_mine(visitor))


def credit_notes(visitor: Visitor) -> QuerySet[CreditNote]:
    """Credit notes, newest first."""
    return billing.credit_notes_of(_mine(visitor))


def receipts(visitor: Visitor) -> QuerySet[Receipt]:
    """Payments, newest first."""
    return payments.receipts_of(_mine(visitor))


@dataclass(frozen=True)
class Usual:
    """A period people ask for, in their words."""

    label: str
    period: Period

    @property
    def query(self) -> str:
        return f"from={self.period.start.isoformat()}&to={self.period.last.isoformat()}"


def usual_periods(visitor: Visitor) -> list[Usual]:
    """The periods people ask for, the usual one first."""
    today = visitor.caller.today
    month = today.replace(day=1)
    return [
        Usual("Since you last owed nothing", receivables.default_statement_period(_mine(visitor), today)),
        Usual("This month", Period.through(month, today)),
        Usual("Last month", Period(add_months(month, -1), month)),
        Usual("Last 3 months", Period.through(add_months(today, -3), today)),
        Usual("Last 12 months", Period.through(add_months(today, -12), today)),
    ]


def read_period(visitor: Visitor, first: str, last: str) -> Period:
    """The period somebody asked for; the usual one when they did not."""
    today = visitor.caller.today
    usual = receivables.default_statement_period(_mine(visitor), today)
    start = read_date(first, today=today, field="from") if first else None
    end = read_date(last, today=today, field="to") if last else today
    if end > today:
        raise Refused("future_statement", f"“To” is after today. Choose {date_text(today)} or earlier.", field="to")
    start = start or min(usual.start, end)
    if end < start:
        raise Refused("bad_period", "“From” is after “to”. Choose an earlier first day.", field="from")
    if (end - start) > dt.timedelta(days=_LONGEST):
        raise Refused("long_period", "A statement covers ten years at most. Choose a later first day.", field="from")
    return Period.through(start, end)


def statement(visitor: Visitor, period: Period) -> Statement:
    """The statement of a period."""
    return receivables.statement_of(_mine(visitor), period, "balance_forward", visitor.caller.today)


def contacts(visitor: Visitor) -> list[Contact]:
    """The people the operator reaches at this customer."""
    return [contact for contact in customers.contacts_of(_mine(visitor)) if contact.active]


def addresses(visitor: Visitor) -> list[Site]:
    """The customer's addresses in use."""
    return [site for site in customers.sites_of(_mine(visitor)) if site.active]


def corrections(visitor: Visitor) -> list[Approval]:
    """What was asked for in the portal about this customer, newest first; what staff ask each other is not shown."""
    rows = Approval.objects.filter(customer_id=_mine(visitor).pk, door="portal").defer("arguments")
    return list(rows.order_by("-pk")[:50])
