"""Every read of open items. Each figure has one definition, here; a past day is always the same arithmetic.

What was open on a day = what is open now + what was settled after that day. Today's figures therefore read only the
items still open, and a figure of the past adds the settlements since.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import Account, billing_addresses, letterheads_of
from counterfoil.documents.parties import Party
from counterfoil.documents.speech import Speech
from counterfoil.kernel.money import round_minor
from counterfoil.kernel.periods import Period
from counterfoil.ledger.models import Posting
from counterfoil.operator.terms import terms_words
from counterfoil.platform.bulk import among
from counterfoil.platform.grants import declare_view
from counterfoil.platform.joints import joint
from counterfoil.receivables import rules
from counterfoil.receivables.models import Allocation, BucketSet, CreditPolicy, Dispute, OpenItem, SetAside, Standing

declare_view("receivables.view", "See what customers owe: items, age analysis, statements")


@joint
def open_requests(customer: Customer, /) -> list[tuple[str, str, bool]]:
    """Many are asked: what the customer asked that a statement could answer, each with its words, and whether it asks
    for one; what asks for one comes first."""
    raise NotImplementedError


# ------------------------------------------------------------------ items of one customer


def items_of(customer: Customer, on: dt.date) -> list[rules.ItemState]:
    """Every item dated up to a day, as it stood then."""
    return items_of_many([customer.pk], on)[customer.pk]


def items_of_many(customers: Collection[int], on: dt.date) -> dict[int, list[rules.ItemState]]:
    """The same of many customers."""
    rows = OpenItem.objects.filter(among("customer", customers), on__lte=on)
    owners, found = dict(rows.values_list("pk", "customer_id")), {pk: list[rules.ItemState]() for pk in customers}
    for state in states_of(rows, on, customers):
        found[owners[state.id]].append(state)
    return found


def open_items_of(customer: Customer, on: dt.date) -> list[rules.ItemState]:
    """The items that were open on a day, oldest due date first."""
    later = _settled_after(on, [customer.pk])
    still = Q(open_minor__gt=0) | Q(pk__in=list(later)) if later else Q(open_minor__gt=0)
    states = states_of(OpenItem.objects.filter(still, customer=customer, on__lte=on), on, [customer.pk], later)
    return sorted((state for state in states if state.open_minor), key=rules.oldest_first)


def standings_of(items: Collection[int]) -> dict[int, rules.ItemState]:
    """Items (by key) as they stand now, with what is in dispute of them."""
    today = timezone.localdate()
    owners: dict[dt.date, dict[int, int]] = defaultdict(dict)
    for pk, on, customer in OpenItem.objects.filter(among("pk", items)).values_list("pk", "on", "customer_id"):
        owners[max(today, on)][pk] = customer
    return {
        state.id: state
        for day, found in owners.items()
        for state in states_of(OpenItem.objects.filter(among("pk", found)), day, set(found.values()))
    }


def _settled_after(on: dt.date, customers: Collection[int] | None = None) -> dict[int, int]:
    """What was settled of each item after a day; nothing for today, so one cheap look at the index."""
    moved = Allocation.objects.filter(on__gt=on)
    if customers is not None:
        moved = moved.filter(among("debit__customer", customers))
    later: dict[int, int] = defaultdict(int)
    for debit, credit, minor in moved.values_list("debit_id", "credit_id", "amount_minor"):
        later[debit] += minor
        later[credit] += minor
    return later


_STATE = ("pk", "kind", "side", "number", "on", "due_on", "amount_minor", "open_minor", "text", "reference")


def states_of(
    items: QuerySet[OpenItem],
    on: dt.date,
    customers: Collection[int] | None = None,
    later: dict[int, int] | None = None,
) -> list[rules.ItemState]:
    """The items as they stood on a day, in four queries however many."""
    later = _settled_after(on, customers) if later is None else later
    disputes = Dispute.objects.all()
    disputed = _disputed(disputes if customers is None else disputes.filter(among("item__customer", customers)), on)
    aside = _set_aside(customers, on)
    states = []
    rows = items.order_by("on", "pk").values_list(*_STATE)
    for pk, kind, side, number, day, due_on, amount, now_open, text, reference in rows:
        left = now_open + later.get(pk, 0)
        states.append(
            rules.ItemState(
                id=pk, kind=kind, side=side, number=number, on=day, due_on=due_on, amount_minor=amount,
                open_minor=left, disputed_minor=min(disputed.get(pk, 0), left), text=text, reference=reference,
                set_aside=pk in aside,
            )
        )  # fmt: skip
    return states


def _set_aside(customers: Collection[int] | None, on: dt.date) -> set[int]:
    rows = SetAside.objects.filter(Q(released_on__isnull=True) | Q(released_on__gt=on), since__lte=on)
    if customers is not None:
        rows = rows.filter(among("item__customer", customers))
    return set(rows.values_list("item_id", flat=True))


def _disputed(disputes: QuerySet[Dispute], on: dt.date) -> dict[int, int]:
    standing = disputes.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=on), opened_on__lte=on)
    sums: dict[int, int] = defaultdict(int)
    for item, minor in standing.values_list("item_id", "amount_minor"):
        sums[item] += minor
    return sums


# ------------------------------------------------------------------ account credit


def credit_settles_bills() -> bool:
    """Whether account credit settles what is billed by itself (domain 5.3); it does where nobody said otherwise."""
    said = CreditPolicy.objects.order_by("-pk").values_list("settles_bills", flat=True).first()
    return True if said is None else said


def set_aside_among(items: Collection[int]) -> set[int]:
    """Those of the items that are set aside today."""
    rows = SetAside.objects.filter(among("item", items), released_on__isnull=True)
    return set(rows.values_list("item_id", flat=True))


def set_aside_now(item: str) -> Exists:
    """Whether the credit that a row names so is set aside."""
    return Exists(SetAside.objects.filter(item=OuterRef(item), released_on__isnull=True))


def disputed_now(item: str) -> Coalesce:
    """What is in dispute of the debit that a row names so, in minor units."""
    # One dispute of a debit is open at most.
    standing = Dispute.objects.filter(item=OuterRef(item), closed_on__isnull=True).values("amount_minor")
    return Coalesce(Subquery(standing[:1]), 0)


def set_aside_of(item_id: int) -> list[SetAside]:
    """What an item was set aside for, the newest first."""
    return list(SetAside.objects.filter(item=item_id).order_by("-pk"))


def credit_towards(customer: Customer, minor: int, due_on: dt.date, on: dt.date) -> int:
    """How much of an invoice to come account credit would settle as it is issued, in minor units."""
    if not credit_settles_bills():
        return 0
    items = open_items_of(customer, on)
    credit = sum(item.open_minor for item in items if not item.is_debit and not item.set_aside)
    # Its number is the newest, so of what is due that day it comes last.
    before = sum(item.open_minor for item in items if item.is_debit and item.due_on <= due_on)
    return max(min(credit - before, minor), 0)


# ------------------------------------------------------------------ figures


@dataclass(frozen=True)
class Figures:
    """The figures of an account as of a day, in minor units; each is defined in domain 11.2."""

    currency: str
    balance_minor: int
    total_due_minor: int
    overdue_minor: int
    credit_minor: int
    set_aside_minor: int
    disputed_minor: int
    open_items: int
    oldest_days: int

    @property
    def is_current(self) -> bool:
        return self.overdue_minor == 0


def figures(customer: Customer, on: dt.date, items: Sequence[rules.ItemState] | None = None) -> Figures:
    """Balance, total due, overdue (disputed amounts included), credit and dispute of one customer.

    Account credit that is not set aside covers what is overdue: nobody in credit is late (domain 5.3).
    """
    standing = open_items_of(customer, on) if items is None else items
    debits = [item for item in standing if item.is_debit]
    late = [item for item in debits if item.days_late(on) > 0]
    credit = sum(item.open_minor for item in standing if not item.is_debit)
    aside = sum(item.open_minor for item in standing if item.set_aside)
    due = sum(item.open_minor for item in debits)
    overdue = max(sum(item.open_minor for item in late) - (credit - aside), 0)
    return Figures(
        currency=customer.currency,
        balance_minor=due - credit,
        total_due_minor=due,
        overdue_minor=overdue,
        credit_minor=credit,
        set_aside_minor=aside,
        disputed_minor=sum(item.disputed_minor for item in debits),
        open_items=len(debits),
        oldest_days=max((item.days_late(on) for item in late), default=0) if overdue else 0,
    )


def days_to_pay(customer: Customer, on: dt.date, last: int = 12) -> int | None:
    """Average days from invoice to its last payment, half up, over the last invoices settled by payments alone.

    None when nothing was paid yet. What a credit note settled was not paid, and says nothing about how somebody pays.
    """
    standing = Allocation.objects.filter(debit=OuterRef("pk"), undoes__isnull=True, undone_by__isnull=True).order_by()
    money = Q(credit__kind="receipt") | Q(credit__kind="transfer_in")
    paid = (
        OpenItem.objects.filter(customer=customer, kind="invoice", open_minor=0, on__lte=on)
        .filter(Exists(standing.filter(money)), ~Exists(standing.exclude(money)))
        .annotate(settled_on=Subquery(standing.order_by("-on").values("on")[:1]))
        .filter(settled_on__lte=on)
        .order_by("-on", "-pk")[:last]
        .values_list("on", "settled_on")
    )
    days = [(settled - start).days for start, settled in paid]
    return round_minor(Decimal(sum(days)) / len(days)) if days else None


def outdated(on: dt.date) -> Q:
    """A condition on standings whose overdue amount is not that of the day."""
    return Q(until_on__lt=on) | Q(after_on__gte=on)


def outdated_standings(on: dt.date, limit: int) -> list[int]:
    """The first customers whose standing is not of the day."""
    return list(Standing.objects.filter(outdated(on)).order_by("pk").values_list("pk", flat=True)[:limit])


# ------------------------------------------------------------------ ageing


def default_bucket_set() -> BucketSet:
    """The set that is used when none is chosen."""
    return BucketSet.objects.prefetch_related("buckets").get(is_default=True)


def bucket_sets() -> list[BucketSet]:
    """The sets that may be chosen."""
    return list(BucketSet.objects.filter(active=True).order_by("-is_default", "name"))


def bucket_rules(bucket_set: BucketSet) -> list[rules.BucketRule]:
    """The buckets as values."""
    return [rules.BucketRule(row.label, row.days_from, row.days_to) for row in bucket_set.buckets.all()]


# ------------------------------------------------------------------ why


@dataclass(frozen=True)
class AllocationRow:
    """What an item was settled with (or settles), from the item's point of view."""

    id: int
    on: dt.date
    item_id: int
    number: str
    kind: str
    amount_minor: int
    can_undo: bool
    undoes: bool


