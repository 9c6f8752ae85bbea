from counterfoil.trail.kinds import Kind, declare

declare(
    Kind(
        "file.imported",
        "Imported {file}: {customers} customers, {invoices} invoices, {receipts} payments",
        icon="layers",
    ),
    Kind("rows.parked", "Parked {rows} rows of {file}", icon="layers"),
    Kind("parked_row.placed", "Put row {row} of {file} to this customer", icon="layers"),
    Kind("parked_row.dropped", "Dropped row {row} of {file}: {why}", icon="layers"),
    Kind("mapping.saved", "Kept the match {name} of a file's columns", icon="layers"),
    Kind("file.openings_imported", "Imported {file}: {openings} opening balances", icon="layers"),
    Kind("file.disputes_imported", "Imported {file}: {disputes} disputes"),
    Kind("file.services_imported", "Imported {file}: {services} services", icon="layers"),
    Kind("file.usage_imported", "Imported {file}: {records} usage records", icon="layers"),
)
