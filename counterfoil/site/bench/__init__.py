"""What is measured, a module each. A bench takes `quick` (small sizes, seconds) and yields figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from counterfoil.site.bench import (
    accounting,
    age_analysis,
    bill_run,
    busy,
    calls,
    collections,
    customer_page,
    debits,
    dunning,
    imports,
    inbound,
    lists,
    matching,
    questions,
    receipts,
    search,
    sending,
    served,
    statements,
)
from counterfoil.site.bench.figures import HEAD, Figure

__all__ = ["BENCHES", "HEAD", "Figure"]

BENCHES: dict[str, Callable[[bool], Iterator[Figure]]] = {
    "customer-page": customer_page.measure,
    "lists": lists.measure,
    "age-analysis": age_analysis.measure,
    "collections": collections.measure,
    "dunning": dunning.measure,
    "receipts": receipts.measure,
    "matching": matching.measure,
    "debit-orders": debits.measure,
    "statements": statements.measure,
    "import": imports.measure,
    "search": search.measure,
    "questions": questions.measure,
    "bill-run": bill_run.measure,
    "sending": sending.measure,
    "inbound": inbound.measure,
    "accounting": accounting.measure,
    "api": calls.measure,
    "http": served.measure,
    "load": busy.measure,
}
