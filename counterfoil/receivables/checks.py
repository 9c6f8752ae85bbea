"""Book checks of the receivables: open items, allocations and the ledger tell the same story."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum

from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.ledger.queries import customer_postings, unbalanced
from counterfoil.ledger.rules import TRANSFERS
from counterfoil.operator import numbering
from counterfoil.platform import bulk
from counterfoil.platform.checks import book_check
from counterfoil.receivables.models import Allocation, BucketSet, Dispute, OpenItem
from counterfoil.receivables.operations.policy import SEQUENCES
from counterfoil.receivables.rules import BROUGHT_IN, BucketRule, check_buckets


def _rows(sql: str, **parts: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement, in which `{name}` stands for a query of another app without parameters."""
    texts = {}
    for name, rows in parts.items():
        texts[name], parameters = bulk.as_sql(rows)
        assert not parameters, f"{name} has parameters."
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**texts))
        return list(cursor.fetchall())


@book_check
def items_match_the_ledger() -> Iterable[str]:
    """For every customer and currency, the receivable postings equal the open items' amounts."""
    for customer, currency, posted, items in _rows(
        """
        SELECT customer_id, currency, SUM(posted), SUM(items) FROM (
            SELECT p.customer_id, p.currency, SUM(p.amount_minor) AS posted, 0 AS items
            FROM ({postings}) AS p GROUP BY p.customer_id, p.currency
            UNION ALL
            SELECT customer_id, currency, 0,
                   SUM(CASE WHEN side = 'debit' THEN amount_minor ELSE -amount_minor END)
            FROM receivables_openitem GROUP BY customer_id, currency
        ) AS both_sides GROUP BY customer_id, currency HAVING SUM(posted) <> SUM(items) LIMIT 20
        """,
        postings=customer_postings().values("customer_id", "amount_minor", currency=F("entry__currency")),
    ):
        yield f"Customer {customer}: the ledger says {posted} {currency}, the open items say {items}."


@book_check
def each_item_matches_its_entry() -> Iterable[str]:
    """The entry of each item posts the item's amount to its customer."""
    for number, amount, posted in _rows(
        """
        SELECT i.number, CASE WHEN i.side = 'debit' THEN i.amount_minor ELSE -i.amount_minor END, SUM(p.amount_minor)
        FROM receivables_openitem i
        LEFT JOIN ({postings}) AS p ON p.entry_id = i.entry_id AND p.customer_id = i.customer_id
        GROUP BY i.id, i.number, i.side, i.amount_minor
        HAVING COALESCE(SUM(p.amount_minor), 0)
            <> CASE WHEN i.side = 'debit' THEN i.amount_minor ELSE -i.amount_minor END
        LIMIT 20
        """,
        postings=customer_postings().values("entry_id", "customer_id", "amount_minor"),
    ):
        yield f"Item {number} is {amount}, its entry posts {posted}."


@book_check
def each_item_is_dated_and_named_like_its_entry() -> Iterable[str]:
    """Day, currency, kind, number and text agree, so that the ledger and the ageing of any past day do."""
    same = Q(entry__on=F("on"), entry__currency=F("currency"), entry__source=F("kind"), entry__number=F("number"))
    wrong = OpenItem.objects.exclude(same & (Q(text="") | Q(entry__text=F("text"))))
    for item in wrong.select_related("entry")[:20]:
        yield f"Item {item.number} of {item.on} and its entry {item.entry} of {item.entry.on} differ."


@book_check
def what_is_not_billed_is_due_on_its_day() -> Iterable[str]:
    """Payments, what takes them back, and credit notes have no terms."""
    kinds = ("receipt", "reversal", "refund", "credit_note")
    for item in OpenItem.objects.filter(kind__in=kinds).exclude(due_on=F("on"))[:20]:
        yield f"Item {item.number} of {item.on} is due on {item.due_on}."


@book_check
def open_amounts_follow_from_allocations() -> Iterable[str]:
    """What is open of each item is its amount less what was allocated."""
    for number, open_minor, follows in _rows(
        """
        SELECT i.number, i.open_minor, i.amount_minor - COALESCE(a.settled, 0)
        FROM receivables_openitem i LEFT JOIN (
            SELECT item_id, SUM(amount_minor) AS settled FROM (
                SELECT debit_id AS item_id, amount_minor FROM receivables_allocation
                UNION ALL SELECT credit_id, amount_minor FROM receivables_allocation
            ) AS sides GROUP BY item_id
        ) AS a ON a.item_id = i.id
        WHERE i.open_minor <> i.amount_minor - COALESCE(a.settled, 0) LIMIT 20
        """
    ):
        yield f"Item {number} says {open_minor} is open; its allocations leave {follows}."


