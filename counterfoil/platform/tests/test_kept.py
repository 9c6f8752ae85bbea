"""Digests of rows: the same whoever works them out, and another for every other row."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.billing.models import Charge, Invoice
from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import change_customer
from counterfoil.payments.models import Receipt
from counterfoil.platform.kept import Columns, digest, nouns
from counterfoil.testing.world import World
from counterfoil.trail.kinds import KEPT, KEPT_PRIVATELY
from counterfoil.trail.models import Event


def encode(model: Any, **values: Any) -> str:
    return Columns(model, list(values)).encode([tuple(values.values())])[0]


def test_the_order_of_columns_and_keys_says_nothing_and_empty_ones_are_left_out() -> None:
    one = encode(Invoice, number="INV-1", total_minor=5, copy={"a": 1, "b": {"c": "x"}})
    assert one == encode(Invoice, copy={"b": {"c": "x"}, "a": 1}, total_minor=5, number="INV-1")
    # A column that is added later is empty, or as by default, in what was written before.
    assert one == encode(Invoice, number="INV-1", total_minor=5, copy={"a": 1, "b": {"c": "x"}}, text="", site=None)
    assert one == encode(
        Invoice, number="INV-1", total_minor=5, copy={"a": 1, "b": {"c": "x"}}, version=1, source="one_off"
    )
    assert encode(Product, active=True) == "" != encode(Product, active=False)


def test_a_decimal_is_what_it_is_worth_and_an_instant_is_when_it_is() -> None:
    assert encode(Charge, quantity=Decimal("1.5000")) == encode(Charge, quantity=Decimal("1.5"))
    assert encode(Charge, quantity=Decimal(600)) == encode(Charge, quantity=Decimal("600.0000"))
    here = dt.timezone(dt.timedelta(hours=2))
    assert encode(Event, at=dt.datetime(2026, 1, 1, 2, tzinfo=here)) == encode(
        Event, at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    )


VALUE = st.one_of(
    st.text(min_size=1), st.integers(), st.booleans(), st.dates(), st.uuids(), st.binary(min_size=1),
    st.decimals(allow_nan=False, allow_infinity=False, places=4), st.dictionaries(st.text(), st.text(), min_size=1),
)  # fmt: skip


@given(st.lists(st.tuples(VALUE, VALUE), max_size=8))
def test_many_rows_are_encoded_as_each_alone(rows: list[tuple[Any, Any]]) -> None:
    columns = Columns(Receipt, ["author", "reference"])
    assert columns.encode(rows) == [columns.encode([row])[0] for row in rows]


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_other_texts_are_another_row_wherever_they_are_cut(one: tuple[str, str], other: tuple[str, str]) -> None:
    columns = Columns(Receipt, ["author", "reference"])
    assert (columns.encode([one]) == columns.encode([other])) == (one == other)


def test_a_part_more_or_less_is_another_digest_in_whatever_order() -> None:
    parts = [("a", "x=1\0"), ("b", "x=2\0")]
    assert digest("n", 1, "", parts) == digest("n", 1, "", parts[::-1])
    assert len({digest("n", 1, "", some) for some in (parts, parts[:1], parts[1:], [], [*parts, parts[0]])}) == 5
    assert digest("n", 1, "", parts) != digest("n", 2, "", parts)


def test_an_event_keeps_what_the_row_is_at_the_end_of_its_operation(world: World) -> None:
    zara = world.customer("Zara Naidoo", emails=("zara@mail.example",))
    noun = nouns()["customers.customer"]
    event = Event.objects.get(kind="customer.added")
    assert event.data[KEPT_PRIVATELY] == noun.digests([zara.pk])[zara.pk]
    # Under the seal is a salted digest of it: with the salt it is erased, and tells nothing (decision 0017).
    assert event.sealed is not None
    assert set(event.sealed[KEPT_PRIVATELY]) == {"digest"}
    receipt = world.pays(zara, "10.00")
    event = Event.objects.get(kind="receipt.recorded")
    assert event.data[KEPT] == nouns()["payments.receipt"].digests([receipt.pk])[receipt.pk]
    assert event.sealed is None


def test_a_preview_reads_nothing_back(world: World) -> None:
    zara = world.customer("Zara Naidoo")
    change = {"customer": zara, "version": zara.version, "changes": {"terms_days": 14}}
    with CaptureQueriesContext(
        connection,
    ) as preview:
        change_customer(world.clerk.previewing(), **change)
    with CaptureQueriesContext(connection) as real:
        change_customer(world.clerk, **change)
    assert not [query for query in preview.captured_queries if "customers_contactpoint" in query["sql"]]
    assert len([query for query in real.captured_queries if "customers_contactpoint" in query["sql"]]) >= 1
    assert Customer.objects.get(pk=zara.pk).terms_days == 14


def test_uuids_and_unknown_kinds_are_told_apart() -> None:
    one, other = uuid.uuid4(), uuid.uuid4()
    assert encode(Event, operation_id=one) != encode(Event, operation_id=other)


@pytest.mark.django_db
def test_every_noun_can_be_read() -> None:
    for noun in nouns().values():
        assert noun.digests([-1]) == {}
