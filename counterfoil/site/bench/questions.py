"""Every kind of question, its page and its first fifty rows, as the number of customers grows."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.customers.models import Customer
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.tables import Listing
from counterfoil.questions.answers import CUSTOMER
from counterfoil.questions.kinds import KINDS
from counterfoil.questions.queries import Understood, ask
from counterfoil.site.bench.customer_page import signed_in
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, percentiles, timed
from counterfoil.site.bench.large import LargeBook, settle_down
from counterfoil.staff.models import User


def measure(quick: bool) -> Iterator[Figure]:
    """Ten thousand and a hundred thousand customers with ten items each; each question asked ten times."""
    signed_in()
    sizes = (20, 40) if quick else (10_000, 100_000)
    book: LargeBook | None = None
    for size in sizes:
        if book is None:
            book = LargeBook(size, User.objects.get(email="bench@x.example").pk)
        else:
            book.grow(size)
        settle_down()
        customer = Customer.objects.get(pk=size // 2)
        for name, kind in KINDS.items():
            whose = customer if kind.about == CUSTOMER else None
            yield _asked(name, size, kind.ask, whose, 1 if quick else 10)


def _asked(name: str, size: int, text: str, customer: Customer | None, times: int) -> Figure:
    _read(text, customer)
    with CaptureQueriesContext(connection) as seen:
        _read(text, customer)
    forget_peak()
    took = [timed(lambda: _read(text, customer)) for _ in range(times)]
    return figure(name, size, sum(took), done=len(took), **percentiles(took), queries=len(seen.captured_queries))


def _read(text: str, customer: Customer | None) -> None:
    """As the page does it: the sentence, and the first rows."""
    found = ask(CALLER, text, customer)
    if isinstance(found, Understood) and found.answer.table is not None:
        currency = customer.currency if customer else operator_currency()
        rows = Listing(found.answer.table, found.answer.rows, {}, "/ask/", currency=currency, today=CALLER.today)
        assert rows.lines is not None
