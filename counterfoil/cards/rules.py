"""What events of a gateway come to, what a decline means, and which invoices a payment is for. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from counterfoil.cards.interfaces import Told

# How long before a card expires its customer is told, once.
TOLD_AHEAD_DAYS = 30


@dataclass(frozen=True)
class Policy:
    """What the operator decided about charging saved cards."""

    automatic: bool = False
    most_tries: int = 3
    wait_days: int = 3


@dataclass(frozen=True)
class Facts:
    """All that a gateway has said of one payment, whatever the order it said it in. Minor units."""

    paid_minor: int = 0
    currency: str = ""
    paid_at: dt.datetime | None = None
    refunded_minor: int = 0
    refunded_at: dt.datetime | None = None
    lost_minor: int = 0
    lost_at: dt.datetime | None = None
    disputed_minor: int = 0
    reason: str = ""
    failed: bool = False
    # It failed after its page was closed, so no other card is tried there.
    over: bool = False
    expired: bool = False
    code: str = ""
    intent: str = ""
    session: str = ""
    charge: str = ""
    brand: str = ""
    last4: str = ""


def facts(tolds: Iterable[Told]) -> Facts:
    """What is true when all of this has been said, in any order and any number of times.

    Session, intent and charge speak of the same money, so a payment counts once. Refunds are told as their sum so far,
    disputes one by one.
    """
    rows = sorted(tolds, key=lambda row: (row.at, row.id))
    paid = [row for row in rows if row.kind == "paid"]
    back = [row for row in rows if row.kind == "refunded"]
    over = {row.dispute for row in rows if row.kind in ("dispute_won", "dispute_lost")}
    lost = {row.dispute: row for row in rows if row.kind == "dispute_lost"}
    under = {row.dispute: row for row in rows if row.kind == "disputed" and row.dispute not in over}
    failed = [row for row in rows if row.kind == "failed"]
    return Facts(
        paid_minor=max((row.amount_minor for row in paid), default=0),
        currency=_said(row.currency for row in (paid or rows)),
        paid_at=paid[0].at if paid else None,
        refunded_minor=max((row.refunded_minor for row in back), default=0),
        refunded_at=back[-1].at if back else None,
        lost_minor=sum(row.amount_minor for row in lost.values()),
        lost_at=max((row.at for row in lost.values()), default=None),
        disputed_minor=sum(row.amount_minor for row in under.values()),
        reason=_said(row.code for row in (*lost.values(), *under.values())),
        failed=bool(failed) and not paid,
        over=any(row.session for row in failed) and not paid,
        expired=any(row.kind == "expired" for row in rows) and not paid,
        code=failed[-1].code if failed and not paid else "",
        # Of several tries, the one that was paid.
        intent=_said(row.intent for row in (*paid, *rows)),
        session=_said(row.session for row in rows),
        charge=_said(row.charge for row in (*paid, *rows)),
        brand=_said(row.brand for row in rows),
        last4=_said(row.last4 for row in rows),
    )


def _said(words: Iterable[str]) -> str:
    return next((word for word in words if word), "")


@dataclass(frozen=True)
class Decline:
    """Why a bank declined, in words within a sentence; `final`: the same card is not tried again."""

    words: str
    final: bool = False
    # The bank wants to ask the customer, who must be there.
    asks: bool = False


# https://docs.stripe.com/declines/codes, in our words. `generic_decline` and what nobody knows may be tried again.
DECLINES = {
    "insufficient_funds": Decline("there is not enough money on it"),
    "authentication_required": Decline("the bank wants the customer to confirm it", asks=True),
    "authentication_not_handled": Decline("the bank wants the customer to confirm it", asks=True),
    "offline_pin_required": Decline("the bank wants the customer to confirm it", asks=True),
    "expired_card": Decline("it has expired", final=True),
    "lost_card": Decline("the bank declined it", final=True),
    "stolen_card": Decline("the bank declined it", final=True),
    "pickup_card": Decline("the bank declined it", final=True),
    "restricted_card": Decline("the bank has restricted it", final=True),
    "card_not_supported": Decline("it cannot be used for this", final=True),
    "currency_not_supported": Decline("it cannot be used in this currency", final=True),
    "do_not_honor": Decline("the bank declined it"),
    "do_not_try_again": Decline("the bank declined it and asks not to be tried again", final=True),
    "fraudulent": Decline("the bank declined it", final=True),
    "incorrect_number": Decline("its number is wrong", final=True),
    "invalid_account": Decline("its account is closed or wrong", final=True),
    "invalid_number": Decline("its number is wrong", final=True),
    "new_account_information_available": Decline("its number has changed", final=True),
    "no_action_taken": Decline("the bank declined it", final=True),
    "revocation_of_all_authorizations": Decline("the customer told the bank to stop all payments to us", final=True),
    "revocation_of_authorization": Decline("the customer told the bank to stop this payment", final=True),
    "stop_payment_order": Decline("the customer told the bank to stop this payment", final=True),
    "transaction_not_allowed": Decline("it cannot be used for this", final=True),
    "card_velocity_exceeded": Decline("its limit is used up"),
    "withdrawal_count_limit_exceeded": Decline("its limit is used up"),
    "issuer_not_available": Decline("the bank did not answer"),
    "processing_error": Decline("the bank could not process it"),
    "reenter_transaction": Decline("the bank could not process it"),
    "try_again_later": Decline("the bank could not process it"),
    "test_mode_live_card": Decline("a real card is not taken in test", final=True),
}
_OTHER = Decline("the bank declined it")
# What is said to customers and staff alike hides that a card was reported lost or stolen, as its holder may be another.


def decline(code: str) -> Decline:
    """What a code of a decline means; of one that nobody knows, that the bank declined."""
    return DECLINES.get(code, _OTHER)


def tries_again(code: str, tries: int, policy: Policy) -> bool:
    """Whether the same card is charged again by itself after so many tries."""
    why = decline(code)
    return not why.final and not why.asks and tries < policy.most_tries


@dataclass(frozen=True)
class Open:
    """What may be paid of an item: open and not in dispute, in minor units."""

    item: int
    due_on: dt.date
    number: str
    minor: int


def parts(items: Sequence[Open], amount_minor: int) -> list[tuple[int, int]]:
    """How an amount is spread over items, the oldest due first; what is over is in no part."""
    left, made = amount_minor, []
    for row in sorted(items, key=lambda row: (row.due_on, row.number, row.item)):
        part = min(row.minor, left)
        if part > 0:
            made.append((row.item, part))
            left -= part
    return made


def last_day(exp_month: int, exp_year: int) -> dt.date:
    """The last day on which a card can be used: it expires with its month."""
    return dt.date(exp_year, exp_month, calendar.monthrange(exp_year, exp_month)[1])


def expires_soon(exp_month: int, exp_year: int, today: dt.date) -> bool:
    """Whether the customer should be told by now."""
    return (last_day(exp_month, exp_year) - today).days <= TOLD_AHEAD_DAYS
