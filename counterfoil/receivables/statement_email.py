"""The e-mail that carries a statement: the fact in the subject, two figures, what is open, how to pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from counterfoil.documents.parties import pay_link, short_long_date
from counterfoil.kernel.money import figure_text, money_text
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
    day = short_long_date(on, today=statement.as_of if statement.as_of.year > 1 else on)
    owed = [line for line in open_lines if line.open_minor > 0]
    balance = money_text(abs(parts.balance), currency) + (" in credit" if parts.balance < 0 else "")
    overdue = f"{money_text(parts.pay_now, currency)} is overdue." if parts.pay_now else "Nothing is overdue."
    values = {
        "customer_name": customer.name, "account_number": customer.number, "company_name": operator.name,
        "statement_date": day, "amount_due": money_text(parts.pay_now, currency), "balance": balance,
        "what_is_due": _what_is_due(statement),
    }  # fmt: skip
    return {
        "subject": filled(words[0], values)[:200],
        "operator": operator.name,
        "heading": f"Your statement to {day}",
        "preheader": f"Balance {balance} on {day}. {overdue} The PDF is attached.",
        "paragraphs": paragraphs(text or filled(words[1], values)),
        "related": related.replace(":", " ", 1),
        "account": f"{customer.name}, {customer.number}",
        "pay_now": money_text(parts.pay_now, currency) if parts.pay_now else "Nothing to pay",
        "is_overdue": bool(parts.pay_now),
        "balance": balance,
        "lines": [_line(line, statement) for line in owed[:_MOST_LINES]],
        "more": max(len(owed) - _MOST_LINES, 0),
        "pay_link": pay_link(operator, customer.number) if parts.payable else "",
        "pay_words": f"Pay {money_text(parts.pay_now or parts.payable, currency)}",
        "bank": (operator.bank or operator.iban and "IBAN") if parts.payable else "",
        "bank_account": operator.bank_account or operator.iban,
        "reference": customer.number,
        "small_print": operator.small_print,
    }


def _what_is_due(statement: Statement) -> str:
    parts, currency = statement.parts, statement.currency
    if parts.pay_now:
        return f"{money_text(parts.pay_now, currency)} to pay now"
    if parts.balance < 0:
        return f"{money_text(-parts.balance, currency)} in credit"
    if parts.due_later and parts.next_due_on:
        day = short_long_date(parts.next_due_on, today=statement.period.last)
        return f"{money_text(parts.due_later, currency)} due from {day}"
    return "nothing to pay"


def _line(line: StatementLine, statement: Statement) -> dict[str, Any]:
    on, currency = statement.period.last, statement.currency
    status, tone = "", "quiet"
    if line.disputed_minor:
        status = f"{figure_text(line.disputed_minor, currency)} in dispute"
    elif line.late and line.due_on:
        days = (on - line.due_on).days
        status, tone = f"{days} day{'' if days == 1 else 's'} overdue", "red"
    elif line.due_on:
        status = f"Due {short_long_date(line.due_on, today=on)}"
    what = ", ".join(part for part in (line.number, line.text) if part)
    return {
        "what": what if len(what) <= 70 else f"{what[:69].rstrip()}…",
        "status": status,
        "red": tone == "red",
        "open": figure_text(line.open_minor, currency),
    }
