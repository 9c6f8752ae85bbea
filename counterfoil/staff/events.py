from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("operator.set_up", "Set up {name}"),
    Kind("operator.changed", "Changed the operator: {changes}"),
    Kind("user.added", "Added {name} as {role}", personal=("name",)),
    Kind("user.changed", "Changed {name}: {changes}", personal=("name", "changes")),
    Kind("user.deactivated", "Made {name} inactive", personal=("name",), icon="ban"),
    Kind("user.reactivated", "Made {name} active again", personal=("name",), icon="check"),
    Kind("user.signed_out_everywhere", "Ended all sessions of {name}", personal=("name",), icon="log-out"),
    Kind("user.factors_reset", "Took away the second factor of {name}", personal=("name",)),
    Kind("user.signed_in", "Signed in", icon="arrow-right"),
    Kind("user.sign_in_failed", "Failed to sign in: wrong {by}", icon="triangle-alert"),
    Kind("user.locked_out", "Locked out after too many tries", icon="ban"),
    Kind("user.factor_added", "Added a second factor: {by}", icon="check"),
    Kind("user.factor_removed", "Removed a second factor: {by}", icon="circle-minus"),
    Kind("user.password_changed", "Set a new password"),
    Kind("role.added", "Added the role {name}, as {like}"),
    Kind("role.removed", "Removed the role {name}", icon="circle-minus"),
    Kind("role.changed", "Changed the role {name}: {changes}"),
    Kind("area.added", "Added the area {name}"),
    Kind("brand.added", "Added the brand {name}"),
    Kind("user.preferred", "Chose the {theme} theme"),
)
