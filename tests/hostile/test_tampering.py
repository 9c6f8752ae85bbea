"""What the owner of a database could do behind the product's back, with every trigger dropped, and what notices it."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.platform.kept import changed_rows, nouns
from counterfoil.trail.models import Event
from counterfoil.trail.sealing import broken_seals
from counterfoil.usage.models import UsageRecord
from tests.hostile.books import build

pytestmark = [pytest.mark.django_db, pytest.mark.books_are_broken_on_purpose]
SEED = 20261126


@pytest.fixture(scope="module")
def books(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Built once; each case happens in a savepoint."""
    with django_db_blocker.unblock(), transaction.atomic():
        build()
        assert _findings() == []
        yield
        transaction.set_rollback(True)


def find(sql: str) -> list[str]:
    """What the checks say after it was done by hand, but for the triggers that are gone."""
    with transaction.atomic(), write_guard.writing():
        with connection.cursor() as cursor:
            for statement in sql.split(";;"):
                cursor.execute(statement)
            assert cursor.rowcount, f"Nothing is changed by it: {sql}"
        found = _findings()
        transaction.set_rollback(True)
    return [f"{row.check}: {row.sentence}" for row in found]


def first(table: str, where: str = "1=1") -> str:
    return f"(SELECT MIN(id) FROM {table} WHERE {where})"


ALLOCATION = first("receivables_allocation")
INVOICE_ITEM = first("receivables_openitem", "kind = 'invoice' AND open_minor > 0")
SENT, WAITING = first("messaging_message", "subject = 'Sent'"), first("messaging_message", "subject = 'Waiting'")
ACCOUNT = "(SELECT id FROM ledger_ledgeraccount WHERE code = '{}')"
BOSS, AGENT = (f"(SELECT id FROM staff_role WHERE key = '{key}')" for key in ("administrator", "agent"))
USER = (
    "INSERT INTO staff_user (kind, password, email, name, role_id, is_active, theme, area_ids, brand_ids, "
    f"sessions_ended, version) SELECT kind, password, 'new@house.example', 'New', {BOSS}, is_active, theme, area_ids, "
    "brand_ids, 0, 1 FROM staff_user WHERE name = 'Agent'"
)

