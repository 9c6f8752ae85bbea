from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("debit_policy.changed", "Changed what holds for debit orders: {what}"),
    Kind("debit_scheme.added", "Debit orders are collected by {name}"),
    Kind("debit_scheme.retired", "Debit orders are no longer collected by {name}"),
    Kind("billing_details.changed", "Pays by {method}, before by {before}"),
    Kind("mandate.added", "Added mandate {number} for the account {account}"),
    Kind("mandate.signed", "Mandate {number} is signed as of {on}"),
    Kind("mandate.ended", "Ended mandate {number}: {reason}"),
    Kind("debit_run.opened", "Chose {count} debit orders of {amount} for {on}, {held} on hold"),
    Kind("debit_run.frozen", "Froze {count} debit orders of {amount}"),
    Kind("debit_run.approved", "Approved {count} debit orders of {amount}"),
    Kind("debit_run.sent", "Made the file of {count} debit orders of {amount}"),
    Kind("debit_run.refused", "The bank refused the file of {count} debit orders: {reason}"),
    Kind("debit_run.cancelled", "Cancelled the debit orders of {on}: {reason}"),
    Kind("debit_run.settling", "Records the debit orders of {on} as paid"),
    Kind("debit_run.done", "Every debit order of {on} is answered"),
    Kind("debit_answers.brought_in", "Brought in {count} answers of the bank: {file}"),
    Kind("debit_order.included", "Collects {amount} all the same, {reason}"),
    Kind("debit_order.held", "Left out the debit order of {amount}: {reason}"),
    Kind("debit_order.collected", "Debit order of {amount} collected"),
    Kind("debit_order.returned", "Debit order of {amount} came back: {reason}"),
)
