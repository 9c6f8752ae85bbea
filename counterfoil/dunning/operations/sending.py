"""Sending: for some customers at once, under their locks, each letter with what it charges and its message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from counterfoil.credit.queries import letters_speaking
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import billing_addresses, letterheads_of, lock
from counterfoil.customers.reaching import addresses_of
from counterfoil.documents.parties import Letterhead
from counterfoil.dunning.models import Correspondence, CorrespondenceItem, DunningRun, HeldLetter
from counterfoil.dunning.rules import NO_ADDRESS, Dunned, Left
from counterfoil.dunning.selecting import Account, Asked, Found, Selection
from counterfoil.dunning.writing import Written, as_html, write
from counterfoil.kernel.money import money_text
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import NewMessage, queue_messages
from counterfoil.messaging.rules import is_address
from counterfoil.platform.operations import Operation, step
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import NewMemo, raise_debit_memos


def asked_of(run: DunningRun) -> Asked:
    """Whom a run asks for."""
    return Asked(run.as_of, run.letter_set_id, run.collector_id, run.first_number, run.last_number)


@dataclass(frozen=True)
class _Ready:
    """A letter that can leave: to whom, what it says, and where to; nowhere where it is printed."""

    found: Found
    dunned: Dunned
    customer: Customer
    written: Written
    addresses: Sequence[str]
    house: Letterhead


@step
def send_letters(
    op: Operation, *, run: DunningRun, after: int, upto: int, customers: Collection[int], skipped: Mapping[str, int]
) -> bool:  # fmt: skip
    """These customers have their letters, and the run is through with everybody up to a key.

    Nothing happens where another worker came first: false. What was open when they were selected is looked at again
    under their locks, so that nobody is sent a letter about what was paid a moment ago.
    """
    row = DunningRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if row.reached != after:
        return False
    more = _send(op, row, customers)
    _count(row, Counter(skipped) + more)
    row.reached = upto
    row.save(update_fields=["reached", "skipped"])
    return True


@step
def send_held(op: Operation, *, run: DunningRun, customers: Collection[int]) -> None:
    """These customers, who were on hold, have their letters, or are on hold again."""
    row = DunningRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    held = HeldLetter.objects.filter(run=row, customer__in=customers)
    still = set(held.values_list("customer_id", flat=True))
    held.delete()
    _count(row, _send(op, row, still))
    row.save(update_fields=["skipped"])


@step
def finish_run(op: Operation, *, run: DunningRun) -> DunningRun:
    """Everybody was looked at; what is on hold waits."""
    row = DunningRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if row.state == DunningRun.State.DONE:
        return row
    row.state, row.finished_at = DunningRun.State.DONE, op.now
    row.save(update_fields=["state", "finished_at"])
    letters, held = (model.objects.filter(run=row).count() for model in (Correspondence, HeldLetter))
    op.record("dunning_run.finished", row, name=str(row), letters=letters, held=held)
    return row


def _count(run: DunningRun, more: Mapping[str, int]) -> None:
    run.skipped = dict(Counter(run.skipped) + Counter(more))


def _send(op: Operation, run: DunningRun, keys: Collection[int]) -> Counter[str]:
    """The letters of these customers; how many have none after all, by reason."""
    if not keys:
        return Counter()
    customers = lock(keys)
    accounts = [Account(row.pk, row.number, row.name, row.currency) for row in customers.values()]
    found = Selection(asked_of(run)).of(accounts)
    ready, left = _written(run, customers, found)
    if held := [(one, why) for one, why in left if why.held]:
        HeldLetter.objects.bulk_create(
            HeldLetter(run=run, customer_id=one.account.pk, site_id=one.site_id, code=why.code, said=why.said)
            for one, why in held
        )
    _post(op, run, ready)
    return Counter(why.code for _, why in left if not why.held)


def _written(
    run: DunningRun, customers: Mapping[int, Customer], found: Sequence[Found]
) -> tuple[list[_Ready], list[tuple[Found, Left]]]:
    reached = addresses_of(list(customers), "reminder")
    posted = billing_addresses(customers)
    houses = letterheads_of(customers.values())
    says = letters_speaking({one.decision.line.letter_id for one in found if isinstance(one.decision, Dunned)})
    ready: list[_Ready] = []
    left: list[tuple[Found, Left]] = []
    for one in found:
        customer = customers[one.account.pk]
        if isinstance(one.decision, Left):
            left.append((one, one.decision))
            continue
        addresses = [row.email for row in reached[customer.pk] if is_address(row.email)]
        if not addresses and customer.pk not in posted:
            left.append((one, NO_ADDRESS))
            continue
        house = houses[customer.pk]
        written = write(says(one.decision.line.letter_id, customer), customer, one.decision, house, run.as_of)
        ready.append(_Ready(one, one.decision, customer, written, addresses, house))
    return ready, left


def _post(op: Operation, run: DunningRun, ready: Sequence[_Ready]) -> None:
    messages = _messages(op, run, [row for row in ready if row.addresses])
    charged = _charge(op, run, ready)
    rows = [
        Correspondence(
            run=run, customer=row.customer, site_id=row.found.site_id, letter_id=row.dunned.line.letter_id,
            letter_set_id=row.found.letter_set_id or 0, level=row.dunned.level, on=run.as_of,
            currency=row.customer.currency, total_minor=row.dunned.total_minor,
            interest_minor=row.dunned.interest_minor, fee_minor=row.dunned.fee_minor,
            interest_item=charged.get((id(row), "interest")), fee_item=charged.get((id(row), "fee")),
            message=messages.get(id(row)),
            printed="" if row.addresses else f"{row.written.subject}\n\n{row.written.text}", at=op.now,
        )
        for row in ready
    ]  # fmt: skip
    Correspondence.objects.bulk_create(rows)
    CorrespondenceItem.objects.bulk_create(
        CorrespondenceItem(
            correspondence=made, item_id=item.id, open_minor=item.open_minor, disputed_minor=item.disputed_minor,
            days_late=item.days_late, level=item.level, interest_minor=item.interest_minor,
        )
        for made, row in zip(rows, ready, strict=True)
        for item in row.dunned.items
    )  # fmt: skip
    for made, row in zip(rows, ready, strict=True):
        charges = money_text(made.interest_minor + made.fee_minor, made.currency)
        op.record(
            "dunning.letter_sent", made, customer_id=made.customer_id, letter=row.dunned.line.letter,
            amount=money_text(made.total_minor, made.currency),
            how="by e-mail" if row.addresses else "to be printed",
            added=f", charging {charges}" if made.interest_minor + made.fee_minor else "",
        )  # fmt: skip


def _messages(op: Operation, run: DunningRun, ready: Sequence[_Ready]) -> dict[int, Message]:
    made = queue_messages(
        op,
        messages=[
            NewMessage(
                row.customer, "dunning", row.written.subject, row.written.text,
                as_html(row.written, row.customer, row.house), row.addresses, related=f"dunning:{run.pk}",
            )
            for row in ready
        ],
    )  # fmt: skip
    return {id(row): message for row, message in zip(ready, made, strict=True)}


def _charge(op: Operation, run: DunningRun, ready: Sequence[_Ready]) -> dict[tuple[int, str], OpenItem]:
    """The interest and the fees of the letters are owed; by letter and kind."""
    wanted = [
        ((id(row), kind), NewMemo(row.customer, minor, f"{row.house.speech.say(said)}, {row.dunned.line.letter}"))
        for row in ready
        for kind, said, minor in (
            ("interest", "Interest for late payment", row.dunned.interest_minor),
            ("fee", "Fee for late payment", row.dunned.fee_minor),
        )
        if minor
    ]
    items = raise_debit_memos(op, memos=[memo for _, memo in wanted], on=run.as_of)
    return {key: item for (key, _), item in zip(wanted, items, strict=True)}


@step
def erase_letters(op: Operation, *, customer: Customer) -> int:
    """Nothing is left of what letters on paper said to the customer; how many there were."""
    rows = list(Correspondence.objects.filter(customer=customer).exclude(printed=""))
    for row in rows:
        row.printed = ""
        row.save(update_fields=["printed"])
    op.keep(*rows, customer_id=customer.pk)
    return len(rows)