# What is done (one statement or more), and how a finding names the row; `[table]` is the key of its first row.
KINDS: dict[str, tuple[str, str]] = {
    # ---- the ledger
    "an amount posted to another account": (
        f"UPDATE ledger_posting SET account_id = {ACCOUNT.format('1000')} WHERE account_id = {ACCOUNT.format('4000')}",
        "Entries",
    ),
    "an entry's text": ("UPDATE ledger_entry SET text = 'Other' WHERE source = 'receipt'", "Entries"),
    "an entry's day": (
        "UPDATE ledger_entry SET \"on\" = '2026-01-01' WHERE id = (SELECT MIN(id) FROM ledger_entry)", "Entries",
    ),
    "two postings deleted": (
        f"DELETE FROM ledger_posting WHERE entry_id = {first('ledger_entry')}", "Entry",
    ),
    "an entry inserted": (
        "INSERT INTO ledger_entry (\"on\", currency, source, number, text, operation_id, at) SELECT \"on\", currency, "
        f"source, 'X-1', text, operation_id, at FROM ledger_entry WHERE id = {first('ledger_entry')}", "X-1",
    ),
    "a ledger account's kind": (
        "UPDATE ledger_ledgeraccount SET kind = 'income' WHERE code = '1000'",
        "Ledger account",
    ),
    # ---- items, allocations, disputes
    "an item's open amount": (
        f"UPDATE receivables_openitem SET open_minor = open_minor - 1 WHERE id = {INVOICE_ITEM}", "INV-",
    ),
    "an item's due date": (
        f"UPDATE receivables_openitem SET due_on = '2027-01-01' WHERE id = {INVOICE_ITEM}", "INV-",
    ),
    "a debit memo's due date": (
        "UPDATE receivables_openitem SET due_on = '2027-01-01' WHERE kind = 'debit_memo'", "Open item",
    ),
    "a payment's due date": ("UPDATE receivables_openitem SET due_on = '2027-01-01' WHERE kind = 'receipt'", "RC-"),
    "an item's text": ("UPDATE receivables_openitem SET text = 'Other' WHERE kind = 'credit'", "Item"),
    "an item's reference": ("UPDATE receivables_openitem SET reference = 'Other' WHERE kind = 'receipt'", "RC-"),
    "an item of another customer": (
        "UPDATE receivables_openitem SET customer_id = (SELECT MAX(id) FROM customers_customer) WHERE kind = 'credit'",
        "Item",
    ),
    "a credit that is called a payment": (
        "UPDATE receivables_openitem SET kind = 'receipt' WHERE kind = 'credit' AND open_minor > 0", "Open item",
    ),
    "the day of an allocation": (
        f"UPDATE receivables_allocation SET \"on\" = '2026-03-30' WHERE id = {ALLOCATION}",
        "Allocation [receivables_allocation]",
    ),
    "the amount of an allocation": (
        f"UPDATE receivables_allocation SET amount_minor = amount_minor - 1 WHERE id = {ALLOCATION}",
        "Allocation [receivables_allocation]",
    ),
    "an allocation deleted, with its open amounts": (
        "UPDATE receivables_openitem SET open_minor = open_minor + (SELECT a.amount_minor FROM "
        "receivables_allocation a "
        f"WHERE a.id = {ALLOCATION}) WHERE id IN (SELECT debit_id FROM receivables_allocation WHERE "
        f"id = {ALLOCATION}) OR id IN (SELECT credit_id FROM receivables_allocation WHERE id = "
        f"{ALLOCATION});;DELETE FROM receivables_allocation WHERE id = "
        f"{ALLOCATION}", "receivables.allocation",
    ),
    "an allocation inserted, with its open amounts": (
        "INSERT INTO receivables_allocation (debit_id, credit_id, amount_minor, \"on\") SELECT d.id, c.id, 1, "
        "'2026-03-31' FROM receivables_openitem d JOIN receivables_openitem c ON c.customer_id = d.customer_id "
        "WHERE d.side = 'debit' AND d.open_minor > 1 AND c.side = 'credit' AND c.open_minor > 1 ORDER BY d.id, c.id "
        "LIMIT 1;;UPDATE receivables_openitem SET open_minor = open_minor - 1 WHERE id IN (SELECT debit_id FROM "
        "receivables_allocation WHERE amount_minor = 1) OR id IN (SELECT credit_id FROM receivables_allocation WHERE "
        "amount_minor = 1)", "Allocation",
    ),
    "a disputed amount": ("UPDATE receivables_dispute SET amount_minor = 1", "Dispute"),
    "a dispute closed": ("UPDATE receivables_dispute SET closed_on = '2026-03-31'", "Dispute"),
    "a dispute deleted": ("DELETE FROM receivables_dispute", "receivables.dispute"),
    "a bucket's days": (
        "UPDATE receivables_bucket SET label = 'Never' WHERE id = (SELECT MAX(id) FROM receivables_bucket)",
        "Bucket set",
    ),
    # ---- money in and out
    "a payment's amount": ("UPDATE payments_receipt SET amount_minor = amount_minor + 1", "RC-"),
    "a payment's method": (
        f"UPDATE payments_receipt SET method = 'cash' WHERE id = {first('payments_receipt')}",
        "Receipt [payments_receipt]",
    ),
    "a payment's reference": (
        f"UPDATE payments_receipt SET reference = 'EFT 2' WHERE id = {first('payments_receipt')}", "RC-",
    ),
    "a payment's reference, on its item too": (
        "UPDATE payments_receipt SET reference = 'EFT 2';;UPDATE receivables_openitem SET reference = 'EFT 2' "
        "WHERE kind = 'receipt'", "Receipt",
    ),
    "who recorded a payment": ("UPDATE payments_receipt SET author = 'Somebody else'", "Receipt"),
    "why a payment was reversed": ("UPDATE payments_receiptreversal SET reason = 'Other'", "Receipt reversal"),
    "who was paid back, and why": ("UPDATE payments_refund SET reason = 'Other', author = 'Nobody'", "Refund"),
    # ---- documents
    "a line's text": (
        f"UPDATE billing_invoiceline SET text = 'Other' WHERE id = {first('billing_invoiceline')}",
        "Invoice [billing_invoice]",
    ),
    "a line's quantity and price": (
        f"UPDATE billing_invoiceline SET quantity = 2, unit_price = 575 WHERE id = {first('billing_invoiceline')}",
        "Invoice [billing_invoice]",
    ),
    "the address on an invoice": (
        f"UPDATE billing_invoice SET copy = '{{}}' WHERE id = {first('billing_invoice')}", "Invoice [billing_invoice]",
    ),
    "an invoice's customer": (
        "UPDATE billing_invoice SET customer_id = (SELECT MAX(id) FROM customers_customer) WHERE id = "
        f"{first('billing_invoice')}", "INV-",
    ),
    "a draft's line": ("UPDATE billing_invoiceline SET text = 'Other' WHERE text = 'A draft'", "Draft"),
    "a draft discarded": (
        "UPDATE billing_invoice SET state = 'discarded' WHERE state = 'draft' AND text = 'A draft'", "Draft",
    ),
    "a credit note's reason": ("UPDATE billing_creditnote SET reason = 'Other'", "CN-"),
    "a credit note's line": ("UPDATE billing_creditnoteline SET text = 'Other'", "CN-"),
    "a charge's period": (
        "UPDATE billing_charge SET period_end = '2026-12-31' WHERE line_id IS NOT NULL AND one_time_id IS NULL",
        "Invoice",
    ),
    "a charge deleted": (
        "DELETE FROM billing_charge WHERE id = (SELECT MIN(id) FROM billing_charge WHERE line_id IS NOT NULL)",
        "Invoice",
    ),
    "a charge in vain inserted": (
        "INSERT INTO billing_charge (service_id, period_start, period_end, number, starts, ends, "
        "part, whole, unit_price, "
        "quantity, percent_off, prices_include_tax, total_minor, net_minor) SELECT service_id, "
        "period_start, period_end, "
        "90, starts, ends, part, whole, unit_price, quantity, percent_off, prices_include_tax, -100, -87 "
        f"FROM billing_charge WHERE id = {first('billing_charge', 'service_id IS NOT NULL')}", "Service",
    ),
    "a tax rate": ("UPDATE billing_taxrate SET percent = 14 WHERE code = 'standard'", "Tax rate"),
    "how often an invoice recurs": ("UPDATE billing_recurringinvoice SET frequency = 'year'", "Recurring invoice"),
    "a recurring invoice stopped": (
        "UPDATE billing_recurringinvoice SET stopped_on = '2026-03-31', next_on = NULL", "Recurring invoice",
    ),
    "a recurring draft forgotten": ("DELETE FROM billing_recurringdraft", "Recurring invoice"),
    "a bill run's day": ("UPDATE billing_billrun SET bill_to = '2027-01-01'", "Bill run"),
    # ---- what is sold, and to whom
    "a price": (f"UPDATE catalogue_price SET amount = 1 WHERE id = {first('catalogue_price')}", "Fibre 100"),
    "a price inserted": (
        "INSERT INTO catalogue_price (product_id, frequency, currency, amount, valid_from, new_only, set_by) SELECT "
        f"product_id, frequency, currency, 1, '2026-05-01', new_only, set_by FROM catalogue_price WHERE id = "
        f"{first('catalogue_price')}", "Fibre 100",
    ),
    "a product's tax": ("UPDATE catalogue_product SET tax_code = '' WHERE name = 'Fibre 100'", "Fibre 100"),
    "what comes with a product": ("UPDATE catalogue_bundlepart SET quantity = 2", "Combo"),
    "a coupon": ("UPDATE catalogue_coupon SET percent_off = 99", "HALF"),
    "a subscription's term": ("UPDATE subscriptions_term SET penalty_minor = 100000", "Subscription"),
    "when a subscription is billed next": (
        "UPDATE subscriptions_subscription SET next_bill_on = '2030-01-01'", "Subscription",
    ),
    "how far a service is billed": (
        "UPDATE subscriptions_service SET billed_to = '2030-01-01' WHERE billed_to IS NOT NULL", "Subscription",
    ),
    "a service's own price": ("UPDATE subscriptions_span SET price = 1 WHERE ends IS NULL", "Service"),
    "what is scheduled": (
        "UPDATE subscriptions_serviceaction SET state = 'withdrawn' WHERE state = 'scheduled'",
        "Service",
    ),
    "a coupon used": ("DELETE FROM subscriptions_couponuse", "Service"),
    "a one-time charge's price": ("UPDATE subscriptions_onetimecharge SET price = 1", "One time charge"),
    "a one-time charge marked as billed": (
        "UPDATE subscriptions_onetimecharge SET billed_on = NULL WHERE billed_on IS NOT NULL", "One-time charge",
    ),
    "how much was used": ("UPDATE usage_usagerecord SET quantity = 1", "Usage record"),
    "usage deleted": ("DELETE FROM usage_usagerecord", "Usage record"),
    "usage inserted": (
        "INSERT INTO usage_usagerecord (service_id, \"on\", quantity, text, source, reference, author, at) SELECT "
        "service_id, \"on\", 7, text, source, 'more', author, at FROM usage_usagerecord", "Usage record",
    ),
    "an agreement's end": ("UPDATE sales_agreement SET ends = '2040-01-01'", "Agreement"),
    # ---- customers and what was said to them
    "a customer's credit terms": ("UPDATE customers_customer SET terms_days = 120 WHERE name = 'Zara Naidoo'", "Zara"),
    "a customer's status": ("UPDATE customers_customer SET status = 'inactive' WHERE name = 'Zara Naidoo'", "Zara"),
    "a customer inserted": (
        "INSERT INTO customers_customer (number, name, kind, billing_type, status, joined_on, \"group\", terms_days, "
        "currency, tax_number, language, hold_reason, version, search_text) SELECT 'X-9', name, kind, billing_type, "
        "status, joined_on, \"group\", terms_days, currency, tax_number, language, '', 1, '' FROM customers_customer "
        "WHERE name = 'Zara Naidoo'", "X-9",
    ),
    "where messages go": (
        "UPDATE customers_contactpoint SET value = 'thief@mail.example' WHERE kind = 'email'",
        "Zara",
    ),
    "where invoices go": ("UPDATE customers_destination SET email = 'thief@mail.example'", "Zara"),
    "an address": ("UPDATE customers_site SET street = 'Elsewhere' WHERE street = '1 Main Rd'", "Zara"),
    "a note": ("UPDATE customers_note SET text = 'Other'", "Note"),
    "a note deleted": ("DELETE FROM customers_note", "customers.note"),
    "an attachment's name": ("UPDATE customers_attachment SET name = 'other.png'", "Attachment"),
    "a custom value": ("UPDATE customers_customvalue SET text = '9999'", "Zara"),
    "a message's text": (f"UPDATE messaging_message SET body_text = 'Other' WHERE id = {SENT}", "Message"),
    "a message's subject": (f"UPDATE messaging_message SET subject = 'Other' WHERE id = {SENT}", "Message"),
    "whom a message went to": (
        f"UPDATE messaging_delivery SET address = 'other@mail.example' WHERE message_id = {SENT}", "Message",
    ),
    "whom a message goes to": (
        f"UPDATE messaging_delivery SET address = 'thief@mail.example' WHERE message_id = {WAITING}", "Message",
    ),
    "when a message arrived": (
        "UPDATE messaging_delivery SET result = 'Rejected', state = 'failed' WHERE state = 'sent'", "Delivery",
    ),
    "a message that is to be sent once more": (
        "UPDATE messaging_delivery SET state = 'queued', attempts = 0, claimed_at = NULL, finished_at = NULL, "
        "result = '' WHERE state = 'sent'", "Delivery",
    ),
    "a message that is said to have been taken back": (
        f"UPDATE messaging_delivery SET state = 'cancelled' WHERE message_id = {SENT};;"
        f"UPDATE messaging_message SET cancelled_at = at WHERE id = {SENT}", "Message",
    ),
    "a message's file": (
        f"UPDATE messaging_messagefile SET file_id = {first('documents_storedfile')} WHERE message_id = {SENT}",
        "Message",
    ),
    "a file's bytes": (
        "UPDATE documents_storedfile SET content = (SELECT content FROM documents_storedfile WHERE id = "
        f"(SELECT MAX(id) FROM documents_storedfile)) WHERE id = {first('documents_storedfile')}",
        "File [documents_storedfile]",
    ),
    "a file marked as erased": (
        f"UPDATE documents_storedfile SET erased_at = '2026-03-31 10:00' WHERE id = {first('documents_storedfile')}",
        "File [documents_storedfile]",
    ),
    "a file erased": (
        "UPDATE documents_storedfile SET erased_at = '2026-03-31 10:00', content = {nothing} WHERE id = "
        + first("documents_storedfile"), "Attachment",
    ),
    "a file's type": ("UPDATE documents_storedfile SET mime = 'text/html'", "Stored file"),
    # ---- people and their rights
    "an administrator inserted": (USER, "User"),
    "somebody's own passkey for an administrator": (
        "INSERT INTO mfa_authenticator (user_id, type, data, created_at) SELECT id, 'webauthn', '{{}}', "
        "'2026-03-31 10:00' FROM staff_user WHERE name = 'Administrator'", "Administrator",
    ),
    "somebody's own single sign-on for an administrator": (
        "INSERT INTO socialaccount_socialaccount (user_id, provider, uid, last_login, date_joined, extra_data) SELECT "
        "id, 'sso', '4711', '2026-03-31 10:00', '2026-03-31 10:00', '{{}}' FROM staff_user "
        "WHERE name = 'Administrator'", "Administrator",
    ),
    "an agent made administrator": (f"UPDATE staff_user SET role_id = {BOSS} WHERE role_id = {AGENT}", "User"),
    "a password": ("UPDATE staff_user SET password = 'md5$x$y' WHERE name = 'Administrator'", "User"),
    "a person made inactive": ("UPDATE staff_user SET is_active = (1 = 0) WHERE name = 'Administrator'", "User"),
    "a role's grants": ("UPDATE staff_role SET grants = '[\"*\"]' WHERE key = 'agent'", "Role"),
    "a role's limits": ("UPDATE staff_role SET limits = '{{}}' WHERE key = 'billing'", "Role"),
    "a limit that was used": ("DELETE FROM platform_limituse", "platform.limituse"),
    "the operator's bank account": ("UPDATE operator_bankaccount SET number = '62 000 000'", "Bank account"),
    "the operator's name": ("UPDATE operator_operator SET name = 'Another'", "Operator"),
    "portal access inserted": (
        "INSERT INTO access_access (login_id, customer_id, contact_id, given_at) SELECT "
        "a.login_id, c.customer_id, c.id, "
        "a.given_at FROM access_access a JOIN customers_contact c ON c.customer_id <> a.customer_id", "Access",
    ),
    "portal access taken": ("UPDATE access_access SET taken_at = given_at", "Access"),
    "a portal password": ("UPDATE access_login SET password = 'md5$x$y'", "Login"),
    "a portal passkey inserted": (
        "INSERT INTO access_passkey (login_id, name, key_id, credential, uses, added_at) SELECT login_id, name, 'k2', "
        "credential, uses, added_at FROM access_passkey", "Login",
    ),
    "an approval": ("UPDATE platform_approval SET state = 'approved', decided_by = 'Administrator' "
                    "WHERE state = 'refused'", "Approval"),
    "what is asked for": ("UPDATE platform_approval SET amount_minor = 999 WHERE state = 'waiting'", "Approval"),
    "a job of somebody who sees more": (
        "UPDATE platform_job SET user_id = (SELECT MAX(id) FROM staff_user), user_name = 'Administrator'", "Job",
    ),
    "a job inserted": (
        "INSERT INTO platform_job (kind, title, unit, arguments, user_id, user_name, state, done, at, said) SELECT "
        "kind, 'X-9', unit, arguments, user_id, user_name, 'waiting', 0, at, '' FROM platform_job", "X-9",
    ),
    "an import forgotten": ("DELETE FROM imports_importedrecord", "Import run"),
    # ---- the trail and the numbers
    "an event's author": ("UPDATE trail_event SET actor = 'Nobody' WHERE kind = 'receipt.recorded'", "event"),
    "what an event keeps": (
        "UPDATE trail_event SET data = (SELECT data FROM trail_event WHERE kind = 'refund.paid') "
        "WHERE kind = 'note.added'", "event",
    ),
    "an event deleted": ("DELETE FROM trail_event WHERE kind = 'refund.paid'", "Seal"),
    "an event inserted": (
        "INSERT INTO trail_event (id, operation_id, operation, kind, subject_type, subject_id, actor, door, at, data, "
        "salt) SELECT -1, operation_id, operation, kind, subject_type, subject_id, actor, door, at, data, salt "
        "FROM trail_event WHERE kind = 'refund.paid'", "Seal",
    ),
    "a seal": ("UPDATE trail_seal SET hash = previous_hash", "head of the trail"),
    "the end cut off": ("DELETE FROM trail_seal;;UPDATE trail_sealhead SET seals = 0, hash = ''", "head of the trail"),
    "a number counted back": ("UPDATE platform_numbersequence SET last = last - 1 WHERE key = 'invoice'", "invoice"),
    "an invoice's number": ("UPDATE billing_invoice SET number = 'INV-9' WHERE number = 'INV-000001'", "INV-"),
}  # fmt: skip


