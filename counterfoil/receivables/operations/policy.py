"""The ageing policy: bucket sets as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from counterfoil.kernel.errors import refuse_if
from counterfoil.operator import numbering
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says
from counterfoil.receivables.models import Bucket, BucketSet
from counterfoil.receivables.rules import DEFAULT_BUCKETS, MORE_BUCKETS, BucketRule, buckets_up_to, check_buckets

SEQUENCES = (
    ("credit", "CR-{number:06}"),
    ("debit_memo", "DM-{number:06}"),
    ("adjustment", "ADJ-{number:06}"),
    ("write_off", "WO-{number:06}"),
    ("transfer", "MV-{number:06}"),
    ("opening", "OB-{number:06}"),
)


@step
def set_up_receivables(op: Operation) -> None:
    """The number sequences and the default bucket set exist."""
    for kind, pattern in SEQUENCES:
        numbering.define(op, kind, pattern)
    if not BucketSet.objects.filter(is_default=True).exists():
        save_bucket_set(op, name="Standard", buckets=DEFAULT_BUCKETS, is_default=True)
    known = set(BucketSet.objects.values_list("name", flat=True))
    for name, days in MORE_BUCKETS.items():
        if name not in known:
            save_bucket_set(op, name=name, buckets=buckets_up_to(days))


@verb(whole=True)
def save_bucket_set(
    op: Operation,
    *,
    name: Annotated[str, Says(most=60)],
    buckets: Sequence[BucketRule],
    basis: str = "due",
    is_default: bool = False,
) -> BucketSet:
    """The bucket set has exactly these buckets; refused unless they are contiguous (domain 8.2)."""
    check_buckets(buckets)
    refuse_if(basis not in BucketSet.Basis.values, "unknown_choice", "Age by due date or document date.", field="basis")
    if is_default:
        others = list(BucketSet.objects.filter(is_default=True).exclude(name=name))
        BucketSet.objects.filter(is_default=True).update(is_default=False)
        op.keep(*others)
    # Saving the default set again leaves it the default: it ceases to be when another becomes it.
    chosen: dict[str, Any] = {"basis": basis} | ({"is_default": True} if is_default else {})
    row, _ = BucketSet.objects.update_or_create(name=name, defaults=chosen)
    Bucket.objects.filter(set=row).delete()
    Bucket.objects.bulk_create(
        Bucket(set=row, position=index, label=rule.label.strip(), days_from=rule.days_from, days_to=rule.days_to)
        for index, rule in enumerate(buckets)
    )
    op.record("bucket_set.saved", row, name=row.name, buckets=[rule.label for rule in buckets])
    return row
