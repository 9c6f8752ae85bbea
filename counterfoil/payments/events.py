from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("receipt.recorded", "Recorded payment {number} of {amount}, {method}", icon="landmark"),
    Kind("receipt.reversed", "Reversed payment {number} of {amount}: {reason}", icon="landmark"),
    Kind("refund.paid", "Refunded {amount} with {number}: {reason}", icon="landmark"),
)
