from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("allocation.made", "Settled {amount} of {debit} with {credit}", icon="landmark"),
    Kind("allocation.undone", "Undid the allocation of {amount} of {credit} to {debit}: {reason}", icon="landmark"),
    Kind("credit.issued", "Issued credit {number} of {amount}: {reason}", icon="badge-minus"),
    Kind("credit.set_aside", "Set {amount} of {number} aside for {purpose}", icon="landmark"),
    Kind("credit.released", "Released {amount} of {number}, which was set aside", icon="landmark"),
    Kind("credit_policy.changed", "Account credit {what}"),
    Kind("debit_memo.raised", "Charged {amount} on {number}: {reason}", icon="receipt"),
    Kind("account.adjusted", "Adjusted the account by {amount}, {number}: {reason}", icon="badge-minus"),
    Kind("item.written_off", "Wrote off {amount} of {debit}, {number}: {reason}", icon="badge-minus"),
    Kind("item.opened", "Opening balance {number} of {amount}", icon="layers"),
    Kind("item.moved", "Moved {number} of {amount} here from {source}", icon="git-merge"),
    Kind("dispute.opened", "Put {amount} of {number} in dispute: {reason}", icon="flag"),
    Kind("dispute.closed", "Closed the dispute on {number}: {outcome}", icon="flag"),
    Kind("statement.sent", "Sent the statement for {period}, balance {balance}", icon="mail", changes=False),
    Kind("bucket_set.saved", "Saved the bucket set {name}: {buckets}"),
)