def _first_key(table: re.Match[str]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(id) FROM {table[1]}")
        return str(cursor.fetchone()[0])


def _check(kind: str) -> None:
    sql, names = KINDS[kind]
    sql, names = sql.replace("{{}}", "{}"), re.sub(r"\[(\w+)\]", _first_key, names)
    nothing = "x''" if connection.vendor == "sqlite" else "'\\x'::bytea"
    found = find(sql.replace("{nothing}", nothing))
    assert found, f"Nobody noticed: {kind}"
    assert any(names in sentence for sentence in found), f"{kind}: nothing names {names} in {found}"


@pytest.mark.parametrize("kind", list(KINDS)[::6])
def test_some_of_what_is_changed_behind_its_back(books: None, kind: str) -> None:
    _check(kind)


@pytest.mark.hostile
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_changed_behind_its_back_is_noticed_and_named(books: None, kind: str) -> None:
    _check(kind)


def test_nothing_proves_itself_by_what_was_taken_out_of_its_event(books: None) -> None:
    """A digest with something personal in it can be erased: then an older one would fit an older row again."""
    with transaction.atomic(), write_guard.writing():
        event = Event.objects.filter(kind="login.password_set").get()
        Event.objects.filter(pk=event.pk).update(salt="", data={})
        assert list(broken_seals()) == [], "No seal tells."
        told = [f"{row.check}: {row.sentence}" for row in _findings()]
        transaction.set_rollback(True)
    assert any(f"Event {event.pk} (login.password_set) has lost what was personal" in sentence for sentence in told), (
        told
    )


def test_there_are_kinds_enough() -> None:
    assert len(KINDS) >= 62


# ------------------------------------------------------------------ and every column of every table that is kept


def _other(column: Any, value: Any, rng: random.Random) -> Any:
    """Another value that the column could have."""
    if column.is_relation:
        keys = column.related_model._base_manager.exclude(pk=value).values_list("pk", flat=True)
        there = sorted(keys)
        return rng.choice(there) if there else None
    if column.choices:
        return rng.choice([choice for choice, _ in column.choices if choice != value])
    match column:
        case models.BooleanField():
            return not value
        case models.DateTimeField():
            return (value or dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) + dt.timedelta(hours=1)
        case models.DateField():
            return (value or dt.date(2026, 1, 1)) + dt.timedelta(days=1)
        case models.DecimalField():
            return (value or Decimal(0)) + 1
        case models.IntegerField():
            return (value or 0) + 1
        case models.JSONField():
            return {"other": 1} if isinstance(value, dict) else [*(value or []), "other"]
        case models.BinaryField():
            return b"other"
        case models.UUIDField():
            return "00000000-0000-4000-8000-000000000000"
    return f"{(value or '')[: (column.max_length or 99) - 1]}x"


def _covered() -> list[tuple[type[models.Model], str]]:
    found = []
    for model in apps.get_models():
        for kept in (getattr(model, "kept", None), getattr(model, "kept_with", None)):
            if kept is not None:
                names = {column.name for column in model._meta.concrete_fields} - {"id", *kept.but}
                found += [(model, name) for name in sorted(names)]
    return sorted(set(found), key=lambda pair: (pair[0]._meta.label, pair[1]))


# What is personal of rows that are kept many at a time: it could not be erased from among the others.
NOT_KEPT = {(UsageRecord, "text")}


def _noticed(model: type[models.Model]) -> bool:
    label = model._meta.label_lower
    some = [noun for noun in nouns().values() if noun.label == label or any(part[0] is model for part in noun.parts)]
    return any(next(changed_rows(noun), None) for noun in some) or bool(_findings())


def _findings() -> list[Any]:
    return [finding for finding in check_books() if finding.check != "platform.triggers_are_in_place"]


@pytest.mark.hostile
@pytest.mark.parametrize("model", sorted({model for model, _ in _covered()}, key=lambda model: model._meta.label))
def test_every_column_that_is_kept_is_noticed(books: None, model: type[models.Model]) -> None:
    """A column added tomorrow is among these by itself."""
    rng = random.Random(SEED)
    where = getattr(getattr(model, "kept", None), "where", models.Q())
    missed = []
    for name in [name for of, name in _covered() if of is model]:
        column = model._meta.get_field(name)
        pk = rng.choice(sorted(model._base_manager.filter(where).values_list("pk", flat=True)))
        value = model._base_manager.filter(pk=pk).values_list(name, flat=True).get()
        with transaction.atomic(), write_guard.writing():
            other = _other(column, value, rng)
            try:
                with transaction.atomic():
                    model._base_manager.filter(pk=pk).update(**{name: other})
            except DatabaseError:
                continue  # the database itself refuses it
            if other != value and (model, name) not in NOT_KEPT and not _noticed(model):
                missed.append(f"{name} of {pk}: {value!r} to {other!r}")
            transaction.set_rollback(True)
    assert not missed


@pytest.mark.hostile
@pytest.mark.parametrize("model", sorted({model for model, _ in _covered()}, key=lambda model: model._meta.label))
def test_every_row_that_is_kept_is_missed(books: None, model: type[models.Model]) -> None:
    row = model._base_manager.order_by("pk").last()
    assert row is not None, f"The books of this test have no {model.__name__}."
    with transaction.atomic(), write_guard.writing():
        model._base_manager.filter(pk=row.pk)._raw_delete("default")
        noticed = _noticed(model)
        transaction.set_rollback(True)
    assert noticed


def test_the_seals_of_these_books_hold(books: None) -> None:
    assert list(broken_seals()) == []
