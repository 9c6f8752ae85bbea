"""A customer's page says what became of messages to, and payments of, accounts that were merged into it."""

from counterfoil.desk.summary import summary_of
from counterfoil.kernel.periods import Period
from counterfoil.messaging.interfaces import FakeChannel, Rejected
from counterfoil.messaging.sending import send_due
from counterfoil.payments.operations import reverse_receipt
from counterfoil.platform.callers import Caller
from counterfoil.receivables.operations import merge_customers, send_statement
from counterfoil.testing.world import World


def test_what_needs_attention_of_a_merged_account_is_on_the_page_of_the_one_that_stays(world: World) -> None:
    zara, again, other = (world.customer(name, emails=("z@mail.example",)) for name in ("Zara", "Z. Naidoo", "Yusuf"))
    for customer in (again, other):
        receipt = world.pays(customer, "20.00")
        reverse_receipt(world.clerk, receipt=receipt, reason="Returned")
        message = send_statement(
            world.clerk, customer=customer, period=Period.through(world.today.replace(day=1), world.today),
            style="balance_forward", addresses=[f"{customer.number}@mail.example"],
        )  # fmt: skip
        FakeChannel.answers[f"{customer.number}@mail.example"] = [Rejected("No such mailbox")]
        send_due(Caller.system("task", at=message.leaves_at), channel=FakeChannel())
    merge_customers(world.caller(), customer=zara, duplicate=again)
    said = [line.what for line in summary_of(world.caller(), zara).attention]
    assert said[0] == "Payment of R20.00 bounced"
    assert sum("was not delivered" in what for what in said) == 1
    assert sum("bounced" in what for what in said) == 1