def allocations_of(item_id: int) -> list[AllocationRow]:
    """Every settlement of an item, undone ones included, in order."""
    rows = (
        Allocation.objects.filter(Q(debit=item_id) | Q(credit=item_id))
        .select_related("debit", "credit")
        .annotate(undone=Count("undone_by"))
        .order_by("on", "pk")
    )
    result = []
    for row in rows:
        other = row.credit if row.debit_id == item_id else row.debit
        bound = {row.debit.kind, row.credit.kind} & rules.BOUND_KINDS
        can_undo = row.undoes_id is None and not row.undone and not bound
        result.append(
            AllocationRow(
                row.pk, row.on, other.pk, other.number, other.get_kind_display(), row.amount_minor, can_undo,
                row.undoes_id is not None,
            )
        )  # fmt: skip
    return result


@dataclass(frozen=True)
class PostingRow:
    """A posting as a bookkeeper reads it."""

    on: dt.date
    source: str
    number: str
    account: str
    debit_minor: int
    credit_minor: int


def postings_of(item_id: int) -> list[PostingRow]:
    """The postings behind an item: the bottom of every "why?"."""
    entry = OpenItem.objects.filter(pk=item_id).values("entry")
    rows = Posting.objects.filter(entry__in=entry).select_related("entry", "account").order_by("pk")
    return [
        PostingRow(
            row.entry.on, row.entry.source, row.entry.number, str(row.account), max(row.amount_minor, 0),
            max(-row.amount_minor, 0),
        )
        for row in rows
    ]  # fmt: skip


