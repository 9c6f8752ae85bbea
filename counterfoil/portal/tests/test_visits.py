"""What customers see of visits: when, for what, and the first name of who comes; their own alone."""

from __future__ import annotations

import datetime as dt

from django.test import Client

from counterfoil.customers.models import Customer
from counterfoil.jobs.models import FieldJob
from counterfoil.jobs.operations import (
    add_job_note,
    add_job_type,
    cancel_job,
    open_job,
    schedule_job,
    set_job_policy,
    set_technician,
)
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World


def test_customers_see_their_coming_visits(world: World, zara: Customer, portal: Client) -> None:
    user = add_user(
        world.caller(), email="k@example.com", name="Kagiso Molefe", role="technician", password="correct horse"
    )
    kagiso, kind = set_technician(world.caller(), person=user), add_job_type(world.caller(), name="Repair", minutes=60)
    day = world.today + dt.timedelta(days=3)
    rows: list[FieldJob] = []
    for place, customer in enumerate((zara, world.customer("Quillfeather"))):
        row = open_job(world.caller(), customer=customer, job_type=kind, summary=f"No light {customer.name}")
        rows.append(schedule_job(world.caller(), job=row, technician=kagiso, on=day, at=f"1{place}:00"))
    add_job_note(world.caller(), job=rows[0], text="Bring a ladder")
    page = portal.get("/portal/").content.decode()
    for text in ("Coming visits", "10:00 to 11:00", f"No light {zara.name}", "Kagiso", "Ask for another time"):
        assert text in page
    for text in ("Molefe", "Quillfeather", "ladder"):
        assert text not in page
    set_job_policy(world.caller(), in_portal=False)
    assert "Coming visits" not in portal.get("/portal/").content.decode()
    set_job_policy(world.caller(), in_portal=True)
    cancel_job(world.caller(), job=rows[0], reason="Works again")
    assert "Coming visits" not in portal.get("/portal/").content.decode()
