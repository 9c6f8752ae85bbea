"""Every write of billing, one file for each family of verbs."""

from counterfoil.billing.operations.bills import Outcome, bill_customer, bill_customers
from counterfoil.billing.operations.credits import credit_invoice
from counterfoil.billing.operations.effects import BillAfter, Effect, preview_account, preview_change, preview_services
from counterfoil.billing.operations.invoices import (
    MOST_LINES,
    NewInvoice,
    change_draft,
    discard_draft,
    draft_invoice,
    draft_invoices,
    erase_drafts,
    issue_invoices,
    set_up_billing,
)
from counterfoil.billing.operations.recurring import (
    draft_due_recurring,
    draft_recurring,
    fail_recurring,
    make_recurring,
    stop_recurring,
)
from counterfoil.billing.operations.revenue import release_revenue
from counterfoil.billing.operations.runs import (
    begin_issuing,
    discard_bill_run,
    open_bill_run,
    preview_again,
    recheck_exceptions,
    review_items,
    send_bill_run,
    take_back_approval,
)
from counterfoil.billing.operations.taking_back import cancel_bill
from counterfoil.billing.operations.taxes import decide_tax, save_tax_rate, use_tax_rates

__all__ = [
    "begin_issuing",
    "discard_bill_run",
    "open_bill_run",
    "preview_account",
    "preview_again",
    "preview_change",
    "preview_services",
    "BillAfter",
    "recheck_exceptions",
    "release_revenue",
    "review_items",
    "send_bill_run",
    "take_back_approval",
    "MOST_LINES",
    "NewInvoice",
    "Effect",
    "Outcome",
    "bill_customer",
    "bill_customers",
    "cancel_bill",
    "change_draft",
    "credit_invoice",
    "discard_draft",
    "draft_due_recurring",
    "draft_invoice",
    "draft_recurring",
    "fail_recurring",
    "make_recurring",
    "stop_recurring",
    "draft_invoices",
    "erase_drafts",
    "issue_invoices",
    "decide_tax",
    "save_tax_rate",
    "use_tax_rates",
    "set_up_billing",
]
