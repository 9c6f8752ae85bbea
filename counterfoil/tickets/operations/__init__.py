"""Every write about tickets."""

from counterfoil.tickets.operations.mail import assign_mail, discard_mail, file_mail, join_mail, take_in
from counterfoil.tickets.operations.mailbox import note_read, set_mailbox
from counterfoil.tickets.operations.messages import (
    add_ticket_note,
    answer_ticket,
    ask_by_customer,
    erase_tickets,
    rate_by_customer,
    reply_by_customer,
    statement_answers,
)
from counterfoil.tickets.operations.policy import (
    add_canned_answer,
    change_canned_answer,
    retire_canned_answer,
    set_office_hours,
    set_service_target,
    set_ticket_policy,
)
from counterfoil.tickets.operations.tickets import (
    change_ticket,
    follow_merge,
    link_ticket,
    merge_tickets,
    open_ticket,
    route_ticket,
    set_ticket_state,
    set_up_tickets,
    take_ticket,
)

__all__ = [
    "add_canned_answer",
    "add_ticket_note",
    "answer_ticket",
    "ask_by_customer",
    "assign_mail",
    "change_canned_answer",
    "change_ticket",
    "discard_mail",
    "erase_tickets",
    "file_mail",
    "follow_merge",
    "join_mail",
    "link_ticket",
    "merge_tickets",
    "note_read",
    "open_ticket",
    "rate_by_customer",
    "reply_by_customer",
    "retire_canned_answer",
    "route_ticket",
    "set_mailbox",
    "set_office_hours",
    "set_service_target",
    "set_ticket_policy",
    "set_ticket_state",
    "set_up_tickets",
    "statement_answers",
    "take_in",
    "take_ticket",
]
