from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("operator.set_up", "Set up {name}"),
    Kind("operator.changed", "Changed the operator: {changes}"),
    Kind("operator.logo_set", "Set the logo of {name}"),
    Kind("operator.logo_removed", "Removed the logo of {name}"),
    Kind("logo.kept", "Kept a logo"),
    Kind("area.added", "Added the area {name}"),
    Kind("brand.added", "Added the brand {name}"),
)
