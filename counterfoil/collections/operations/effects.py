"""What the delivered actions do (domain 16.1). Actions that users add do nothing but schedule and report."""

from __future__ import annotations

from counterfoil.collections.models import Call, CallAction
from counterfoil.credit.operations import switch_dunning
from counterfoil.credit.queries import profiles_of
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.platform.operations import Operation
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.operations import close_dispute, open_dispute

# They are work: somebody's queue has them until they are done.
MAKE_WORK = frozenset({"alert", "call", "collection_action", "collection_follow_up"})
# Transactions that a collection follow-up is about.
_FOLLOWED = ("invoice", "debit_memo", "reversal")


def check(code: str, item: OpenItem | None, amount_minor: int | None) -> None:
    """Refuse an action that lacks what it acts on."""
    refuse_if(amount_minor is not None and amount_minor < 0, "negative", "An amount is zero or more.", field="amount")
    if code == "partial_dispute":
        refuse_if(item is None, "no_item", "Say which item is in dispute.", field="item")
        refuse_if(not amount_minor, "no_amount", "Say how much is in dispute.", field="amount")
    if code == "collection_follow_up":
        refuse_if(item is None or item.kind not in _FOLLOWED, "wrong_item",
                  "A collection follow-up is about an invoice, a debit memo or a reversed payment.",
                  field="item")  # fmt: skip
    if code == "credit_memo":
        refuse_if(not amount_minor, "no_amount", "Say how much is to be credited.", field="amount")


def exclude(op: Operation, call: Call, *, confirmed: bool | None) -> bool:
    """The customer, or the address that the call is about, gets no dunning letters until the profile says so again.

    Whether anything changed. An address without a profile of its own, where another has one, is asked about first: yes
    excludes the whole account, no changes nothing (domain 16.1).
    """
    own = {profile.site_id for profile in profiles_of(call.customer) if profile.site_id is not None}
    if call.site_id is not None and call.site_id in own:
        switch_dunning(op, customer=call.customer, yes=False, site=call.site)
        return True
    if call.site_id is not None and own:
        refuse_if(
            confirmed is None, "confirm_exclusion",
            "This address has no credit profile of its own. Exclude the whole account from dunning?", field="confirm",
        )  # fmt: skip
        if not confirmed:
            return False
    switch_dunning(op, customer=call.customer, yes=False)
    return True


def set_dispute(op: Operation, row: CallAction, amount_minor: int) -> None:
    """The dispute of an action's item stands at an amount from today: the old one is closed, and another opened.

    An item has one dispute at most: whichever stands now is what the action is about, however it came to be.
    """
    assert row.topic is not None
    item = row.topic.item
    moved = item.customer.status == "merged"
    refuse_if(moved, "moved", f"{item.number} moved to another account. Change the dispute there.")
    old = Dispute.objects.filter(item=item, closed_on__isnull=True).first()
    if (old.amount_minor if old else 0) != amount_minor:
        if old is not None:
            said = "Changed to another amount" if amount_minor else "No longer in dispute"
            close_dispute(op, dispute=old, outcome=said)
        reason = old.reason if old is not None else row.dispute.reason if row.dispute else row.action.name
        made = open_dispute(op, item=item, amount_minor=amount_minor, reason=reason) if amount_minor else None
        row.dispute = made or old or row.dispute
    row.amount_minor = amount_minor
    row.save(update_fields=["dispute", "amount_minor"])
    amount = money_text(amount_minor, row.call.customer.currency)
    op.record("action.disputed", row, customer_id=row.call.customer_id, amount=amount, item=item.number)
