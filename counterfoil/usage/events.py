from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("usage.recorded", "Recorded {quantity} of {service} in {records} records, {days}", icon="radio-tower"),
    Kind("usage.moved", "{quantity} of {service} of that day moved to the other account", icon="radio-tower"),
    Kind("usage.reversed", "Reversed {quantity} of {service} on {on}: {reason}", icon="undo"),
)
