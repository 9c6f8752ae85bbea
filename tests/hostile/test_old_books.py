"""Books written before digests were kept check clean after an upgrade, and are proved from then on."""

from __future__ import annotations

import pytest
from django.db import connection

from counterfoil.billing import queries
from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.platform.upkeep import keep_old_rows, seal_trail
from counterfoil.site.setup import set_up
from counterfoil.testing.world import World
from counterfoil.trail.kinds import KEPT, KEPT_PRIVATELY, sealable
from counterfoil.trail.models import Event, Seal, SealHead
from tests.hostile.books import build

pytestmark = [pytest.mark.django_db, pytest.mark.books_are_broken_on_purpose, pytest.mark.own_database]


def findings() -> list[str]:
    return [finding.sentence for finding in check_books() if finding.check != "platform.triggers_are_in_place"]


@pytest.fixture
def world(db: None) -> World:
    """As the version before left them: no event keeps a digest, but for those of issued documents."""
    world = build()
    digests = {
        "invoice.issued": queries.invoice_digests(list(Invoice.objects.values_list("pk", flat=True))),
        "invoice.credited": queries.credit_note_digests(list(CreditNote.objects.values_list("pk", flat=True))),
    }
    with write_guard.writing():
        Seal.objects.all()._raw_delete("default")
        SealHead.objects.all()._raw_delete("default")
        Event.objects.filter(kind__in=("row.kept", "rows.kept", "books.kept"))._raw_delete("default")
        for event in Event.objects.all():
            event.data = {key: value for key, value in event.data.items() if key not in (KEPT, KEPT_PRIVATELY)}
            if event.kind in digests:
                event.data["digest"] = digests[event.kind][event.subject_id]
            event.sealed, event.salt = sealable(event.kind, event.data)
            event.save()
    seal_trail(world.system())
    return world


def change(sql: str) -> None:
    with write_guard.writing(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_old_books_check_clean_once_they_are_kept_and_are_proved_from_then_on(world: World) -> None:
    assert any("was written by no operation" in sentence for sentence in findings())
    set_up()  # what every upgrade does
    assert findings() == []
    change("UPDATE payments_receipt SET author = 'Somebody else' WHERE id = 1")
    change("UPDATE customers_customer SET terms_days = 120 WHERE name = 'Zara Naidoo'")
    change("UPDATE billing_invoiceline SET text = 'Other' WHERE id = 1")
    found = findings()
    assert [
        part for part in ("Receipt 1 ", "(Zara Naidoo", "Invoice 1 ") if not any(part in row for row in found)
    ] == []
    # What is personal of a row of before is proved from its next change on.
    change("UPDATE customers_note SET text = 'Other'")
    assert findings() == found


def test_nobody_has_a_row_kept_by_waiting_for_the_next_upgrade(world: World) -> None:
    set_up()
    change("INSERT INTO operator_area (name) SELECT 'Slipped in' FROM operator_area LIMIT 1")
    before = Event.objects.count()
    set_up()
    assert Event.objects.count() == before
    (found,) = findings()
    assert "(Slipped in) was written by no operation" in found


def test_an_old_row_that_is_changed_by_an_operation_is_kept_as_it_is_then(world: World) -> None:
    set_up()
    zara = Invoice.objects.get(number="INV-000001").customer
    from counterfoil.customers.operations import change_customer

    change_customer(world.clerk, customer=zara, version=zara.version, changes={"terms_days": 14})
    assert findings() == []
    change("UPDATE customers_customer SET name = 'Zora Naidoo' WHERE name = 'Zara Naidoo'")
    (found,) = findings()
    assert "(Zora Naidoo" in found


def test_rows_written_without_operations_on_purpose_can_be_kept(world: World) -> None:
    set_up()
    change("INSERT INTO operator_area (name) VALUES ('By hand')")
    assert keep_old_rows(world.system(), again=True) == 1
    assert findings() == []
