"""The header of a customer says what its figures say."""

from counterfoil.desk.summary import Connection, summary_of
from counterfoil.jobs.operations import add_job_type, cancel_job, open_job, schedule_job, set_technician
from counterfoil.network.tests.helpers import a_nas, an_account, at, counts, report
from counterfoil.receivables.operations import open_dispute, release_credit
from counterfoil.receivables.panels import item_status
from counterfoil.receivables.queries import open_items_of
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World


def test_nobody_is_asked_to_allocate_what_is_set_aside(world: World) -> None:
    zara = world.customer(owing={"2026-03-01": "100.00"}, emails=("zara@mail.example",))
    world.pays(zara, "80.00", allocate=(), purpose="Deposit for a mast")
    credit = open_items_of(zara, world.today)[1]
    assert item_status(credit, world.today, "ZAR") == ("Set aside", "info")
    assert [line.what for line in summary_of(world.caller(), zara).attention] == []

    world.pays(zara, "30.00", allocate=())
    titles = [line.what for line in summary_of(world.caller(), zara).attention]
    assert titles == ["R30.00 of credit is not allocated"]


def test_what_is_settled_is_not_said_to_be_an_amount_in_dispute(world: World) -> None:
    zara = world.customer(owing={"2026-03-01": "100.00"}, emails=("zara@mail.example",))
    open_dispute(world.caller(), item=world.item("INV-000001"), amount_minor=40_00, reason="Not delivered")
    world.pays(zara, "70.00")
    titles = [line.what for line in summary_of(world.caller(), zara).attention]
    assert titles == ["R30.00 in dispute on INV-000001"]

    receipt = world.pays(zara, "50.00", allocate=(), purpose="Deposit")
    release_credit(world.caller(), item=receipt.item)
    found = summary_of(world.caller(), zara)
    assert found.figures is not None
    assert found.figures.disputed_minor == 0
    assert [line.what for line in found.attention] == ["Still in dispute, though settled: INV-000001"]


def test_the_header_says_whether_the_line_is_up_and_when_somebody_comes(world: World) -> None:
    zara, by = world.customer(emails=("zara@mail.example",)), world.caller()
    found = summary_of(by, zara)
    assert (found.connection, found.jobs) == (Connection("None", why="No network access"), [])
    account, _ = an_account(world, zara, user_name="ada@isp.example"), a_nas(world)
    assert summary_of(by, zara).connection == Connection("Offline", why="No session yet")
    report("Start", "2026-03-30T08:00")
    assert summary_of(by, zara).connection == Connection("Online", "ok", at("2026-03-30T08:00"))
    report("Stop", "2026-03-31T08:00", **counts(86400, 15, 6 << 32))
    assert summary_of(by, zara).connection == Connection("Offline", "bad", at("2026-03-31T08:00"))
    assert account.user_name == "ada@isp.example"

    kind = add_job_type(by, name="Repair", minutes=60)
    waiting, planned = (open_job(by, customer=zara, job_type=kind, summary="No light") for _ in range(2))
    user = add_user(by, email="k@example.com", name="Kagiso", role="technician", password="correct horse")
    schedule_job(by, job=planned, technician=set_technician(by, person=user), on=world.today, at="23:00")
    planned.refresh_from_db()
    assert summary_of(by, zara).jobs == [planned.starts_at, None]
    cancel_job(by, job=waiting, reason="Came back")
    assert summary_of(by, zara).jobs == [planned.starts_at]
    # Who may not see the network or jobs is not told of them.
    found = summary_of(world.nobody, zara)
    assert (found.connection, found.jobs) == (None, None)
