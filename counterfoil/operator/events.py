from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("operator.set_up", "Set up {name}"),
    Kind("operator.changed", "Changed the operator: {changes}"),
    Kind("area.added", "Added the area {name}"),
    Kind("brand.added", "Added the brand {name}"),
)
