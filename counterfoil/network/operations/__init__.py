"""Every write about the network."""

from counterfoil.network.operations.accounting import close_stale, forget_sessions, recount_all, take_report
from counterfoil.network.operations.accounts import (
    add_access_account,
    change_access_account,
    end_access_account,
    end_with_services,
    erase_access_accounts,
    show_access_password,
    take_along,
)
from counterfoil.network.operations.included import note_data_used, note_looked_at, set_included_data
from counterfoil.network.operations.policy import (
    add_nas,
    change_nas,
    renew_radius_token,
    set_network_policy,
    set_speed,
    set_vendor_attributes,
    switch_nas,
)
from counterfoil.network.operations.sessions import (
    claim_disconnect,
    disconnect_session,
    end_again,
    look_up_address,
    note_cut,
    record_disconnect,
    set_walled,
)

__all__ = [
    "add_access_account",
    "add_nas",
    "change_access_account",
    "change_nas",
    "claim_disconnect",
    "close_stale",
    "disconnect_session",
    "end_access_account",
    "end_again",
    "end_with_services",
    "erase_access_accounts",
    "forget_sessions",
    "look_up_address",
    "note_cut",
    "note_data_used",
    "note_looked_at",
    "record_disconnect",
    "renew_radius_token",
    "recount_all",
    "set_included_data",
    "set_network_policy",
    "set_speed",
    "set_vendor_attributes",
    "set_walled",
    "show_access_password",
    "switch_nas",
    "take_along",
    "take_report",
]
