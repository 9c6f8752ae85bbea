"""Every write about letters to customers who are late."""

from counterfoil.dunning.operations.runs import retry_held_letters, start_dunning_run
from counterfoil.dunning.operations.sending import (
    erase_letters,
    finish_run,
    send_held,
    send_letters,
)

__all__ = [
    "erase_letters",
    "finish_run",
    "retry_held_letters",
    "send_held",
    "send_letters",
    "start_dunning_run",
]
