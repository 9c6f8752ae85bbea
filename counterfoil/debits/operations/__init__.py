"""Every write about debit orders."""

from counterfoil.debits.operations.answers import (
    bring_in_answers,
    do_answer,
    finish_debit_run,
    return_debit_order,
    settle_debit_run,
    settle_due_run,
    settle_orders,
)
from counterfoil.debits.operations.mandates import (
    add_mandate,
    agree_method,
    end_mandate,
    erase_mandates,
    follow_merge,
    keeps_open,
    set_payment_method,
    sign_mandate,
)
from counterfoil.debits.operations.policy import (
    add_debit_scheme,
    retire_debit_scheme,
    set_debit_policy,
)
from counterfoil.debits.operations.runs import (
    approve_debit_run,
    cancel_debit_run,
    freeze_debit_run,
    hold_debit_order,
    include_debit_order,
    open_debit_run,
    refuse_debit_run,
    send_debit_run,
    send_notices,
)

__all__ = [
    "agree_method",
    "add_debit_scheme",
    "add_mandate",
    "approve_debit_run",
    "bring_in_answers",
    "cancel_debit_run",
    "do_answer",
    "end_mandate",
    "erase_mandates",
    "finish_debit_run",
    "follow_merge",
    "freeze_debit_run",
    "hold_debit_order",
    "include_debit_order",
    "keeps_open",
    "open_debit_run",
    "refuse_debit_run",
    "retire_debit_scheme",
    "return_debit_order",
    "send_debit_run",
    "send_notices",
    "set_debit_policy",
    "set_payment_method",
    "settle_debit_run",
    "settle_due_run",
    "settle_orders",
    "sign_mandate",
]
