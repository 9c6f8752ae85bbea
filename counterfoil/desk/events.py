from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("view.saved", "Saved a view of the list {list}: {name}", icon="bookmark", changes=False),
    Kind("view.forgotten", "Deleted the view {name} of the list {list}", icon="bookmark", changes=False),
)
