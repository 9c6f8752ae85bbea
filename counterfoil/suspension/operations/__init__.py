"""What warns, suspends, pauses and resets, what tells the network, and what the operator decides about it."""

from counterfoil.suspension.operations.daily import note_pass, take_all_steps, take_due_steps
from counterfoil.suspension.operations.network import claim_command, record_command
from counterfoil.suspension.operations.policy import (
    PolicyChanges,
    add_holidays,
    choose_network,
    drop_suspension_policy,
    remove_holiday,
    set_suspension_policy,
)
from counterfoil.suspension.operations.process import (
    advance,
    allow_suspension,
    approve_family,
    approve_suspensions,
    erase_suspensions,
    follow_merge,
    follow_reactivation,
    never_suspend,
    pause_suspension,
    reconsider,
    reset_suspension,
    suspend_now,
)

__all__ = [
    "PolicyChanges",
    "add_holidays",
    "advance",
    "allow_suspension",
    "approve_family",
    "approve_suspensions",
    "choose_network",
    "claim_command",
    "drop_suspension_policy",
    "erase_suspensions",
    "follow_merge",
    "follow_reactivation",
    "never_suspend",
    "note_pass",
    "pause_suspension",
    "reconsider",
    "record_command",
    "remove_holiday",
    "reset_suspension",
    "set_suspension_policy",
    "suspend_now",
    "take_all_steps",
    "take_due_steps",
]
