from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("invoice.drafted", "Drafted an invoice of {total}", icon="receipt"),
    Kind("invoice.changed", "Changed a draft invoice, now {total}", icon="receipt"),
    Kind("invoice.discarded", "Discarded a draft invoice of {total}", icon="receipt"),
    Kind("invoice.issued", "Issued invoice {number} for {total}", icon="receipt"),
    Kind("invoice.sent", "Sent invoice {number}", icon="mail"),
    Kind("invoice.credited", "Credited {total} of {invoice} with {number}: {reason}", icon="badge-minus"),
    Kind("tax_rate.saved", "Saved the tax rate {name}, {percent} % from {valid_from}"),
)
