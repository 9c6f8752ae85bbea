"""Every read for debit orders."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum

from counterfoil.collections.queries import promised
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import visible
from counterfoil.debits import rules
from counterfoil.debits.models import (
    BillingDetails,
    DebitOrder,
    DebitPart,
    DebitPolicy,
    DebitRun,
    DebitScheme,
    Mandate,
)
from counterfoil.payments.models import Method
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.queries import disputed_now, set_aside_now
from counterfoil.suspension.queries import holidays

declare_view("debits.view", "See mandates and debit orders")

_RUN_STATES = DebitRun.State
# So many customers are looked at together: memory stays flat in a run of any size.
_TOGETHER = 2_000


def policy() -> rules.Policy:
    """What the operator decided; until then the usual."""
    row = DebitPolicy.objects.order_by("-pk").first()
    if row is None:
        return rules.Policy()
    return rules.Policy(row.least_minor, row.fee_minor, row.most_tries, row.on_day, row.second_person, row.notices)


def schemes() -> list[DebitScheme]:
    """The ways in which the operator collects now."""
    return list(DebitScheme.objects.filter(retired_on=None).select_related("bank_account").order_by("pk"))


def all_schemes() -> QuerySet[DebitScheme]:
    """Those that were given up too."""
    return DebitScheme.objects.select_related("bank_account").order_by("retired_on", "pk")


def ways_offered(currency: str) -> list[tuple[str, str]]:
    """The ways in which a mandate of a currency can be collected here."""
    used = {row.way for row in schemes()}
    return [(code, way.label) for code, way in rules.WAYS.items() if code in used and way.currency == currency]


def method_of(customer: Customer) -> str:
    """The code of how a customer pays; empty where nothing was agreed."""
    return BillingDetails.objects.filter(customer=customer).values_list("method", flat=True).first() or ""


def mandate_of(customer: Customer) -> Mandate | None:
    """The mandate that holds now, signed or not."""
    return Mandate.objects.filter(customer=customer, ended_on=None).first()


def mandates_of(customer: Customer) -> QuerySet[Mandate]:
    """All mandates of a customer, the newest first."""
    return Mandate.objects.filter(customer=customer).select_related("document").order_by("-pk")


def orders_of(customer: Customer) -> QuerySet[DebitOrder]:
    """What the bank was asked to collect of a customer, the newest first."""
    rows = DebitOrder.objects.filter(customer=customer).exclude(state__in=("chosen", "left_out"))
    return rows.select_related("run", "mandate", "receipt").order_by("-pk")


def waiting_of(customer: Customer) -> DebitOrder | None:
    """What is being collected of a customer: chosen, or with the bank."""
    under_way = (_RUN_STATES.FROZEN, _RUN_STATES.APPROVED, _RUN_STATES.SENT)
    rows = DebitOrder.objects.filter(customer=customer, state__in=("chosen", "sent"), run__state__in=under_way)
    return rows.select_related("run", "mandate").order_by("pk").first()


def runs() -> QuerySet[DebitRun]:
    """All runs with what they come to, the newest first."""
    return DebitRun.objects.select_related("scheme__bank_account").order_by("-on", "-pk")


def under_way() -> QuerySet[DebitRun]:
    """Runs of which something is to be done, or waited for; the first to collect first."""
    return runs().exclude(state__in=(_RUN_STATES.DONE, _RUN_STATES.CANCELLED)).order_by("on", "pk")


def orders_in(caller: Caller, run: DebitRun) -> QuerySet[DebitOrder]:
    """What a run collects and holds back, of the customers that the caller may see."""
    rows = DebitOrder.objects.filter(run=run, customer__in=visible(caller).order_by())
    return rows.select_related("customer", "mandate", "receipt").order_by("pk")


def _seen(run: DebitRun, caller: Caller | None) -> QuerySet[DebitOrder]:
    """The orders of a run; of those customers that somebody limited may see."""
    rows = DebitOrder.objects.filter(run=run).order_by()
    return rows.filter(customer__in=visible(caller).order_by()) if caller is not None and caller.is_scoped else rows


def run_sums(run: DebitRun, caller: Caller | None = None) -> dict[str, tuple[int, int]]:
    """How many orders there are and what they come to, by state."""
    rows = _seen(run, caller).values_list("state")
    return {state: (n, total) for state, n, total in rows.annotate(n=Count("pk"), total=Sum("amount_minor"))}


def reasons_in(run: DebitRun, state: str, caller: Caller | None = None) -> list[tuple[str, str, int, int]]:
    """Why orders are on hold or came back: code, an example in words, how many, and what they come to."""
    # What differs from one customer to the next is said in general.
    rows = _seen(run, caller).filter(state=state).values("code")
    found = rows.annotate(n=Count("pk"), total=Sum("amount_minor"), said=Subquery(
        DebitOrder.objects.filter(run=run, state=state, code=OuterRef("code")).order_by("pk").values("said")[:1]
    ))  # fmt: skip
    told = [
        (row["code"], rules.IN_GENERAL.get(row["code"], row["said"]), row["n"], row["total"]) for row in found
    ]  # fmt: skip
    return sorted(told, key=lambda row: (-row[2], row[1]))


def collection_days() -> frozenset[dt.date]:
    """Days on which nothing is collected, whatever the currency: the operator's holidays."""
    return frozenset(holidays())


