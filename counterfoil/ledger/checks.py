"""Book checks of the ledger."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, Q, Sum

from counterfoil.kernel.digests import digest
from counterfoil.ledger.models import YEAR_SOURCE, Closing, Entry, Posting, Way
from counterfoil.ledger.rules import RECEIVABLES, entry_line
from counterfoil.platform import bulk
from counterfoil.platform.checks import book_check
from counterfoil.trail.models import Event


@book_check
def postings_balance() -> Iterable[str]:
    """The postings of each entry sum to zero, and each entry has some."""
    wrong = Entry.objects.annotate(total=Sum("postings__amount_minor"), n=Count("postings")).exclude(total=0, n__gte=2)
    for entry in wrong[:20]:
        yield f"Entry {entry.pk} ({entry.source} {entry.number}) has {entry.n} postings that sum to {entry.total}."


@book_check
def receivable_postings_name_a_customer() -> Iterable[str]:
    """A posting names a customer exactly when it is on the receivables account."""
    wrong = Posting.objects.filter(
        Q(account__code=RECEIVABLES, customer__isnull=True)
        | (~Q(account__code=RECEIVABLES) & Q(customer__isnull=False))
    ).annotate(source=F("entry__source"), number=F("entry__number"))
    for posting in wrong[:20]:
        yield f"Posting {posting.pk} of {posting.source} {posting.number} has the wrong customer."


@book_check
def entries_are_as_they_were_posted() -> Iterable[str]:
    """Entries and postings are those whose digest the (sealed) events hold; none was changed, moved or added."""
    posted = 0
    events = Event.objects.filter(kind="entries.posted").order_by("pk").values_list("operation_id", "data")
    for batch in bulk.chunks(events.iterator(chunk_size=1000), 1000):
        rows: dict[Any, list[tuple[int, list[Any]]]] = defaultdict(list)
        lines: dict[int, list[tuple[str, int | None, int]]] = defaultdict(list)
        ids = [operation for operation, _ in batch]
        for posting in Posting.objects.filter(entry__operation_id__in=ids).values_list(
            "entry_id", "account__code", "customer_id", "amount_minor"
        ):
            lines[posting[0]].append(posting[1:])
        columns = ("operation_id", "pk", "on", "currency", "source", "number", "text", "reverses_id")
        for operation, *entry in Entry.objects.filter(operation_id__in=ids).order_by("pk").values_list(*columns):
            rows[operation].append((entry[0], entry_line(tuple(entry), lines[entry[0]])))
        for operation, data in batch:
            posted += data["count"]
            if digest(line for pk, line in rows[operation] if data["first"] <= pk <= data["last"]) != data["digest"]:
                yield f"Entries {data['first']} to {data['last']} are not as they were posted."
    if posted != (there := Entry.objects.count()):
        yield f"{posted} entries were posted; {there} are there."


@book_check
def what_is_closed_for_good_stays_as_it_is() -> Iterable[str]:
    """Nothing was posted into a month after it was closed for good, but the result of a year when that was closed."""
    years = Closing.objects.filter(how=Way.YEAR).values("at")
    for closing in Closing.objects.filter(how__in=(Way.FINAL, Way.YEAR)).order_by("pk"):
        late = Entry.objects.filter(on__lte=closing.final_to, at__gt=closing.at)
        for entry in late.exclude(source=YEAR_SOURCE, at__in=years).order_by("pk")[:20]:
            yield f"Entry {entry.pk} ({entry.source} {entry.number}) was posted on {entry.on}, after that was closed."
