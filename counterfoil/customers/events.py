from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("customer.added", "Added {name}, {number}", personal=("name",), icon="users"),
    Kind("customer.changed", "Changed {changes}", personal=("changes",)),
    Kind("hold.placed", "Placed a credit hold{until}: {reason}", personal=("reason",), icon="ban"),
    Kind("hold.lifted", "Lifted the credit hold", icon="check"),
    Kind("customer.deactivated", "Made inactive: {reason}"),
    Kind("customer.reactivated", "Made active again: {reason}"),
    Kind("contact.added", "Added contact {name}", personal=("name",), icon="users"),
    Kind("contact.changed", "Changed contact {name}: {changes}", personal=("name", "changes")),
    Kind("site.added", "Added address {label}", icon="house"),
    Kind("site.changed", "Changed address {label}: {changes}", personal=("changes",)),
    Kind("note.added", "Added a note: {text}", personal=("text",), icon="sticky-note"),
    Kind("note.pinned", "Pinned the note: {text}", personal=("text",), icon="sticky-note", changes=False),
    Kind("note.unpinned", "Took down the pinned note", icon="sticky-note", changes=False),
    Kind(
        "destinations.changed", "Sent {about} to {after} instead of {before}", personal=("before", "after"), icon="mail"
    ),
    Kind("custom_field.saved", "Saved the custom field {label} ({field_kind})"),
    Kind("tags.changed", "Changed tags from {before} to {after}", personal=("before", "after"), icon="tag"),
    Kind("attachment.added", "Attached {name} ({attachment_kind})", personal=("name",), icon="paperclip"),
    Kind("attachment.removed", "Removed the attachment {name}: {reason}", personal=("name",), icon="paperclip"),
    Kind("customer.merged", "Merged {number} into {into}: the same customer", icon="git-merge"),
    Kind("customer.erased", "Erased the personal data: {reason}", icon="eraser"),
    Kind("customer.exported", "Exported the personal data", icon="download", changes=False),
)
