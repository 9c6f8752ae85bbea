"""The report of suspensions: who stood where at the end of any day, with what was overdue then."""

from __future__ import annotations

from typing import Any

from counterfoil.reports.asked import Asked
from counterfoil.reports.queries import find_report, read_report
from counterfoil.suspension.models import Suspension
from counterfoil.suspension.operations import pause_suspension, reset_suspension, take_all_steps
from counterfoil.suspension.tests.helpers import D, approve, runs, system
from counterfoil.testing.world import World


def rows(world: World, day: str) -> list[tuple[Any, ...]]:
    _, found = read_report(world.caller(), find_report("suspensions"), Asked(D(day), D(day)))
    return [(row.name, row.stage, row.since, row.minor, row.days_late, row.approved_by) for row in found]


def test_it_says_the_same_of_a_day_whenever_it_is_asked(world: World) -> None:
    world.today = D("2026-03-02")
    runs(world)
    zara = world.customer(owing={"2026-04-01": "1498.00"})
    take_all_steps(system("2026-04-04"))
    approve(world, "2026-04-05")
    take_all_steps(system("2026-04-09"))
    take_all_steps(system("2026-04-12"))
    with world.on("2026-04-13"):
        pause_suspension(world.caller(), suspension=Suspension.objects.get(), days=2)
    take_all_steps(system("2026-04-15"))
    with world.on("2026-04-16"):
        world.pays(zara, "498.00")
        reset_suspension(world.caller(), suspension=Suspension.objects.get(), reason="Agreed")
    by = "Administrator"
    assert rows(world, "2026-04-03") == []
    assert rows(world, "2026-04-04") == [("Zara Naidoo", "To approve", D("2026-04-04"), 149800, 3, "")]
    assert rows(world, "2026-04-05") == [("Zara Naidoo", "First warning", D("2026-04-05"), 149800, 4, by)]
    assert rows(world, "2026-04-11") == [("Zara Naidoo", "Second warning", D("2026-04-09"), 149800, 10, by)]
    assert rows(world, "2026-04-12") == [("Zara Naidoo", "Suspended", D("2026-04-12"), 149800, 11, by)]
    assert rows(world, "2026-04-14") == [("Zara Naidoo", "Paused", D("2026-04-13"), 149800, 13, by)]
    assert rows(world, "2026-04-15") == [("Zara Naidoo", "Suspended", D("2026-04-12"), 149800, 14, by)]
    assert rows(world, "2026-04-16") == []
