"""Books with something of everything in them, sealed: what somebody with the database in hand could change."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import connection

from counterfoil.access.operations import add_passkey, give_access, set_password
from counterfoil.billing.operations import (
    credit_invoice,
    discard_draft,
    draft_invoice,
    make_recurring,
    open_bill_run,
)
from counterfoil.billing.operations.recurring import draft_due_recurring
from counterfoil.billing.rules import LineInput
from counterfoil.catalogue.operations import add_coupon
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import (
    add_note,
    attach_file,
    save_custom_field,
    set_custom_values,
    set_destinations,
    set_tags,
)
from counterfoil.customers.queries import contacts_of
from counterfoil.documents.tests.test_inspection import picture
from counterfoil.imports.operations import import_file, save_mapping
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.messaging.operations import queue_message
from counterfoil.messaging.sending import send_due
from counterfoil.operator.operations import add_area, add_bank_account, add_brand
from counterfoil.payments.operations import pay_refund, reverse_receipt
from counterfoil.platform.append_only import frozen_tables
from counterfoil.platform.approvals import ask_approval, refuse_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.upkeep import seal_trail
from counterfoil.receivables.operations import (
    adjust_account,
    allocate_oldest_first,
    issue_credit,
    merge_customers,
    open_dispute,
    raise_debit_memo,
    set_aside,
    set_credit_policy,
    undo_allocation,
    write_off,
)
from counterfoil.staff.operations import add_token, add_user
from counterfoil.subscriptions.operations import add_one_time_charge, change_services, take_coupon
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World

USAGE = """
source = "switch"
[usage]
key = "{key}"
service = "{number}"
on = "{day}"
quantity = "{minutes}"
text = "{to}"
"""


def build() -> World:
    """The world, with every trigger out of the way as its owner could have them, and everything sealed."""
    world = World()
    zara = world.customer("Zara Naidoo", emails=("zara@mail.example",), phones=("082 555 0142",), street="1 Main Rd")
    other = world.customer("Yusuf Adams", emails=("yusuf@mail.example",), street="2 Main Rd")
    _people(world, zara)
    _money(world, zara, other)
    _services(world, zara)
    _messages(world, zara)
    world.bill(zara, "2026-04-01")
    _merge(world)
    seal_trail(world.system())
    drop_triggers()
    return world


def _people(world: World, zara: Customer) -> None:
    add_area(world.caller(), name="North")
    add_token(world.caller(), name="Shop", role="billing", digest="d" * 64, ending="dddd")
    add_brand(world.caller(), name="House")
    save_mapping(world.caller(), name="Switch", text=USAGE)
    add_bank_account(world.caller(), details={"bank": "FNB", "number": "620 555"})
    for role in ("administrator", "agent"):
        add_user(world.caller(), email=f"{role}@house.example", name=role.title(), role=role, password="s3cret-enough")
    add_note(world.agent, customer=zara, text="Rings on Mondays")
    attach_file(world.agent, customer=zara, kind="photo", name="roof.png", content=picture())
    set_tags(world.clerk, customer=zara, names=["VIP"])
    field = save_custom_field(world.caller(), label="Gate code", kind="text")
    set_custom_values(world.clerk, customer=zara, values={field.key: "1234"})
    set_destinations(world.clerk, customer=zara, about="invoice", emails=["books@firm.example"])
    access = give_access(world.clerk, contact=contacts_of(zara)[0], email="zara@mail.example", welcome=False)
    set_password(world.caller(), login=access.login, password="zebra in the garden 7", current=None, customer=zara)
    add_passkey(world.caller(), login=access.login, key_id="k", credential=b"c", uses=0, customer=zara)
    arguments = {"customer": zara, "amount_minor": 100, "reason": "Offline"}
    asked = [
        ask_approval(world.clerk, operation=issue_credit.name, arguments=arguments, customer_id=zara.pk)
        for _ in range(2)
    ]
    refuse_approval(world.caller(), approval=asked[0], note="No")


def _money(world: World, zara: Customer, other: Customer) -> None:
    first = world.invoice(zara, "1150.00", on="2026-01-10", tax="standard")
    second = world.invoice(zara, "300.00", on="2026-02-10", tax="standard")
    world.pays(zara, "400.00", on="2026-02-01", reference="EFT 1")
    bounced = world.pays(zara, "50.00", on="2026-02-05")
    reverse_receipt(world.caller(), receipt=bounced, reason="Bounced")
    credit_invoice(world.caller(), invoice=first, amounts={first.lines.get().pk: 1000}, reason="Offline")
    assert second.item is not None
    open_dispute(world.caller(), item=second.item, amount_minor=5000, reason="Not used")
    issue_credit(world.clerk, customer=zara, amount_minor=2500, reason="Goodwill")
    memo = raise_debit_memo(
        world.caller(), customer=zara, amount_minor=700, reason="Fee", due_on=world.today + dt.timedelta(days=10)
    )
    adjust_account(world.caller(), customer=zara, amount_minor=-100, reason="Rounding")
    write_off(world.caller(), item=memo, amount_minor=200, reason="Small")
    set_credit_policy(world.caller(), settles_bills=False)
    # What settles nothing yet.
    issue_credit(world.clerk, customer=zara, amount_minor=150, reason="Loyalty")
    payment = world.pays(other, "90.00", on="2026-02-01")
    pay_refund(world.caller(), customer=other, amount_minor=3000, on=world.today, method="eft", reason="Too much")
    world.invoice(other, "40.00", on="2026-02-02")
    (settled,) = allocate_oldest_first(world.caller(), customer=other)
    undo_allocation(world.caller(), allocation=settled, reason="Another month")
    set_aside(world.caller(), item=payment.item, purpose="Deposit")
    draft = draft_invoice(
        world.clerk, customer=other, lines=[LineInput("A line", Decimal(1), Decimal(5), None)], on=world.today
    )
    discard_draft(world.clerk, invoice=draft)
    draft_invoice(
        world.clerk, customer=other, lines=[LineInput("A draft", Decimal(1), Decimal(7), None)], on=world.today
    )


def _services(world: World, zara: Customer) -> None:
    fibre, calls = world.package("Fibre 100", "599"), world.metered("Calls", "1.20", included="10")
    extra = world.package("Static IP", "50", kind="extra")
    world.package("Combo", "700", parts={"fibre-100": 1})
    with world.on("2026-03-01"):
        subscription = world.subscribe(zara, fibre, calls, extra)
        agreement = world.agreement(zara)
        rent = world.invoice(zara, "100.00", on="2026-01-31")
        make_recurring(world.clerk, invoice=rent, frequency="month", agreement=agreement)
    services = {service.product.name: service for service in subscription.services.all()}
    add_coupon(world.caller(), code="HALF", percent_off=Decimal(50), valid_from=dt.date(2026, 1, 1))
    with world.on("2026-03-10"):
        take_coupon(world.caller(), service=services["Fibre 100"], code="HALF", on=dt.date(2026, 3, 10))
        world.bill(zara)
        discard_draft(world.clerk, invoice=world.bill(zara, "2026-04-02", draft=True))
    services["Calls"].label = "0115550100"
    world.uses(services["Calls"], "25", on="2026-03-15", text="27825550199")
    add_one_time_charge(world.caller(), subscription=subscription, text="Router", price=Decimal(900), on=world.today)
    change_services(
        world.caller(), services=[services["Static IP"]], change=Change("stop", world.today + dt.timedelta(days=9))
    )
    draft_due_recurring(world.system())
    open_bill_run(world.caller(), bill_to=dt.date(2026, 4, 1))
    people = 'name = "People"\nsource = "old"\n[customers]\nkey = "{who}"\nnumber = "{who}"\nname = "{name}"\n'
    import_file(world.caller(), content=b"who,name\nX-1,Xolani\n", file_name="a.csv", mapping=people)


def _messages(world: World, zara: Customer) -> None:
    def queue(subject: str) -> Any:
        return queue_message(
            world.caller(), customer=zara, kind="statement", subject=subject, body_text="Dear Zara",
            body_html="<p>Dear", addresses=["zara@mail.example"], files=[("a.pdf", "application/pdf", b"%PDF- paper")],
        )  # fmt: skip

    send_due(Caller.system("task", at=queue("Sent").leaves_at), channel=FakeChannel())
    queue("Waiting")


def _merge(world: World) -> None:
    one, two = world.customer("Moses Zulu"), world.customer("Moses Zulu")
    world.invoice(two, "60.00", on="2026-02-02")
    merge_customers(world.caller(), customer=one, duplicate=two)


def drop_triggers() -> None:
    """Every trigger is gone, as whoever owns the database can have it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in frozen_tables():
                cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'frozen_%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')
