from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("customer.added", "Added {name}, {number}", personal=("name",), icon="users"),
    Kind("customer.changed", "Changed {changes}", personal=("changes",)),
    Kind("customer.deactivated", "Made inactive: {reason}"),
    Kind("customer.reactivated", "Made active again: {reason}"),
    Kind("contact.added", "Added contact {name}", personal=("name",), icon="users"),
    Kind("contact.changed", "Changed contact {name}: {changes}", personal=("name", "changes")),
    Kind("site.added", "Added address {label}", icon="house"),
    Kind("site.changed", "Changed address {label}: {changes}", personal=("changes",)),
    Kind("note.added", "Added a note: {text}", personal=("text",), icon="sticky-note"),
    Kind("note.pinned", "Pinned the note: {text}", personal=("text",), icon="sticky-note"),
    Kind("note.unpinned", "Took down the pinned note", icon="sticky-note"),
)
