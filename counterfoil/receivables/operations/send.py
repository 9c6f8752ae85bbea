"""Sending statements: the copy that leaves is stored as it is and never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from counterfoil.access.queries import portal_links
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import visible
from counterfoil.documents.parties import file_name
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import Period, date_text
from counterfoil.messaging.letters import Letter, Posted, letter, post_letters, write_letters
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import NewMessage
from counterfoil.messaging.operations.wording import Shown, Wording, declare_wording, speaking
from counterfoil.messaging.queries import refuse_unless_sendable
from counterfoil.platform import bulk
from counterfoil.platform.callers import Caller
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.receivables import queries
from counterfoil.receivables.rules import Statement, Style
from counterfoil.receivables.statement_email import FIELDS, SUBJECT, TEXT, statement_email
from counterfoil.receivables.statement_files import statement_pdf


@dataclass(frozen=True)
class StatementEmail:
    """A statement to send, and where to. With a `key` it leaves once, whoever sends it again."""

    customer: Customer
    period: Period
    addresses: Sequence[str]
    text: str = ""
    related: str = ""
    key: str = ""


@dataclass(frozen=True)
class _Read:
    """A statement to send, with what it says."""

    new: StatementEmail
    statement: Statement
    # The same as an open-item statement: the e-mail lists what is open.
    open_items: Statement
    portal: str
    words: tuple[str, str]


@dataclass(frozen=True)
class _Ready:
    """Statements as they will leave; of those for which there was no time there is no letter."""

    read: Sequence[_Read]
    letters: Sequence[Letter]


def _example(caller: Caller, subject: str, text: str) -> Shown | None:
    """The statement e-mail of the customer who joined last."""
    customer = visible(caller).order_by("-pk").first()
    if customer is None:
        return None
    period = Period.through(caller.today.replace(day=1), caller.today)
    statement, *_ = queries.statements_of([(customer, period)], "open_item", caller.today)
    mail = statement_email(statement, open_lines=statement.lines, words=(subject, text))
    return Shown(customer.name, mail.subject, mail.text)


STATEMENT = declare_wording(Wording("statement", "Statement", SUBJECT, TEXT, FIELDS, _example))


def _read(caller: Caller, wanted: Sequence[StatementEmail], style: Style) -> list[_Read]:
    spans = [(new.customer, new.period) for new in wanted]
    with bulk.one_moment():
        statements = queries.statements_of(spans, style, caller.today)
        open_items = statements if style == "open_item" else queries.statements_of(spans, "open_item", caller.today)
        portals = portal_links({new.customer.pk for new in wanted})
    found, words = zip(wanted, statements, open_items, strict=True), speaking(STATEMENT)
    return [
        _Read(new, statement, items, portals[new.customer.pk], words(new.customer.brand_id, new.customer.language))
        for new, statement, items in found
    ]


def _message(read: _Read, caller: Caller) -> NewMessage:
    new, statement = read.new, read.statement
    refuse_if(new.period.last > caller.today, "future_statement", "A statement cannot end after today.", field="to")
    email = statement_email(
        statement, open_lines=read.open_items.lines, text=new.text, related=new.related, portal=read.portal,
        words=read.words,
    )  # fmt: skip
    name = file_name("Statement", new.customer.number, "pdf", new.period.last)
    return NewMessage(
        customer=new.customer,
        kind="statement",
        subject=email.subject,
        body_text=email.text,
        body_html=email.html,
        addresses=new.addresses,
        files=[(name, "application/pdf", statement_pdf(statement))],
        related=new.related,
    )


@joint
def request_named(customer: Customer, text: str, /) -> str:
    """Many are asked: how messages call what a customer asked by (`ticket:8812`), where it is theirs; else nothing."""
    raise NotImplementedError


@joint
def request_answered(op: Operation, message: Message, /) -> None:
    """Many are asked: what a customer asked by is answered by the message that is related to it."""
    raise NotImplementedError


def related_to(customer: Customer, text: str) -> str:
    """What the statement answers, as messages call it; refused where the customer asked nothing under that number."""
    if not (text := text.strip()):
        return ""
    found = next((one for one in request_named(customer, text) if one), "")
    refuse_if(not found, "no_such_ticket", f"{customer.name} has no ticket {text[:60]}.", field="related")
    return found


def _make(caller: Caller, *, customer: Customer, period: Period, style: Style, **more: Any) -> _Ready:
    refuse_unless_sendable()
    related = related_to(customer, more.get("related", ""))
    new = StatementEmail(customer, period, more["addresses"], more.get("text", ""), related)
    (read,) = _read(caller, [new], style)
    return _Ready([read], [Letter(customer, _message(read, caller))])


@verb(label="Email a statement", before=_make)
def send_statement(
    op: Operation,
    *,
    customer: Customer,
    period: Period,
    style: Style,
    addresses: Sequence[str],
    text: str = "",
    related: Annotated[
        str, Says("Related ticket", "The number of the customer's ticket that asks for it.", most=60)
    ] = "",
) -> Message:
    """The statement leaves as PDF to each address after some seconds. The customer's own addresses stay as they are.

    Where it is related to a ticket, it is an answer to it; refused, with nothing sent, where that is not theirs.
    """
    (posted,) = _post(op, style)
    if posted.message is None:
        raise Refused(posted.code, posted.said, field="customer")
    if posted.message.related:
        request_answered(op, posted.message)
    return posted.message


def _make_all(caller: Caller, *, statements: Sequence[StatementEmail], style: Style) -> _Ready:
    refuse_unless_sendable()
    read = _read(caller, statements, style)
    letters = write_letters(read, lambda one: letter(one.new.customer, one.new.key, lambda: _message(one, caller)))
    return _Ready(read, letters)


@verb(right=send_statement, before=_make_all)
def send_statements(op: Operation, *, statements: Sequence[StatementEmail], style: Style) -> list[Posted]:
    """Each statement leaves as PDF to its addresses, with a constant number of queries; what became of each.

    One that cannot be sent is named and stops no other.
    """
    posted = _post(op, style)
    return [*posted, *[Posted()] * (len(statements) - len(posted))]


def _post(op: Operation, style: Style) -> list[Posted]:
    ready: _Ready = op.ready
    posted = post_letters(op, letters=ready.letters)
    for read, made in zip(ready.read, posted, strict=False):
        if made.message is not None:
            period, statement = read.new.period, read.statement
            op.record(
                "statement.sent",
                made.message,
                customer_id=read.new.customer.pk,
                period=f"{date_text(period.start)} to {date_text(period.last)}",
                style=style,
                balance=money_text(statement.closing_minor, statement.currency),
            )
    return posted
