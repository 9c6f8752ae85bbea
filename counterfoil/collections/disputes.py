"""What of a dispute is about which line of its invoice, and the tax in it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from counterfoil.billing.models import Invoice, InvoiceLine
from counterfoil.billing.queries import left_to_credit
from counterfoil.collections import rules
from counterfoil.collections.models import DisputedLine
from counterfoil.platform.bulk import among
from counterfoil.receivables.models import Dispute, OpenItem


@dataclass(frozen=True)
class Part:
    """A part of a dispute: of a line, or of the whole invoice (no line), with the tax in it."""

    line: InvoiceLine | None
    minor: int
    tax_minor: int

    @property
    def text(self) -> str:
        return self.line.text if self.line else ""


def parts_of(dispute: Dispute | None) -> rules.Parts:
    """What was put in dispute, by line; empty without a dispute."""
    if dispute is None:
        return {}
    rows = DisputedLine.objects.filter(dispute=dispute).order_by("line__position")
    lines: rules.Parts = dict(rows.values_list("line_id", "amount_minor"))
    rest = dispute.amount_minor - sum(lines.values())
    return {**lines, None: rest} if rest else lines


def open_parts_of(item: OpenItem) -> rules.Parts:
    """The same of the dispute that stands on an item, as far as the item is open and its lines are not credited."""
    standing = Dispute.objects.filter(item=item, closed_on__isnull=True).first()
    return rules.within(creditable_parts(standing), item.open_minor)


def creditable_parts(dispute: Dispute | None) -> rules.Parts:
    """What was put in dispute, by line, as far as something of the line is left to credit."""
    parts = parts_of(dispute)
    if dispute is None or set(parts) <= {None}:
        return parts
    return rules.creditable(parts, left_to_credit(Invoice.objects.get(item=dispute.item_id)))


def disputable(invoice: Invoice) -> dict[int, int]:
    """How much of each line of an invoice can be in dispute: what is left of it, minor units with tax."""
    open_minor = invoice.item.open_minor if invoice.item else 0
    return {line: min(minor, open_minor) for line, minor in left_to_credit(invoice).items() if minor > 0}


def told_parts(disputes: Collection[Dispute]) -> dict[int, list[Part]]:
    """The parts of each of these disputes of invoices, lines first, with the tax in each; by dispute."""
    by_item = {row.item_id: row for row in Invoice.objects.filter(among("item", {row.item_id for row in disputes}))}
    rows = DisputedLine.objects.filter(among("dispute", {row.pk for row in disputes})).select_related("line")
    lines: dict[int, list[Part]] = defaultdict(list)
    for row in rows.order_by("dispute", "line__position"):
        line = row.line
        tax = rules.tax_share(row.amount_minor, line.tax_minor, line.total_minor)
        lines[row.dispute_id].append(Part(line, row.amount_minor, tax))
    found = {}
    for dispute in disputes:
        if (invoice := by_item.get(dispute.item_id)) is None:
            continue
        parts = lines[dispute.pk]
        if rest := dispute.amount_minor - sum(part.minor for part in parts):
            parts.append(Part(None, rest, rules.tax_share(rest, invoice.tax_minor, invoice.total_minor)))
        found[dispute.pk] = parts
    return found


def standing_on(items: Collection[int], on: dt.date) -> list[Dispute]:
    """The disputes of these items that stood on a day."""
    rows = Dispute.objects.filter(among("item", items), opened_on__lte=on).exclude(closed_on__lte=on)
    return list(rows.order_by("pk"))


def lines_of(items: Collection[int], most: int = 200) -> list[InvoiceLine]:
    """The lines of the invoices of these items that something can be in dispute of, by invoice."""
    rows = InvoiceLine.objects.filter(among("invoice__item", items), total_minor__gt=0).select_related("invoice")
    return list(rows.order_by("invoice__due_on", "invoice", "position")[:most])
