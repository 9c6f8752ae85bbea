"""What the delivered actions do (domain 16.1). Actions that users add do nothing but schedule and report."""

from __future__ import annotations

from counterfoil.collections.disputes import open_parts_of
from counterfoil.collections.models import Call, CallAction, DisputedLine
from counterfoil.collections.operations.disputing import check_line, stand
from counterfoil.credit.operations import switch_dunning
from counterfoil.credit.queries import profiles_of
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.platform.operations import Operation
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.operations import open_dispute

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
    """What the action is about of its item, the line or the rest of it, stands in dispute at an amount from today.

    An item has one dispute at most: the old one is closed, and another opened with all that is in dispute.
    """
    assert row.topic is not None
    item = row.topic.item
    moved = item.customer.status == "merged"
    refuse_if(moved, "moved", f"{item.number} moved to another account. Change the dispute there.")
    old = Dispute.objects.filter(item=item, closed_on__isnull=True).first()
    parts = open_parts_of(item)
    if row.line is not None and amount_minor:
        check_line(row.line.invoice, row.line.pk, amount_minor)
    if parts.get(row.line_id, 0) != amount_minor:
        said = "Changed to another amount" if amount_minor else "No longer in dispute"
        reason = old.reason if old is not None else row.dispute.reason if row.dispute else row.action.name
        made = stand(op, item, {**parts, row.line_id: amount_minor}, reason, said)
        row.dispute = made or old or row.dispute
        follow_others(op, row, item, made)
    row.amount_minor = amount_minor
    row.save(update_fields=["dispute", "amount_minor"])
    amount = money_text(amount_minor, row.call.customer.currency)
    op.record("action.disputed", row, customer_id=row.call.customer_id, amount=amount, item=item.number)


def begin_dispute(op: Operation, row: CallAction, why: str) -> Dispute:
    """What a new action is about is in dispute from today, beside what else of its item is."""
    assert row.topic is not None
    item = row.topic.item
    standing = open_parts_of(item)
    if row.line is not None:
        check_line(row.line.invoice, row.line.pk, row.amount_minor or 0)
        refuse_if(row.line_id in standing, "already_disputed",
                  f"That line of {item.number} is in dispute already. Change that dispute.", field="line")  # fmt: skip
    if not standing or (row.line_id is None and set(standing) == {None}):
        # Refused where the whole of it is in dispute already.
        return stand_anew(op, row, why)
    parts = {**standing, row.line_id: standing.get(row.line_id, 0) + (row.amount_minor or 0)}
    made = stand(op, item, parts, why, "More of it is in dispute")
    assert made is not None
    follow_others(op, row, item, made)
    return made


def stand_anew(op: Operation, row: CallAction, why: str) -> Dispute:
    """The first dispute of an item."""
    assert row.topic is not None
    made = open_dispute(op, item=row.topic.item, amount_minor=row.amount_minor or 0, reason=why)
    if row.line_id is not None:
        DisputedLine.objects.create(dispute=made, line_id=row.line_id, amount_minor=row.amount_minor or 0)
    return made


def follow_others(op: Operation, row: CallAction, item: OpenItem, made: Dispute | None) -> None:
    """Other actions about the item are about the dispute that stands now."""
    if made is None:
        return
    others = CallAction.objects.filter(topic__item=item, action__code="partial_dispute", done_on__isnull=True,
                                       removed_on__isnull=True).exclude(pk=row.pk)  # fmt: skip
    for other in others.exclude(dispute=made).select_related("call"):
        other.dispute = made
        other.save(update_fields=["dispute"])
        op.keep(other, customer_id=other.call.customer_id)
