"""The roles a new installation starts with. Rows afterwards: one that the owner changed stays as it is."""

from counterfoil.staff.operations import NewRole

# Everybody sees the desk. What is their own affair (their views, notices, jobs, password) needs no grant.
_OWN = ("desk.export_in_background", "desk.print_documents", "desk.view")
_ASK = ("platform.ask_approval", "platform.view", "platform.withdraw_approval")
_DECIDE = (*_ASK, "platform.approve", "platform.refuse_approval")
_SEE = (
    "billing.view", "cards.view", "catalogue.view", "collections.view", "credit.view", "customers.view", "debits.view",
    "dunning.view", "messaging.view", "payments.view", "receivables.view", "sales.view", "subscriptions.view",
    "jobs.view", "suspension.view", "tickets.view", "network.view",
)  # fmt: skip
_CONTACTS = (
    "customers.add_contact", "customers.add_note", "customers.add_site", "customers.change_contact",
    "customers.change_site", "customers.pin_note", "customers.attach_file", "customers.set_custom_values",
    "customers.set_destinations", "customers.set_tags", "access.view",
)  # fmt: skip
# Whoever answers customers. What holds for all tickets is the finance manager's and the administrator's.
_TICKETS = (
    "messaging.cancel_message", "tickets.add_ticket_note", "tickets.answer_ticket", "tickets.assign_mail",
    "tickets.change_ticket", "tickets.discard_mail", "tickets.link_ticket",
    "tickets.merge_tickets", "tickets.open_ticket", "tickets.route_ticket", "tickets.set_ticket_state", "tickets.view",
)  # fmt: skip
# Whoever does jobs, and whoever plans them. What job types charge is the finance manager's and the administrator's.
_WORK = ("jobs.complete_job", "jobs.start_job", "jobs.view")
_PLAN = (*_WORK, "jobs.cancel_job", "jobs.change_job", "jobs.open_job", "jobs.reopen_job", "jobs.schedule_job")
_ACCOUNTS = (
    "access.*",
    "billing.*",
    "catalogue.*",
    "collections.*",
    "customers.*",
    "desk.send_invoices",
    "desk.send_statements",
    "dunning.*",
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

# Whose account takes the money is the administrator's, as the mail server is.
_CARDS = ("cards.assign_card_event", "cards.refund_card_payment", "cards.remove_card", "cards.retry_card_event",
          "cards.revoke_pay_link", "cards.view")  # fmt: skip
# Whoever sets services up; the NASes and their secrets are the administrator's.
_LINES = (
    "network.add_access_account", "network.change_access_account", "network.disconnect_session",
    "network.end_access_account", "network.show_access_password", "network.view",
)  # fmt: skip
# Whom to chase and how; what classes and letters say is the finance manager's.
_PROFILES = ("credit.assign_class", "credit.change_profile", "credit.view")

ROLES: dict[str, NewRole] = {
    "administrator": NewRole("Administrator", ["*"]),
    "finance": NewRole(
        "Finance manager",
        [
            *_OWN, *_DECIDE, *_ACCOUNTS, *_CARDS, "bank.*", "cards.set_card_policy", "credit.*", "debits.*", "jobs.*",
            "ledger.*", "operator.add_lookup", "operator.change_lookup", "staff.view", "suspension.*", "tickets.*",
            *_LINES, "network.set_included_data", "network.set_speed",
        ],
    ),
    # Accounts staff issue invoices; what gives money away needs the finance manager above small amounts (domain 13).
    "billing": NewRole(
        "Billing",
        [
            *_OWN, *_DECIDE, *_ACCOUNTS, *_CARDS, *_PROFILES, *_TICKETS, *_LINES, *_PLAN,
            "debits.add_mandate", "debits.bring_in_answers",
            "debits.cancel_debit_run", "debits.end_mandate", "debits.freeze_debit_run", "debits.hold_debit_order",
            "debits.include_debit_order", "debits.open_debit_run", "debits.return_debit_order",
            "debits.set_payment_method", "debits.settle_debit_run", "debits.sign_mandate", "debits.view",
            "suspension.pause_suspension", "suspension.reset_suspension", "suspension.view",
        ],
        limits={
            "billing.credit_invoice": 500000,
            "cards.refund_card_payment": 100000,
            "collections.credit_dispute": 500000,
            "collections.grant_credit": 500000,
            "payments.pay_refund": 100000,
            "receivables.adjust_account": 100000,
            "receivables.issue_credit": 100000,
            "receivables.write_off": 50000,
        },
    ),
    "agent": NewRole(
        "Agent",
        [
            *_OWN, *_ASK, *_SEE, *_CONTACTS, *_TICKETS, *_LINES, *_PLAN, "access.give_access", "access.take_access",
            "access.view_as_customer", "cards.remove_card",
            "customers.add_customer", "customers.change_customer", "debits.add_mandate", "debits.end_mandate",
            "debits.set_payment_method", "debits.sign_mandate",
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
            *_OWN, *_ASK, *_SEE, *_CONTACTS, *_PROFILES, *_TICKETS,
            "billing.send_invoice", "collections.add_to_call",
            "collections.agree_plan", "collections.cancel_promise", "collections.change_call_dispute",
            "collections.close_call", "collections.finish_action", "collections.finish_follow_up",
            "collections.record_call", "collections.record_promise", "collections.remove_call_dispute",
            "collections.reopen_call", "customers.place_credit_hold", "dunning.retry_held_letters",
            "dunning.start_dunning_run", "messaging.cancel_message",
            "payments.record_receipt", "receivables.allocate", "receivables.allocate_oldest_first",
            "receivables.allocate_credits",
            "receivables.close_dispute", "receivables.open_dispute", "receivables.raise_debit_memo",
            "receivables.release_credit", "receivables.send_statement", "receivables.set_aside",
            "receivables.write_off", "suspension.approve_suspensions", "suspension.never_suspend",
            "suspension.pause_suspension", "suspension.reset_suspension", "suspension.suspend_now",
        ],
        limits={"receivables.raise_debit_memo": 50000, "receivables.write_off": 0},
    ),
    "dispatcher": NewRole(
        "Dispatcher",
        [*_OWN, *_CONTACTS, *_TICKETS, *_LINES, *_PLAN, "customers.view", "jobs.set_technician", "messaging.view",
         "subscriptions.view"],
    ),
    "technician": NewRole(
        "Technician", [*_OWN, *_WORK, "customers.add_note", "customers.attach_file", "customers.view"]
    ),
    "reader": NewRole("Read-only", [*_OWN, *_SEE]),
}  # fmt: skip
