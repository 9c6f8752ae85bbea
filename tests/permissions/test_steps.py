"""Steps are parts of verbs and work of the product: no right, no role, no door; and a job needs the verbs alone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from counterfoil.billing.models import BillRun, Invoice
from counterfoil.billing.operations import begin_issuing, open_bill_run, review_items
from counterfoil.ledger.rules import CREDITS_GIVEN, Leg
from counterfoil.platform import jobs
from counterfoil.platform.grants import all_grants
from counterfoil.platform.operations import VERBS
from counterfoil.receivables.operations import NewItem, open_items
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_role, add_user, change_role
from counterfoil.staff.queries import caller_for
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event


def test_nobody_opens_an_item_past_their_limit(world: World) -> None:
    """The role *Billing* may credit up to R5,000; opening items by themselves was a grant, and had no limit."""
    zara = world.customer()
    item = NewItem(
        customer_id=zara.pk, kind="credit", side="credit", number="X-1", on=world.today, currency="ZAR",
        amount_minor=99000000, legs=(Leg(CREDITS_GIVEN, 99000000),), text="A gift",
    )  # fmt: skip
    before = counts()
    with pytest.raises(TypeError, match="receivables.open_items is a step"):
        open_items(world.clerk, items=[item])
    assert counts() == before
    assert not {"receivables.open_items", "ledger.post_entries", "billing.issue_chunk"} & {*all_grants(), *VERBS}


def test_the_verbs_of_a_bill_run_are_enough_to_run_one(world: World) -> None:
    # A job is of the real clock.
    world.today = timezone.localdate()
    zara = world.customer(emails=["zara@mail.example"])
    world.subscribe(zara, world.package("Fibre", "100"))
    role = add_role(world.caller(), name="Runner")
    verbs = ["billing.open_bill_run", "billing.begin_issuing", "billing.review_items", "billing.view", "customers.view"]
    change_role(world.caller(), role=role, grants=verbs, limits={})
    add_user(world.caller(), email="r@x.example", name="Rita Runner", role=role.key, password="a-good-long-one")
    rita = caller_for(User.objects.get(email="r@x.example"), "desk")

    run = open_bill_run(rita, bill_to=world.today, on=world.today)
    jobs.run(run.job_id)
    review_items(rita, run=run, items=list(run.items.values_list("pk", flat=True)), verdict="approve")
    run = begin_issuing(rita, run=BillRun.objects.get())
    jobs.run(run.job_id)

    run.refresh_from_db()
    assert (run.state, Invoice.objects.get().total_minor) == ("issued", 10000)
    # The trail has both: what she did, and what the product did for her.
    told = set(Event.objects.filter(kind__in=("bill_run.opened", "invoice.issued")).values_list("kind", "actor"))
    assert told == {("bill_run.opened", "Rita Runner"), ("invoice.issued", "Counterfoil for Rita Runner")}
