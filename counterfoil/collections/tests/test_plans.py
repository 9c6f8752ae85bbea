"""Payment plans: their confirmation by e-mail and on paper, and what is in one in the age analysis."""

import datetime as dt
from io import BytesIO

import pytest
from pypdf import PdfReader

from counterfoil.collections import queries
from counterfoil.collections.models import Plan
from counterfoil.collections.notices import plan_pdf
from counterfoil.collections.operations import agree_plan, send_plan
from counterfoil.collections.tests.test_actions import rows
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Message
from counterfoil.payments.operations import reverse_receipt
from counterfoil.testing.world import World

DAYS = [(40000, dt.date(2026, 4, 10)), (40000, dt.date(2026, 5, 10)), (40000, dt.date(2026, 6, 10))]


def text_of_pdf(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


@pytest.fixture
def zara(world: World) -> Customer:
    """Owes R1,000.00 since 1 February and R500.00 since 1 March 2026; today is 31 March."""
    return world.customer(emails=("zara@x.example",), owing={"2026-02-01": "1000.00", "2026-03-01": "500.00"})


def test_a_plan_is_confirmed_with_its_days_and_amounts(world: World, zara: Customer) -> None:
    plan = agree_plan(world.caller("collector"), customer=zara, instalments=DAYS)
    sent = Message.objects.get()
    assert (sent.kind, [row.address for row in sent.deliveries.all()]) == ("plan_agreed", ["zara@x.example"])
    assert sent.subject == "Your payment plan: R1,200.00 in 3 payments"
    assert [line for line in sent.body_text.splitlines() if ". by " in line] == [
        "1. by 10 April 2026: R400.00", "2. by 10 May 2026: R400.00", "3. by 10 June 2026: R400.00",
    ]  # fmt: skip
    printed = text_of_pdf(plan_pdf(plan))
    assert "3. by 10 June 2026: R400.00" in printed
    send_plan(world.caller("collector"), plan=plan)
    assert Message.objects.count() == 2


def test_without_an_address_nothing_is_sent_and_the_letter_can_be_printed(world: World) -> None:
    paper = world.customer("Paper Pete", owing={"2026-02-01": "1000.00"})
    plan = agree_plan(world.caller("collector"), customer=paper, instalments=DAYS[:2])
    assert not Message.objects.exists()
    with pytest.raises(Refused) as refused:
        send_plan(world.caller("collector"), plan=plan)
    assert refused.value.code == "no_address"
    assert "2. by 10 May 2026: R400.00" in text_of_pdf(plan_pdf(Plan.objects.get()))


def test_what_is_in_a_plan_that_is_kept_is_not_late(world: World, zara: Customer) -> None:
    agree_plan(world.caller("collector"), customer=zara, instalments=DAYS, confirm=False)
    assert not Message.objects.exists()
    # R1,500.00 owed, of it R1,200.00 in the plan: the oldest first.
    late = rows(world, "ageing-with-plans", world.today)[0]
    assert late[3:5] == ["R0.00", "R300.00"]
    assert late[5:] == ["R0.00", "R0.00", "R0.00", "R0.00", "R1,200.00", "R0.00", "R0.00", "R1,500.00"]
    with world.on("2026-04-08"):
        paid = world.pays(zara, "400.00", on="2026-04-08")
    with world.on("2026-04-11"):
        assert queries.in_plans([zara.pk], dt.date(2026, 4, 11)) == {zara.pk: 80000}
    # The first was missed: nothing of the plan is kept any more.
    with world.on("2026-05-11"):
        assert queries.in_plans([zara.pk], dt.date(2026, 5, 11)) == {}
        # As of an earlier day it was.
        assert queries.in_plans([zara.pk], dt.date(2026, 4, 11)) == {zara.pk: 80000}
        assert queries.in_plans([zara.pk], dt.date(2026, 3, 31)) == {zara.pk: 120000}
        assert queries.in_plans([zara.pk], dt.date(2026, 3, 30)) == {}
        # A payment that bounces breaks it from its first day on.
        reverse_receipt(world.caller(), receipt=paid, reason="Bounced")
        assert queries.in_plans([zara.pk], dt.date(2026, 4, 11)) == {}
