from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("ticket.opened", "Opened ticket {number} for {department}, flagged to {person}: {title}", personal=("title",),
         icon="message-square"),
    Kind("ticket.routed", "Sent ticket {number} from {before} to {department}, flagged to {person}: {reason}",
         personal=("reason",), icon="arrow-right"),
    Kind("ticket.changed", "Changed ticket {number}: {changes}", personal=("changes",), icon="square-pen"),
    Kind("ticket.moved", "Ticket {number} from {before} to {state}{reason}", personal=("reason",), icon="check"),
    Kind("ticket.answered", "Answered ticket {number} to {addresses}", personal=("addresses",), icon="send"),
    Kind("ticket.noted", "Added an internal note to ticket {number}", icon="sticky-note"),
    Kind("ticket.replied", "{author} replied on ticket {number}", personal=("author",), icon="message-square"),
    Kind("ticket.reopened", "{author} replied, and ticket {number} is open again", personal=("author",), icon="repeat"),
    Kind("ticket.linked", "Linked {what} to ticket {number}", icon="link"),
    Kind("ticket.merged", "Merged ticket {number} into {into}{reason}", personal=("reason",), icon="git-merge"),
    Kind("ticket.joined", "Ticket {other} was merged into {number}", icon="git-merge"),
    Kind("ticket.rated", "The customer rated ticket {number} {rating} of 5", icon="circle-check"),
    Kind("ticket_policy.changed", "Changed tickets: reopened within {days} days, {portal} in the portal"),
    Kind("service_target.changed", "Changed the service level of {priority}: answered in {first}, solved in {solve}"),
    Kind("office_hours.changed", "Changed the business hours of {day}: {hours}"),
    Kind("canned_answer.added", "Added the standard answer {name}"),
    Kind("canned_answer.changed", "Changed the standard answer {name}"),
    Kind("canned_answer.retired", "Use the standard answer {name} no more"),
)  # fmt: skip
