"""Every write about the terms on which customers are chased."""

from counterfoil.credit.operations.classes import (
    add_class_currency,
    add_profile_class,
    change_class_amounts,
    change_profile_class,
    set_charge_limit,
)
from counterfoil.credit.operations.letters import (
    LineGiven,
    add_letter,
    change_letter,
    save_letter_set,
    save_letter_text,
)
from counterfoil.credit.operations.profiles import assign_class, change_profile, give_collector, switch_dunning
from counterfoil.credit.operations.setting_up import set_up_credit

__all__ = [
    "LineGiven",
    "add_class_currency",
    "add_letter",
    "add_profile_class",
    "assign_class",
    "change_class_amounts",
    "change_letter",
    "change_profile",
    "change_profile_class",
    "give_collector",
    "save_letter_set",
    "save_letter_text",
    "set_charge_limit",
    "set_up_credit",
    "switch_dunning",
]
