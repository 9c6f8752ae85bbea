"""How people meet bank lines."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from counterfoil.bank import operations, queries
from counterfoil.bank.forms import GiveForm, RecordForm
from counterfoil.bank.models import BankLine
from counterfoil.bank.nouns import LINE
from counterfoil.bank.operations.lines import OURS
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.ledger.queries import ledger_accounts
from counterfoil.ledger.rules import BANK
from counterfoil.platform.callers import Caller
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says

OPEN = BankLine.State.OPEN


def _amount(row: BankLine) -> str:
    return money_text(row.amount_minor, row.currency)


def _about(row: BankLine) -> str:
    said = " ".join(part for part in (row.counterparty, row.details) if part)
    return f"{_amount(row)} on {date_text(row.on)}, {said}"[:160]


def _why(row: BankLine) -> str:
    found = queries.found_for(row)
    shares = queries.shares_text(found, row.currency)
    return f"{found.reason or 'Nothing says whose it is'}{f': {shares}' if shares else ''}."


def _recorded(made: BankLine, row: Any) -> str:
    numbers = ", ".join(queries.payments_of(made))
    return f"{_amount(made)} recorded as {numbers}."


def _accounts(caller: Caller, row: Any) -> list[tuple[Any, str]]:
    return [
        (account, f"{account} (recorded already)" if account.code == BANK else str(account))
        for account in ledger_accounts() if account.code not in OURS
    ]  # fmt: skip


RECORD_LINE = Door(
    operations.record_line, LINE, "record", "Record payment", caption="Record as payment", icon="check",
    about=_about, home=lambda row: reverse("bank"), form=RecordForm, lead=_why,
    press=lambda row: f"Record {_amount(row)}",
    offered=lambda row, day: row.state == OPEN and row.amount_minor > 0, done=_recorded,
)  # fmt: skip
GIVE_LINE = Door(
    operations.give_line, LINE, "give", "Record", caption="Record for a customer", icon="users", about=_about,
    home=lambda row: reverse("bank"), form=GiveForm,
    press=lambda row: f"Record {_amount(row)}",
    offered=lambda row, day: row.state == OPEN and row.amount_minor > 0, done=_recorded,
)  # fmt: skip
POST_LINE = Door(
    operations.post_line, LINE, "post", "Post", caption="Not a customer's", icon="landmark", about=_about,
    home=lambda row: reverse("bank"), offers={"account": _accounts}, fields={"account": Says("Ledger account")},
    offered=lambda row, day: row.state == OPEN,
    done=lambda made, row: f"{_amount(made)} posted to {made.posted_to}.",
)  # fmt: skip
REOPEN_LINE = Door(
    operations.reopen_line, LINE, "reopen", "Reopen", caption="Reopen", icon="undo", about=_about,
    home=lambda row: reverse("bank"), lead=lambda row: "Payments recorded of it are reversed today.",
    offered=lambda row, day: row.state != OPEN,
    done=lambda made, row: f"{_amount(made)} is open again.",
)  # fmt: skip
RECORD_SURE_LINES = Door(
    operations.record_sure_lines, None, "record-sure", "Record them", name="record-sure-lines", under="bank",
    caption="Record what is sure", about=lambda _: "Bank", home=lambda _: reverse("bank"),
    words="bank statement match payments", lead=lambda _: queries.sure_text(),
    done=lambda tried, _: queries.recorded_text(tried),
)  # fmt: skip
