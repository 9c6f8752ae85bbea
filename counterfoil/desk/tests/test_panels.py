"""Each section keeps to its query budget, and does not cost more with more rows."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.desk.customer_page import TABS
from counterfoil.platform.panels import Panel
from counterfoil.receivables.operations import issue_credit, open_dispute
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World

PANELS = [panel for tab in TABS for panel in tab.panels]
# Who asks (session, user, role, the currency of their limits), the customer, the operator's name, unread notices, and
# what waits for approval or is flagged to them.
FRAME = 10


def cost(client: Client, number: str, panel: Panel) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/customers/{number}/panels/{panel.key}/")
    assert answer.status_code == 200
    return len(queries)


@pytest.fixture
def client(world: World) -> Client:
    add_user(world.caller(), email="b@x.example", name="B", role="billing", password="s3cret-enough")
    client = Client()
    client.force_login(User.objects.get())
    return client


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.key)
def test_a_section_keeps_to_its_budget_however_many_rows(world: World, client: Client, panel: Panel) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"}, emails=["zara@mail.example"])
    few = cost(client, zara.number, panel)
    for n in range(6):
        world.invoice(zara, f"{n + 1}.00", on="2026-03-01")
        world.pays(zara, f"{n + 2}.00")
        issue_credit(world.clerk, customer=zara, amount_minor=100, reason="Offline")
    many = cost(client, zara.number, panel)
    assert many <= panel.queries + FRAME, f"{panel.key} costs {many} queries; its budget is {panel.queries}."
    assert many <= few + 3, f"{panel.key} costs {few} queries with few rows and {many} with more."


def test_lists_say_what_is_set_aside_and_what_is_in_dispute(world: World, client: Client) -> None:
    zara = world.customer(owing={"2026-04-20": "100.00", "2026-04-25": "50.00"})
    world.pays(zara, "500.00", purpose="Deposit")
    open_dispute(world.clerk, item=world.item("INV-000001"), amount_minor=3000, reason="Offline")
    open_dispute(world.clerk, item=world.item("INV-000002"), amount_minor=5000, reason="Not mine")
    invoices = client.get(f"/customers/{zara.number}/panels/invoices/").content.decode()
    assert invoices.count("In dispute") == 1
    assert ("R30.00 in dispute" in invoices, "R50.00 in dispute" in invoices) == (True, True)
    assert "Set aside" in client.get(f"/customers/{zara.number}/panels/receipts/").content.decode()
