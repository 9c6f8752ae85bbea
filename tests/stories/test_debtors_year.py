"""A debtor's spring in days and cents: reminded, promised, broken, disputed, half credited, cut off, paid, restored."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.billing.models import CreditNote, Invoice, TaxRate
from counterfoil.billing.operations import draft_invoice, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.collections import queries, rules
from counterfoil.collections.models import Promise
from counterfoil.collections.operations import NewAction, credit_dispute, judge_due, record_call
from counterfoil.customers.models import Customer
from counterfoil.dunning.jobs import work
from counterfoil.dunning.models import Correspondence, DunningRun
from counterfoil.dunning.operations import start_dunning_run
from counterfoil.messaging.models import Message
from counterfoil.operator.models import Lookup
from counterfoil.receivables.models import Dispute
from counterfoil.receivables.queries import figures, open_items_of
from counterfoil.receivables.rules import pay_now
from counterfoil.suspension.operations import pause_suspension
from counterfoil.suspension.tests.helpers import approve, passes, runs, told
from counterfoil.suspension.tests.test_process import react, row
from counterfoil.testing.world import World


def march(day: int) -> str:
    return f"2026-03-{day:02}"


def choice(code: str, kind: str = "call_outcome") -> Lookup:
    return Lookup.objects.get(kind=kind, code=code)


@pytest.fixture
def zara(world: World) -> Customer:
    """Fibre R1,000.00 without tax and voice R460.00 with R60.00 VAT in it, due on 1 March."""
    runs(world)
    customer = world.customer(emails=("zara@mail.example",))
    vat = TaxRate.objects.get(is_default=True).pk
    lines = [
        LineInput("Fibre", Decimal(1), Decimal("1000.00"), None),
        LineInput("Voice", Decimal(1), Decimal("460.00"), vat),
    ]
    with world.on("2026-01-30"):
        draft = draft_invoice(
            world.caller(), customer=customer, lines=lines, on=dt.date(2026, 1, 30), due_on=dt.date(2026, 3, 1)
        )
        issue_invoices(world.caller(), invoices=[draft])
    return customer


def letters(world: World, day: int) -> list[tuple[str, int]]:
    """What a run of a day sends: letters with what they ask for."""
    with world.on(march(day)):
        run = start_dunning_run(world.caller(), as_of=world.today)
        for _ in work(world.system(), run):
            pass
        sent = Correspondence.objects.filter(run=run).order_by("pk")
        return list(sent.values_list("letter__name", "total_minor"))


def owed(customer: Customer, day: int) -> tuple[int, int, int]:
    """Balance, what is in dispute of it, and what is asked for now."""
    on = dt.date.fromisoformat(march(day))
    found = figures(customer, on)
    return found.balance_minor, found.disputed_minor, pay_now(open_items_of(customer, on), on).pay_now


def test_a_debtors_spring(world: World, zara: Customer) -> None:
    invoice = Invoice.objects.get(customer=zara)
    voice = invoice.lines.get(text="Voice")
    # 4 March: listed, and nothing more before somebody approves.
    assert passes(march(4)) == "overdue"
    # 10 March: reminded of all of it.
    assert letters(world, 10) == [("STANDARD1", 146000)]
    # 11 March: they promise all of it by the 14th; until then no letter.
    with world.on(march(11)):
        record_call(world.caller("collector"), customer=zara, outcome=choice("promised"), note="Pays on Saturday",
                    promise_minor=146000, promise_on=dt.date(2026, 3, 14))  # fmt: skip
    assert letters(world, 12) == []
    assert DunningRun.objects.latest("pk").skipped == {"promised": 1}
    # 15 March: not a cent came. The account is next, and the queue says why.
    with world.on(march(15)):
        judge_due(world.system())
        assert Promise.objects.get().state == "broken"
        placed = queries.queue(world.caller("collector"), world.now)
        assert [(one.customer, one.reason) for one in placed] == [(zara.pk, rules.PROMISE_BROKEN)]
    # 16 March: the telephone never worked. That line is in dispute, the fibre is not.
    with world.on(march(16)):
        wrong = NewAction(choice("partial_dispute", "call_action"), invoice.item, line=voice.pk, note="No dial tone")
        record_call(world.caller("collector"), customer=zara, outcome=choice("disputes"), actions=[wrong])
    assert owed(zara, 16) == (146000, 46000, 100000)
    # 17 March: half of it is credited, R200.00 and its R30.00 VAT, of that line alone; the other half stays in dispute.
    with world.on(march(17)):
        standing = Dispute.objects.get(closed_on__isnull=True)
        credit_dispute(world.clerk, dispute=standing, amount_minor=23000, reason="Half of the month without a line")
    note = CreditNote.objects.get()
    assert list(note.lines.values_list("text", "net_minor", "tax_minor")) == [("Voice", 20000, 3000)]
    assert owed(zara, 17) == (123000, 23000, 100000)
    # 18 March: approved. The warnings ask for what is not in dispute; a week later the service is off.
    approve(world, march(18))
    warning = Message.objects.filter(kind="first_warning").get()
    assert warning.subject == f"R1,000.00 is overdue on account {zara.number}"
    assert passes(march(22)) == "second_warning"
    assert passes(march(25)) == "suspended"
    assert told() == ["off"]
    # 26 March: on again for two days, to send the proof of a payment. None comes.
    with world.on(march(26)):
        pause_suspension(world.caller("collector"), suspension=row(), days=2)
    assert passes(march(27)) == "paused"
    assert passes(march(28)) == "suspended"
    # 29 March: paid, and restored. What is in dispute keeps nobody off.
    with world.on(march(29)):
        world.pays(zara, "1000.00", on=march(29))
        react("receipt.recorded", march(29))
    assert (row().state, told()) == ("reset", ["off", "on", "off", "on"])
    assert owed(zara, 29) == (23000, 23000, 0)
    assert letters(world, 30) == []
    # 31 March: the other half is credited too. The account is even.
    with world.on(march(31)):
        rest = Dispute.objects.get(closed_on__isnull=True)
        credit_dispute(world.clerk, dispute=rest, amount_minor=23000, reason="The other half")
    assert owed(zara, 31) == (0, 0, 0)
    # Any past day says what it said.
    assert (owed(zara, 16), owed(zara, 28)) == ((146000, 46000, 100000), (123000, 23000, 100000))
