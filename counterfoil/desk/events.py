from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("view.saved", "Named a view of the list {list}: {name}", icon="bookmark", changes=False),
    Kind("view.forgotten", "Forgot the view {name} of the list {list}", icon="bookmark", changes=False),
)
