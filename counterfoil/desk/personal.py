"""Everything that is known of one person, as a file they can take with them."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from typing import Any

from counterfoil.billing.queries import credit_notes_of, invoices_of
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import (
    attachment_files_of,
    contacts_of,
    custom_fields,
    custom_values_of,
    notes_of,
    sites_of,
    tags_of,
)
from counterfoil.customers.reaching import destinations_of
from counterfoil.jobs.queries import all_jobs_of
from counterfoil.kernel.money import plain_text
from counterfoil.messaging.queries import messages_of
from counterfoil.network.queries import accounts_of, sessions_of, used_by_day
from counterfoil.payments.queries import receipts_of, refunds_of
from counterfoil.platform.callers import Caller
from counterfoil.platform.downloads import safe_name
from counterfoil.sales.queries import agreements_of
from counterfoil.tickets.queries import messages_of as ticket_messages_of
from counterfoil.tickets.queries import tickets_of
from counterfoil.trail.kinds import sentence
from counterfoil.trail.queries import events_of, who_did
from counterfoil.usage.queries import records_of


def personal_data(customer: Customer) -> dict[str, Any]:
    """Every fact about the customer, by kind, in values that any program reads."""
    values, labels = custom_values_of(customer), {field.pk: field.label for field in custom_fields(all_of_them=True)}
    return {
        "account": {
            "number": customer.number, "name": customer.name, "kind": customer.kind, "joined": customer.joined_on,
            "currency": customer.currency, "tax number": customer.tax_number, "language": customer.language,
            "group": customer.group, "tags": tags_of(customer),
            "fields": {labels[pk]: text for pk, text in values.items()},
        },
        "contacts": [
            {"name": row.name, "position": row.title, "used for": row.roles,
             "reached at": [point.value for point in row.points.all()]}
            for row in contacts_of(customer)
        ],
        "addresses": [{"name": row.label, "address": row.text, "used for": row.purposes} for row in sites_of(customer)],
        "messages go to": destinations_of(customer),
        "notes": [{"at": row.at, "by": row.author_name, "text": row.text} for row in notes_of(customer, limit=100_000)],
        "agreements": [
            {"number": row.number, "for": row.title, "covers": row.coverage, "from": row.starts,
             "last day": row.last_day, "state": row.get_state_display(), "reason": row.reason}
            for row in agreements_of(customer)
        ],
        "invoices": [_document(row) for row in invoices_of(customer)],
        "credit notes": [_document(row) for row in credit_notes_of(customer)],
        "payments": [_payment(row) for row in receipts_of(customer)],
        "refunds": [_payment(row) for row in refunds_of(customer)],
        "usage": [
            {"on": row.on, "service": str(row.service), "quantity": row.quantity, "what": row.text}
            for row in records_of(customer)
        ],
        "network access": [
            {"user name": row.user_name, "service": str(row.service), "address": row.addresses, "device": row.mac,
             "circuit": row.circuit, "from": row.added_on, "ended": row.ended_on}
            for row in accounts_of(customer)
        ],
        "sessions": [
            {"from": row.started_at, "to": row.ended_at, "address": row.address, "prefix": row.ipv6,
             "device": row.mac, "up": row.up, "down": row.down}
            for row in sessions_of(customer)
        ],
        "data usage": [
            {"on": row.when, "service": row.service, "up": row.up, "down": row.down}
            for row in used_by_day(customer, since=dt.date.min)
        ],
        "messages": [
            {"at": row.at, "subject": row.subject, "text": row.body_text,
             "to": [delivery.address for delivery in row.deliveries.all()]}
            for row in messages_of(customer)
        ],
        "tickets": [
            {"number": row.number, "subject": row.subject, "state": row.get_state_display(), "opened": row.opened_at,
             "rating": row.rating, "comment": row.rating_note,
             "messages": [{"at": said.at, "by": said.author, "kind": said.get_kind_display(), "text": said.text}
                          for said in ticket_messages_of(row)]}
            for row in tickets_of(customer)
        ],
        "jobs": [
            {"number": row.number, "what": row.summary, "type": row.job_type.name, "state": row.get_state_display(),
             "from": row.starts_at, "to": row.ends_at, "who is called": row.contact_name, "phone": row.contact_phone,
             "reason": row.reason,
             "noted": [{"at": one.at, "by": one.author, "what": one.text, "value": one.value}
                       for one in row.entries.order_by("pk")]}
            for row in all_jobs_of(customer)
        ],
        "what happened": [
            {"at": row.at, "by": who_did(row), "what": sentence(row.kind, row.data)} for row in events_of(customer.pk)
        ],
    }  # fmt: skip


def _document(row: Any) -> dict[str, Any]:
    return {"number": row.number, "date": row.on, "total": plain_text(row.total_minor, row.currency)}


def _payment(row: Any) -> dict[str, Any]:
    amount = plain_text(row.amount_minor, row.currency)
    return {"number": row.number, "date": row.on, "method": row.method_name, "amount": amount}


def personal_zip(customer: Customer) -> bytes:
    """The same as a ZIP: `data.json`, and the attachments as they were stored."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data.json", json.dumps(personal_data(customer), indent=2, default=str, ensure_ascii=False))
        for row in attachment_files_of(customer):
            assert row.file is not None, "What is not removed has its bytes."
            packed.writestr(f"attachments/{row.pk} {safe_name(row.name)}", bytes(row.file.content))
    return out.getvalue()


def just_exported(caller: Caller, customer: Customer) -> bool:
    """Whether this person put the export on record within the last ten minutes."""
    since = caller.now - dt.timedelta(minutes=10)
    return events_of(customer.pk).filter(kind="customer.exported", actor_id=caller.user_id, at__gte=since).exists()
