"""What becomes of a line: a payment, somebody's payment, or no customer's money."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated

from counterfoil.bank import queries
from counterfoil.bank.models import BankLine, LinePayment
from counterfoil.bank.rules import Match, match
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.ledger.models import LedgerAccount
from counterfoil.ledger.operations import NewEntry, post_entries
from counterfoil.ledger.rules import BANK, DEFERRED, RECEIVABLES, SUSPENSE, TRANSFERS, Leg
from counterfoil.payments.operations import NewReceipt, record_receipts, reverse_receipt
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import Reason

# Of these the product itself is the only writer.
OURS = (RECEIVABLES, DEFERRED, TRANSFERS, SUSPENSE)
_AT_ONCE = 500


@verb(label="Record a bank line as payment", whole=True)
def record_line(op: Operation, *, line: BankLine) -> BankLine:
    """What the line settles is recorded as payments; refused where nobody knows."""
    row = _open(line)
    found = match(queries.as_line(row), queries.book_in(row.currency))
    why = found.reason or "Nothing says whose it is"
    refuse_if(not found.shares, "nobody_known", f"{why}. Choose the customer, or say that it is no customer's.")
    _record(op, row, found)
    return row


@verb(right=record_line, label="Record what is sure", whole=True)
def record_sure_lines(op: Operation) -> list[BankLine]:
    """Every open line that is sure is recorded as payments, the oldest first, some hundred at a time."""
    rows = list(BankLine.objects.select_for_update().filter(state=BankLine.State.OPEN).order_by("on", "pk"))
    done: list[BankLine] = []
    for currency in sorted({row.currency for row in rows}):
        book = queries.book_in(currency)
        for row in (one for one in rows if one.currency == currency):
            found = match(queries.as_line(row), book)
            # What an earlier line settled is not open any more for the next.
            if found.sure and len(done) < _AT_ONCE:
                _record(op, row, found)
                book.settle(found)
                done.append(row)
    refuse_if(not done, "nothing_sure", "No open line is sure.")
    return done


@verb(right=record_line, label="Record a bank line for a customer", whole=True)
def give_line(op: Operation, *, line: BankLine, customer: Customer) -> BankLine:
    """The money is the customer's: it settles what is open, the oldest first, and the rest is account credit."""
    row = _open(line)
    refuse_if(row.amount_minor < 0, "money_out", "The money went out; it is nobody's payment.", field="customer")
    _pay(op, row, [NewReceipt(customer.pk, row.amount_minor, row.on, "eft", _reference(row), None, row.currency)],
         f"chosen by {op.caller.name}")  # fmt: skip
    return row


@verb(label="Post a bank line to a ledger account", whole=True)
def post_line(
    op: Operation, *, line: BankLine, account: LedgerAccount, note: Annotated[str, Says(most=200, optional=True)] = ""
) -> BankLine:
    """The line is no customer's: its amount stands on the ledger account. On *Bank* it was recorded already."""
    row = _open(line)
    refuse_if(account.code in OURS, "not_this_account", f"{account} is not posted to by hand.", field="account")
    _release(op, row, account.code, f"{row.counterparty} {note or row.details}".strip())
    row.state, row.posted_to, row.note = BankLine.State.POSTED, account, note
    row.save(update_fields=["state", "posted_to", "note"])
    op.record("bank_line.posted", row, amount=_amount(row), account=str(account), note=note or "no note")
    return row


@verb(label="Reopen a bank line", whole=True)
def reopen_line(op: Operation, *, line: BankLine, reason: Reason) -> BankLine:
    """Nobody knows whose it is again: payments that were recorded of it are reversed today, postings taken back."""
    row = BankLine.objects.select_for_update(of=("self",)).select_related("posted_to").get(pk=line.pk)
    refuse_if(row.state == BankLine.State.OPEN, "open_already", "The line is open.")
    account = row.posted_to.code if row.posted_to else BANK
    for made in row.payments.filter(receipt__reversal=None).select_related("receipt__customer").order_by("pk"):
        reverse_receipt(op, receipt=made.receipt, on=op.today, reason=reason)
    legs = (Leg(account, row.amount_minor), Leg(SUSPENSE, -row.amount_minor))
    post_entries(op, entries=[NewEntry(op.today, row.currency, "bank", f"{row.pk}", f"Reopened: {reason}", legs)])
    row.state, row.posted_to, row.note = BankLine.State.OPEN, None, ""
    row.save(update_fields=["state", "posted_to", "note"])
    op.record("bank_line.reopened", row, amount=_amount(row), reason=reason)
    return row


def _open(line: BankLine) -> BankLine:
    row = BankLine.objects.select_for_update().get(pk=line.pk)
    refuse_if(row.state != BankLine.State.OPEN, "decided", f"The line is {row.get_state_display().lower()} already.")
    return row


def _amount(row: BankLine) -> str:
    return money_text(row.amount_minor, row.currency)


def _reference(row: BankLine) -> str:
    return (row.reference or row.details)[:120]


def _record(op: Operation, row: BankLine, found: Match) -> None:
    """One payment for each customer: it settles what the line names; where it names nothing, the oldest first."""
    shares: dict[str, list[tuple[int, int]]] = defaultdict(list)
    sums: dict[str, int] = defaultdict(int)
    for share in found.shares:
        sums[share.customer] += share.minor
        if share.item:
            shares[share.customer].append((share.item, share.minor))
    known = dict(Customer.objects.filter(number__in=sums).values_list("number", "pk"))
    receipts = [
        NewReceipt(known[number], minor, row.on, "eft", _reference(row), tuple(shares[number]) or None, row.currency)
        for number, minor in sums.items()
    ]
    _pay(op, row, receipts, found.reason)


def _pay(op: Operation, row: BankLine, receipts: list[NewReceipt], why: str) -> None:
    _release(op, row, BANK, why)
    made = record_receipts(op, receipts=receipts)
    LinePayment.objects.bulk_create(LinePayment(line=row, receipt_id=pk) for pk in made)
    row.state = BankLine.State.RECORDED
    row.save(update_fields=["state"])
    numbers = ", ".join(row.payments.filter(receipt__in=made).order_by("pk").values_list("receipt__number", flat=True))
    op.record("bank_line.recorded", row, amount=_amount(row), payments=numbers, why=why)


def _release(op: Operation, row: BankLine, code: str, text: str) -> None:
    legs = (Leg(SUSPENSE, row.amount_minor), Leg(code, -row.amount_minor))
    post_entries(op, entries=[NewEntry(row.on, row.currency, "bank", f"{row.pk}", text[:200], legs)])
