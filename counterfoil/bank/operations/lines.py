"""What becomes of a line: a payment, somebody's payment, or no customer's money."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Annotated

from counterfoil.bank import queries
from counterfoil.bank.models import BankLine, LinePayment
from counterfoil.bank.rules import Match, match, posted_on
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.ledger.models import LedgerAccount
from counterfoil.ledger.operations import NewEntry, post_entries
from counterfoil.ledger.queries import closed_for
from counterfoil.ledger.rules import (
    ADJUSTMENTS,
    BAD_DEBTS,
    BANK,
    CREDITS_GIVEN,
    DEFERRED,
    OPENINGS,
    RECEIVABLES,
    RETAINED,
    REVENUE,
    SUSPENSE,
    TAX,
    TRANSFERS,
    Leg,
)
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import NewReceipt, record_receipts, reverse_receipt
from counterfoil.platform import bulk
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import Reason

# What stands on these follows from documents, and nobody posts to them by hand.
OURS = (
    RECEIVABLES, DEFERRED, TRANSFERS, SUSPENSE, TAX, REVENUE, CREDITS_GIVEN, ADJUSTMENTS, BAD_DEBTS, RETAINED, OPENINGS,
)  # fmt: skip
_AT_ONCE = 500


@verb(label="Record a bank line as payment", whole=True)
def record_line(op: Operation, *, line: BankLine, shown: Annotated[str, Says(most=64)] = "") -> BankLine:
    """What the line settles is recorded as payments; refused where nobody knows.

    `shown` is the key of what somebody saw that it settles (`Match.key`): refused where it is something else by now.
    """
    row = _open(op, line)
    found = match(queries.as_line(row), queries.book_in(row.currency))
    now = queries.shares_text(found, row.currency)[:300]
    refuse_if(shown and shown != found.key, "changed", "Something was recorded meanwhile, and now "
              f"{f'it would settle {now}' if now else 'nothing says whose it is'}. Look again.")  # fmt: skip
    why = found.reason or "Nothing says whose it is"
    refuse_if(not found.shares, "nobody_known", f"{why}. Choose the customer, or say that it is no customer's.")
    _pay(op, _paid(op, [(row, found)]))
    return row


@verb(right=record_line, label="Record what is sure", whole=True)
def record_sure_lines(op: Operation) -> list[BankLine]:
    """Every open line that is sure is recorded as payments, the oldest first, some hundred at a time.

    Each stands alone: one that is refused stays open, and the others are recorded. Returns all that were tried;
    `state` says what came of each. Refused where none could be recorded.
    """
    # A booking of tomorrow is not money yet.
    waiting = BankLine.objects.filter(state=BankLine.State.OPEN, amount_minor__gt=0, on__lte=op.today)
    rows = list(waiting.select_for_update().order_by("on", "pk"))
    tried: list[BankLine] = []
    while sure := queries.sure_among(rows)[: _AT_ONCE - len(tried)]:
        done = _pay_each(op, _paid(op, sure))
        tried += done
        if not any(row.left for row in done):
            break
        # What a line that was left would have settled is open for the others.
        known = {row.pk for row in tried}
        rows = [row for row in rows if row.pk not in known]
    refuse_if(not tried, "nothing_sure", "No open line is sure.")
    tried.sort(key=lambda row: (row.on, row.pk))
    none = all(row.state == BankLine.State.OPEN for row in tried)
    refuse_if(none, "nothing_recorded", queries.recorded_text(tried))
    return tried


@verb(right=record_line, label="Record a bank line for a customer", whole=True)
def give_line(op: Operation, *, line: BankLine, customer: Customer) -> BankLine:
    """The money is the customer's: it settles what is open, the oldest first, and the rest is account credit."""
    row = _open(op, line)
    refuse_if(row.amount_minor < 0, "money_out", "The money went out; it is nobody's payment.", field="customer")
    day = posted_on(row.on, closed_for(op.caller))
    new = NewReceipt(customer.pk, row.amount_minor, day, "eft", _reference(row), None, row.currency)
    _pay(op, [(row, [new], f"chosen by {op.caller.name}")])
    return row


