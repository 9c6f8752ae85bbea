"""Runs: chosen, frozen, approved by somebody else, made into a file."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.db import IntegrityError, transaction

from counterfoil.debits import files, notices, queries, rules
from counterfoil.debits.models import DebitOrder, DebitPart, DebitRun, DebitScheme, Mandate
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text, days_before
from counterfoil.messaging.operations import NewMessage, queue_messages
from counterfoil.platform import bulk
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.jobs import start_job
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.platform.words import Reason

State, OrderState = DebitRun.State, DebitOrder.State
# A file is for a collection soon; what is due by a later day is not known yet.
_FURTHEST = 60
_DAY = "Only mandates of this day of the month, and those of no day. Empty: all."


def _choose(caller: Caller, scheme: DebitScheme, on: dt.date, day: int | None = None) -> Any:
    return queries.chosen(scheme, on, day)


@verb(label="Choose debit orders", before=_choose, whole=True)
def open_debit_run(
    op: Operation,
    *,
    scheme: DebitScheme,
    on: Annotated[dt.date, Says("Collect on")],
    day: Annotated[int | None, Says("Collection day", _DAY, optional=True)] = None,
) -> DebitRun:  # fmt: skip
    """Who is collected from on a day and who is not, with the reason. Nothing is asked of the bank yet."""
    row = DebitScheme.objects.select_related("bank_account").get(pk=scheme.pk)
    refuse_if(row.retired_on is not None, "not_used", f"{row} is not used any more.", field="scheme")
    refuse_if(day is not None and not 1 <= day <= 31, "absurd_day", "Give a day of the month, 1 to 31.", field="day")
    way, holidays = rules.WAYS[row.way], queries.collection_days()
    good = rules.business_day_from(on, way.currency, holidays)
    refuse_if(good != on, "no_business_day", f"Banks do not collect on {date_text(on)}. The next day is "
              f"{date_text(good)}.", field="on")  # fmt: skip
    by = rules.reaches_bank_by(on, way.lead_days, way.currency, holidays)
    first = rules.first_possible(op.today, way.lead_days, way.currency, holidays)
    refuse_if(by < op.today, "too_late", f"The bank must have the file {_days(way.lead_days)} before. The first day it "
              f"can collect is {date_text(first)}.", field="on")  # fmt: skip
    refuse_if(days_before(on, _FURTHEST) > op.today, "too_far", f"Choose a day within {_FURTHEST} days.", field="on")
    found = op.ready
    refuse_if(not found, "nothing_due",
              f"Nobody who pays this way owes anything by {date_text(on)}.", field="on")  # fmt: skip
    run = DebitRun.objects.create(
        scheme=row, on=on, day=day, currency=way.currency, author=op.caller.name[:120], author_id=op.caller.user_id,
        at=op.now,
    )  # fmt: skip
    _write(run, found)
    sums = queries.run_sums(run)
    count, total = sums.get(OrderState.CHOSEN, (0, 0))
    op.record("debit_run.opened", run, count=count, amount=money_text(total, run.currency), on=on,
              held=sums.get(OrderState.LEFT_OUT, (0, 0))[0])  # fmt: skip
    return run


def _days(count: int) -> str:
    return "one business day" if count == 1 else f"{count} business days"


def _write(run: DebitRun, found: list[tuple[int, int | None, rules.Choice]]) -> None:
    used = set(
        Mandate.objects.filter(among("pk", [pk for _, pk, _ in found if pk]), collected_on=None).values_list(
            "pk", flat=True
        )
    )
    columns = ("run", "customer", "mandate", "reference", "state", "amount_minor", "currency", "first", "code", "said")
    rows = [
        (
            run.pk, customer, pk, f"D{run.pk}-{place}", OrderState.LEFT_OUT if choice.code else OrderState.CHOSEN,
            choice.amount_minor, run.currency, pk in used, choice.code, choice.said[:200],
        )
        for place, (customer, pk, choice) in enumerate(found, 1)
    ]  # fmt: skip
    keys = bulk.add_rows(DebitOrder, columns, rows)
    parts = [
        (key, item, minor) for key, (_, _, choice) in zip(keys, found, strict=True) for item, minor in choice.parts
    ]
    bulk.insert_rows(
        DebitPart, ("order", "item", "amount_minor", "held", "returned"), ((*part, False, False) for part in parts)
    )


def _lock(run: DebitRun, *states: str) -> DebitRun:
    row = DebitRun.objects.select_for_update(of=("self",)).select_related("scheme__bank_account").get(pk=run.pk)
    refuse_if(row.state not in states, "not_now", f"These debit orders are {row.get_state_display().lower()}.")
    return row


@verb(label="Collect all the same", whole=True)
def include_debit_order(op: Operation, *, order: DebitOrder) -> DebitOrder:
    """What is on hold for a promise, its size or earlier returns is collected, as far as the mandate allows."""
    _lock(order.run, State.OPEN)
    row = DebitOrder.objects.select_for_update(of=("self",)).select_related("mandate").get(pk=order.pk)
    refuse_if(row.state != OrderState.LEFT_OUT, "not_now", "It is collected already.")
    refuse_if(row.code not in rules.ALL_THE_SAME, "cannot_be", f"{row.said}. Mend that, then choose again.")
    assert row.mandate is not None
    parts = list(DebitPart.objects.filter(order=row).order_by("pk").values_list("item_id", "amount_minor"))
    most = row.mandate.most_minor
    if row.code == "tried" and not parts:
        raise Refused("cannot_be", "Every invoice of it came back too often. Call the customer.")
    if most is not None:
        kept = dict(rules.up_to(parts, most))
        for part in DebitPart.objects.filter(order=row):
            if (minor := kept.get(part.item_id, 0)) != part.amount_minor:
                part.delete()
                if minor:
                    DebitPart.objects.create(order=row, item_id=part.item_id, amount_minor=minor)
        parts = list(kept.items())
    why = row.said
    row.amount_minor, row.state, row.code, row.said = sum(minor for _, minor in parts), OrderState.CHOSEN, "", ""
    row.save(update_fields=["amount_minor", "state", "code", "said"])
    op.record("debit_order.included", row, customer_id=row.customer_id,
              amount=money_text(row.amount_minor, row.currency), reason=f"although: {why}")  # fmt: skip
    return row


@verb(label="Leave out of the debit orders", whole=True)
def hold_debit_order(op: Operation, *, order: DebitOrder, reason: Reason) -> DebitOrder:
    """Nothing is collected of the customer in this run. Possible until the file is made."""
    run = _lock(order.run, State.OPEN, State.FROZEN, State.APPROVED)
    row = DebitOrder.objects.select_for_update().get(pk=order.pk)
    refuse_if(row.state != OrderState.CHOSEN, "not_now", "It is left out already.")
    row.state, row.code, row.said = OrderState.LEFT_OUT, "by_hand", reason[:200]
    row.save(update_fields=["state", "code", "said"])
    DebitPart.objects.filter(order=row, held=True).update(held=False)
    if run.state != State.OPEN:
        _keep_standing(op, run)
    op.record("debit_order.held", row, customer_id=row.customer_id,
              amount=money_text(row.amount_minor, row.currency), reason=reason)  # fmt: skip
    return row


@verb(label="Freeze debit orders", whole=True)
def freeze_debit_run(op: Operation, *, run: DebitRun) -> DebitRun:
    """The amounts stand, and no other run collects the same. What was paid since they were chosen is left out."""
    row = _lock(run, State.OPEN)
    _drop_paid(row)
    try:
        with transaction.atomic():
            DebitPart.objects.filter(order__run=row, order__state=OrderState.CHOSEN).update(held=True)
    except IntegrityError:
        raise Refused("collected_elsewhere", "Another run collects some of these. Choose these again.") from None
    row.frozen_count, row.frozen_minor, row.frozen_digest = _stands(row)
    refuse_if(not row.frozen_count, "nothing_due", "There is nothing to collect.")
    row.state, row.frozen_by_id = State.FROZEN, op.caller.user_id
    row.save(update_fields=["state", "frozen_count", "frozen_minor", "frozen_digest", "frozen_by_id"])
    op.record("debit_run.frozen", row, **_count(row.frozen_count, row.frozen_minor, row))
    return row


def _notices(caller: Caller, run: DebitRun, orders: Sequence[int]) -> list[tuple[DebitOrder, NewMessage]]:
    told = set(orders) - set(queries.paid_since(run))
    rows = DebitOrder.objects.filter(among("pk", told), notice=None).select_related("mandate", "customer", "run")
    return notices.messages(notices.COMING, list(rows.order_by("pk")), "invoice")


@step(before=_notices)
def send_notices(op: Operation, *, run: DebitRun, orders: Sequence[int]) -> int:
    """Customers of some orders are told what will be collected and when, once; how many were written to."""
    live = DebitOrder.objects.filter(
        among("pk", orders), notice=None, state__in=(OrderState.CHOSEN, OrderState.SENT)
    ).exclude(run__state=State.CANCELLED)
    still = set(live.select_for_update(of=("self",)).values_list("pk", flat=True))
    made = [(order, message) for order, message in op.ready if order.pk in still]
    sent = queue_messages(op, messages=[message for _, message in made])
    columns = [(message.pk, order.pk) for (order, _), message in zip(made, sent, strict=True)]
    bulk.update_rows(DebitOrder, ("notice",), columns)
    return len(made)


def _count(count: int, minor: int, run: DebitRun) -> dict[str, Any]:
    return {"count": count, "amount": money_text(minor, run.currency)}


def _drop_paid(run: DebitRun) -> int:
    """What is not owed any more is left out; how many orders."""
    gone = queries.paid_since(run)
    rows = DebitOrder.objects.filter(among("pk", gone))
    rows.update(state=OrderState.LEFT_OUT, code="paid_since", said="Paid, disputed or without a mandate since")
    DebitPart.objects.filter(among("order_id", gone), held=True).update(held=False)
    return len(gone)


def _stands(run: DebitRun) -> tuple[int, int, str]:
    """How many orders are to be collected, what they come to, and a digest of each of them."""
    rows = DebitOrder.objects.filter(run=run, state=OrderState.CHOSEN).order_by("pk")
    told = rows.values_list("reference", "mandate__number", "amount_minor").iterator(chunk_size=5000)
    lines = list(told)
    text = rules.digest_lines(lines)
    return len(lines), sum(minor for _, _, minor in lines), hashlib.sha256(text.encode()).hexdigest()


def _refuse_tampered(run: DebitRun) -> None:
    refuse_if(_stands(run)[2] != run.frozen_digest, "tampered_with", "What was frozen was changed by something else. "
              "Cancel these, and run check-books.")  # fmt: skip


def _keep_standing(op: Operation, run: DebitRun) -> None:
    """What is still to be collected is what nothing but people and payments may have made less."""
    run.frozen_digest = _stands(run)[2]
    run.save(update_fields=["frozen_digest"])
    op.keep(run)


@verb(label="Approve debit orders", whole=True)
def approve_debit_run(op: Operation, *, run: DebitRun) -> DebitRun:
    """Somebody other than who chose and who froze them says that they may be collected.

    What was paid or disputed since they were frozen is left out, so that nobody is told of it.
    """
    row = _lock(run, State.FROZEN)
    own = queries.policy().second_person and op.caller.user_id in (row.author_id, row.frozen_by_id)
    refuse_if(own, "own_run", "You prepared these debit orders. Somebody else approves them.")
    _refuse_tampered(row)
    _drop_paid(row)
    row.frozen_count, row.frozen_minor, row.frozen_digest = _stands(row)
    refuse_if(not row.frozen_count, "nothing_due", "Everything was paid since. Cancel these debit orders.")
    row.state, row.approved_by, row.approved_at = State.APPROVED, op.caller.name[:120], op.now
    if queries.policy().notices:
        start_job(
            op, kind="debit_notices", title=f"{row}: tell the customers", unit="customers", total=row.frozen_count,
            arguments={"run": row.pk},
        )  # fmt: skip
    row.save(update_fields=["state", "approved_by", "approved_at", "frozen_count", "frozen_minor", "frozen_digest"])
    op.record("debit_run.approved", row, **_count(row.frozen_count, row.frozen_minor, row))
    return row


@dataclass(frozen=True)
class _Ready:
    """A file made before the transaction, and of which orders."""

    at: dt.datetime
    orders: tuple[int, ...]
    minor: int
    sha256: str


def _make(caller: Caller, run: DebitRun) -> _Ready | None:
    row = DebitRun.objects.select_related("scheme__bank_account").get(pk=run.pk)
    if row.state != State.APPROVED:
        return None
    gone = set(queries.paid_since(row))
    rows = DebitOrder.objects.filter(run=row, state=OrderState.CHOSEN).select_related("mandate", "customer")
    orders = [order for order in rows.order_by("pk") if order.pk not in gone]
    refuse_if(not orders, "nothing_due", "Everything was paid since. Cancel these debit orders.")
    at = caller.now.replace(microsecond=0)
    file = files.made_of(row, orders, at)
    return _Ready(at, tuple(order.pk for order in orders), file.sum_minor, files.digest(file))


@verb(label="Make the file of debit orders", before=_make, whole=True)
def send_debit_run(op: Operation, *, run: DebitRun) -> DebitRun:
    """The file for the bank is there to be downloaded. What was paid since it was frozen is not in it."""
    row = _lock(run, State.APPROVED)
    ready: _Ready | None = op.ready
    by = queries.reaches_bank_by(row)
    refuse_if(by < op.today, "too_late", f"The bank had to have it by {date_text(by)}. Cancel these and choose again.")
    _refuse_tampered(row)
    _drop_paid(row)
    standing = DebitOrder.objects.filter(run=row, state=OrderState.CHOSEN)
    same = ready is not None and tuple(standing.order_by("pk").values_list("pk", flat=True)) == ready.orders
    refuse_if(not same, "changed", "Something was paid just now. Try again.")
    assert ready is not None
    Mandate.objects.filter(pk__in=standing.values("mandate")).update(collected_on=row.on)
    standing.update(state=OrderState.SENT)
    row.state, row.sent_at, row.file_sha256 = State.SENT, ready.at, ready.sha256
    row.file_count, row.file_minor = len(ready.orders), ready.minor
    row.save(update_fields=["state", "sent_at", "file_sha256", "file_count", "file_minor"])
    op.record("debit_run.sent", row, **_count(row.file_count, row.file_minor, row))
    return row


@verb(label="Cancel debit orders", whole=True)
def cancel_debit_run(op: Operation, *, run: DebitRun, reason: Reason) -> DebitRun:
    """Nothing of it is collected. Possible until the file is made; after that the bank refuses it or answers."""
    row = _lock(run, State.OPEN, State.FROZEN, State.APPROVED)
    DebitPart.objects.filter(order__run=row, held=True).update(held=False)
    row.state = State.CANCELLED
    row.save(update_fields=["state"])
    op.record("debit_run.cancelled", row, on=row.on, reason=reason)
    return row


@verb(right=send_debit_run, label="The bank refused the file", whole=True)
def refuse_debit_run(op: Operation, *, run: DebitRun, reason: Reason) -> DebitRun:
    """Nothing of the file was collected: all of it may be chosen again."""
    row = _lock(run, State.SENT)
    orders = DebitOrder.objects.filter(run=row)
    paid = orders.filter(state=OrderState.COLLECTED).count()
    refuse_if(paid > 0, "collected_already", f"{plural(paid, 'debit order')} of it {'is' if paid == 1 else 'are'} "
              "recorded as paid. Bring in what the bank says of each.")  # fmt: skip
    DebitPart.objects.filter(order__run=row, held=True).update(held=False)
    orders.filter(state=OrderState.SENT).update(
        state=OrderState.REJECTED, code="file_refused", said=reason[:200], answered_on=op.today
    )
    row.state = State.DONE
    row.save(update_fields=["state"])
    op.record("debit_run.refused", row, count=row.file_count, reason=reason)
    return row
