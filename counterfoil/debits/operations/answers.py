"""What becomes of orders that are with the bank: paid, or back."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

from counterfoil.bank.readers import Line
from counterfoil.bank.readers import read as read_statements
from counterfoil.customers.queries import lock, lock_accounts, speeches_of
from counterfoil.debits import notices, queries
from counterfoil.debits.formats import nacha, netcash, pain002
from counterfoil.debits.formats.order import MOST_BYTES, Answer, FormatError
from counterfoil.debits.formats.reasons import reason as reason_of
from counterfoil.debits.models import DebitOrder, DebitPart, DebitRun
from counterfoil.debits.operations.mandates import end_for_bank
from counterfoil.debits.operations.policy import family_of
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.ledger.queries import closed_for
from counterfoil.messaging.operations import queue_messages
from counterfoil.payments.models import Method, Receipt, ReceiptReversal
from counterfoil.payments.operations import NewReceipt, record_receipts, reverse_receipt
from counterfoil.platform import bulk
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.jobs import start_job
from counterfoil.platform.models import Job
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import PastDay
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import raise_debit_memo, settle_with_credit

State, OrderState = DebitRun.State, DebitOrder.State
ANSWERED = ("collected", "returned", "rejected")
NOT_SENT = (OrderState.CHOSEN, OrderState.LEFT_OUT)
# What our files are called in the bank's answers (`files.message_of`).
_OURS = re.compile(r"CF([0-9]{6,9})-[0-9]{8}")


# ------------------------------------------------------------------ paid


@verb(label="Record debit orders as paid", whole=True)
def settle_debit_run(op: Operation, *, run: DebitRun) -> DebitRun:
    """What the bank has and did not return is recorded as paid on the day of the collection, as a job."""
    row = DebitRun.objects.select_for_update(of=("self",)).select_related("job").get(pk=run.pk)
    refuse_if(row.state != State.SENT, "not_now", f"These debit orders are {row.get_state_display().lower()}.")
    refuse_if(row.on > op.today, "too_early", "The day of the collection has not come.")
    return _begin(op, row)


def _begin(op: Operation, row: DebitRun) -> DebitRun:
    refuse_if(row.job is not None and not row.job.is_over, "under_way", "They are being recorded.")
    waiting = DebitOrder.objects.filter(run=row, state=OrderState.SENT).count()
    refuse_if(not waiting, "nothing_due", "Every debit order is answered.")
    row.job = start_job(
        op, kind="debit_orders_paid", title=f"{row}: record as paid", unit="debit orders", total=waiting,
        arguments={"run": row.pk},
    )  # fmt: skip
    row.save(update_fields=["job"])
    op.record("debit_run.settling", row, on=row.on)
    return row


@step
def settle_due_run(op: Operation, *, run: DebitRun) -> bool:
    """The same by the clock, where the policy says so."""
    row = DebitRun.objects.select_for_update(of=("self",)).select_related("job").get(pk=run.pk)
    if row.state != State.SENT or row.on > op.today or (row.job is not None and not row.job.is_over):
        return False
    _begin(op, row)
    return True


@step
def settle_orders(op: Operation, *, run: DebitRun, orders: Sequence[int]) -> int:
    """Some orders of a run are recorded as paid, each on the items it collects; what those do not owe is credit."""
    customers = DebitOrder.objects.filter(among("pk", orders)).values_list("customer_id", flat=True)
    lock_accounts(set(customers))
    rows = list(
        DebitOrder.objects.select_for_update(of=("self",)).filter(among("pk", orders), state=OrderState.SENT)
        .select_related("mandate").order_by("pk")
    )  # fmt: skip
    if rows:
        _paid(op, rows, [run.on] * len(rows))
    return len(rows)


def _paid(op: Operation, rows: Sequence[DebitOrder], days: Sequence[dt.date]) -> None:
    parts: dict[int, list[tuple[int, int]]] = {row.pk: [] for row in rows}
    for order, item, minor in (
        DebitPart.objects.filter(among("order_id", list(parts)))
        .order_by("pk")
        .values_list("order_id", "item_id", "amount_minor")
    ):
        parts[order].append((item, minor))
    items = [item for some in parts.values() for item, _ in some]
    open_now = dict(OpenItem.objects.filter(among("pk", items)).values_list("pk", "open_minor"))
    closed = closed_for(op.caller)
    receipts = []
    for row, day in zip(rows, days, strict=True):
        shares = tuple((item, min(minor, open_now.get(item, 0))) for item, minor in parts[row.pk])
        on = _open_day(closed, day)
        number = row.mandate.number if row.mandate else ""
        receipts.append(
            NewReceipt(row.customer_id, row.amount_minor, on, Method.DEBIT_ORDER, f"{row.reference} {number}".strip(),
                       tuple(share for share in shares if share[1] > 0), row.currency)
        )  # fmt: skip
    keys = record_receipts(op, receipts=receipts)
    bulk.update_rows(
        DebitOrder, ("state", "receipt", "answered_on"),
        [(OrderState.COLLECTED, key, day, row.pk) for row, key, day in zip(rows, keys, days, strict=True)],
    )  # fmt: skip
    DebitPart.objects.filter(among("order_id", list(parts)), held=True).update(held=False)
    for row in rows:
        op.record("debit_order.collected", row, customer_id=row.customer_id, amount=_amount(row))
    settle_with_credit(op, {row.customer_id for row in rows}, op.today)


def _open_day(closed: dt.date | None, day: dt.date) -> dt.date:
    """The day, or the first after it that is not closed for who records it."""
    return day if closed is None or day > closed else closed + dt.timedelta(days=1)


def _amount(row: DebitOrder) -> str:
    return money_text(row.amount_minor, row.currency)


@step
def finish_debit_run(op: Operation, *, run: DebitRun) -> bool:
    """The run is done once nothing of it waits for the bank."""
    row = DebitRun.objects.select_for_update().get(pk=run.pk)
    if row.state != State.SENT or DebitOrder.objects.filter(run=row, state=OrderState.SENT).exists():
        return False
    row.state = State.DONE
    row.save(update_fields=["state"])
    op.record("debit_run.done", row, on=row.on)
    return True


# ------------------------------------------------------------------ back


@verb(label="Return a debit order")
def return_debit_order(
    op: Operation, *, order: DebitOrder, code: Annotated[str, Says("Code of the bank", most=30)] = "",
    on: Annotated[PastDay | None, Says("Returned on")] = None,
) -> DebitOrder:  # fmt: skip
    """The bank gave the money back: the payment is reversed, what it settled is open again at its age, and the fee of
    the policy is owed. A code that ends the mandate ends it.
    """
    return take_back(op, order, code, on or op.today)


def take_back(
    op: Operation, order: DebitOrder, code: str, on: dt.date, *, rejected: bool = False, meaning: str = ""
) -> DebitOrder:
    """An order came back; a second time changes nothing but is refused."""
    customer = lock([order.customer_id])[order.customer_id]
    row = (
        DebitOrder.objects.select_for_update(of=("self",))
        .select_related("mandate", "run__scheme", "customer")
        .get(pk=order.pk)
    )
    refuse_if(row.state not in (OrderState.SENT, OrderState.COLLECTED), "not_now",
              f"{row.reference} is {row.get_state_display().lower()}.")  # fmt: skip
    refuse_if(row.run.sent_at is None or on < row.run.sent_at.date(), "too_early",
              "It cannot come back before the bank was asked.", field="on")  # fmt: skip
    why = reason_of(family_of(row.run.scheme.way), code)
    said = why.meaning if why.known or not meaning else meaning
    words = said.rstrip(".") if code or meaning else "returned by the bank"
    # Within a sentence.
    say = speeches_of([row.customer])[row.customer_id].say
    inside = say(words) if say(words) != words else words[:1].lower() + words[1:]
    if row.receipt_id is not None and not ReceiptReversal.objects.filter(receipt=row.receipt_id).exists():
        receipt = Receipt.objects.get(pk=row.receipt_id)
        day = _open_day(closed_for(op.caller), max(on, receipt.on))
        reverse_receipt(op, receipt=receipt, reason=say("debit order returned: {why}", why=inside)[:200], on=day)
    row.state = OrderState.REJECTED if rejected else OrderState.RETURNED
    row.code, row.said, row.answered_on = code[:30], words[:200], on
    row.save(update_fields=["state", "code", "said", "answered_on"])
    DebitPart.objects.filter(order=row).update(held=False, returned=True)
    op.record("debit_order.returned", row, customer_id=row.customer_id, amount=_amount(row), reason=words)
    holds = queries.policy()
    fee = holds.fee_minor
    if fee and not rejected:
        reason = say("Fee, debit order returned: {why}", why=inside)[:200]
        raise_debit_memo(op, customer=customer, amount_minor=fee, reason=reason)
    if holds.notices and not rejected:
        told = notices.messages(notices.CAME_BACK, [row], "reminder", reason=inside)
        queue_messages(op, messages=[message for _, message in told])
    if why.ends_mandate and row.mandate is not None:
        end_for_bank(op, row.mandate, words[:200])
    return row


# ------------------------------------------------------------------ what the bank says


def read_answers(content: bytes) -> list[Answer]:
    """What a file of the bank says, by what it looks like; refused in words where nobody can read it."""
    refuse_if(len(content) > MOST_BYTES, "too_large", "The file is too large to be right.", field="content")
    start = content[:4096].lstrip(b"\xef\xbb\xbf \r\n\t")
    reader: Callable[[bytes], list[Answer]]
    if start.startswith(b"<") and b"camt.05" in start:
        return [answer for one in read_statements(content) for answer in _of_lines(one.lines)]
    if start.startswith(b"<"):
        reader = pain002.read
    elif start.startswith(b"101") or start[:1] == b"1":
        reader = nacha.read
    elif b"###BEGIN" in start:
        reader = netcash.read_batch_report
    else:
        reader = netcash.read_statement
    try:
        return reader(content)
    except FormatError as error:
        raise Refused(error.code, error.sentence, field="content") from error


def _of_lines(lines: Sequence[Line]) -> Iterator[Answer]:
    """What a bank statement says of debit orders: money that came under a mandate, or went back with a reason."""
    for line in lines:
        sign = 1 if line.amount_minor > 0 else -1
        for one in line.parts or (line,):
            if one.end_to_end or one.mandate:
                back = bool(one.returned) or sign < 0
                yield Answer(
                    "returned" if back else "collected", one.end_to_end, one.mandate,
                    amount_minor=abs(one.amount_minor), on=line.date, code=one.returned,
                )  # fmt: skip


def _read(caller: Caller, content: bytes, file_name: str = "") -> list[Answer]:
    return read_answers(content)


@verb(label="Bring in what the bank says of debit orders", before=_read, whole=True)
def bring_in_answers(op: Operation, *, content: bytes, file_name: Annotated[str, Says(most=200)] = "") -> Job:
    """Each answer is done by a job: paid, back, or its mandate ended. Answers that were done already change nothing."""
    answers: list[Answer] = op.ready
    named = [answer for answer in answers if answer.kind in ANSWERED]
    refuse_if(
        not named, "no_answers", "The file says of no debit order that it was paid or came back.", field="content"
    )
    known = found_for(named)
    refuse_if(not known, "not_ours", f"None of the {len(named)} debit orders in it is ours.", field="content")
    told = {
        str(pk): {"kind": answer.kind, "code": answer.code, "meaning": answer.meaning[:200],
                  "on": answer.on.isoformat() if answer.on else ""}
        for pk, answer in known.items()
    }  # fmt: skip
    orders = DebitOrder.objects.filter(among("pk", list(known))).order_by("pk").values_list("pk", "reference")
    job = start_job(
        op, kind="debit_answers", title=f"Answers of the bank, {file_name or 'a file'}", unit="debit orders",
        arguments={"answers": told, "others": len(named) - len(known)}, items=list(orders),
    )  # fmt: skip
    op.record("debit_answers.brought_in", job, count=len(known), file=file_name or "a file")
    return job


def found_for(answers: Sequence[Answer]) -> dict[int, Answer]:
    """The order that each answer speaks of: by its reference, else the newest of its mandate and amount by that day.

    The newest whether or not it is answered: read twice, an answer never reaches the order of the month before.
    """
    named = queries.orders_named(answer.reference for answer in answers if answer.reference)
    mandates = {answer.mandate for answer in answers if answer.mandate and answer.reference not in named}
    sent = DebitOrder.objects.filter(mandate__number__in=mandates).exclude(state__in=NOT_SENT)
    by_mandate: dict[tuple[str, int], list[tuple[dt.date, int]]] = defaultdict(list)
    for pk, number, minor, on in sent.order_by("run__on", "pk").values_list(
        "pk", "mandate__number", "amount_minor", "run__on"
    ):
        by_mandate[number, minor].append((on, pk))
    found: dict[int, Answer] = {}
    for answer in answers:
        row = named.get(answer.reference)
        one = (
            row.pk
            if row is not None
            else _newest(by_mandate.get((answer.mandate, answer.amount_minor or 0), []), answer.on)
        )
        for pk in [one] if one is not None else _whole(answer):
            # What came back came back, whatever else the file says of it.
            if pk not in found or found[pk].kind == "collected":
                found[pk] = answer
    return found


def _newest(orders: list[tuple[dt.date, int]], on: dt.date | None) -> int | None:
    known = [pk for day, pk in orders if on is None or day <= on]
    return known[-1] if known else None


def _whole(answer: Answer) -> list[int]:
    """The orders of a file or a block that the bank rejected as a whole."""
    said = _OURS.fullmatch(answer.file)
    if said is None or answer.reference or answer.kind != "rejected":
        return []
    rows = DebitOrder.objects.filter(run=int(said[1]), state=OrderState.SENT)
    if answer.block.endswith(("-FRST", "-RCUR")):
        rows = rows.filter(first=answer.block.endswith("-FRST"))
    return list(rows.values_list("pk", flat=True))


@step
def do_answer(op: Operation, *, order: DebitOrder, kind: str, code: str, meaning: str, on: dt.date | None) -> bool:
    """What the bank says of one order is done; false where it was done before."""
    lock([order.customer_id])
    row = DebitOrder.objects.select_for_update(of=("self",)).select_related("run", "mandate").get(pk=order.pk)
    day = min(on or op.today, op.today)
    if kind == "collected":
        if row.state != OrderState.SENT:
            return False
        _paid(op, [row], [max(day, row.run.on) if row.run.on <= op.today else day])
        return True
    if row.state not in (OrderState.SENT, OrderState.COLLECTED):
        return False
    sent = row.run.sent_at.date() if row.run.sent_at else day
    take_back(op, row, code, max(day, sent), rejected=kind == "rejected", meaning=meaning)
    return True