def first_possible(today: dt.date) -> dt.date:
    """The first day on which the first of the ways can collect."""
    way = rules.WAYS[next((row.way for row in schemes()), "netcash")]
    return rules.first_possible(today, way.lead_days, way.currency, collection_days())


def reaches_bank_by(run: DebitRun) -> dt.date:
    """The last day on which the bank can be given the file."""
    way = rules.WAYS[run.scheme.way]
    return rules.reaches_bank_by(run.on, way.lead_days, run.currency, collection_days())


# ------------------------------------------------------------------ choosing


def candidates(way: str, currency: str, day: int | None) -> list[tuple[int, int | None]]:
    """Who pays by debit order in this way, with their mandate; who has none is a candidate of every way."""
    pays = BillingDetails.objects.filter(method=Method.DEBIT_ORDER).values("customer")
    held = Mandate.objects.filter(ended_on=None, way=way, currency=currency, customer__in=pays)
    if day is not None:
        held = held.filter(Q(day=None) | Q(day=day))
    found: list[tuple[int, int | None]] = list(held.values_list("customer", "pk"))
    without = BillingDetails.objects.filter(method=Method.DEBIT_ORDER, customer__currency=currency).exclude(
        customer__in=Mandate.objects.filter(ended_on=None).values("customer")
    )
    return sorted([*found, *((pk, None) for pk in without.values_list("customer", flat=True))])


def chosen(scheme: DebitScheme, on: dt.date, day: int | None) -> list[tuple[int, int | None, rules.Choice]]:
    """What to collect of whom: customer, mandate, and the choice. Nobody who owes nothing."""
    way = rules.WAYS[scheme.way]
    found, now = [], policy()
    asked = candidates(scheme.way, way.currency, day)
    for start in range(0, len(asked), _TOGETHER):
        some = asked[start : start + _TOGETHER]
        customers = [customer for customer, _ in some]
        owed, credit = owed_by(customers, way.currency, on), credit_of(customers, way.currency)
        terms = {row.pk: row for row in Mandate.objects.filter(among("pk", [pk for _, pk in some if pk]))}
        ahead = promised(customers, on)
        for customer, pk in some:
            choice = rules.choose(
                owed.get(customer, ()), _terms(terms.get(pk or 0)), now, way.currency, on,
                credit_minor=credit.get(customer, 0), promised=ahead.get(customer),
            )  # fmt: skip
            if choice is not None:
                found.append((customer, pk, choice))
    return found


def _terms(row: Mandate | None) -> rules.Terms | None:
    if row is None:
        return None
    return rules.Terms(row.signed_on, row.collected_on, row.most_minor, row.way)


