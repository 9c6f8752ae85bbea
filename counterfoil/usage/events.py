from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("usage.recorded", "Recorded {quantity} of {service} in {records} records, {days}", icon="radio-tower"),
    Kind("usage.moved", "{quantity} of {service} of that day went along to the other account", icon="radio-tower"),
    Kind("usage.reversed", "Took back {quantity} of {service} on {on}: {reason}", icon="undo"),
)
