"""Saved cards: entered by the customer, charged on the due day, tried again by reason, and never charged twice."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from counterfoil.cards import hosted, queries, rules, tasks
from counterfoil.cards.models import CardGateway, CardPayment, SavedCard
from counterfoil.cards.operations import remove_card, set_card_policy
from counterfoil.cards.tests.conftest import told, work
from counterfoil.collections.operations import record_promise
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import deactivate_customer
from counterfoil.debits.operations import set_payment_method
from counterfoil.debits.queries import method_of
from counterfoil.desk.operations import erase_personal_data
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Message
from counterfoil.operator.models import Lookup
from counterfoil.operator.operations import change_lookup
from counterfoil.payments.models import Receipt
from counterfoil.platform.callers import Caller, System
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import merge_customers, open_dispute
from counterfoil.testing.card_gateway import FakeStripe
from counterfoil.testing.world import World

State = CardPayment.State


def system(world: World, days: int = 0, minutes: int = 0) -> System:
    """The product some time from now."""
    return Caller.system("task", at=world.now + dt.timedelta(days=days, minutes=minutes))


@pytest.fixture(autouse=True)
def automatic(world: World, gateway: CardGateway) -> None:
    set_card_policy(world.caller(), automatic=True, most_tries=3, wait_days=3)


def enter_card(stripe: FakeStripe, customer: Customer) -> SavedCard:
    """The customer enters a card on the gateway's page."""
    url = hosted.open_card_page(Caller.system("portal"), customer, back="http://x/?added", cancel="http://x/")
    stripe.pay(url.rpartition("/")[2])
    told(stripe)
    return SavedCard.objects.get(customer=customer, removed_on=None)


def owing(world: World, stripe: FakeStripe, amount: str = "749.00", name: str = "Zara") -> tuple[Customer, SavedCard]:
    customer = world.customer(name, emails=("zara@mail.example",))
    card = enter_card(stripe, customer)
    world.invoice(
        customer, amount, on=(world.today - dt.timedelta(days=30)).isoformat(), due_on=world.today.isoformat()
    )
    return customer, card


def charge(world: World, days: int = 0, minutes: int = 1) -> int:
    """What the clock does then; how many charges it planned."""
    then = system(world, days, minutes)
    planned = tasks.plan_charges(then)
    tasks.work(then)
    return planned


def open_minor(customer: Customer) -> int:
    return sum(OpenItem.objects.filter(customer=customer, side="debit").values_list("open_minor", flat=True))


def mails() -> list[str]:
    return list(Message.objects.filter(kind__startswith="card").order_by("pk").values_list("subject", flat=True))


def test_a_card_that_the_customer_entered(world: World, stripe: FakeStripe) -> None:
    zara = world.customer("Zara")
    card = enter_card(stripe, zara)
    assert (card.shown, card.expiry, card.expires_on) == ("Visa •••• 4242", "08/30", dt.date(2030, 8, 31))
    assert method_of(zara) == "card"
    first = card.token
    stripe.card = {"brand": "mastercard", "last4": "5454", "exp_month": 1, "exp_year": 2031}
    other = enter_card(stripe, zara)
    assert other.shown == "Mastercard •••• 5454"
    card.refresh_from_db()
    assert (card.removed_on, card.remove_reason) == (world.today, "Replaced by another card")
    # The gateway has forgotten the first one, and nothing here leads to it.
    work()
    card.refresh_from_db()
    assert (card.token, card.payer, stripe.detached) == ("", "", [first])


def test_the_same_page_told_twice_is_one_card(world: World, stripe: FakeStripe) -> None:
    zara = world.customer("Zara")
    url = hosted.open_card_page(Caller.system("portal"), zara, back="http://x/?added", cancel="http://x/")
    stripe.pay(url.rpartition("/")[2])
    (body,) = stripe.events
    stripe.events.append(body.replace(b'"id": "evt_', b'"id": "evt_other_'))
    told(stripe)
    assert SavedCard.objects.count() == 1