def owed_by(customers: Collection[int], currency: str, on: dt.date) -> dict[int, list[rules.Owed]]:
    """What is due by a day, of each customer, without what another run holds."""
    rows = OpenItem.objects.filter(
        among("customer_id", customers), currency=currency, side="debit", open_minor__gt=0, due_on__lte=on
    ).exclude(pk__in=DebitPart.objects.filter(held=True).values("item"))
    rows = rows.order_by().annotate(disputed=disputed_now("pk"))
    values = list(rows.values_list("customer_id", "pk", "due_on", "open_minor", "disputed"))
    tries = _tries(customers)
    owed: dict[int, list[rules.Owed]] = defaultdict(list)
    for customer, item, due_on, minor, disputed in values:
        owed[customer].append(rules.Owed(item, due_on, minor, disputed or 0, tries.get(item, 0)))
    return owed


def _tries(customers: Collection[int]) -> dict[int, int]:
    rows = DebitPart.objects.filter(among("order__customer_id", customers), returned=True, item__open_minor__gt=0)
    return dict(rows.order_by().values_list("item").annotate(n=Count("pk")))


def credit_of(customers: Collection[int], currency: str) -> dict[int, int]:
    """What each customer has in credit and nobody set aside: it is not collected again."""
    rows = OpenItem.objects.filter(among("customer_id", customers), currency=currency, side="credit", open_minor__gt=0)
    rows = rows.exclude(set_aside_now("pk")).order_by()
    return dict(rows.values_list("customer_id").annotate(total=Sum("open_minor")))


def paid_since(run: DebitRun) -> list[int]:
    """Orders of which something is not open any more, or whose mandate has ended: they are not collected."""
    rows = DebitPart.objects.filter(order__run=run, order__state=DebitOrder.State.CHOSEN)
    less = rows.annotate(disputed=disputed_now("item_id")).filter(
        item__open_minor__lt=F("amount_minor") + F("disputed")
    )
    ended = DebitOrder.objects.filter(run=run, state=DebitOrder.State.CHOSEN).exclude(mandate__ended_on=None)
    return sorted({*less.values_list("order", flat=True), *ended.values_list("pk", flat=True)})


def standing_now(run: DebitRun) -> tuple[int, int, int]:
    """How many orders would be collected now, what they come to, and how many of them were paid or disputed since."""
    rows = DebitOrder.objects.filter(run=run, state=DebitOrder.State.CHOSEN)
    gone = paid_since(run)
    left = rows.exclude(among("pk", gone)).aggregate(count=Count("pk"), minor=Sum("amount_minor"))
    return left["count"], left["minor"] or 0, len(gone)


def sent_orders(run: DebitRun) -> QuerySet[DebitOrder]:
    """The orders that the file of a run says, in its order."""
    out = (DebitOrder.State.CHOSEN, DebitOrder.State.LEFT_OUT)
    return (
        DebitOrder.objects.filter(run=run).exclude(state__in=out).select_related("mandate", "customer").order_by("pk")
    )


def to_settle(today: dt.date) -> list[DebitRun]:
    """Runs whose day has come, with orders that count as paid unless the bank returns them."""
    if not policy().on_day:
        return []
    rows = DebitRun.objects.filter(state=_RUN_STATES.SENT, on__lte=today).filter(
        Q(job=None) | ~Q(job__finished_at=None)
    )
    waiting = DebitOrder.objects.filter(run=OuterRef("pk"), state=DebitOrder.State.SENT)
    return list(rows.filter(Exists(waiting)).order_by("on", "pk"))


def orders_named(references: Iterable[str]) -> dict[str, DebitOrder]:
    """Orders by their references."""
    rows = DebitOrder.objects.filter(reference__in=list(references)).select_related("run", "mandate", "customer")
    return {row.reference: row for row in rows}


def facts(run: DebitRun, caller: Caller | None = None) -> dict[str, Any]:
    """What a run comes to, for its page."""
    sums = run_sums(run, caller)

    def of(*states: str) -> tuple[int, int]:
        found = [sums[state] for state in states if state in sums]
        return sum(n for n, _ in found), sum(total for _, total in found)

    return {
        "chosen": of("chosen"), "held": of("left_out"), "sent": of("sent"), "collected": of("collected"),
        "returned": of("returned", "rejected"), "all": of(*sums),
        "reasons": reasons_in(run, "left_out", caller),
        "came_back": [*reasons_in(run, "returned", caller), *reasons_in(run, "rejected", caller)],
        "by": reaches_bank_by(run),
    }  # fmt: skip
