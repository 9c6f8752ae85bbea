"""Which open items a line of a bank statement settles, and why. The first rule that answers wins; names and amounts alone
never decide. A reference beats the payer's account: people pay for others."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# A run of digits with separators between, as people write numbers: INV-2026-00017, inv 2026 00017, 202600017.
_RUN = re.compile(r"[0-9]+(?:[^0-9A-Za-z]{1,3}[0-9]+)*", re.ASCII)
_GROUP = re.compile(r"[0-9]+", re.ASCII)
_CREDITOR_REFERENCE = re.compile(r"\bRF[0-9]{2}[0-9A-Z]{1,21}\b", re.ASCII)
# Shorter runs of digits are house numbers and years; beside a whole number this many last digits name another.
_SHORTEST, _TAIL = 6, 5


@dataclass(frozen=True)
class OpenItem:
    """An item that is still owed, in whole minor units."""

    number: str
    customer: str
    open_minor: int
    due: dt.date
    creditor_reference: str = ""


@dataclass(frozen=True)
class Paid:
    """What a line, or one part of it, says of who paid what for."""

    amount_minor: int
    details: str = ""
    end_to_end: str = ""
    mandate: str = ""
    creditor_reference: str = ""
    counterparty_account: str = ""


@dataclass(frozen=True)
class Settles:
    number: str
    amount_minor: int


@dataclass(frozen=True)
class Proposal:
    """What money would settle. `certain` proposals may be accepted without a person; others only suggest.

    `unapplied_minor` stays with the customer as credit. Settled and unapplied are together the amount of the line.
    """

    reason: str
    certain: bool
    customer: str = ""
    settles: tuple[Settles, ...] = ()
    unapplied_minor: int = 0
    suggestions: tuple[str, ...] = ()


class OpenItems:
    """Open items found by what a line may say of them; building is one walk, each question a few look-ups."""

    def __init__(
        self, items: Iterable[OpenItem], *, accounts: Mapping[str, str] = {}, mandates: Mapping[str, str] = {}
    ) -> None:
        self.by_digits: dict[str, list[OpenItem]] = defaultdict(list)
        self.by_reference: dict[str, OpenItem] = {}
        self.of_customer: dict[str, list[OpenItem]] = defaultdict(list)
        self.by_amount: dict[int, list[OpenItem]] = defaultdict(list)
        self.accounts = {_bare(account): customer for account, customer in accounts.items() if account}
        self.mandates = {mandate: customer for mandate, customer in mandates.items() if mandate}
        for item in items:
            self.by_digits["".join(_GROUP.findall(item.number))].append(item)
            if item.creditor_reference:
                self.by_reference[_bare(item.creditor_reference)] = item
            self.of_customer[item.customer].append(item)
            self.by_amount[item.open_minor].append(item)

    def numbered(self, text: str) -> list[OpenItem]:
        """The items whose numbers are in the text, in its order; of two with the same digits the one with its letters."""
        found: dict[str, OpenItem] = {}
        letters = _bare(text)
        rest: list[str] = []
        for run in _RUN.findall(text):
            groups = _GROUP.findall(run)
            at = 0
            while at < len(groups):
                for end in range(min(len(groups), at + 5), at, -1):
                    items = self.by_digits.get("".join(groups[at:end]), []) if end > at else []
                    if len("".join(groups[at:end])) < _SHORTEST:
                        items = [item for item in items if _bare(item.number) in letters]
                    if len(items) > 1:
                        items = [item for item in items if _bare(item.number) in letters]
                    if len(items) == 1:
                        found.setdefault(items[0].number, items[0])
                        at = end
                        break
                else:
                    rest.append(groups[at])
                    at += 1
        if found:
            self._tails(found, rest)
        return list(found.values())

    def _tails(self, found: dict[str, OpenItem], rest: list[str]) -> None:
        customers = {item.customer for item in found.values()}
        owed = [item for customer in sorted(customers) for item in self.of_customer[customer]]
        for digits in rest:
            if len(digits) >= _TAIL:
                ending = [item for item in owed if item.number.endswith(digits)]
                if len(ending) == 1:
                    found.setdefault(ending[0].number, ending[0])


def is_creditor_reference(text: str) -> bool:
    """Whether the check digits of an ISO 11649 reference are right (remainder 1 of 97)."""
    bare = _bare(text)
    if not re.fullmatch(r"RF[0-9]{2}[0-9A-Z]{1,21}", bare, re.ASCII):
        return False
    return int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1


def propose(paid: Paid, among: OpenItems) -> Proposal:
    """What the money settles, by the first rule that answers."""
    if paid.amount_minor <= 0:
        return _left_the_account(paid, among)
    customer = among.mandates.get(paid.mandate, "")
    if items := among.numbered(paid.end_to_end):
        return _settling(paid, items, "The end-to-end reference names {numbers}", customer)
    if customer and (one := _of_that_amount(among, customer, paid.amount_minor)):
        return _settling(paid, [one], f"The mandate {paid.mandate} is the customer’s, who owes this amount once")
    for reference in [paid.creditor_reference, *_CREDITOR_REFERENCE.findall(paid.details.upper())]:
        item = among.by_reference.get(_bare(reference)) if is_creditor_reference(reference) else None
        if item:
            return _settling(paid, [item], f"The creditor reference {_bare(reference)} is that of {{numbers}}")
    if items := among.numbered(paid.details):
        return _settling(paid, items, "The text names {numbers}")
    return _by_account(paid, among)


def _by_account(paid: Paid, among: OpenItems) -> Proposal:
    customer = among.accounts.get(_bare(paid.counterparty_account), "") if paid.counterparty_account else ""
    owed = among.of_customer.get(customer, []) if customer else []
    if not customer:
        owing = among.by_amount.get(paid.amount_minor, [])
        who = len({item.customer for item in owing})
        said = {0: "Nothing names an item, and nobody owes this amount", 1: "Only the amount fits"}
        return Proposal(
            said.get(who, f"{who} customers owe this amount"),
            certain=False,
            suggestions=tuple(item.number for item in owing[:10]),
        )
    if one := _of_that_amount(among, customer, paid.amount_minor):
        return _settling(paid, [one], "The account is known, and its customer owes this amount once")
    same = [item for item in owed if item.open_minor == paid.amount_minor]
    if same:
        return Proposal(
            f"The account is known, but its customer owes this amount {len(same)} times",
            certain=False,
            customer=customer,
            suggestions=tuple(item.number for item in same[:10]),
        )
    if len(owed) > 1 and sum(item.open_minor for item in owed) == paid.amount_minor:
        return _settling(paid, owed, "The account is known, and the amount is all that its customer owes")
    return Proposal(
        "The account is known, but its customer owes no item of this amount: it is kept as credit",
        certain=True,
        customer=customer,
        unapplied_minor=paid.amount_minor,
        suggestions=tuple(item.number for item in owed[:10]),
    )


def _of_that_amount(among: OpenItems, customer: str, amount: int) -> OpenItem | None:
    fitting = [item for item in among.of_customer.get(customer, []) if item.open_minor == amount]
    return fitting[0] if len(fitting) == 1 else None


def _settling(paid: Paid, items: Sequence[OpenItem], why: str, customer: str = "") -> Proposal:
    """The amount over the items, the oldest first; what is left stays with the one customer as credit."""
    numbers = " and ".join(item.number for item in items)
    reason = why.format(numbers=numbers)
    customers = {item.customer for item in items} | ({customer} if customer else set())
    owed = sum(item.open_minor for item in items)
    if len(customers) > 1 and owed != paid.amount_minor:
        return Proposal(
            f"{reason}, of {len(customers)} customers, and the amount is not their sum",
            certain=False,
            suggestions=tuple(item.number for item in items),
        )
    left, settles = paid.amount_minor, []
    for item in sorted(items, key=lambda item: (item.due, item.number)):
        part = min(left, item.open_minor)
        left -= part
        if part:
            settles.append(Settles(item.number, part))
    more = "; it is a part" if owed > paid.amount_minor else "; the rest is kept as credit" if left else ""
    return Proposal(
        reason + more,
        certain=True,
        customer=items[0].customer if len(customers) == 1 else "",
        settles=tuple(settles),
        unapplied_minor=left,
    )


def _left_the_account(paid: Paid, among: OpenItems) -> Proposal:
    """Money that went out settles nothing: a returned debit, a refund and a fee are for a person, each with its sentence."""
    if items := among.numbered(paid.end_to_end):
        numbers = tuple(item.number for item in items)
        reason = f"A payment of {' and '.join(numbers)} was returned"
        return Proposal(reason, certain=False, customer=items[0].customer, suggestions=numbers)
    customer = among.accounts.get(_bare(paid.counterparty_account), "") if paid.counterparty_account else ""
    reason = (
        "Money went back to the account of a customer" if customer else "Money went out, to no account of a customer"
    )
    return Proposal(reason, certain=False, customer=customer)


def _bare(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", text.upper())
