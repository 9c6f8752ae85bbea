"""A bill run approved before its day issues by itself on that day, once, and says what changed until then."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from counterfoil.billing.models import BillRun, CreditNote, Invoice
from counterfoil.billing.operations import (
    begin_issuing,
    discard_bill_run,
    open_bill_run,
    preview_again,
    take_back_approval,
)
from counterfoil.billing.operations.runs import catalogue_of, issue_chunk, preview_approved_runs
from counterfoil.billing.run_queries import changed_since_approved, run_figures, status_of
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import set_prices
from counterfoil.desk.models import Notice
from counterfoil.desk.operations import tell_job_ended, tell_run_issued
from counterfoil.kernel.errors import Refused
from counterfoil.platform.callers import Caller
from counterfoil.platform.jobs import KINDS, cancel_job, claim_job, fail_job, finish_job
from counterfoil.platform.models import Job
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import change_services, remove_services, run_due_actions
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

DAY = dt.date(2026, 4, 1)


def work(world: World, caller: Caller | None = None) -> None:
    """What the clock and the worker do in a minute, at the world's time unless told otherwise."""
    by = caller or world.caller()
    system = Caller.system("job", behalf=by)
    preview_approved_runs(system)
    while (job := Job.objects.filter(state="waiting").order_by("pk").first()) is not None:
        claimed = claim_job(system, job_id=job.pk)
        assert claimed is not None
        done = sum(step for step in KINDS[job.kind](by, claimed) if isinstance(step, int))
        finish_job(system, job=claimed, done=done)


@pytest.fixture
def run(world: World) -> BillRun:
    """Approved on the 25th of March for the first of April: three customers with Fibre 100 at 599.00."""
    world.package("Fibre 200", "899")
    fibre = world.package("Fibre 100", "599")
    with world.on("2026-03-01"):
        for name in ("Ann", "Ben", "Cas"):
            customer = world.customer(name, emails=(f"{name.lower()}@x.example",))
            world.subscribe(customer, fibre, anchor_day=1)
            world.bill(customer)
    with world.on("2026-03-25"):
        opened = open_bill_run(world.caller(), bill_to=DAY, on=DAY)
        work(world)
        return begin_issuing(world.caller(), run=opened)


def test_it_issues_by_itself_on_its_day_and_once(world: World, run: BillRun) -> None:
    assert (run.state, run.approved_count, run.approved_minor) == ("approved", 3, 3 * 59900)
    assert status_of(run) == ("Approved", "info")
    for day in ("2026-03-25", "2026-03-28", "2026-03-31"):
        with world.on(day):
            work(world)
            assert Invoice.objects.count() == 3
    with world.on("2026-04-01"):
        work(world)
        work(world)
        run.refresh_from_db()
        assert (run.state, run_figures(run).states) == ("issued", {"billed": (3, 3 * 59900)})
        assert list(Invoice.objects.filter(on=DAY).values_list("total_minor", flat=True)) == [59900] * 3
    with world.on("2026-04-02"):
        work(world)
        assert Invoice.objects.count() == 6


def test_it_catches_up_when_nothing_ran_on_its_day(world: World, run: BillRun) -> None:
    with world.on("2026-04-05"):
        work(world)
        assert list(Invoice.objects.filter(on=DAY).values_list("total_minor", flat=True)) == [59900] * 3


def breaks_off(world: World, caller: Caller) -> None:
    """The job of the run that the clock starts now fails: its server was restarted, say."""
    preview_approved_runs(Caller.system("job", behalf=caller))
    claimed = claim_job(Caller.system("job", behalf=caller), job_id=Job.objects.get(state="waiting").pk)
    assert claimed is not None
    fail_job(Caller.system("job", behalf=caller), job=claimed, reason="Something failed on the server.")


def test_a_preview_that_breaks_off_on_its_day_is_tried_again_that_day(world: World, run: BillRun) -> None:
    with world.on("2026-04-01"):
        breaks_off(world, world.caller())
        for minutes, invoices in ((59, 3), (60, 6)):
            work(world, replace(world.caller(), at=world.now + dt.timedelta(minutes=minutes)))
            assert Invoice.objects.count() == invoices, minutes


def test_issuing_that_breaks_off_goes_on_by_itself_and_whoever_approved_it_is_told(world: World, run: BillRun) -> None:
    user = add_user(world.caller(), name="Zanele Khumalo", email="zanele@x.example", role="billing")
    take_back_approval(world.caller(), run=run)
    with world.on("2026-03-25"):
        begin_issuing(replace(world.caller(), user_id=user.pk), run=run)
    with world.on("2026-04-01"):
        clock = Caller.system("schedule", at=world.now)
        preview_approved_runs(clock)
        preview = claim_job(clock, job_id=Job.objects.get(state="waiting").pk)
        assert preview is not None
        finish_job(
            clock, job=preview, done=sum(step for step in KINDS[preview.kind](clock, preview) if isinstance(step, int))
        )
        # One invoice is issued when it breaks off.
        run.refresh_from_db()
        issue_chunk(clock, run=run, catalogue=catalogue_of(run), limit=1)
        breaks_off(world, clock)
        failed = Event.objects.filter(kind="job.failed").latest("pk")
        tell_job_ended(Caller.system("reaction"), events=[failed.pk])
        assert [row.text for row in Notice.objects.filter(user=user)] == [
            "Failed: Issue: Bills to 1 April 2026, Something failed on the server."
        ]
        for minutes, invoices in ((59, 4), (60, 6), (61, 6), (200, 6)):
            work(world, Caller.system("schedule", at=world.now + dt.timedelta(minutes=minutes)))
            assert Invoice.objects.count() == invoices, minutes
        run.refresh_from_db()
        assert (run.state, run_figures(run).states) == ("issued", {"billed": (3, 3 * 59900)})