@book_check
def standings_follow_from_open_items() -> Iterable[str]:
    """What lists say a customer owes is what the open items add up to, on every day that it is said for.

    Credit that is not set aside covers what is overdue.
    """
    for number, balance, overdue, oldest, follows, late, first, within in _rows(
        """
        SELECT c.number, s.balance_minor, s.overdue_minor, s.oldest_due_on,
            COALESCE(i.balance, 0), CASE WHEN i.late > i.cover THEN i.late - i.cover ELSE 0 END, i.oldest,
            COALESCE(i.within, 0)
        FROM ({customers}) AS c LEFT JOIN receivables_standing s ON s.customer_id = c.id LEFT JOIN (
            SELECT o.customer_id,
                SUM(CASE WHEN o.side = 'debit' THEN o.open_minor ELSE -o.open_minor END) AS balance,
                SUM(CASE WHEN o.side = 'debit' AND o.due_on <= t.after_on THEN o.open_minor ELSE 0 END) AS late,
                SUM(CASE WHEN o.side = 'credit' AND a.id IS NULL THEN o.open_minor ELSE 0 END) AS cover,
                MIN(CASE WHEN o.side = 'debit' THEN o.due_on END) AS oldest,
                SUM(CASE WHEN o.side = 'debit' AND o.due_on > t.after_on AND o.due_on < t.until_on THEN 1 ELSE 0 END)
                    AS within
            FROM receivables_openitem o LEFT JOIN receivables_standing t ON t.customer_id = o.customer_id
                LEFT JOIN receivables_setaside a ON a.item_id = o.id AND a.released_on IS NULL
            WHERE o.open_minor > 0 GROUP BY o.customer_id
        ) AS i ON i.customer_id = c.id
        WHERE s.customer_id IS NULL OR s.balance_minor <> COALESCE(i.balance, 0)
            OR s.overdue_minor <> CASE WHEN i.late > i.cover THEN i.late - i.cover ELSE 0 END
            OR COALESCE(i.within, 0) <> 0
            OR s.oldest_due_on <> i.oldest OR (s.oldest_due_on IS NULL) <> (i.oldest IS NULL)
        LIMIT 20
        """,
        customers=Customer.objects.order_by().values("id", "number"),
    ):
        if balance is None:
            yield f"{number} has no standing: lists by what is owed leave it out."
        elif within:
            yield f"Lists say {number} has {overdue} overdue for longer than its open items do."
        else:
            yield (
                f"Lists say {number} owes {balance}, {overdue} of it overdue, the oldest due {oldest}; "
                f"the open items say {follows}, {late}, {first}."
            )


@book_check
def allocations_join_a_debit_and_a_credit_of_one_customer() -> Iterable[str]:
    """Sides, customers and currencies of each allocation agree, and it is not dated before its documents."""
    wrong = Allocation.objects.filter(
        ~Q(debit__side="debit")
        | ~Q(credit__side="credit")
        | ~Q(debit__customer=F("credit__customer"))
        | ~Q(debit__currency=F("credit__currency"))
        | Q(on__lt=F("debit__on"))
        | Q(on__lt=F("credit__on"))
    )
    for row in wrong[:20]:
        yield f"Allocation {row.pk} joins {row.debit_id} and {row.credit_id}, which do not belong together."
    for row in Allocation.objects.filter(undoes__isnull=False).exclude(
        amount_minor=-F("undoes__amount_minor"), debit=F("undoes__debit"), credit=F("undoes__credit")
    )[:20]:
        yield f"Allocation {row.pk} does not undo {row.undoes_id} exactly."


@book_check
def items_are_in_their_customers_currency() -> Iterable[str]:
    """One customer, one currency."""
    for item in OpenItem.objects.exclude(currency=F("customer__currency"))[:20]:
        yield f"Item {item.number} is in {item.currency}, its customer is not."


@book_check
def receivable_numbers_are_gapless() -> Iterable[str]:
    """Credits, debit memos, adjustments and write-offs use every number of their sequence once."""
    for key, _ in SEQUENCES:
        # A move has one number on both accounts.
        kind = "transfer_out" if key == "transfer" else key
        ours = OpenItem.objects.filter(kind=kind).exclude(kind="credit", reference=BROUGHT_IN)
        yield from numbering.number_gaps(key, ours.values_list("number", flat=True).iterator(chunk_size=5000))


@book_check
def every_debt_falls_into_one_bucket() -> Iterable[str]:
    """There is one default bucket set, and the buckets of each set are contiguous."""
    if BucketSet.objects.filter(is_default=True).count() != 1:
        yield "There is no default bucket set, or more than one."
    for row in BucketSet.objects.prefetch_related("buckets"):
        try:
            check_buckets([BucketRule(b.label, b.days_from, b.days_to) for b in row.buckets.all()])
        except Refused as refused:
            yield f"Bucket set {row.name}: {refused.sentence}"


@book_check
def disputes_are_within_their_item() -> Iterable[str]:
    """No dispute is larger than its item, older than it, or closed before it was opened."""
    for row in Dispute.objects.filter(Q(opened_on__lt=F("item__on")) | Q(closed_on__lt=F("opened_on")))[:20]:
        yield f"Dispute {row.pk} is dated before its item, or closed before it was opened."
    for row in Dispute.objects.filter(amount_minor__gt=F("item__amount_minor"))[:20]:
        yield f"Dispute {row.pk} is larger than its item."
    # Read once more as a sum, so that several disputes of one item cannot hide behind each other.
    over = (
        Dispute.objects.filter(closed_on__isnull=True)
        .values("item")
        .annotate(total=Sum("amount_minor"))
        .filter(total__gt=F("item__amount_minor"))
    )
    for found in over[:20]:
        yield f"Item {found['item']} has more in dispute than its amount."


@book_check
def what_moves_out_moves_in() -> Iterable[str]:
    """Moving items between accounts leaves nothing in between."""
    for currency, left in unbalanced(TRANSFERS):
        yield f"{left} {currency} left one account and arrived on none."


@book_check
def closed_accounts_stay_closed() -> Iterable[str]:
    """What was merged is named, nothing is open there, and it is not in use."""
    for row in Customer.objects.filter(Q(merged_into__isnull=False) & ~Q(status__in=("merged", "erased")))[:20]:
        yield f"{row.number} was merged, and is {row.status}."
    for number in OpenItem.objects.filter(open_minor__gt=0, customer__merged_into__isnull=False).values_list(
        "number", flat=True
    )[:20]:
        yield f"{number} is open on an account that was merged."