def test_charged_on_the_due_day(world: World, stripe: FakeStripe) -> None:
    zara, card = owing(world, stripe)
    assert charge(world, days=-1) == 0
    assert charge(world) == 1
    row = CardPayment.objects.get()
    assert (row.state, row.amount_minor, row.way, row.card) == (State.PAID, 74900, "saved", card)
    assert open_minor(zara) == 0
    # What the webhook says of it comes later, and changes nothing.
    told(stripe)
    assert charge(world, days=1) == 0
    assert (Receipt.objects.count(), mails()) == (1, [])
    form = next(form for _, path, form in stripe.asked if path == "payment_intents")
    assert (form["off_session"], form["confirm"], form["customer"]) == ("true", "true", card.payer)


@pytest.mark.parametrize("why", ["policy", "eft", "promise", "dispute", "credit", "inactive"])
def test_who_is_not_charged(world: World, stripe: FakeStripe, why: str) -> None:
    zara, _ = owing(world, stripe)
    match why:
        case "policy":
            set_card_policy(world.caller(), automatic=False, most_tries=3, wait_days=3)
        case "eft":
            set_payment_method(world.caller(), customer=zara, method="eft")
        case "promise":
            record_promise(world.caller(), customer=zara, amount_minor=74900, due_on=world.today + dt.timedelta(days=9))
        case "dispute":
            item = OpenItem.objects.get(customer=zara, side="debit")
            open_dispute(world.caller(), item=item, amount_minor=74900, reason="Speed")
        case "credit":
            world.pays(zara, "749.00", allocate=[])
        case "inactive":
            world.pays(zara, "749.00")
            deactivate_customer(world.caller(), customer=zara, reason="Moved")
    assert charge(world, days=1) == 0
    assert "payment_intents" not in [path for _, path, _ in stripe.asked]


def test_only_what_credit_does_not_cover(world: World, stripe: FakeStripe) -> None:
    zara, _ = owing(world, stripe)
    world.pays(zara, "700.00", allocate=[])
    assert charge(world) == 1
    assert CardPayment.objects.get().amount_minor == 4900


def test_declined_for_now_is_tried_again_and_then_left(world: World, stripe: FakeStripe) -> None:
    zara, _ = owing(world, stripe)
    stripe.declines.extend(["insufficient_funds"] * 3)
    charge(world)
    row = CardPayment.objects.get()
    assert (row.state, row.tries, row.said) == (State.DUE, 1, "there is not enough money on it")
    charge(world, days=1)
    row.refresh_from_db()
    assert row.tries == 1
    charge(world, days=4)
    charge(world, days=8)
    row.refresh_from_db()
    assert (row.state, row.tries) == (State.FAILED, 3)
    assert mails() == ["Your card was declined for R749.00"]
    body = Message.objects.get(kind="card_declined").body_text
    assert "there is not enough money on it" in body
    assert (
        f"/pay/{queries.pay_token(queries.invoices_of_items([OpenItem.objects.get(customer=zara).pk]).popitem()[1])}"
        in body
    )
    # Left to people: no new series of tries begins by itself, until there is another card.
    assert charge(world, days=9) == 0
    told(stripe)
    assert open_minor(zara) == 74900
    enter_card(stripe, zara)
    assert charge(world, days=9) == 1
    assert open_minor(zara) == 0


def test_a_second_try_that_succeeds(world: World, stripe: FakeStripe) -> None:
    zara, _ = owing(world, stripe)
    stripe.declines.append("insufficient_funds")
    charge(world)
    charge(world, days=4)
    told(stripe)
    row = CardPayment.objects.get()
    assert (row.state, row.tries, open_minor(zara), mails()) == (State.PAID, 1, 0, [])
    assert len({json.dumps(form) for _, path, form in stripe.asked if path == "payment_intents"}) == 1
    assert Receipt.objects.get().reference == row.intent == list(stripe.intents)[-1]


@pytest.mark.parametrize(("code", "subject"), [
    ("stolen_card", "Your card was declined for R749.00"),
    ("authentication_required", "Please confirm your payment of R749.00"),
])  # fmt: skip
def test_what_ends_it_at_once(world: World, stripe: FakeStripe, code: str, subject: str) -> None:
    owing(world, stripe)
    stripe.declines.append(code)
    charge(world)
    row = CardPayment.objects.get()
    assert (row.state, row.tries, row.code) == (State.FAILED, 1, code)
    assert mails() == [subject]
    # Nobody is told that a card was reported stolen: its holder may be another.
    assert "stolen" not in Message.objects.get(kind__startswith="card").body_text
    assert charge(world, days=9) == 0


