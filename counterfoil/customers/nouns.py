"""What there is to read about customers."""

from __future__ import annotations

import datetime as dt

from counterfoil.customers.models import Attachment, Contact, Customer, CustomField, Note, Site
from counterfoil.customers.queries import matching
from counterfoil.kernel.periods import date_text
from counterfoil.platform.showing import Noun, Shown

CUSTOMER = Noun(
    Customer, path="customers", sees="customers.view", by="number", called=("parent", "duplicate"),
    related=("area", "brand", "manager", "parent"), sorts=("name", "joined_on"), search=matching,
    whose=(), page="customer", portal=True,
    shows=(
        "number", "name", "kind", "billing_type", "status", "joined_on", "group", "manager", "area", "brand",
        "terms_days", "terms_rule", "currency", "tax_number", "language", "parent", "version",
        "hold_reason", "hold_ends",
    ),
    badges=(
        lambda row, day: ("Active", "ok") if row.status == "active" else ("Inactive", ""),
        lambda row, day: (_hold(row), "bad") if row.held_on(day) else None,
    ),
)  # fmt: skip
CONTACT = Noun(
    Contact, path="contacts", sees="customers.view", related=("customer",),
    section="account#contacts", portal=True, labels={"title": "Position"},
    shows=(
        "customer", "name", "title", "roles", "active", "version",
        Shown("emails", lambda row: _values(row, "email"), list[str], "Where messages go first comes first."),
        Shown("phones", lambda row: _values(row, "phone"), list[str], "In E.164."),
    ),
    rows=lambda caller, rows: rows.prefetch_related("points"),
)  # fmt: skip
SITE = Noun(
    Site, path="addresses", sees="customers.view", related=("customer",),
    section="account#sites", portal=True, word="address", labels={"label": "Name", "is_primary": "Main address"},
    shows=(
        "customer", "label", "street", "city", "postcode", "country", "purposes", "is_primary", "active", "version",
    ),
)  # fmt: skip
NOTE = Noun(
    Note,
    path="notes",
    sees="customers.view",
    related=("customer", "note_type"),
    section="messages#notes",
    shows=("customer", "note_type", "text", "author_name", "at"),
    labels={"note_type": "Type"},
)
ATTACHMENT = Noun(
    Attachment, path="attachments", sees="customers.view", related=("customer",),
    section="account#attachments", page="attachment",
    one=lambda rows: rows.select_related("file", "thumbnail"),
    shows=("customer", "kind", "name", "author_name", "at"),
    rows=lambda caller, rows: rows.filter(removed_at__isnull=True),
)  # fmt: skip
CUSTOM_FIELD = Noun(
    CustomField, path="custom-fields", sees="customers.view", by="key", called=("field",),
    whose=(),
    shows=("key", "label", "kind", "choices", "listed", "active"),
)  # fmt: skip


def _values(contact: Contact, kind: str) -> list[str]:
    return [point.value for point in sorted(contact.points.all(), key=lambda point: point.pk) if point.kind == kind]


def _hold(row: Customer) -> str:
    last = f" to {date_text(row.hold_ends - dt.timedelta(days=1))}" if row.hold_ends else ""
    return f"Credit hold{last}: {row.hold_reason}"
