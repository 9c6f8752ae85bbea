from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("statement.brought_in", "Brought in {lines} from the bank: {file}"),
    Kind("bank_columns.kept", "Kept what the columns of {account} are"),
    Kind("bank_line.added", "Added a bank line of {amount} of {on}"),
    Kind("bank_line.recorded", "Recorded {amount} of the bank as {payments}: {why}"),
    Kind("bank_line.left", "Left a bank line of {amount} of {on}: {why}"),
    Kind("bank_line.posted", "Posted {amount} of the bank to {account}: {note}"),
    Kind("bank_line.reopened", "Reopened a bank line of {amount}: {reason}"),
)
