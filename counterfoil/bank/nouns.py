"""What there is to read of what banks said."""

from __future__ import annotations

from counterfoil.bank.models import BankLine, BankStatement
from counterfoil.kernel.money import money_text
from counterfoil.platform.showing import Noun

STATEMENT = Noun(
    BankStatement, path="bank-statements", sees="bank.view", whose=(), related=("bank_account",),
    labels={"said": "What was said of it", "file_name": "File", "author": "Brought in by", "at": "On"},
    shows=(
        "file_name", "bank_account", "account", "currency", "opening_minor", "closing_minor", "adds_up", "said",
        "author", "at",
    ),
)  # fmt: skip
LINE = Noun(
    BankLine, path="bank-lines", sees="bank.view", whose=(), called=("line",), related=("statement", "posted_to"),
    sorts=("on",), word="bank line",
    labels={"counterparty": "Who", "account": "Their account", "amount_minor": "Amount"},
    shows=(
        "on", "amount_minor", "currency", "counterparty", "account", "details", "reference", "state", "posted_to",
        "note", "statement",
    ),
    title=lambda row: f"{money_text(row.amount_minor, row.currency)}, {row.counterparty or row.details[:40]}",
)  # fmt: skip
