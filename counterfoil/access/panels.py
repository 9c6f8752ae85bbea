"""What access offers to the customer page: who may sign in to the portal."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.access import operations, queries
from counterfoil.access.nouns import ACCESS
from counterfoil.platform.panels import Action, Panel
from counterfoil.platform.tables import Column, Table

GIVE = Action(
    operations.give_access, "Give access", "give-access", "users", words="portal access invite login customer area"
)
VIEW_AS = Action(
    operations.view_as_customer, "View as customer", "view-as", "search", words="portal view as customer impersonate"
)

ACCESSES = Table(
    key="portal-access",
    title="Portal access",
    columns=(
        Column(
            "name", "Contact", lambda row: row.contact.name, sort=True,
            href=lambda row: reverse("take-access", args=[row.pk]), dialog=True,
        ),
        Column("email", "Signs in as", lambda row: row.login.email, href=ACCESS.url),
        Column("given", "Since", lambda row: row.given_at, "when", low=True),
        Column("seen", "Last seen", lambda row: row.login.seen_at, "when", sort=True),
        Column("state", "Status", lambda row: "" if row.login.seen_at else "Not signed in yet", "badge", low=True),
    ),
    empty=("No portal access yet", "Give it to a contact, who then sees invoices and statements online."),
)  # fmt: skip

PORTAL_ACCESS = Panel(
    "portal-access", "Portal access", "access.view", lambda caller, customer: queries.accesses_of(customer),
    table=ACCESSES, actions=(VIEW_AS, GIVE), words="portal login customer area invite self-service", queries=1,
)  # fmt: skip
