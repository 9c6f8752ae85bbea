"""Every read of receipts and refunds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible, theirs, theirs_sql
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import date_text
from counterfoil.operator.models import Lookup
from counterfoil.operator.queries import all_lookups
from counterfoil.payments import rules
from counterfoil.payments.models import Receipt, ReceiptReversal, Refund, with_method
from counterfoil.platform import bulk, fulltext
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.receivables.queries import set_aside_now
from counterfoil.receivables.rules import BOUND_KINDS

declare_view("payments.view", "See payments and refunds")


def methods(codes: Collection[str] = ()) -> dict[str, Lookup]:
    """The ways to pay by their codes, or those of the codes, whether they are offered or not."""
    kind = Lookup.Kind.PAYMENT_METHOD.value
    if len(codes) == 1:  # as each payment asks it
        return {row.code: row for row in bulk.found(Lookup, "kind = %s AND code = %s", [kind, *codes])}
    rows = all_lookups().filter(kind=kind)
    return {row.code: row for row in (rows.filter(code__in=codes) if codes else rows)}


def methods_offered(on: dt.date) -> list[tuple[str, str]]:
    """Those that can be chosen on a day, each code with its name, in their order."""
    return [(row.code, row.name) for row in methods().values() if row.is_offered(on)]


def usual_method(on: dt.date) -> str:
    """The first of them, which a form begins with."""
    return next((code for code, _ in methods_offered(on)), "")


def check_method(known: Mapping[str, Lookup], method: str, on: dt.date | None) -> str:
    """What the way is called. Refused unless there is such a one, which can be chosen on the day, if one is given."""
    row = known.get(method)
    if row is None or (on is not None and not row.is_offered(on)):
        ways = ", ".join(one.name for one in methods().values() if on is None or one.is_offered(on))
        gone = f"{row.name} is not offered on {date_text(on)}. " if row is not None and on is not None else ""
        raise Refused("unknown_choice", f"{gone}Choose how it is paid: {ways}.", field="method")
    return row.name


def receipts_of(customer: Customer) -> QuerySet[Receipt]:
    """A customer's payments, newest first, with whether what is left of each is set aside (`is_aside`)."""
    rows = Receipt.objects.filter(theirs(customer)).select_related("item", "reversal", "customer")
    return with_method(with_aside(rows)).order_by("-on", "-pk")


def with_aside(receipts: QuerySet[Receipt]) -> QuerySet[Receipt]:
    """With whether what is left of each is set aside (`is_aside`)."""
    return receipts.annotate(is_aside=set_aside_now("item"))


def refunds_of(customer: Customer) -> QuerySet[Refund]:
    """Money paid back to a customer, newest first."""
    return with_method(Refund.objects.filter(theirs(customer)).select_related("item")).order_by("-on", "-pk")


def receipt_of_item(item_id: int) -> Receipt | None:
    """The receipt behind an open item."""
    return Receipt.objects.filter(item=item_id).first()


def last_receipt(customer: Customer, on: dt.date) -> Receipt | None:
    """The newest payment up to a day that was not reversed by then."""
    standing = Q(reversal__isnull=True) | Q(reversal__on__gt=on)
    return receipts_of(customer).filter(standing, on__lte=on).first()


def money_items(customer: Customer) -> QuerySet[OpenItem]:
    """Money received, on this account or brought over from one that was merged into it, oldest first."""
    received = Receipt.objects.filter(theirs(customer)).values("number")
    moved = Q(kind="transfer_in", side="credit", reference__in=received)
    return OpenItem.objects.filter(Q(kind="receipt") | moved, customer=customer).order_by("on", "pk")


def other_credit(customer: Customer, on: dt.date) -> QuerySet[OpenItem]:
    """Account credit by a day that is no money, oldest first: refunding it gives back money that settled something."""
    rows = OpenItem.objects.filter(customer=customer, side="credit", open_minor__gt=0, on__lte=on)
    return rows.exclude(pk__in=money_items(customer).values("pk")).order_by("on", "pk")


def money_at_work(customer: Customer, on: dt.date) -> QuerySet[Allocation]:
    """What money received by a day settles and could stop settling, the newest first."""
    rows = Allocation.objects.filter(
        credit__in=money_items(customer).filter(on__lte=on), undoes__isnull=True, undone_by__isnull=True
    )
    return rows.exclude(debit__kind__in=BOUND_KINDS).select_related("debit").order_by("-on", "-pk")


def refundable(customer: Customer, on: dt.date) -> int:
    """The most that can be refunded, in minor units: account credit, up to the money received less what went back."""

    def total(rows: QuerySet[Any], field: str) -> int:
        return rows.aggregate(s=Sum(field))["s"] or 0

    free = total(money_items(customer).filter(on__lte=on), "open_minor")
    others = total(other_credit(customer, on), "open_minor")
    return free + (min(others, total(money_at_work(customer, on), "amount_minor")) if others else 0)


def likely_duplicates(customer: Customer, amount_minor: int, on: dt.date, reference: str = "") -> list[Receipt]:
    """Payments that look like the same one: same amount within a few days, and no two different references."""
    near = dt.timedelta(days=rules.DUPLICATE_DAYS)
    accounts, keys = theirs_sql(customer)
    # Nearly always there is none.
    same = bulk.asked(_SAME.format(accounts=accounts), [*keys, amount_minor, on - near, on + near])
    found = [pk for pk, *row in same if rules.looks_like_duplicate(amount_minor, on, reference, *row)]
    if not found:
        return []
    return list(Receipt.objects.filter(pk__in=found, reversal__isnull=True).order_by("-on", "-pk"))


# From the accounts to their payments, which an index finds however many there are.
_SAME = """
    SELECT r.id, r.amount_minor, r."on", r.reference
        FROM ({accounts}) AS c JOIN payments_receipt r ON r.customer_id = c.id
        WHERE r.amount_minor = %s AND r."on" BETWEEN %s AND %s
"""


def received_on(caller: Caller, day: dt.date) -> dict[str, tuple[int, int]]:
    """How many payments of a day stand in each currency, and what they come to in its minor units."""
    # By the day of its open item, which has an index.
    rows = of_visible(caller, Receipt.objects.filter(item__on=day, reversal=None)).order_by()
    found = rows.values_list("currency").annotate(Count("pk"), Sum("amount_minor"))
    return {code: (count, minor) for code, count, minor in found}


def reversed_since(customer: Customer, since: dt.date) -> list[ReceiptReversal]:
    """Payments that turned out to be none since a day, those of merged accounts included, newest first."""
    rows = ReceiptReversal.objects.filter(theirs(customer, "receipt__customer"), on__gte=since)
    return list(rows.select_related("receipt").order_by("-on", "-pk"))


def receipts_numbered(caller: Caller, text: str, limit: int) -> list[Receipt]:
    """Receipts whose number starts with the text, or is that number of our series, the last one first."""
    here = fulltext.starting("number", text.upper())
    if text.isdecimal() and len(text) < 18:
        here |= Q(sequence_no=int(text)) | fulltext.starting("number", text)
    rows = of_visible(caller, Receipt.objects.filter(here))
    return list(rows.select_related("customer").order_by("-pk")[:limit])
