"""The roles a new installation starts with. Rows afterwards: this file only seeds them."""

ROLES: dict[str, tuple[str, list[str]]] = {
    "administrator": ("Administrator", ["*"]),
    "billing": (
        "Billing",
        [
            "billing.*",
            "customers.*",
            "desk.view",
            "imports.*",
            "messaging.*",
            "payments.*",
            "receivables.*",
            "reports.*",
            "staff.prefer_theme",
        ],
    ),
    "agent": (
        "Agent",
        [
            "billing.view",
            "customers.add_contact",
            "customers.add_customer",
            "customers.add_note",
            "customers.add_site",
            "customers.change_contact",
            "customers.change_customer",
            "customers.change_site",
            "customers.pin_note",
            "customers.view",
            "desk.view",
            "messaging.cancel_message",
            "messaging.view",
            "payments.record_receipt",
            "payments.view",
            "receivables.open_dispute",
            "receivables.send_statement",
            "receivables.view",
            "staff.prefer_theme",
        ],
    ),
}
