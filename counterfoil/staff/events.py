from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("operator.set_up", "Set up {name}"),
    Kind("operator.changed", "Changed the operator: {changes}"),
    Kind("user.added", "Added {name} as {role}", personal=("name",)),
    Kind("user.preferred", "Chose the {theme} theme"),
)
