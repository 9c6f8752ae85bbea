from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("suspension.listed", "Listed for suspension: {amount} overdue since {due}", icon="triangle-alert"),
    Kind("suspension.approved", "Approved the suspension: {amount} overdue", icon="check"),
    Kind("suspension.warned", "{which} warning, {amount} overdue. {reached}", icon="mail"),
    Kind("suspension.suspended", "Suspended: {amount} overdue", icon="ban"),
    Kind("suspension.by_hand", "Suspended by hand, {amount} overdue: {reason}", personal=("reason",), icon="ban"),
    Kind("suspension.paused", "Paused the suspension for {days} days, up to {last}", icon="clock"),
    Kind("suspension.cleared", "Suspension cleared: {why}", personal=("why",), icon="check"),
    Kind("suspension.reset", "Switched on again: {why}", personal=("why",), icon="check"),
    Kind("suspension.excluded", "Never suspended: {reason}", personal=("reason",), icon="flag"),
    Kind("suspension.included", "May be suspended again", icon="flag"),
    Kind("suspension_policy.changed", "Suspension: {what}"),
    Kind("holiday.added", "Added the holiday {name} on {day}"),
    Kind("holiday.removed", "Removed the holiday {name} on {day}"),
    Kind("network.chosen", "Services are switched by {what}"),
    Kind("network.asked", "Asked the network to {what}", icon="link"),
    Kind("network.done", "The network was told to {what}", icon="link"),
)
