from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("ledger.set_up", "Set up the ledger accounts"),
    Kind("ledger.account_changed", "Changed the ledger account {before} to {account}"),
    Kind("books.closed", "Closed the books up to {day} ({how})"),
    Kind("books.reopened", "Reopened the books from {day}: {reason}"),
    # For check-books, not for people: what was posted, so that a changed posting is noticed under the seals.
    Kind("entries.posted", "Posted {count} entries"),
)
