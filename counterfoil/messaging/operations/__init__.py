"""What queues, sends and takes back messages, the server they leave by, and their words."""

from counterfoil.messaging.operations.messages import (
    NewMessage,
    Thread,
    cancel_message,
    check_message,
    claim_delivery,
    claim_private_mail,
    erase_messages,
    fail_interrupted_deliveries,
    queue_message,
    queue_messages,
    queue_private_mail,
    record_delivery,
    record_private_mail,
    report_delivery,
    thread_of,
    tidy_private_mail,
)

# isort: split
# After the others: a test message is sent as all are.
from counterfoil.messaging.operations.mail_server import set_mail_server, try_mail_server
from counterfoil.messaging.operations.wording import reset_wording, save_wording

__all__ = [
    "NewMessage",
    "Thread",
    "cancel_message",
    "check_message",
    "claim_delivery",
    "claim_private_mail",
    "erase_messages",
    "fail_interrupted_deliveries",
    "queue_message",
    "queue_messages",
    "queue_private_mail",
    "record_delivery",
    "record_private_mail",
    "report_delivery",
    "reset_wording",
    "save_wording",
    "set_mail_server",
    "thread_of",
    "tidy_private_mail",
    "try_mail_server",
]
