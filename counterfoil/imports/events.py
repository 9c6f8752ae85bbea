from counterfoil.trail.kinds import Kind, declare

declare(
    Kind(
        "file.imported",
        "Brought in {file}: {customers} customers, {invoices} invoices, {receipts} payments",
        icon="layers",
    ),
    Kind("file.usage_imported", "Brought in {file}: {records} usage records", icon="layers"),
)
