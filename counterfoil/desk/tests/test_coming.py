"""What comes next to a customer, what they have a month, and the home page: figures that are the same everywhere."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.billing.forecast import next_bills
from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.billing.operations import credit_invoice, open_bill_run
from counterfoil.catalogue.operations import NewProduct, add_product, set_prices
from counterfoil.customers.models import Customer
from counterfoil.desk.customer_page import grouped_actions
from counterfoil.desk.summary import summary_of
from counterfoil.desk.tests.test_doors import do, send, today
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import add_months, date_text
from counterfoil.messaging.models import Message
from counterfoil.platform.jobs import run as run_job
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.models import Service, Span, Subscription, Term
from counterfoil.subscriptions.operations import (
    NewService,
    NewTerm,
    change_services,
    reprice_services,
    start_subscription,
)
from counterfoil.subscriptions.queries import grouped, service_rows, timeline_of
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World, counts

FIRST = timezone.localdate().replace(day=1)
NEXT = add_months(FIRST, 1)


@pytest.fixture
def desk(world: World) -> Client:
    world.today = timezone.localdate()
    return _as(world, "administrator")


def _as(world: World, role: str) -> Client:
    add_user(world.caller(), email=f"{role}@example.com", name=role, role=role, password="correct horse")
    client = Client()
    client.force_login(User.objects.get(email=f"{role}@example.com"))
    return client


@pytest.fixture
def zara(world: World, desk: Client) -> Customer:
    """Two things: fibre for 599 a month, and three lines at 89 each; billed for this month."""
    customer = world.customer("Zara Naidoo", emails=("zara@example.com",))
    fibre, line = world.package("Fibre 100", "599"), world.package("Line", "89", kind="voice")
    start_subscription(
        world.caller(), customer=customer, on=FIRST, term=NewTerm(anchor_day=1, contract_ends=add_months(FIRST, 24)),
        services=[NewService(fibre), NewService(line, "010 555 0110", Decimal(3))],
    )  # fmt: skip
    world.bill(customer)
    return customer


def test_what_they_have_is_said_with_quantity_price_and_what_it_is_a_month(
    world: World, desk: Client, zara: Customer
) -> None:  # fmt: skip
    rows = service_rows(zara, world.today)
    assert [(row.quantity, row.price, row.month_minor) for row in rows] == [
        (1, Decimal("599.00"), 59900), (3, Decimal("89.00"), 26700),
    ]  # fmt: skip
    (group,) = grouped(rows)
    assert (group.incl_minor, group.excl_minor) == (86600, 0)
    page = squeezed(desk.get(do(zara, "customer")).content.decode())
    assert ("866.00" in page, "Services and what they are a month" in page) == (True, True)


def test_a_year_and_a_price_without_tax_are_a_month_of_their_own(world: World, desk: Client) -> None:
    customer = world.customer("Ben")
    yearly = world.package("Fibre 100", "5990", frequency="year")
    world.subscribe(customer, yearly, frequency="year")
    net = add_product(world.caller(), new=NewProduct("net", "Rack", "equipment", prices_include_tax=False))
    set_prices(world.caller(), prices=[(net, "month", Decimal(100))], currency="ZAR", valid_from=dt.date(2000, 1, 1))
    world.subscribe(customer, net)
    groups = grouped(service_rows(customer, world.today))
    # 5,990.00 / 12, half up.
    assert [(one.incl_minor, one.excl_minor) for one in groups] == [(49917, 0), (0, 10000)]
    page = re.sub(r"<[^>]+>|\s+", " ", desk.get(f"{do(customer, 'customer')}services/").content.decode())
    assert "499.17 and 100.00 excl. VAT" in re.sub(" +", " ", page)


def test_the_next_invoice_is_that_of_the_bill_that_comes(world: World, zara: Customer) -> None:
    summary = summary_of(world.caller(), zara)
    assert summary.next_bill is not None
    said = summary.next_bill.minor
    assert (summary.next_bill.on, said) == (NEXT, 86600)
    world.today = NEXT
    assert world.bill(zara).total_minor == said


def test_coming_up_has_bills_changes_dues_and_contracts_in_the_order_of_their_days(
    world: World, zara: Customer
) -> None:
    fibre = Service.objects.get(product__name="Fibre 100")
    swap = Change("swap", NEXT, product_id=world.package("Fibre 200", "899").pk)
    change_services(world.caller(), services=[fibre], change=swap, reason="Asked")
    coming = summary_of(world.caller(), zara).coming
    said = {row.what: (row.on, row.minor) for row in coming if row.on == NEXT}
    assert said == {"Bill": (NEXT, 89900 + 26700), "Fibre 100 becomes Fibre 200": (NEXT, None)}
    assert [row.on for row in coming] == sorted(row.on for row in coming)
    assert coming[-1].what == "SUB-000001 contract ends"
    assert (coming[-1].on, coming[-1].is_far) == (add_months(FIRST, 24), True)
    # Whoever may not see bills sees none of them.
    told = [row.what for row in summary_of(world.nobody, zara).coming]
    assert told == []


def test_the_menu_has_everything_once_in_groups_and_what_cannot_be_undone_last(world: World, zara: Customer) -> None:
    groups = dict(grouped_actions(world.caller(), zara))
    assert list(groups) == ["Money", "Collections", "Services", "Contact", "Account"]
    every = [action.url_name for actions in groups.values() for action in actions]
    assert len(every) == len(set(every)) > 15
    assert [action.danger for action in groups["Account"]] == sorted(action.danger for action in groups["Account"])
    assert [action.label for action in dict(grouped_actions(world.agent, zara)).get("Services", [])] != []
    assert grouped_actions(world.nobody, zara) == []


def lines(*rows: dict[str, Any]) -> dict[str, Any]:
    return {f"services-{n}-{part}": value for n, row in enumerate(rows) for part, value in row.items()}


def test_several_services_start_at_once_and_the_bills_drawn_are_those_that_come(
    world: World, desk: Client, zara: Customer
) -> None:  # fmt: skip
    lte, point = world.package("LTE backup", "299"), world.package("Access point", "29", kind="equipment")
    form = {"on": NEXT.isoformat(), "frequency": "month", "anchor_day": 1, "contract_ends": "", "site": ""}
    typed = {
        **form,
        **lines({"product": lte.pk, "quantity": "1"}, {"product": point.pk, "quantity": "2", "price": "25"}),
    }
    url, before = do(zara, "new-subscription"), counts()
    offered = squeezed(desk.get(url).content.decode())
    assert "LTE backup, R299.00 a month" in offered
    drawn = squeezed(desk.post(f"{url}?preview=1", typed, headers={"HX-Request": "true"}).content.decode())
    assert counts() == before
    total = 86600 + 29900 + 5000
    assert "R1,215.00" in drawn
    assert "was R866.00" in drawn
    said = send(desk, url, **typed)
    assert "SUB-000002 started from" in said
    mine = Subscription.objects.get(number="SUB-000002")
    assert list(
        Span.objects.filter(service__subscription=mine).order_by("service").values_list("quantity", "price")
    ) == [
        (1, None),
        (2, 25),
    ]
    world.today = NEXT
    assert world.bill(zara).total_minor == total


def test_a_line_without_a_service_and_no_line_are_refused_by_name(desk: Client, zara: Customer) -> None:
    form = {"on": today(), "frequency": "month", "anchor_day": 1, "contract_ends": "", "site": ""}
    before = counts()
    for typed, wrong in (
        (form, "Choose at least one service."),
        ({**form, **lines({"product": "999999"})}, "Line 1: choose a service."),
        ({**form, **lines({"product": "x", "quantity": "many"})}, "Line 1: choose a service."),
    ):
        answer = desk.post(do(zara, "new-subscription"), typed)
        assert (answer.status_code, wrong in squeezed(answer.content.decode())) == (422, True)
    assert counts() == before


def test_a_line_with_an_endless_place_is_none(desk: Client, zara: Customer) -> None:
    before = counts()
    for url, name in (("new-subscription", "services-{}-product"), ("new-invoice", "lines-{}-text")):
        typed = urlencode({"on": FIRST.isoformat(), name.format("9" * 5000): "1"})
        answer = desk.post(do(zara, url), typed, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 422
    assert counts() == before


def test_another_price_at_the_start_needs_the_right_to_change_prices(world: World, zara: Customer) -> None:
    fibre = world.package("Fibre 500", "1299")
    narrow = world.caller("agent")
    narrow = type(narrow)(
        name="Narrow", grants=frozenset({"subscriptions.start_subscription", "customers.view"}), at=narrow.at
    )
    before = counts()
    for own in (NewService(fibre, price=Decimal(1)), NewService(fibre, percent_off=Decimal(99))):
        with pytest.raises(Refused, match="Reprice services") as refused:
            start_subscription(narrow, customer=zara, services=[own], on=world.today)
        assert refused.value.code == "not_allowed"
    assert counts() == before
    start_subscription(narrow, customer=zara, services=[NewService(fibre)], on=world.today)
    assert Term.objects.count() == 2


def test_a_day_that_another_system_billed_up_to_is_near(world: World, zara: Customer) -> None:
    fibre = world.package("Fibre 500", "1299")
    before = counts()
    for day in (dt.date.max, world.today + dt.timedelta(days=3 * 366 + 1)):
        with pytest.raises(Refused, match="too far away") as refused:
            start_subscription(
                world.caller(), customer=zara, services=[NewService(fibre)], on=world.today, taken_over_on=day
            )
        assert refused.value.field == "taken_over_on"
    assert counts() == before


def test_another_package_is_no_way_around_the_right_to_change_prices(world: World, zara: Customer) -> None:
    fibre, faster = world.package("Fibre 500", "1299"), world.package("Fibre 900", "1599")
    service = world.subscribe(zara, fibre).services.get()
    agent = world.agent
    assert (agent.may(change_services), agent.may(reprice_services)) == (True, False)
    before = counts()
    for day in (world.today, world.today + dt.timedelta(days=9)):
        for own in ({"price": Decimal(1)}, {"price": Decimal(0)}, {"percent_off": Decimal(99)}):
            with pytest.raises(Refused, match="Reprice services") as refused:
                change_services(agent, services=[service], change=Change("swap", day, product_id=faster.pk, **own))
            assert refused.value.code == "not_allowed"
    assert counts() == before
    change_services(agent, services=[service], change=Change("swap", world.today, product_id=faster.pk))
    assert timeline_of(service)[-1].product_id == faster.pk


def test_the_others_day_is_the_day_of_the_next_subscription_too(world: World, desk: Client) -> None:
    customer = world.customer("Ben")
    world.subscribe(customer, world.package("Fibre 100", "599"), frequency="quarter", anchor_day=15, in_advance=False)
    page = squeezed(desk.get(do(customer, "new-subscription")).content.decode())
    assert 'value="quarter" selected' in page
    assert 'value="15"' in page


def test_an_invoice_is_sent_with_the_words_shown_and_its_page_beside(desk: Client, zara: Customer) -> None:
    invoice = Invoice.objects.get()
    url = reverse("send-invoice", args=[invoice.pk])
    page = squeezed(desk.get(url).content.decode())
    assert f'value="Invoice {invoice.number}, R866.00 due' in page
    assert "Send to 1 address" in page
    picture = desk.get(reverse("invoice-picture", args=[invoice.pk]))
    assert (picture["Content-Type"], picture.content[:4]) == ("image/png", b"\x89PNG")
    said = send(
        desk,
        url,
        to=["zara@example.com"],
        other="a@x.example; b@x.example",
        subject_line="Your bill {total}",
        text="Hi.",
    )
    assert f"{invoice.number} sent to 3 addresses." in said
    message = Message.objects.get(kind="invoice")
    # What somebody types is no field: it leaves as it was typed.
    assert (message.subject, "Hi." in message.body_text) == ("Your bill {total}", True)
    before = counts()
    wrong = desk.post(url, {"to": ["zara@example.com"], "subject_line": "", "text": "", "other": "nobody"})
    assert "“nobody” is not an e-mail address." in squeezed(wrong.content.decode())
    assert counts() == before


def test_a_credit_starts_at_nothing_and_what_is_left_is_a_press_away(desk: Client, zara: Customer) -> None:
    invoice = Invoice.objects.get()
    url, (first, second) = reverse("credit-invoice", args=[invoice.pk]), invoice.lines.order_by("pk")
    page = squeezed(desk.get(url).content.decode())
    assert page.count(' value="599.00"') == page.count(' value="267.00"') == 0
    assert ('data-value="599.00"' in page, "Everything 866.00" in page) == (True, True)
    assert 'value="267.00"' in squeezed(desk.get(f"{url}?line={second.pk}").content.decode())
    whole = squeezed(desk.get(f"{url}?all=1").content.decode())
    assert ('value="599.00"' in whole, "Credit R866.00" in whole) == (True, True)
    send(desk, url, **{f"line-{first.pk}": "", f"line-{second.pk}": "67", "reason": "Down", "on": today()})
    assert CreditNote.objects.get().total_minor == 6700


def test_a_product_named_on_a_line_has_its_price_and_tax(world: World, desk: Client, zara: Customer) -> None:
    world.package("Router", "1249", kind="one_time", frequency="once", tax_code="standard")
    url = do(zara, "new-invoice")
    page = squeezed(desk.get(url).content.decode())
    assert page.count("data-line") == 1
    assert '<option value="Router">' in page
    form = {"on": today(), "prices": "incl", "then": "draft", "lines-0-text": "router", "lines-0-quantity": "2"}
    assert "Draft of R2,498.00 saved." in send(desk, url, **form)
    line = Invoice.objects.get(state="draft").lines.get()
    assert (line.unit_price, line.tax_percent, line.total_minor) == (1249, 15, 249800)
    # A price that is typed stands, and one that is quoted another way is asked about.
    assert "Draft of R10.00 saved." in send(desk, url, **{**form, "key": "2", "lines-0-unit_price": "5"})
    before = counts()
    wrong = desk.post(url, {**form, "key": "3", "prices": "excl"})
    assert "Router is priced with tax in it." in squeezed(wrong.content.decode()), wrong.context["form"].errors
    assert counts() == before


def test_home_says_what_there_is_to_do_with_its_totals(world: World, desk: Client, zara: Customer) -> None:
    world.draft(zara, "100.00")
    world.pays(zara, "50.00")
    page = squeezed(desk.get("/").content.decode())
    for said in ("Drafts to issue", "R100.00", "1 draft", "Received today", "R50.00", "1 payment", "Not delivered"):
        assert said in page, said
    agent = squeezed(_as(world, "agent").get("/").content.decode())
    assert "Drafts to issue" not in agent


def test_next_bills_of_nothing_are_none(world: World) -> None:
    assert next_bills(world.customer("Ben"), world.today) == []
    assert summary_of(world.caller(), Customer.objects.get(name="Ben")).next_bill is None


def test_home_opens_while_a_first_bill_run_holds_somebody_back(world: World, desk: Client) -> None:
    """Somebody without an address, who never had a bill before."""
    ben = world.customer("Ben")
    world.subscribe(ben, world.package("Fibre 100", "599"), on=FIRST.isoformat(), anchor_day=1)
    run = open_bill_run(world.caller(), bill_to=timezone.localdate(), on=timezone.localdate())
    assert run.job is not None
    run_job(run.job.pk)
    page = squeezed(desk.get("/").content.decode())
    assert ("Held back in the bill run" in page, "On hold" in page, "Ben" in page) == (True, True, True)


def test_credit_notes_and_subscriptions_are_found_by_number(world: World, desk: Client, zara: Customer) -> None:
    invoice = Invoice.objects.get()
    note = credit_invoice(
        world.caller(), invoice=invoice, amounts={invoice.lines.order_by("pk")[0].pk: 1000}, reason="Down"
    )
    for number in (note.number, "SUB-000001", invoice.number):
        assert number in squeezed(desk.get(f"/find?q={number}", headers={"HX-Request": "true"}).content.decode())


def test_bill_now_proposes_today_where_anything_is_to_bill_and_else_names_the_day(
    world: World, desk: Client, zara: Customer
) -> None:
    url = do(zara, "bill-now")
    page = squeezed(desk.get(url).content.decode())
    # Everything of this month is billed: what comes next says how early it would be.
    assert f'value="{NEXT.isoformat()}"' in page
    assert f"Issue R866.00 up to {date_text(NEXT)}" in page
    fibre = Service.objects.get(product__name="Fibre 100")
    swap = Change("swap", world.today, product_id=world.package("Fibre 200", "899").pk)
    change_services(world.caller(), services=[fibre], change=swap, reason="Asked")
    page = squeezed(desk.get(url).content.decode())
    assert (f'value="{today()}"' in page, f"Issue R866.00 up to {date_text(NEXT)}" in page) == (True, False)
    assert f'data-value="{NEXT.isoformat()}"' in page
