"""Every write about the operator, its people, integrations and roles, and the areas and brands they are limited to."""

from counterfoil.staff.operations.integrations import add_token, new_token, note_token_used, revoke_token
from counterfoil.staff.operations.people import (
    add_user,
    change_user,
    deactivate_user,
    keep_hash,
    note_access,
    prefer_theme,
    reactivate_user,
    reset_second_factor,
    set_password,
    sign_out_everywhere,
    sign_out_user,
    strengthen_password,
)
from counterfoil.staff.operations.roles import NewRole, add_role, change_role, remove_role, set_up_roles

__all__ = [
    "NewRole", "add_role", "add_token", "add_user", "change_role",
    "change_user", "deactivate_user", "keep_hash", "new_token", "note_access", "note_token_used", "prefer_theme",
    "reactivate_user", "remove_role", "reset_second_factor", "revoke_token", "set_password", "set_up_roles",
    "sign_out_everywhere", "sign_out_user", "strengthen_password",
]  # fmt: skip
