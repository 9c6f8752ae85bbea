"""Every write of collections."""

from counterfoil.collections.operations.assigning import assign_collector, set_collections_policy
from counterfoil.collections.operations.calls import (
    NewAction,
    NewTopic,
    add_to_call,
    change_call_dispute,
    close_call,
    finish_action,
    finish_follow_up,
    record_call,
    remove_call_dispute,
    reopen_call,
)
from counterfoil.collections.operations.crediting import credit_dispute, decline_credit, grant_credit
from counterfoil.collections.operations.disputing import dispute_lines, disputes_moved
from counterfoil.collections.operations.erasing import erase_collections
from counterfoil.collections.operations.months import keep_last_month, keep_months, recalculate_effectiveness
from counterfoil.collections.operations.promises import (
    MOST_INSTALMENTS,
    agree_plan,
    cancel_promise,
    judge_due,
    judge_promises,
    keeps_open,
    money_moved,
    promise_by_customer,
    record_promise,
    send_plan,
)

__all__ = [
    "MOST_INSTALMENTS",
    "NewAction",
    "NewTopic",
    "add_to_call",
    "agree_plan",
    "assign_collector",
    "cancel_promise",
    "change_call_dispute",
    "close_call",
    "credit_dispute",
    "decline_credit",
    "dispute_lines",
    "disputes_moved",
    "erase_collections",
    "finish_action",
    "finish_follow_up",
    "grant_credit",
    "judge_due",
    "keep_last_month",
    "keep_months",
    "judge_promises",
    "keeps_open",
    "money_moved",
    "promise_by_customer",
    "recalculate_effectiveness",
    "record_call",
    "record_promise",
    "remove_call_dispute",
    "reopen_call",
    "send_plan",
    "set_collections_policy",
]
