from counterfoil.trail.kinds import Kind, declare

# Whoever asks in the portal does so under their e-mail address, and people write names into reasons.
_ASKED = ("label", "asker", "reason", "note", "error")

declare(
    Kind("row.kept", "Changed what belongs to it"),
    Kind("rows.kept", "Wrote {count} rows", changes=False),
    Kind("books.kept", "Took a digest of the {rows} rows that had none", changes=False),
    Kind("trail.anchored", "Anchored {seals} seals over {events} events outside", icon="link", changes=False),
    Kind("job.started", "Started: {title}", icon="clock"),
    Kind("job.paused", "Paused at {done}: {title}", icon="clock"),
    Kind("job.resumed", "Resumed: {title}", icon="clock"),
    Kind("job.cancelled", "Cancelled at {done}: {title}", icon="ban"),
    Kind("job.finished", "Finished: {title}, {said}", icon="check"),
    Kind("job.failed", "Failed: {title}, {said}", icon="triangle-alert"),
    Kind("approval.asked", "Asked for approval: {label}. {reason}", personal=_ASKED, icon="clock"),
    Kind("approval.given", "Approved what {asker} asked for: {label}", personal=_ASKED, icon="check"),
    Kind("approval.refused", "Refused what {asker} asked for: {label}. {note}", personal=_ASKED, icon="ban"),
    Kind("approval.withdrawn", "Withdrew the request: {label}", personal=_ASKED, icon="undo"),
    Kind(
        "approval.failed", "Approved what {asker} asked for, but it was no longer possible: {label}. {error}",
        personal=_ASKED, icon="triangle-alert",
    ),
)  # fmt: skip
