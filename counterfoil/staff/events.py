from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("operator.set_up", "Set up {name}"),
    Kind("operator.changed", "Changed the operator: {changes}"),
    Kind("user.added", "Added {name} as {role}", personal=("name",)),
    Kind("user.changed", "Changed {name}: {changes}", personal=("name", "changes")),
    Kind("user.deactivated", "Made {name} inactive", personal=("name",), icon="ban"),
    Kind("user.reactivated", "Made {name} active again", personal=("name",), icon="check"),
    Kind("user.signed_out_everywhere", "Ended all sessions of {name}", personal=("name",), icon="log-out"),
    Kind("role.changed", "Changed the role {name}: {changes}"),
    Kind("area.added", "Added the area {name}"),
    Kind("brand.added", "Added the brand {name}"),
    Kind("user.preferred", "Chose the {theme} theme"),
)
