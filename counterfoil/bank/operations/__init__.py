"""What becomes of what banks say."""

from counterfoil.bank.operations.lines import (
    give_line,
    post_line,
    record_line,
    record_sure_lines,
    reopen_line,
)
from counterfoil.bank.operations.statements import bring_in_statement

__all__ = [
    "bring_in_statement",
    "give_line",
    "post_line",
    "record_line",
    "record_sure_lines",
    "reopen_line",
]
