"""Questions are on record: who asked what about whom, and which kind of question it was."""

from __future__ import annotations

from counterfoil.customers.models import Customer
from counterfoil.operator.models import Operator
from counterfoil.platform.operations import Operation, verb
from counterfoil.staff.models import User


@verb(label="Ask a question", own=True)
def record_question(op: Operation, *, question: str, answered: str, customer: Customer | None = None) -> None:
    """The trail says that this was asked and answered. The figures themselves are those of the screens."""
    subject: Customer | User | Operator
    if customer is not None:
        subject = customer
    elif op.caller.user_id is not None:
        subject = User(pk=op.caller.user_id)
    else:
        # At the console nobody is signed in.
        subject = Operator(pk=1)
    whose = customer.pk if customer is not None else None
    written = "".join(char for char in question if char.isprintable())[:300]
    op.record("question.asked", subject, customer_id=whose, question=written, answered=answered)
