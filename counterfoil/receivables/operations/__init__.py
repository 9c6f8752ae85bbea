"""Every write about open items: opening them, settling them, disputing them, and the ageing policy."""

from counterfoil.receivables.operations.adjust import (
    NewMemo,
    adjust_account,
    issue_credit,
    raise_debit_memo,
    raise_debit_memos,
    write_off,
)
from counterfoil.receivables.operations.allocate import (
    allocate,
    allocate_shares,
    undo_allocations_of,
)
from counterfoil.receivables.operations.credit import (
    allocate_credits,
    allocate_oldest_first,
    release_credit,
    set_aside,
    set_credit_policy,
    settle_with_credit,
)
from counterfoil.receivables.operations.dispute import (
    BroughtDispute,
    bring_past_disputes,
    close_dispute,
    open_dispute,
)
from counterfoil.receivables.operations.items import NewItem, open_items
from counterfoil.receivables.operations.opening import NewBalance, open_balances
from counterfoil.receivables.operations.policy import save_bucket_set, set_up_receivables
from counterfoil.receivables.operations.send import StatementEmail, send_statement, send_statements
from counterfoil.receivables.operations.standings import bring_up_to_date, keep_standings
from counterfoil.receivables.operations.transfer import follow_merge, heirs, merge_customers, reopen_moved, settle_moved
from counterfoil.receivables.operations.undo import undo_allocation

__all__ = [
    "BroughtDispute",
    "bring_past_disputes",
    "NewBalance",
    "NewItem",
    "NewMemo",
    "adjust_account",
    "allocate",
    "allocate_credits",
    "allocate_oldest_first",
    "allocate_shares",
    "bring_up_to_date",
    "close_dispute",
    "follow_merge",
    "heirs",
    "issue_credit",
    "keep_standings",
    "merge_customers",
    "open_dispute",
    "open_balances",
    "open_items",
    "reopen_moved",
    "raise_debit_memo",
    "raise_debit_memos",
    "release_credit",
    "save_bucket_set",
    "send_statement",
    "send_statements",
    "StatementEmail",
    "set_aside",
    "set_credit_policy",
    "settle_moved",
    "set_up_receivables",
    "settle_with_credit",
    "undo_allocation",
    "undo_allocations_of",
    "write_off",
]