# ------------------------------------------------------------------ lists and statements


def credits_of(customer: Customer) -> QuerySet[OpenItem]:
    """Issued credits, debit memos, adjustments, write-offs and opening balances, newest first."""
    kinds = ("credit", "debit_memo", "adjustment", "write_off", "opening")
    return OpenItem.objects.filter(customer=customer, kind__in=kinds).select_related("customer").order_by("-on", "-pk")


def opening_balances(customers: Iterable[int]) -> dict[int, int]:
    """With what each of these customers (by id) began here: owed above zero, credit below. Only those who have one."""
    items = OpenItem.objects.filter(among("customer", customers), kind="opening")
    found: dict[int, int] = defaultdict(int)
    for item in items:
        found[item.customer_id] += item.signed_minor
    return dict(found)


def _last_zero_balance(moved: Sequence[tuple[dt.date, int]]) -> dt.date | None:
    """The last of these days (in order, with what was charged or settled) on which nothing was owed at its end."""
    balance, last = 0, None
    totals: dict[dt.date, int] = defaultdict(int)
    for day, minor in moved:
        totals[day] += minor
    for day, minor in totals.items():
        balance += minor
        if balance <= 0:
            last = day
    return last


def default_statement_period(customer: Customer, on: dt.date) -> Period:
    """Since the last zero balance, at most a year; at least this month."""
    return default_statement_periods([customer.pk], on)[customer.pk]


