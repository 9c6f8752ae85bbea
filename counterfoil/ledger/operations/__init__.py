"""What is written into the ledger."""

from counterfoil.ledger.operations.closing import close_books, ready_to_close, reopen_books
from counterfoil.ledger.operations.posting import NewEntry, change_ledger_account, post_entries, set_up_ledger

__all__ = [
    "NewEntry",
    "change_ledger_account",
    "close_books",
    "post_entries",
    "ready_to_close",
    "reopen_books",
    "set_up_ledger",
]
