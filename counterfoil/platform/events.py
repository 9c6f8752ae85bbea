from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("approval.asked", "Asked for approval: {label}. {reason}", personal=("label",), icon="clock"),
    Kind("approval.given", "Approved what {asker} asked for: {label}", personal=("label",), icon="check"),
    Kind("approval.refused", "Refused what {asker} asked for: {label}. {note}", personal=("label",), icon="ban"),
    Kind("approval.withdrawn", "Withdrew the request: {label}", personal=("label",), icon="undo"),
    Kind(
        "approval.failed", "Approved what {asker} asked for, but it was not possible any more: {label}. {error}",
        personal=("label",), icon="triangle-alert",
    ),
)  # fmt: skip
