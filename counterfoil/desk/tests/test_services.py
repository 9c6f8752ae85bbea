"""The forms of services and bills, filled in and sent: what they say, and what is different in the world."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.billing.models import BillRun, CreditNote, Invoice, RecurringInvoice
from counterfoil.billing.operations import discard_draft, draft_invoice
from counterfoil.billing.rules import LineInput
from counterfoil.catalogue.models import Coupon, Product
from counterfoil.credit.operations import assign_class, change_profile
from counterfoil.credit.queries import default_class
from counterfoil.desk.month_end import month_end
from counterfoil.desk.tests.test_doors import do, send
from counterfoil.kernel.periods import add_months, date_text
from counterfoil.ledger.operations import close_books
from counterfoil.platform.jobs import run as run_job
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.models import OneTimeCharge, Service, ServiceAction, Span, Subscription, Term
from counterfoil.subscriptions.operations import NewService, add_services
from counterfoil.testing.world import World

FIRST = timezone.localdate().replace(day=1)
NEXT = add_months(FIRST, 1)


@pytest.fixture
def desk(world: World) -> Client:
    world.today = timezone.localdate()
    add_user(world.caller(), email="lerato@example.com", name="Lerato", role="administrator", password="correct horse")
    client = Client()
    client.force_login(User.objects.get(email="lerato@example.com"))
    return client


@pytest.fixture
def service(world: World, desk: Client) -> Service:
    world.package("Fibre 200", "899", family="fibre", tier=2)
    slow = world.package("Fibre 100", "599", family="fibre", tier=1)
    customer = world.customer("Zara Naidoo", emails=("zara@example.com",))
    world.subscribe(customer, slow, on=FIRST.isoformat(), anchor_day=1)
    world.bill(customer)
    return Service.objects.get()


def act(desk: Client, service: Service, name: str, **fields: object) -> str:
    fields.setdefault("on", timezone.localdate().isoformat())
    return send(desk, reverse(name, args=[service.pk]), **fields)


def spans(service: Service) -> list[tuple[str, str]]:
    return list(Span.objects.filter(service=service).values_list("product__name", "state"))


def test_an_upgrade_is_today_and_a_downgrade_on_the_next_billing_day(desk: Client, service: Service) -> None:
    slow, fast = service.product, Product.objects.get(name="Fibre 200")
    assert "Fibre 100 changed to Fibre 200 from" in act(desk, service, "change-package", product=fast.pk, on="")
    up = ServiceAction.objects.get(kind="swap")
    assert (up.on, up.state) == (timezone.localdate(), "done")
    assert f"Fibre 200 changed to Fibre 100 from {date_text(NEXT)}, scheduled." in act(
        desk, service, "change-package", product=slow.pk, on="", key="second"
    )
    down = ServiceAction.objects.filter(kind="swap").latest("pk")
    assert (down.on, down.state) == (NEXT, "scheduled")
    assert "Scheduled change cancelled: Fibre 200, package changed on" in send(
        desk, reverse("withdraw-action", args=[down.pk])
    )


def test_a_downgrade_never_takes_effect_today(desk: Client, world: World) -> None:
    world.package("Fibre 50", "499", family="fibre", tier=1)
    big = world.package("Fibre 500", "1299", family="fibre", tier=5)
    sub = world.subscribe(world.customer("Yusuf"), big, on=FIRST.isoformat(), anchor_day=1)
    service = Service.objects.get(subscription=sub)
    sub.refresh_from_db()
    # The month is not billed yet, so the subscription's next billing day has come already.
    assert sub.next_bill_on == FIRST
    said = act(desk, service, "change-package", product=Product.objects.get(name="Fibre 50").pk, on="")
    assert f"Fibre 500 changed to Fibre 50 from {date_text(NEXT)}, scheduled." in said
    down = ServiceAction.objects.get(kind="swap")
    assert (down.on, down.state, spans(service)) == (NEXT, "scheduled", [("Fibre 500", "effective")])


def test_a_downgrade_waits_for_the_end_of_what_is_billed(desk: Client, service: Service, world: World) -> None:
    small = world.package("Fibre 50", "499", family="fibre", tier=1)
    customer = service.subscription.customer
    with world.on(FIRST):
        world.bill(customer, NEXT.isoformat())
    # Something else of the subscription is due earlier than it.
    add_services(
        world.caller(), subscription=service.subscription, services=[NewService(small)], on=world.today
    )  # fmt: skip
    act(desk, service, "change-package", product=small.pk, on="")
    assert ServiceAction.objects.get(kind="swap").on == add_months(NEXT, 1)


def test_a_package_change_draws_the_bill_that_would_follow(desk: Client, service: Service) -> None:
    fast = Product.objects.get(name="Fibre 200")
    fields = {"product": fast.pk, "on": "", "preview": "1"}
    answer = desk.post(reverse("change-package", args=[service.pk]), fields, HTTP_HX_REQUEST="true")
    page = answer.content.decode()
    assert "Fibre 200" in page
    assert "Total, tax included" in page
    assert ServiceAction.objects.filter(kind="swap").count() == 0


def test_rest_stop_and_start(desk: Client, service: Service) -> None:
    assert "Fibre 100 paused from" in act(desk, service, "service-rest")
    assert "Fibre 100 resumed from" in act(desk, service, "service-end_rest")
    assert "Fibre 100 suspended by request from" in act(desk, service, "service-stop")
    assert "Fibre 100 started from" in act(desk, service, "service-start")
    assert spans(service)[-1] == ("Fibre 100", "effective")


def test_quantity_price_and_discount(desk: Client, service: Service) -> None:
    act(desk, service, "service-quantity", quantity="2")
    act(desk, service, "service-price", price="499", reason="Neighbour")
    act(desk, service, "service-discount", percent_off="10", reason="Loyal")
    last = Span.objects.filter(service=service).latest("starts")
    assert (last.quantity, last.price, last.percent_off) == (2, 499, 10)


def test_a_service_is_added_as_a_draft_and_removed(desk: Client, service: Service) -> None:
    product = Product.objects.get(name="Fibre 200")
    said = send(
        desk, reverse("add-service", args=[service.subscription_id]), draft="on", on=timezone.localdate().isoformat(),
        **{"services-0-product": product.pk, "services-0-label": "Annexe"},
    )  # fmt: skip
    assert "Fibre 200 Annexe added to SUB-000001 as a draft from" in said
    draft = Service.objects.get(label="Annexe")
    assert "removed from" in act(desk, draft, "remove-service")
    draft.refresh_from_db()
    assert draft.end == "removed"


def test_more_services_than_one_form_takes_are_refused_not_cut_off(desk: Client, service: Service) -> None:
    lines = {f"services-{n}-product": service.product_id for n in range(51)}
    answer = desk.post(
        reverse("add-service", args=[service.subscription_id]), {"on": timezone.localdate().isoformat(), **lines}
    )
    assert answer.status_code == 422
    assert "At most 50 services at once. Add the others afterwards." in answer.content.decode()
    assert answer.content.decode().count('name="services-') >= 51 * 3  # what was typed is still there
    assert Service.objects.count() == 1


def test_within_its_days_everything_is_given_back(desk: Client, world: World, service: Service) -> None:
    customer = service.subscription.customer
    said = send(
        desk, do(customer, "new-subscription"), on=timezone.localdate().isoformat(), frequency="month",
        anchor_day=timezone.localdate().day, **{"services-0-product": service.product_id},
    )  # fmt: skip
    assert "SUB-000002 started from" in said
    fresh = Service.objects.latest("pk")
    world.bill(customer)
    assert "removed within the cooling-off period" in act(desk, fresh, "remove-service", regret="on")
    send(desk, do(customer, "bill-now"), bill_to=timezone.localdate().isoformat(), then="issue")
    assert CreditNote.objects.get().total_minor == 59900


def test_terms_and_one_time_charges(desk: Client, service: Service) -> None:
    customer = service.subscription.customer
    said = send(
        desk, reverse("amend-terms", args=[service.subscription_id]), frequency="quarter", anchor_day=1, on="",
    )  # fmt: skip
    assert "SUB-000001 is billed by the" in said
    assert Term.objects.latest("valid_from").frequency == "quarter"
    said = send(
        desk, do(customer, "one-time-charge"), subscription=service.subscription_id, text="Call-out", price="250.00",
        prices="incl", on=timezone.localdate().isoformat(),
    )  # fmt: skip
    assert "Call-out for R" in said
    assert OneTimeCharge.objects.get().price == 250


def test_bill_now_as_a_draft_and_cancelling_a_bill(desk: Client, world: World, service: Service) -> None:
    customer = service.subscription.customer
    said = send(desk, do(customer, "bill-now"), bill_to=NEXT.isoformat(), then="draft")
    assert "Draft of R599.00 saved." in said
    send(desk, reverse("discard-draft", args=[Invoice.objects.get(state="draft").pk]))
    issued = Invoice.objects.get(state="issued")
    assert "cancelled by credit note CN-" in send(desk, reverse("cancel-bill", args=[issued.pk]), reason="Wrong")
    assert Subscription.objects.get().next_bill_on == FIRST


def test_a_run_is_opened_reviewed_and_checked_again(desk: Client, service: Service) -> None:
    said = send(desk, reverse("new-bill-run"), bill_to=NEXT.isoformat(), on=timezone.localdate().isoformat())
    assert "1 customer is being previewed for Bills to" in said
    run = BillRun.objects.get()
    assert run.customers == 1
    assert "Preview" in desk.get(reverse("bill-run-state", args=[run.pk])).content.decode()
    assert "The run is being prepared." in send(desk, reverse("issue-bill-run", args=[run.pk]))


def test_one_of_a_run_is_held_back_and_let_through_again(desk: Client, service: Service) -> None:
    send(desk, reverse("new-bill-run"), bill_to=NEXT.isoformat(), on=timezone.localdate().isoformat())
    run = BillRun.objects.get()
    assert run.job_id is not None
    run_job(run.job_id)
    item = run.items.get()
    address, page = reverse("hold-back", args=[item.pk]), reverse("bill-run", args=[run.pk])
    send(desk, reverse("review-bill-run", args=[run.pk]), item=item.pk, verdict="approve")
    item.refresh_from_db()
    assert item.state == "ready"
    assert address in desk.get(page).content.decode()
    assert f"{item.customer.name} on hold." in send(desk, address)
    item.refresh_from_db()
    assert (item.state, item.said) == ("held", "Put on hold by hand.")
    assert address not in desk.get(page).content.decode()
    assert "was not ready, so nothing changed." in send(desk, address, key="two")


def test_a_whole_subscription_is_removed_at_once_with_its_credit_drawn(desk: Client, service: Service) -> None:
    sub = service.subscription
    address = reverse("remove-services", args=[sub.pk])
    fixed = Product.objects.get(name="Fibre 200")
    add = reverse("add-service", args=[sub.pk])
    send(desk, add, on=FIRST.isoformat(), draft="on", **{"services-0-product": fixed.pk})
    page = desk.get(address).content.decode()
    assert len(re.findall(r'name="services"[^>]* checked', page)) == 2
    draft = Service.objects.get(product=fixed)
    # One of them only, then the rest: a draft is undone, what was billed is cancelled.
    assert "1 service of SUB-" in send(desk, address, services=[draft.pk], on=timezone.localdate().isoformat())
    keys = [service.pk]
    assert f"removed from {date_text(NEXT)}, scheduled." in send(
        desk, address, services=keys, on=NEXT.isoformat(), key="two"
    )
    rows = ServiceAction.objects.exclude(kind="add").order_by("pk").values_list("service", "kind", "state")
    assert list(rows) == [(draft.pk, "undo", "done"), (service.pk, "cancel", "scheduled")]
    before = list(rows)
    answer = desk.post(address, {"key": "three", "services": ["999999"], "on": NEXT.isoformat()})
    assert "999999 is not one of the available choices" in answer.content.decode()
    assert list(rows.all()) == before


def test_the_next_bills_stand_on_the_page(desk: Client, service: Service) -> None:
    page = desk.get(reverse("panel", args=[service.subscription.customer.number, "next-bills"])).content.decode()
    assert page.count("599.00") >= 3


def test_an_invoice_is_made_recurring_and_stopped(desk: Client, world: World) -> None:
    invoice = world.invoice(world.customer(), "1150.00")
    page = desk.get(reverse("invoice", args=[invoice.pk])).content.decode()
    assert "Make recurring" in page
    address = reverse("make-recurring", args=[invoice.pk])
    # Nothing to belong to yet: the form says what to do first.
    assert "There is none yet" in desk.get(address).content.decode()
    assert "make an agreement first" in desk.get(address).content.decode()
    agreement = world.agreement(invoice.customer)
    assert f"{agreement.number}, Rent of a mast, to 31 Dec 2030" in desk.get(address).content.decode()
    assert "the next draft is made on" in send(desk, address, frequency="month", owner=agreement.number)
    section = desk.get(reverse("panel", args=[invoice.customer.number, "recurring-invoices"])).content.decode()
    assert "Recurs" in section
    row = RecurringInvoice.objects.get()
    stop = reverse("stop-recurring", args=[row.pk])
    assert "Recurring invoice INV-" in send(desk, stop, reason="Over")


def test_the_account_of_a_subscription_is_changed_with_both_bills_drawn(
    desk: Client, service: Service, world: World
) -> None:
    ben = world.customer("Ben Botha")
    address = reverse("change-account", args=[service.subscription_id])
    answer = desk.post(address, {"account": ben.number, "preview": "1"}, HTTP_HX_REQUEST="true").content.decode()
    assert f"{ben.number}: Fibre 100" in answer
    assert Service.objects.count() == 1
    assert "There is no such account" in desk.post(address, {"account": "HV-9", "key": "x"}).content.decode()
    assert f"SUB-000001 continues as SUB-000002 of {ben.name} from" in send(desk, address, account=ben.number)
    assert Service.objects.get(end="").subscription.customer == ben


def test_the_months_end_ticks_itself_off(desk: Client, world: World, service: Service) -> None:
    def steps() -> list[tuple[str, bool]]:
        return [(step.title, step.done) for step in month_end(world.caller())]

    names = ("Package changes", "Usage", "Bill run", "Exceptions", "Invoices sent", "Drafts",
             "Debit orders", "Bank")  # fmt: skip
    assert steps() == [*((name, True) for name in names), ("Books", False)]
    close_books(world.caller(), up_to=FIRST - dt.timedelta(days=1))
    assert steps()[-1] == ("Books", True)
    more = world.subscribe(world.customer("Ben"), service.product, on=FIRST.isoformat(), anchor_day=1)
    invoice = world.invoice(more.customer, "100.00")
    rent = [LineInput("Rent", Decimal(1), Decimal(1))]
    draft = draft_invoice(world.caller(), customer=invoice.customer, lines=rent, on=world.today)
    assert dict(steps())["Bill run"] is False
    assert dict(steps())["Drafts"] is False
    page = re.sub(r"<[^>]+>", " ", desk.get(reverse("bill-runs")).content.decode())
    assert "1 account has something to bill up to today." in page
    assert "1 draft waits to be issued." in page
    discard_draft(world.caller(), invoice=draft)
    world.bill(more.customer)
    assert all(done for _, done in steps())
    assert month_end(replace(world.caller(), scope={"area": frozenset({1})})) == []


def test_a_coupon_is_offered_taken_and_ended(desk: Client, service: Service) -> None:
    says = {"code": "half", "percent_off": "50", "valid_from": FIRST.isoformat(), "months": "2", "most_uses": "1"}
    send(desk, reverse("add-coupon"), **says)
    fields = {"code": "half", "on": FIRST.isoformat(), "preview": "1"}
    drawn = desk.post(reverse("service-coupon", args=[service.pk]), fields, HTTP_HX_REQUEST="true").content.decode()
    assert "299.50" in drawn
    assert Span.objects.filter(percent_off=50).count() == 0
    assert "50 % off from" in act(desk, service, "service-coupon", code="half", on=FIRST.isoformat())
    page = re.sub(r"<[^>]+>", " ", desk.get(reverse("coupons")).content.decode())
    assert "1 of 1" in page
    assert "Used up" in page
    coupon = Coupon.objects.get()
    assert "HALF ended." in send(desk, reverse("end-coupon", args=[coupon.pk]))


def test_a_message_after_an_action_says_what_was_done_with_its_numbers(desk: Client, service: Service) -> None:
    today, number = date_text(timezone.localdate()), service.subscription.number
    said = act(desk, service, "service-quantity", quantity="3", on=NEXT.isoformat())
    assert f"Fibre 100 changed to a quantity of 3 from {date_text(NEXT)}, scheduled." in said
    said = act(desk, service, "service-discount", percent_off="10", until=NEXT.isoformat(), reason="Slow")
    assert f"Fibre 100 with 10 % off from {today} up to {date_text(NEXT)}." in said
    said = act(desk, service, "service-price", price="550", reason="Loyal")
    assert f"Fibre 100 at R550.00 from {today}." in said
    said = send(
        desk, do(service.subscription.customer, "one-time-charge"), subscription=service.subscription_id, text="Router",
        price="900", prices="incl", on=timezone.localdate().isoformat(),
    )  # fmt: skip
    assert "Router for R900.00 is on the next bill." in said
    said = send(desk, reverse("remove-services", args=[service.subscription_id]), services=[service.pk],
                on=NEXT.isoformat(), key="all")  # fmt: skip
    assert f"1 service of {number} removed from {date_text(NEXT)}, scheduled." in said


def test_beyond_the_credit_limit_the_preview_says_so_and_approval_is_asked_for(world: World, service: Service) -> None:
    customer = service.subscription.customer
    profile = assign_class(world.caller(), customer=customer, profile_class=default_class())
    change_profile(world.caller(), profile=profile, changes={"credit_check": True, "credit_limit_minor": 60000})
    clerk = Client()
    clerk.force_login(
        add_user(world.caller(), email="sam@example.com", name="Sam", role="billing", password="correct horse")
    )
    said = "Zara Naidoo owes R599.00. With R300.00 more that is over the credit limit of R600.00. Ask for approval."
    change = reverse("change-package", args=[service.pk])
    fields = {"product": Product.objects.get(name="Fibre 200").pk, "on": timezone.localdate().isoformat()}
    assert said in clerk.post(change, {**fields, "preview": "1"}).content.decode()
    answer = clerk.post(change, {**fields, "key": "once"}, follow=True).content.decode()
    assert "Approval requested: " in answer
    assert "Nothing has changed yet." in answer
    assert not ServiceAction.objects.filter(kind="swap").exists()
    new = do(customer, "new-subscription")
    fields = {"on": timezone.localdate().isoformat(), "frequency": "month", "services-0-product": service.product_id}
    assert (
        "With R599.00 more that is over the credit limit"
        in clerk.post(new, {**fields, "preview": "1"}).content.decode()
    )
