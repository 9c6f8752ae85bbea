from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("tax_policy.decided", "Decided about tax: {what}"),
    Kind("invoice.drafted", "Drafted an invoice of {total}", icon="receipt"),
    Kind("invoice.changed", "Changed a draft invoice, now {total}", icon="receipt"),
    Kind("invoice.discarded", "Discarded a draft invoice of {total}", icon="receipt"),
    Kind("invoice.issued", "Issued invoice {number} for {total}", icon="receipt"),
    Kind("invoice.sent", "Sent invoice {number}", icon="mail", changes=False),
    Kind("invoice.credited", "Credited {total} of {invoice} with {number}: {reason}", icon="badge-minus"),
    Kind("invoice.recurs", "Made invoice {number} recurring {often}, next on {on}", icon="repeat"),
    Kind("invoice.recurs_no_more", "Stopped recurring invoice {number}: {reason}", icon="repeat"),
    Kind("invoice.not_drafted", "Could not draft {number} for {on}: {reason}", icon="triangle-alert"),
    Kind("charges.taken_back", "Reversed the service charges of {number}: they can be billed again", icon="undo"),
    Kind("bill_run.opened", "Opened the bill run {name}: {customers} customers"),
    Kind("bill_run.issued", "Issued the bill run {name}: {invoices} invoices, {total}"),
    Kind("bill_run.approved", "Approved the bill run {name} for {on}: {invoices} invoices, {total}"),
    Kind("bill_run.approval_taken_back", "Withdrew the approval of the bill run {name}"),
    Kind("bill_run.discarded", "Discarded the bill run {name}"),
    Kind("bill_run.reviewed", "{what} {customers} customers of the bill run {name}"),
    Kind("revenue.released", "Released {total} of what was billed in advance up to {day}"),
    Kind("tax_rate.saved", "Saved the tax rate {name}, {percent} % from {valid_from}"),
)
