"""Every write about the operator, and the areas and brands that customers belong to."""

from counterfoil.operator.operations.accounts import (
    add_bank_account,
    change_bank_account,
    close_bank_account,
    use_bank_account,
)
from counterfoil.operator.operations.belonging import (
    add_area,
    add_brand,
    change_area,
    change_brand,
    restore_area,
    restore_brand,
    retire_area,
    retire_brand,
)
from counterfoil.operator.operations.company import (
    change_operator,
    keeps_currency,
    keeps_time_zone,
    set_brand_logo,
    set_logo,
    set_up_operator,
)
from counterfoil.operator.operations.lookups import add_lookup, change_lookup, set_up_lookups
from counterfoil.operator.operations.numbers import brought_numbers, change_numbers, number_brand, share_numbers

__all__ = [
    "add_area",
    "add_bank_account",
    "add_brand",
    "add_lookup",
    "brought_numbers",
    "change_area",
    "change_bank_account",
    "change_brand",
    "change_lookup",
    "change_numbers",
    "change_operator",
    "close_bank_account",
    "keeps_currency",
    "keeps_time_zone",
    "number_brand",
    "restore_area",
    "restore_brand",
    "retire_area",
    "retire_brand",
    "set_brand_logo",
    "set_logo",
    "set_up_lookups",
    "set_up_operator",
    "share_numbers",
    "use_bank_account",
]
