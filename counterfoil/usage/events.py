from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("usage.recorded", "Recorded {quantity} of {service} in {records} records, {days}", icon="radio-tower"),
    Kind("usage.reversed", "Took back {quantity} of {service} on {on}: {reason}", icon="undo"),
)
