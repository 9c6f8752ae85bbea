"""Statements to many: as each would be alone, by as many queries for a hundred as for two, and nobody stops another."""

import dataclasses
import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_site
from counterfoil.customers.queries import billing_addresses
from counterfoil.documents.rendering import DocumentFailed
from counterfoil.kernel.errors import NotFound
from counterfoil.kernel.periods import Period
from counterfoil.messaging.models import Message
from counterfoil.operator.operations import add_area, change_operator
from counterfoil.receivables.operations import StatementEmail, send, send_statement, send_statements
from counterfoil.receivables.queries import default_statement_period, default_statement_periods
from counterfoil.receivables.rules import Statement
from counterfoil.testing.world import World, counts


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Documents without the engine, which is slow: the accounts of those that were made, in order."""
    made: list[str] = []

    def pdf(statement: Statement) -> bytes:
        made.append(statement.customer.number)
        return f"%PDF {statement.customer.number}".encode()

    monkeypatch.setattr(send, "statement_pdf", pdf)
    return made


def emails(world: World, customers: list[Customer]) -> list[StatementEmail]:
    period = Period.through(world.today - dt.timedelta(days=90), world.today)
    return [StatementEmail(row, period, [f"c{row.pk}@x.example"], "Hello", key=f"k{row.pk}") for row in customers]


def owing(world: World, count: int) -> list[Customer]:
    rows = [world.customer(f"Customer {n}", {"2026-03-15": f"{n + 1}00.00"}) for n in range(count)]
    world.pays(rows[0], "40.00")
    return rows


def test_many_take_as_many_queries_as_two(world: World, paper: list[str]) -> None:
    rows = owing(world, 42)
    taken = []
    for some in (rows[:2], rows[2:]):
        new = emails(world, some)
        with CaptureQueriesContext(connection) as queries:
            send_statements(world.clerk, statements=new, style="balance_forward")
        taken.append(len(queries))
    assert taken[0] == taken[1]
    assert Message.objects.count() == 42


@pytest.mark.parametrize("style", ["balance_forward", "open_item"])
def test_each_is_sent_as_it_would_be_alone(world: World, paper: list[str], style: str) -> None:
    rows = owing(world, 3)
    new = emails(world, rows)
    alone = [
        send_statement(world.clerk, customer=one.customer, period=one.period, style=style, addresses=one.addresses,
                       text="Hello")
        for one in new
    ]  # fmt: skip
    together = [one.message for one in send_statements(world.clerk, statements=new, style=style)]
    told = ("customer_id", "kind", "subject", "body_text", "body_html", "author", "leaves_at")
    for one, other in zip(alone, together, strict=True):
        assert other is not None
        assert [getattr(one, name) for name in told] == [getattr(other, name) for name in told]
    assert [one.subject for one in alone] == [f"Your statement, R{n}.00 to pay now" for n in (60, 200, 300)]
    assert default_statement_periods([row.pk for row in rows], world.today) == {
        row.pk: default_statement_period(row, world.today) for row in rows
    }


def test_one_that_cannot_be_sent_is_named_and_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, paper: list[str]
) -> None:
    rows = owing(world, 4)
    new = emails(world, rows)
    new[0] = dataclasses.replace(new[0], addresses=["nowhere"])
    new[1] = dataclasses.replace(new[1], period=Period.through(world.today, world.today + dt.timedelta(days=1)))
    plain = send.statement_pdf

    def pdf(statement: Statement) -> bytes:
        if statement.customer.number == rows[2].number:
            raise DocumentFailed("unknown variable")
        return plain(statement)

    monkeypatch.setattr(send, "statement_pdf", pdf)
    posted = send_statements(world.clerk, statements=new, style="open_item")
    assert [one.code for one in posted] == ["bad_address", "future_statement", "document_failed", ""]
    assert [row.customer_id for row in Message.objects.all()] == [rows[3].pk]


def test_nobody_sends_for_customers_outside_their_area(world: World, paper: list[str]) -> None:
    new = emails(world, owing(world, 2))
    south = add_area(world.caller(), name="South")
    before = counts()
    limited = dataclasses.replace(world.clerk, scope={"area": frozenset({south.pk})})
    with pytest.raises(NotFound):
        send_statements(limited, statements=new, style="open_item")
    assert (counts(), paper) == (before, [])


def test_documents_have_the_primary_address_with_the_town_as_the_country_writes_it(world: World) -> None:
    zara = world.customer()
    for label, primary in (("Home", True), ("Office", False)):
        add_site(world.caller(), customer=zara, label=label, street=f"1 {label} Road", purposes=[], is_primary=primary)
    assert billing_addresses([zara.pk]) == {zara.pk: "1 Home Road"}
    eva = world.customer("Eva", street="Rheinufer 12", city="Köln", postcode="50668")
    assert billing_addresses([eva.pk]) == {eva.pk: "Rheinufer 12\nKöln, 50668"}
    change_operator(world.caller(), region="DE")
    assert billing_addresses([eva.pk]) == {eva.pk: "Rheinufer 12\n50668 Köln"}