@verb(label="Post a bank line to a ledger account", whole=True)
def post_line(
    op: Operation, *, line: BankLine, account: LedgerAccount, note: Annotated[str, Says(most=200, optional=True)] = ""
) -> BankLine:
    """The line is no customer's: its amount stands on the ledger account. On *Bank* it was recorded already."""
    row = _open(op, line)
    refuse_if(account.code in OURS, "not_this_account", f"{account} is not posted to by hand.", field="account")
    text = f"{row.counterparty} {note or row.details}".strip()
    post_entries(op, entries=[_release(row, posted_on(row.on, closed_for(op.caller)), account.code, text)])
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
    standing = sum(row.payments.filter(receipt__reversal=None).values_list("receipt__amount_minor", flat=True))
    refuse_if(row.state == BankLine.State.RECORDED and standing != row.amount_minor, "reversed_already",
              "A payment of this line was reversed by itself. Reopening would count its money twice.")  # fmt: skip
    for made in row.payments.filter(receipt__reversal=None).select_related("receipt__customer").order_by("pk"):
        reverse_receipt(op, receipt=made.receipt, on=op.today, reason=reason)
    legs = (Leg(account, row.amount_minor), Leg(SUSPENSE, -row.amount_minor))
    post_entries(op, entries=[NewEntry(op.today, row.currency, "bank", f"line {row.pk}", f"Reopened: {reason}", legs)])
    row.state, row.posted_to, row.note = BankLine.State.OPEN, None, ""
    row.save(update_fields=["state", "posted_to", "note"])
    op.record("bank_line.reopened", row, amount=_amount(row), reason=reason)
    return row


def _open(op: Operation, line: BankLine) -> BankLine:
    row = BankLine.objects.select_for_update().get(pk=line.pk)
    refuse_if(row.state != BankLine.State.OPEN, "decided", f"The line is {row.get_state_display().lower()} already.")
    refuse_if(row.on > op.today, "future_date", f"The bank booked it on {date_text(row.on)}, which is still to come.")
    return row


def _amount(row: BankLine) -> str:
    return money_text(row.amount_minor, row.currency)


def _reference(row: BankLine) -> str:
    return (row.reference or row.details)[:120]


_Paid = tuple[BankLine, list[NewReceipt], str]


def _paid(op: Operation, sure: list[tuple[BankLine, Match]]) -> list[_Paid]:
    """Of each line one payment for each customer: it settles what the line names; if it names nothing, the oldest."""
    closed = closed_for(op.caller)
    numbers = {share.customer for _, found in sure for share in found.shares}
    known = dict(Customer.objects.filter(number__in=numbers).values_list("number", "pk"))
    paid = []
    for row, found in sure:
        shares: dict[str, list[tuple[int, int]]] = defaultdict(list)
        sums: dict[str, int] = defaultdict(int)
        for share in found.shares:
            sums[share.customer] += share.minor
            if share.item:
                shares[share.customer].append((share.item, share.minor))
        day, said = posted_on(row.on, closed), _reference(row)
        receipts = [
            NewReceipt(known[number], minor, day, "eft", said, tuple(shares[number]) or None, row.currency)
            for number, minor in sums.items()
        ]
        paid.append((row, receipts, found.reason))
    return paid


def _pay(op: Operation, paid: list[_Paid]) -> None:
    """All of them with a constant number of statements, so that nobody waits long for the lock."""
    post_entries(op, entries=[_release(row, receipts[0].on, BANK, why) for row, receipts, why in paid])
    made = record_receipts(op, receipts=[new for _, receipts, _ in paid for new in receipts])
    keys = iter(made)
    links = [LinePayment(line=row, receipt_id=next(keys)) for row, receipts, _ in paid for _ in receipts]
    LinePayment.objects.bulk_create(links)
    BankLine.objects.filter(bulk.among("pk", [row.pk for row, _, _ in paid])).update(state=BankLine.State.RECORDED)
    numbers = dict(Receipt.objects.filter(bulk.among("pk", made)).values_list("pk", "number"))
    told: dict[int, list[str]] = defaultdict(list)
    for link in links:
        told[link.line_id].append(numbers[link.receipt_id])
    for row, _, why in paid:
        row.state = BankLine.State.RECORDED
        op.record("bank_line.recorded", row, amount=_amount(row), payments=", ".join(told[row.pk]), why=why)


def _pay_each(op: Operation, paid: list[_Paid]) -> list[BankLine]:
    """All that are not refused; those are left, each with why. Returns the lines that were tried.

    They are done together; where one of them is refused, in halves, until it is alone. Not tried are later lines of an
    account of which one was left: what they settle was worked out as if it had been paid.
    """
    tried: list[BankLine] = []
    without: set[int] = set()

    def some(part: list[_Paid]) -> None:
        part = [one for one in part if not without & {new.customer_id for new in one[1]}]
        if not part:
            return
        try:
            with op.attempting():
                _pay(op, part)
            tried.extend(row for row, _, _ in part)
        except Refused as refusal:
            if len(part) > 1:
                some(part[: len(part) // 2])
                some(part[len(part) // 2 :])
                return
            ((row, receipts, _),) = part
            row.left = refusal.sentence
            tried.append(row)
            without.update(new.customer_id for new in receipts)
            op.record("bank_line.left", row, amount=_amount(row), on=row.on, why=refusal.sentence)

    some(paid)
    return tried


def _release(row: BankLine, day: dt.date, code: str, text: str) -> NewEntry:
    legs = (Leg(SUSPENSE, row.amount_minor), Leg(code, -row.amount_minor))
    return NewEntry(day, row.currency, "bank", f"line {row.pk}", text[:200], legs)
