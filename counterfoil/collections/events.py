from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("call.recorded", "Called: {outcome}{note}", personal=("note",), icon="phone"),
    Kind("call.closed", "Closed the call of {on}", icon="phone"),
    Kind("call.reopened", "Reopened the call of {on}", icon="phone"),
    Kind("follow_up.asked", "To follow up on {on}{time}: {what}", icon="clock"),
    Kind("follow_up.done", "Followed up: {what}", icon="check"),
    Kind("action.taken", "{action}{amount}{note}", personal=("note",), icon="flag"),
    Kind("action.done", "Completed: {action}", icon="check"),
    Kind("action.declined", "Declined: {action}, {reason}", personal=("reason",), icon="ban"),
    Kind("action.disputed", "Put {amount} of {item} in dispute in place of what was", icon="flag"),
    Kind("action.removed", "Took back: {action}", icon="undo"),
    Kind("promise.made", "Promised {amount} by {due}", icon="user-check"),
    Kind("promise.kept", "Kept the promise of {amount} by {due}", icon="circle-check"),
    Kind("promise.part", "Kept {received} of the promise of {amount} by {due}", icon="circle-minus"),
    Kind("promise.broken", "Broke the promise of {amount} by {due}", icon="ban"),
    Kind("promise.reopened", "The promise of {amount} by {due} is open again", icon="undo"),
    Kind("promise.superseded", "The promise of {amount} by {due} was superseded", icon="repeat"),
    Kind("promise.cancelled", "Cancelled the promise of {amount} by {due}: {reason}", personal=("reason",), icon="ban"),
    Kind("plan.agreed", "Agreed {count} instalments, {total} in all, the last on {last}", icon="layers"),
    Kind(
        "month_figures.kept",
        "Kept the collection figures to {month} in {currency}: {collected} % collected",
    ),
    Kind("plan.sent", "Sent the payment plan to {to}", personal=("to",), icon="send"),
    Kind(
        "collections_policy.changed",
        "Collections: {what}; customers may promise {days} days ahead, in up to {instalments} instalments",
    ),
)
