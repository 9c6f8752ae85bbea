"""The rails: permission, transaction, event, key, preview, and the guard around them."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_customer, add_note
from counterfoil.kernel.errors import Refused
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import record_receipt
from counterfoil.platform import operations, write_guard
from counterfoil.platform.append_only import frozen_tables
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.platform.operations import Operation, Step
from counterfoil.platform.reactions import react
from counterfoil.platform.write_guard import WriteOutsideOperation
from counterfoil.receivables.operations import open_dispute
from counterfoil.testing.world import World, counts, told
from counterfoil.trail.models import Event, Replay


def test_nobody_may_do_nothing_and_nothing_changes(world: World) -> None:
    before = counts()
    with pytest.raises(Refused) as refused:
        add_customer(world.nobody, name="Zara")
    assert refused.value.code == "not_allowed"
    assert counts() == before


def test_the_event_says_who_when_and_what(world: World) -> None:
    zara = world.customer("Zara")
    add_note(world.agent, customer=zara, text="Gate code is with dispatch.")
    event = Event.objects.get(kind="note.added")
    assert (event.actor, event.at, event.customer_id, event.operation) == (
        "Sipho Dube", world.now, zara.pk, "customers.add_note",
    )  # fmt: skip
    assert told(event) == {"text": "Gate code is with dispatch."}


def test_a_refusal_half_way_leaves_nothing(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00"})
    before = counts()
    with pytest.raises(Refused):
        record_receipt(world.clerk, customer=zara, amount_minor=-1, on=world.today, method="eft")
    assert counts() == before


def test_a_preview_is_the_real_thing_rolled_back(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00"})
    before = counts()
    how = {"customer": zara, "amount_minor": 40000, "on": world.today, "method": "eft"}
    shown = record_receipt(world.clerk.previewing(), **how)
    assert counts() == before
    done = record_receipt(world.clerk, **how)
    assert (shown.number, shown.amount_minor, shown.item.open_minor) == (
        done.number, done.amount_minor, done.item.open_minor,
    )  # fmt: skip
    assert done.item.open_minor == 9000


def test_the_same_form_posted_twice_is_one_payment(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00"})
    how = {"customer": zara, "amount_minor": 31000, "on": world.today, "method": "eft"}
    first = record_receipt(world.clerk.with_key("k1"), **how)
    second = record_receipt(world.clerk.with_key("k1"), **how)
    assert first == second
    assert Receipt.objects.count() == 1


def test_a_key_used_for_something_else_is_refused(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00"})
    how = {"customer": zara, "on": world.today, "method": "eft"}
    record_receipt(world.clerk.with_key("k1"), amount_minor=100, **how)
    with pytest.raises(Refused) as refused:
        record_receipt(world.clerk.with_key("k1"), amount_minor=200, **how)
    assert refused.value.code == "key_reused"
    assert Receipt.objects.count() == 1


def test_a_key_is_taken_in_one_statement_and_its_answer_remembered_in_another(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00"})
    how = {"customer": zara, "amount_minor": 31000, "on": world.today, "method": "eft"}
    rows = []
    for expected in (["INSERT", "UPDATE"], ["INSERT"]):
        with CaptureQueriesContext(connection) as asked:
            record_receipt(world.clerk.with_key("k1"), **how)
        said = [query["sql"] for query in asked.captured_queries if "trail_replay" in query["sql"]]
        assert [sql.partition(" ")[0] for sql in said] == expected
        rows.append(Replay.objects.values().get())
    assert rows[0] == rows[1]
    assert (rows[0]["operation"], rows[0]["at"]) == ("payments.record_receipt", world.now)


def test_a_refused_attempt_does_not_use_up_its_key(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00"})
    how = {"customer": zara, "on": world.today, "method": "eft"}
    with pytest.raises(Refused):
        record_receipt(world.clerk.with_key("k1"), amount_minor=0, **how)
    assert record_receipt(world.clerk.with_key("k1"), amount_minor=31000, **how).number == "RC-000001"


def test_nothing_writes_outside_an_operation(world: World) -> None:
    zara = world.customer("Zara")
    for attempt in (
        lambda: Customer.objects.filter(pk=zara.pk).update(name="Mine"),
        lambda: zara.save(),
        lambda: Customer.objects.filter(pk=zara.pk)._raw_delete("default"),
        lambda: Customer.objects.create(number="X", name="X", joined_on=world.today, currency="ZAR"),
        lambda: connection.cursor().execute("update customers_customer set name = 'Mine'"),
        lambda: connection.cursor().execute("/* note */ DELETE FROM customers_customer"),
        lambda: connection.cursor().execute("WITH x AS (SELECT 1) UPDATE customers_customer SET name = 'Mine'"),
        lambda: connection.cursor().execute("REPLACE INTO customers_customer (id) VALUES (1)"),
        lambda: connection.cursor().execute("MERGE INTO customers_customer USING x ON true WHEN MATCHED THEN DELETE"),
        lambda: connection.cursor().execute("UPDATE OR IGNORE customers_customer SET name = 'Mine'"),
        lambda: connection.cursor().execute("TRUNCATE customers_customer"),
        lambda: connection.cursor().execute(
            "WITH x AS (SELECT 1), y AS (DELETE FROM customers_customer RETURNING *) SELECT * FROM y"
        ),
        lambda: connection.cursor().execute("EXPLAIN ANALYZE DELETE FROM customers_customer"),
        lambda: Customer.objects.bulk_update([zara], ["name"]),
    ):
        with pytest.raises(WriteOutsideOperation), transaction.atomic():
            attempt()
    zara.refresh_from_db()
    assert zara.name == "Zara"


def test_what_is_done_before_the_transaction_does_not_act(world: World) -> None:
    """A preview does it too, and so does a call that is refused afterwards: what it wrote would stay."""
    zara = world.customer()

    def acting(caller: Caller, **arguments: Any) -> None:
        add_note(world.clerk, customer=zara, text="Done before")

    def writing(caller: Caller, **arguments: Any) -> None:
        Customer.objects.filter(pk=zara.pk).update(name="Someone else")

    def harmless(op: Operation, *, customer: Customer) -> str:
        return customer.name

    before = counts()
    for prepare in (acting, writing):
        with pytest.raises(WriteOutsideOperation), transaction.atomic():
            Step(harmless, prepare)(world.system(), customer=zara)
    assert counts() == before
    zara.refresh_from_db()
    assert zara.name == "Zara Naidoo"
    # What comes afterwards may act again.
    add_note(world.clerk, customer=zara, text="Done afterwards")


def test_the_database_refuses_to_change_what_was_appended(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00"})
    open_dispute(world.clerk, item=world.item("INV-000001"), amount_minor=100, reason="Not mine")
    world.pays(zara, "310.00")
    for sql in (
        "UPDATE trail_event SET actor = 'x'",
        "DELETE FROM trail_event",
        "UPDATE ledger_posting SET amount_minor = 1",
        "DELETE FROM ledger_entry",
        "UPDATE receivables_allocation SET amount_minor = 1",
        "UPDATE receivables_openitem SET amount_minor = amount_minor + 1",
        "DELETE FROM receivables_openitem",
        "UPDATE billing_invoice SET text = 'x'",
        "UPDATE billing_invoiceline SET text = 'x'",
        "DELETE FROM billing_invoiceline",
        "UPDATE payments_receipt SET amount_minor = 1",
        "UPDATE receivables_openitem SET \"on\" = '2020-01-01'",
        "UPDATE receivables_openitem SET text = 'x'",
        "UPDATE receivables_openitem SET reference = 'x'",
        "UPDATE receivables_dispute SET amount_minor = 1",
        "DELETE FROM receivables_dispute",
        "INSERT INTO billing_invoiceline (invoice_id, position, text, quantity, unit_price, tax_name, tax_percent, "
        "net_minor, tax_minor, total_minor) SELECT id, 9, 'x', 1, 0, '', 0, 0, 0, 0 FROM billing_invoice",
        *(["REPLACE INTO ledger_posting SELECT * FROM ledger_posting"] if connection.vendor == "sqlite" else []),
    ):
        with pytest.raises(DatabaseError), write_guard.writing(), transaction.atomic():
            connection.cursor().execute(sql)
    assert len(frozen_tables()) >= 14


@pytest.mark.books_are_broken_on_purpose
@pytest.mark.parametrize(
    ("sql", "check"),
    [
        ("UPDATE receivables_openitem SET open_minor = 5 WHERE kind = 'invoice'", "open_amounts_follow"),
        ("INSERT INTO ledger_posting (entry_id, account_id, amount_minor) "
         "SELECT entry_id, account_id, 7 FROM ledger_posting WHERE customer_id IS NULL", "postings_balance"),
        ("UPDATE platform_numbersequence SET last = last + 1 WHERE key = 'invoice'", "numbers_are_gapless"),
        ("INSERT INTO ledger_posting (entry_id, account_id, customer_id, amount_minor) SELECT entry_id, account_id, "
         "customer_id, 7 FROM ledger_posting WHERE customer_id IS NOT NULL", "items_match_the_ledger"),
        ("UPDATE ledger_entry SET \"on\" = '2020-01-01'", "dated_and_named_like_its_entry"),
        ("UPDATE receivables_bucket SET days_to = 31 WHERE days_to = 30", "falls_into_one_bucket"),
        ("UPDATE billing_invoice SET due_on = '2026-02-01'", "documents_match_their_postings"),
        ("UPDATE ledger_posting SET account_id = (SELECT id FROM ledger_ledgeraccount WHERE code = '2100') "
         "WHERE customer_id IS NULL", "documents_match_their_postings"),
    ],
)  # fmt: skip
def test_broken_books_are_found(world: World, sql: str, check: str) -> None:
    world.customer(owing={"2026-01-31": "310.00"})
    assert check_books() == []
    with write_guard.writing(), connection.cursor() as cursor:
        table = sql.split()[1]
        if sql.startswith("UPDATE") and table in frozen_tables():
            # What the owner of the database could do.
            on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
            cursor.execute(f'DROP TRIGGER "frozen_{table}_update"{on}')
        cursor.execute(sql)
    assert check in " ".join(finding.check for finding in check_books())


def test_what_follows_a_payment_is_one_task_and_each_step_hears_all_of_it_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, list[str]]] = []

    def step(name: str, *, fails: bool = False) -> Step[Any, Any]:
        def done(op: Operation, *, events: list[int]) -> None:
            heard.append((name, [event.kind for event in Event.objects.filter(pk__in=events).order_by("pk")]))
            if fails:
                raise ZeroDivisionError

        done.__name__ = name
        return Step(done)

    first, second, third = step("first", fails=True), step("second"), step("third")
    follows = {"receipt.recorded": [first, second], "allocation.made": [second], "note.added": [third]}
    monkeypatch.setattr(operations, "REACTIONS", follows)
    zara = world.customer(owing={"2026-01-31": "310.00"})
    record_receipt(world.clerk, customer=zara, amount_minor=31000, on=world.today, method="eft")
    (task,) = DBTaskResult.objects.filter(task_path="counterfoil.platform.reactions.react")
    for _ in range(2):  # as a task may be delivered
        with pytest.raises(ZeroDivisionError):
            react.func(**task.args_kwargs["kwargs"])
    assert heard == [
        ("first", ["receipt.recorded"]), ("second", ["receipt.recorded", "allocation.made"]),
        ("first", ["receipt.recorded"]),
    ]  # fmt: skip
    heard.clear()
    # Queued by a version that had a task for each kind.
    react.func(operation_id=task.args_kwargs["kwargs"]["operation_id"], kind="allocation.made")
    assert heard == [("second", ["allocation.made"])]