def test_a_preview_that_somebody_stopped_waits_for_the_next_day(world: World, run: BillRun) -> None:
    with world.on("2026-04-01"):
        preview_approved_runs(world.system())
        cancel_job(world.caller(), job=Job.objects.get(state="waiting"))
        work(world, replace(world.caller(), at=world.now + dt.timedelta(hours=3)))
        assert Invoice.objects.count() == 3
    with world.on("2026-04-02"):
        work(world)
        assert Invoice.objects.count() == 6


def test_what_changed_since_is_said_and_billed_as_it_is_on_the_day(world: World, run: BillRun) -> None:
    ann, ben, cas = Service.objects.order_by("pk")
    fast = Product.objects.get(name="Fibre 200")
    with world.on("2026-03-26"):
        # Ann takes more from April on, Ben leaves with the end of March, and Dan is new.
        change_services(
            world.caller(), services=Service.objects.filter(pk=ann.pk), change=Change("swap", DAY, product_id=fast.pk)
        )
        remove_services(
            world.caller(), services=Service.objects.filter(pk=ben.pk), change=Change("cancel", DAY), reason="Moved"
        )
        dan = world.customer("Dan", emails=("dan@x.example",))
        world.subscribe(dan, Product.objects.get(name="Fibre 100"), on="2026-04-01", anchor_day=1)
    with world.on("2026-03-27"):
        work(world)
        changed = {row.customer.name: (row.approved_minor, row.total_minor) for row in changed_since_approved(run)}
        assert changed == {"Ann": (59900, 89900), "Ben": (59900, 0), "Dan": (None, 59900)}
        run.refresh_from_db()
        assert (run.approved_count, run.approved_minor, run.customers) == (3, 3 * 59900, 4)
        foreseen = run_figures(run).states
    with world.on("2026-04-01"):
        run_due_actions(world.system())
        work(world)
        # Preview equals result.
        assert run_figures(run).states["billed"] == foreseen["ready"] == (3, 59900 * 2 + 89900)
        assert not CreditNote.objects.exists()


def test_its_exceptions_are_held_back_and_reported(world: World, run: BillRun) -> None:
    user = add_user(world.caller(), name="Zanele Khumalo", email="zanele@x.example", role="billing")
    take_back_approval(world.caller(), run=run)
    with world.on("2026-03-25"):
        begin_issuing(replace(world.caller(), user_id=user.pk), run=run)
    with world.on("2026-03-26"):
        cas = Service.objects.order_by("pk")[2]
        more = Change("quantity", DAY, quantity=Decimal(4))
        change_services(world.caller(), services=Service.objects.filter(pk=cas.pk), change=more)
    with world.on("2026-04-01"):
        work(world)
        totals = run_figures(run).states
        assert (totals["billed"], totals["held"]) == ((2, 2 * 59900), (1, 4 * 59900))
        issued = Event.objects.get(kind="bill_run.issued")
        for _ in range(2):
            tell_run_issued(Caller.system("reaction"), events=[issued.pk])
        notice = Notice.objects.get(user=user)
        assert notice.text == "Bills to 1 April 2026: 2 invoices issued, R1,198.00. 1 on hold."


def test_prices_are_those_of_its_last_preview(world: World, run: BillRun) -> None:
    with world.on("2026-03-26"):
        fibre = Product.objects.get(name="Fibre 100")
        set_prices(world.caller(), prices=[(fibre, "month", Decimal(650))], currency="ZAR", valid_from=DAY)
    with world.on("2026-04-01"):
        work(world)
        assert run_figures(run).states["billed"] == (3, 3 * 65000)


def test_the_approval_can_be_taken_back_and_the_run_discarded(world: World, run: BillRun) -> None:
    with world.on("2026-03-26"):
        work(world)
        back = take_back_approval(world.caller(), run=run)
        assert (back.state, back.approved_minor) == ("previewed", None)
        before = counts()
        for operation in (take_back_approval, preview_again):
            with pytest.raises(Refused) as refused:
                operation(world.caller(), run=run)
            assert (refused.value.code, counts()) == ("not_now", before)
    with world.on("2026-04-01"):
        work(world)
        assert Invoice.objects.count() == 3
        run = begin_issuing(world.caller(), run=run)
        assert run.state == "issuing"
    with world.on("2026-03-26"), pytest.raises(Refused):
        discard_bill_run(world.caller(), run=run)


@pytest.mark.parametrize("day", [dt.date(2026, 8, 1), dt.date(1980, 1, 1)])
def test_a_run_is_of_a_day_that_is_near(world: World, day: dt.date) -> None:
    before = counts()
    with pytest.raises(Refused) as refused:
        open_bill_run(world.caller(), bill_to=world.today, on=day)
    assert (refused.value.code, refused.value.field, counts()) == ("absurd_date", "on", before)
