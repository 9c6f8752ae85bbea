"""The roles a new installation starts with. Rows afterwards: one that the owner changed stays as it is."""

from counterfoil.staff.operations import NewRole

# Everybody sees the desk. What is their own affair (their views, notices, jobs, password) needs no grant.
_OWN = ("desk.export_in_background", "desk.view")
_ASK = ("platform.ask_approval", "platform.view", "platform.withdraw_approval")
_DECIDE = (*_ASK, "platform.approve", "platform.refuse_approval")
_SEE = (
    "billing.view", "catalogue.view", "customers.view", "messaging.view", "payments.view", "receivables.view",
    "sales.view", "subscriptions.view", "suspension.view",
)  # fmt: skip
_CONTACTS = (
    "customers.add_contact", "customers.add_note", "customers.add_site", "customers.change_contact",
    "customers.change_site", "customers.pin_note", "customers.attach_file", "customers.set_custom_values",
    "customers.set_destinations", "customers.set_tags", "access.view",
)  # fmt: skip
_ACCOUNTS = (
    "access.*",
    "billing.*",
    "catalogue.*",
    "customers.*",
    "desk.send_invoices",
    "desk.send_statements",
    "imports.*",
    # Whoever names the mail server reads what leaves, links to set a password included: that is the administrator's.
    "messaging.cancel_message",
    "messaging.queue_message",
    "messaging.view",
    "operator.view",
    "payments.*",
    "receivables.*",
    "sales.*",
    "subscriptions.*",
    "usage.*",
)

ROLES: dict[str, NewRole] = {
    "administrator": NewRole("Administrator", ["*"]),
    "finance": NewRole("Finance manager", [*_OWN, *_DECIDE, *_ACCOUNTS, "ledger.view", "staff.view", "suspension.*"]),
    # Accounts staff issue invoices; what gives money away needs the finance manager above small amounts (domain 13).
    "billing": NewRole(
        "Billing",
        [
            *_OWN, *_DECIDE, *_ACCOUNTS,
            "suspension.pause_suspension", "suspension.reset_suspension", "suspension.view",
        ],
        limits={
            "billing.credit_invoice": 500000,
            "payments.pay_refund": 100000,
            "receivables.adjust_account": 100000,
            "receivables.issue_credit": 100000,
            "receivables.write_off": 50000,
        },
    ),
    "agent": NewRole(
        "Agent",
        [
            *_OWN, *_ASK, *_SEE, *_CONTACTS, "access.give_access", "access.take_access", "access.view_as_customer",
            "customers.add_customer", "customers.change_customer",
            "desk.send_statements", "messaging.cancel_message", "payments.record_receipt", "receivables.open_dispute",
            "receivables.send_statement", "subscriptions.add_one_time_charge",
            "subscriptions.add_services", "subscriptions.change_services", "subscriptions.remove_services",
            "subscriptions.start_subscription", "subscriptions.take_coupon", "subscriptions.withdraw_action",
        ],
    ),
    # Collectors agree on what is paid; giving a debt up is somebody else's decision.
    "collector": NewRole(
        "Collector",
        [
            *_OWN, *_ASK, *_SEE, *_CONTACTS, "billing.send_invoice", "messaging.cancel_message",
            "payments.record_receipt", "receivables.allocate", "receivables.allocate_oldest_first",
            "receivables.close_dispute", "receivables.open_dispute", "receivables.raise_debit_memo",
            "receivables.release_credit", "receivables.send_statement", "receivables.set_aside",
            "receivables.write_off", "suspension.approve_suspensions", "suspension.never_suspend",
            "suspension.pause_suspension", "suspension.reset_suspension", "suspension.suspend_now",
        ],
        limits={"receivables.raise_debit_memo": 50000, "receivables.write_off": 0},
    ),
    "dispatcher": NewRole("Dispatcher", [*_OWN, *_CONTACTS, "customers.view", "messaging.view"]),
    "reader": NewRole("Read-only", [*_OWN, *_SEE]),
}  # fmt: skip
