"""The e-mail that carries a statement: the fact in the subject, two figures, what is open, how to pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from counterfoil.documents.parties import pay_link
from counterfoil.messaging.operations.wording import filled, paragraphs
from counterfoil.receivables.rules import Statement, StatementLine

_MOST_LINES = 4


@dataclass(frozen=True)
class Email:
    """What will be sent, for the preview and for the sending alike."""

    subject: str
    text: str
    html: str


# What a statement says for itself when nobody writes anything, and what can be filled in.
SUBJECT, TEXT = "Your statement, {what_is_due}", "Good day, your statement is attached."
FIELDS = {
    "customer_name": "the customer",
    "account_number": "their account number",
    "company_name": "your trading name",
    "statement_date": "the last day of the statement",
    "amount_due": "what is overdue",
    "balance": "the balance",
    "what_is_due": "what is to pay, or that nothing is, in a few words",
}


def statement_email(
    statement: Statement, *, open_lines: Sequence[StatementLine], text: str = "", related: str = "", portal: str = "",
    words: tuple[str, str] = (SUBJECT, TEXT),
) -> Email:  # fmt: skip
    """Subject, text and HTML from the same data. `open_lines` are all open items (an open-item statement's lines).

    `words` are subject and text, with fields; a `text` stands in for the second. `portal` is where the customer gets
    statements without asking; empty for one who has no access.
    """
    context = {**_context(statement, open_lines, text, related, words), "portal": portal}
    return Email(
        subject=context["subject"],
        text=render_to_string("receivables/email_statement.txt", context).strip() + "\n",
        html=render_to_string("receivables/email_statement.html", context),
    )


def _context(
    statement: Statement, open_lines: Sequence[StatementLine], text: str, related: str, words: tuple[str, str]
) -> dict[str, Any]:
    parts, currency, on = statement.parts, statement.currency, statement.period.last
    operator, customer = statement.operator, statement.customer
    speech, say = operator.speech, operator.speech.say
    day = speech.near_date(on, today=statement.as_of if statement.as_of.year > 1 else on)
    owed = [line for line in open_lines if line.open_minor > 0]
    balance = speech.money(abs(parts.balance), currency)
    balance = say("{amount} in credit", amount=balance) if parts.balance < 0 else balance
    pay_now = speech.money(parts.pay_now, currency)
    overdue = say("{amount} is overdue.", amount=pay_now) if parts.pay_now else say("Nothing is overdue.")
    values = {
        "customer_name": customer.name, "account_number": customer.number, "company_name": operator.name,
        "statement_date": day, "amount_due": pay_now, "balance": balance, "what_is_due": _what_is_due(statement),
    }  # fmt: skip
    said = say("Balance {amount} on {day}. {overdue}", amount=balance, day=day, overdue=overdue)
    return {
        "subject": filled(words[0], values)[:200],
        "operator": operator.name,
        "speech": speech,
        "heading": say("Your statement to {day}", day=day),
        "preheader": say("{what} The PDF is attached.", what=said),
        "paragraphs": paragraphs(text or filled(words[1], values)),
        "related": related.replace(":", " ", 1),
        "account": f"{customer.name}, {customer.number}",
        "pay_now": pay_now if parts.pay_now else say("Nothing to pay"),
        "is_overdue": bool(parts.pay_now),
        "balance": balance,
        "lines": [_line(line, statement) for line in owed[:_MOST_LINES]],
        "more": max(len(owed) - _MOST_LINES, 0),
        "pay_link": pay_link(operator, customer.number) if parts.payable else "",
        "pay_words": say("Pay {amount}", amount=speech.money(parts.pay_now or parts.payable, currency)),
        "bank": (operator.bank or operator.iban and "IBAN") if parts.payable else "",
        "bank_account": operator.bank_account or operator.iban,
        "reference": customer.number,
        "small_print": operator.small_print,
    }


def _what_is_due(statement: Statement) -> str:
    parts, currency, speech = statement.parts, statement.currency, statement.operator.speech
    if parts.pay_now:
        return speech.say("{amount} to pay now", amount=speech.money(parts.pay_now, currency))
    if parts.balance < 0:
        return speech.say("{amount} in credit", amount=speech.money(-parts.balance, currency))
    if parts.due_later and parts.next_due_on:
        day = speech.near_date(parts.next_due_on, today=statement.period.last)
        return speech.say("{amount} due from {day}", amount=speech.money(parts.due_later, currency), day=day)
    return speech.say("nothing to pay")


def _line(line: StatementLine, statement: Statement) -> dict[str, Any]:
    on, currency, speech = statement.period.last, statement.currency, statement.operator.speech
    status, tone = "", "quiet"
    if line.disputed_minor:
        status = speech.say("{amount} in dispute", amount=speech.figure(line.disputed_minor, currency))
    elif line.late and line.due_on:
        days = (on - line.due_on).days
        status, tone = speech.say("1 day overdue") if days == 1 else speech.say("{n} days overdue", n=days), "red"
    elif line.due_on:
        status = speech.say("Due {day}", day=speech.near_date(line.due_on, today=on))
    what = ", ".join(part for part in (line.number, line.text) if part)
    return {
        "what": what if len(what) <= 70 else f"{what[:69].rstrip()}…",
        "status": status,
        "red": tone == "red",
        "open": speech.figure(line.open_minor, currency),
    }
