"""The database refuses to change what is frozen, and it is noticed when it does not any more."""

import pytest
from django.db import connection
from django.test import Client

from counterfoil.platform import append_only
from counterfoil.platform.checks import check_books

pytestmark = pytest.mark.books_are_broken_on_purpose


def test_triggers_that_are_missing_are_named(db: None) -> None:
    assert append_only.missing() == []
    with connection.cursor() as cursor:
        on = ' ON "payments_receipt"' if connection.vendor == "postgresql" else ""
        cursor.execute(f'DROP TRIGGER "frozen_payments_receipt_update"{on}')
    (finding,) = check_books()
    assert finding.check == "platform.triggers_are_in_place"
    assert "frozen_payments_receipt_update is missing or changed" in finding.sentence
    answer = Client().get("/ready/")
    assert (answer.status_code, answer.json()) == (503, {"status": "triggers are missing"})
    append_only.ensure()
    assert append_only.missing() == []
    assert Client().get("/ready/").status_code == 200


def test_a_trigger_that_lets_everything_through_is_as_good_as_none(db: None) -> None:
    name = "frozen_payments_receipt_update"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute('ALTER TABLE "payments_receipt" DISABLE TRIGGER "frozen_payments_receipt_update"')
        else:
            cursor.execute(f'DROP TRIGGER "{name}"')
            cursor.execute(
                f'CREATE TRIGGER "{name}" BEFORE UPDATE ON "payments_receipt" WHEN 1=0 '
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
    assert append_only.missing() == [name]