@pytest.mark.parametrize("fault", ["500", "hang", "garbage", "lost", "429"])
def test_no_answer_never_charges_twice(world: World, stripe: FakeStripe, fault: str) -> None:
    zara, _ = owing(world, stripe)
    stripe.faults.append(fault)
    charge(world)
    row = CardPayment.objects.get()
    assert (row.state, row.tries) == (State.DUE, 0)
    charge(world, minutes=5)
    told(stripe)
    row.refresh_from_db()
    assert (row.state, open_minor(zara), Receipt.objects.count()) == (State.PAID, 0, 1)
    assert len(stripe.intents) == 1


def test_a_worker_that_died_after_the_charge(world: World, stripe: FakeStripe, monkeypatch: Any) -> None:
    zara, _ = owing(world, stripe)
    tasks.plan_charges(system(world))

    def dies(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("counterfoil.cards.operations.record_charge", dies)
        with pytest.raises(SystemExit):
            tasks.work(system(world, minutes=1))
    row = CardPayment.objects.get()
    assert row.state == State.CHARGING
    tasks.work(system(world, minutes=2))
    assert (len(stripe.intents), Receipt.objects.count()) == (1, 0)
    tasks.work(system(world, minutes=9))
    row.refresh_from_db()
    assert (row.state, len(stripe.intents), open_minor(zara)) == (State.PAID, 1, 0)


def test_no_answer_for_a_day_is_left_to_people(world: World, stripe: FakeStripe) -> None:
    zara, card = owing(world, stripe)
    stripe.faults.extend(["lost", "500", "500"])
    charge(world)
    # Removed meanwhile: what may have been charged is asked about all the same.
    remove_card(world.caller(), card=card)
    charge(world, minutes=60)
    row = CardPayment.objects.get()
    assert (row.state, len(stripe.intents)) == (State.DUE, 1)
    charge(world, days=1)
    row.refresh_from_db()
    assert (row.state, row.said) == (
        State.FAILED, "the gateway gave no answer for a day: look there whether it was charged",
    )  # fmt: skip
    # It was, and is recorded as soon as the gateway tells.
    told(stripe)
    row.refresh_from_db()
    assert (row.state, open_minor(zara), len(stripe.intents)) == (State.PAID, 0, 1)


def test_switched_off_between_two_tries(world: World, stripe: FakeStripe) -> None:
    owing(world, stripe)
    stripe.declines.append("insufficient_funds")
    charge(world)
    set_card_policy(world.caller(), automatic=False, most_tries=3, wait_days=3)
    charge(world, days=4)
    row = CardPayment.objects.get()
    assert (row.state, row.said) == (State.FAILED, "cards are not charged by themselves any more")
    assert len(stripe.intents) == 1


def test_paid_before_it_was_charged(world: World, stripe: FakeStripe) -> None:
    zara, _ = owing(world, stripe)
    tasks.plan_charges(system(world))
    world.pays(zara, "100.00")
    tasks.work(system(world, minutes=1))
    row = CardPayment.objects.get()
    assert (row.state, row.said) == (State.FAILED, "it was paid or disputed before the card was charged")
    assert not stripe.intents


def test_a_card_is_kept_though_people_are_not_offered_the_way(world: World, stripe: FakeStripe) -> None:
    """Who stopped offering cards by hand still takes them on the gateway's page."""
    row = Lookup.objects.get(kind="payment_method", code="card")
    change_lookup(world.caller(), lookup=row, name=row.name, ends=world.today - dt.timedelta(days=1))
    zara, card = owing(world, stripe)
    assert (card.customer, method_of(zara)) == (zara, "card")


@pytest.mark.parametrize("why", ["eft", "promise", "credit"])
def test_what_happened_since_the_first_try(world: World, stripe: FakeStripe, why: str) -> None:
    """Who pays another way, promised to pay or has the money on account meanwhile is not charged again."""
    zara, _ = owing(world, stripe)
    stripe.declines.append("insufficient_funds")
    charge(world)
    if why == "eft":
        set_payment_method(world.caller(), customer=zara, method="eft")
    elif why == "promise":
        due = world.today + dt.timedelta(days=9)
        record_promise(world.caller(), customer=zara, amount_minor=74900, due_on=due)
    else:
        world.pays(zara, "749.00", allocate=[])
    charge(world, days=4)
    row = CardPayment.objects.get()
    assert (row.state, [one["status"] for one in stripe.intents.values()]) == ("failed", ["requires_payment_method"])
    assert row.said.startswith({"eft": "the customer pays", "promise": "the customer prom", "credit": "account"}[why])


def test_removed_by_the_customer(world: World, stripe: FakeStripe) -> None:
    zara, card = owing(world, stripe)
    stripe.declines.append("insufficient_funds")
    charge(world)
    remove_card(world.caller(), card=card, reason="Asked for it")
    row = CardPayment.objects.get()
    assert (row.state, row.said) == (State.FAILED, "the card was removed")
    assert charge(world, days=4) == 0
    with pytest.raises(Refused) as refusal:
        remove_card(world.caller(), card=card)
    assert refusal.value.code == "no_change"
    assert queries.card_of(zara) is None


def test_told_once_before_it_expires(world: World, stripe: FakeStripe) -> None:
    soon = world.today + dt.timedelta(days=40)
    last = rules.last_day(soon.month, soon.year)
    stripe.card = {**stripe.card, "exp_month": soon.month, "exp_year": soon.year}
    zara = world.customer("Zara", emails=("zara@mail.example",))
    enter_card(stripe, zara)
    days = (last - world.today).days
    assert tasks.tell_expiring(system(world, days=days - 31)) == 0
    assert tasks.tell_expiring(system(world, days=days - 30)) == 1
    assert tasks.tell_expiring(system(world, days=days - 29)) == 0
    assert mails() == [f"Your card Visa •••• 4242 expires {soon.month:02}/{soon.year % 100}"]


def test_merged_and_erased(world: World, stripe: FakeStripe) -> None:
    zara = world.customer("Zara", emails=("zara@mail.example",))
    card = enter_card(stripe, zara)
    other = world.customer("Zara N")
    merge_customers(world.caller(), customer=other, duplicate=zara)
    card.refresh_from_db()
    assert (card.customer, method_of(other)) == (other, "card")
    token = card.token
    deactivate_customer(world.caller(), customer=other, reason="Moved")
    erase_personal_data(world.caller(), customer=other, reason="Asked for it")
    work()
    card.refresh_from_db()
    assert (card.brand, card.last4, card.token, card.payer, card.shown) == ("", "", "", "", "Card")
    assert stripe.detached == [token]


def test_an_account_stays_open_while_its_card_is_charged(world: World, stripe: FakeStripe) -> None:
    zara, _ = owing(world, stripe)
    tasks.plan_charges(system(world))
    world.pays(zara, "749.00")
    with pytest.raises(Refused) as refusal:
        deactivate_customer(world.caller(), customer=zara, reason="Moved")
    assert "R749.00 is being charged to the saved card." in refusal.value.sentence


def test_rules_of_declines() -> None:
    now = rules.Policy(automatic=True, most_tries=3, wait_days=3)
    assert [rules.tries_again("insufficient_funds", tries, now) for tries in (1, 2, 3)] == [True, True, False]
    assert not rules.tries_again("expired_card", 1, now)
    assert not rules.tries_again("authentication_required", 1, now)
    assert rules.tries_again("a_code_of_next_year", 1, now)
    assert not rules.tries_again("insufficient_funds", 1, replace(now, most_tries=1))
    assert rules.last_day(2, 2028) == dt.date(2028, 2, 29)
    items = [rules.Open(1, dt.date(2026, 2, 1), "B", 500), rules.Open(2, dt.date(2026, 1, 1), "A", 300)]
    assert rules.parts(items, 600) == [(2, 300), (1, 300)]
    assert rules.parts(items, 5000) == [(2, 300), (1, 500)]
    assert rules.parts(items, 0) == []
