"""Every write of billing, one file for each family of verbs."""

from counterfoil.billing.operations.credits import credit_invoice
from counterfoil.billing.operations.invoices import (
    MOST_LINES,
    NewInvoice,
    change_draft,
    discard_draft,
    draft_invoice,
    draft_invoices,
    issue_invoices,
    save_tax_rate,
    set_up_billing,
)

__all__ = [
    "MOST_LINES", "NewInvoice", "change_draft", "credit_invoice", "discard_draft", "draft_invoice", "draft_invoices",
    "issue_invoices", "save_tax_rate", "set_up_billing",
]  # fmt: skip