def default_statement_periods(customers: Collection[int], on: dt.date) -> dict[int, Period]:
    """The same of many customers."""
    moved: dict[int, list[tuple[dt.date, int]]] = {pk: [] for pk in customers}
    for item in (
        OpenItem.objects.filter(among("customer", customers))
        .order_by("on")
        .only("customer_id", "on", "side", "amount_minor")
    ):
        moved[item.customer_id].append((item.on, item.signed_minor))
    found = {}
    for pk, days in moved.items():
        zero = _last_zero_balance([row for row in days if row[0] <= on])
        start = zero + dt.timedelta(days=1) if zero else days[0][0] if days else on
        found[pk] = Period.through(min(max(start, on - dt.timedelta(days=365)), on.replace(day=1)), on)
    return found


def statement_of(
    customer: Customer, period: Period, style: rules.Style = "balance_forward", as_of: dt.date | None = None
) -> rules.Statement:
    """A customer's statement for any period; its opening is the closing of the period before."""
    return statements_of([(customer, period)], style, as_of)[0]


def statements_of(
    wanted: Sequence[tuple[Customer, Period]], style: rules.Style = "balance_forward", as_of: dt.date | None = None
) -> list[rules.Statement]:
    """The same of many customers, in order; a constant number of queries for each last day there is."""
    items = {
        last: items_of_many([customer.pk for customer, period in wanted if period.last == last], last)
        for last in {period.last for _, period in wanted}
    }
    chosen, houses = default_bucket_set(), letterheads_of(customer for customer, _ in wanted)
    buckets, addresses = bucket_rules(chosen), billing_addresses([customer.pk for customer, _ in wanted])
    made = []
    for customer, period in wanted:
        theirs = items[period.last][customer.pk]
        opening, lines, closing = rules.statement_lines(theirs, period, style)
        standing = [item for item in theirs if item.open_minor]
        made.append(
            rules.Statement(
                customer=party(customer, addresses.get(customer.pk, ""), houses[customer.pk].speech),
                operator=houses[customer.pk],
                currency=customer.currency,
                period=period,
                style=style,
                opening_minor=opening,
                lines=lines,
                closing_minor=closing,
                ageing=rules.age(standing, buckets, period.last, basis=chosen.basis),
                parts=rules.pay_now(standing, period.last),
                as_of=as_of or period.last,
            )
        )
    return made


def brought_numbers(kind: str, form: str) -> list[str]:
    """Numbers of credits that another system gave, those that match the regular expression."""
    rows = OpenItem.objects.filter(kind="credit", reference=rules.BROUGHT_IN, number__regex=form)
    return list(rows.values_list("number", flat=True)) if kind == "credit" else []


def party(customer: Customer | Account, address: str, speech: Speech) -> Party:
    """The customer as printed on documents today."""
    terms = speech.say(terms_words(customer.terms_rule, customer.terms_days), n=customer.terms_days)
    return Party(customer.name, customer.number, address, customer.tax_number, terms)


def party_of(customer: Customer, speech: Speech) -> Party:
    """The same of one customer, the address looked up."""
    return party(customer, billing_addresses([customer.pk]).get(customer.pk, ""), speech)
