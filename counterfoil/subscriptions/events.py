from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("subscription.started", "Started subscription {number}: {services}", icon="radio-tower"),
    Kind("subscription.term_changed", "Changed how {number} is billed, from {on}: {terms}", icon="calendar"),
    Kind("subscription.moved", "Changed the account of {number} from {from} to {to}", icon="arrow-right"),
    Kind("service.acted", "{service}: {what} from {on}", icon="radio-tower"),
    Kind("service.scheduled", "{service}: {what} scheduled for {on}", icon="clock"),
    Kind("service.withdrawn", "{service}: {what} on {on} cancelled", icon="clock"),
    Kind("service.failed", "{service}: {what} on {on} could not be done: {reason}", icon="clock"),
    Kind("one_time.added", "Added {text} to the next bill, {amount}", icon="receipt"),
    Kind("one_time.dropped", "Removed {text} from the next bill", icon="receipt"),
)
