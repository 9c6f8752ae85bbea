from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("job.started", "Started: {title}", icon="clock"),
    Kind("job.paused", "Paused at {done}: {title}", icon="clock"),
    Kind("job.resumed", "Resumed: {title}", icon="clock"),
    Kind("job.cancelled", "Cancelled at {done}: {title}", icon="ban"),
    Kind("job.finished", "Finished: {title}, {said}", icon="check"),
    Kind("job.failed", "Failed: {title}, {said}", icon="triangle-alert"),
)
