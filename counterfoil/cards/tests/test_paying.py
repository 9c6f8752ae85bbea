"""Paying on the gateway's page, in cents: told late, twice, never, falsely; refunds, disputes, and nobody's money."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from counterfoil.billing import sending
from counterfoil.billing.invoice_files import invoice_view
from counterfoil.billing.models import Invoice
from counterfoil.cards import hosted, queries, rules
from counterfoil.cards.models import CardEvent, CardGateway, CardPayment
from counterfoil.cards.operations import (
    add_card_gateway,
    assign_card_event,
    change_card_keys,
    check_card_gateway,
    refund_card_payment,
    retire_card_gateway,
    revoke_pay_link,
)
from counterfoil.cards.tests.conftest import add_gateway, deliver, told, work
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import deactivate_customer
from counterfoil.desk.operations import erase_personal_data
from counterfoil.documents.parties import Letterhead, payment_view
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import Money
from counterfoil.payments.models import Receipt, ReceiptReversal
from counterfoil.platform.approvals import approve, ask_approval, refuse_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import merge_customers, open_dispute
from counterfoil.testing.card_gateway import FakeStripe
from counterfoil.testing.world import World, counts

State = CardPayment.State


def refused(work: Callable[[], Any]) -> str:
    before = counts()
    with pytest.raises(Refused) as refusal:
        work()
    assert counts() == before
    return refusal.value.code


def begin(customer: Customer, amount: int | None = None) -> CardPayment:
    """The customer is on the page to pay all that is open, or so much of it."""
    items = queries.payable(customer)
    shares = rules.parts(items, amount or sum(row.minor for row in items))
    url = hosted.open_payment_page(
        Caller.system("portal"), customer, shares, way="portal", what="Zebra Net: INV-1",
        back=lambda row: f"http://localhost:8000/portal/pay/{row.reference}/", cancel="http://localhost:8000/portal/pay/",
    )  # fmt: skip
    return CardPayment.objects.get(url=url)


def owing(world: World, amount: str = "749.00", name: str = "Zara Naidoo") -> Customer:
    customer = world.customer(name, emails=("zara@mail.example",))
    world.invoice(customer, amount)
    return customer


def open_minor(customer: Customer) -> list[int]:
    return list(
        OpenItem.objects.filter(customer=customer, side="debit").order_by("pk").values_list("open_minor", flat=True)
    )


def soon(world: World, minutes: int = 1) -> None:
    """What is due a moment later is done."""
    work(world.now + dt.timedelta(minutes=minutes))


def test_a_payment_is_told_three_times_and_counts_once(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    assert (row.state, row.amount_minor, row.url) == (State.STARTED, 74900, f"{stripe.base}/page/{row.session}")
    assert open_minor(zara) == [74900]
    (method, path, form) = stripe.asked[-1]
    assert (method, path, form["client_reference_id"]) == ("POST", "checkout/sessions", row.reference)
    assert form["line_items[0][price_data][unit_amount]"] == "74900"
    assert form["payment_intent_data[metadata][reference]"] == row.reference
    stripe.pay(row.session)
    assert told(stripe) == [
        ("checkout.session.completed", "done"), ("payment_intent.succeeded", "done"), ("charge.succeeded", "done"),
    ]  # fmt: skip
    row.refresh_from_db()
    assert (row.state, row.last4, row.brand) == (State.PAID, "4242", "visa")
    receipt = Receipt.objects.get()
    assert (receipt.amount_minor, receipt.method, receipt.reference) == (74900, "card", row.intent)
    assert row.receipt == receipt
    assert open_minor(zara) == [0]


def test_told_twice_and_late(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.pay(row.session)
    bodies = [*stripe.events, *stripe.events]
    for body in bodies:
        assert deliver(body) == 200
    # Nothing is done in the request: it is kept, and worked afterwards.
    assert Receipt.objects.count() == 0
    work()
    work()
    assert (Receipt.objects.count(), CardEvent.objects.count()) == (1, 3)
    assert set(CardEvent.objects.values_list("repeats", flat=True)) == {1}


def test_never_told(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.pay(row.session)
    work()
    assert Receipt.objects.count() == 0
    work(row.at + queries.ASK_AFTER * 2)  # asks
    work()
    assert Receipt.objects.get().amount_minor == 74900
    # The events come after all, and change nothing.
    told(stripe)
    assert Receipt.objects.count() == 1
    assert open_minor(zara) == [0]


def test_what_is_not_the_gateways(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.pay(row.session)
    body = stripe.events[0]
    assert deliver(body, secret="whsec_another") == 400
    assert deliver(body, header="") == 400
    assert deliver(body, header="t=nonsense,v1=00") == 400
    assert deliver(body, at=time.time() - 301) == 400
    assert deliver(body, at=time.time() + 301) == 400
    assert deliver(body[:-1], header=None) == 400
    assert deliver(b"\xff\xfe") == 400
    assert deliver(b"{}") == 400
    work()
    assert open_minor(zara) == [74900]
    assert list(CardEvent.objects.order_by("pk").values_list("state", "said", "body")) == [
        ("refused", "Its signature is not that of our signing secret.", ""),
        ("refused", "It carries no signature of Stripe.", ""),
        ("refused", "It carries no signature of Stripe.", ""),
        ("refused", "It was signed more than five minutes ago: it is an old one that is sent again.", ""),
        ("refused", "It was signed more than five minutes ago: it is an old one that is sent again.", ""),
        ("refused", "It is signed, and is no event that anybody can read.", ""),
        ("refused", "It is signed, and is no event that anybody can read.", ""),
        ("refused", "It is signed, and is no event that anybody can read.", ""),
    ]
    for _ in range(30):
        assert deliver(body, header="") == 400
    # Whoever knocks on fills no table.
    assert CardEvent.objects.count() == 20
    assert deliver(body) == 200


def test_declined_then_paid_on_the_same_page(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.decline(row.session)
    told(stripe)
    row.refresh_from_db()
    assert (row.state, row.code, row.said) == (State.STARTED, "insufficient_funds", "there is not enough money on it")
    stripe.pay(row.session)
    told(stripe)
    row.refresh_from_db()
    assert (row.state, row.code) == (State.PAID, "")
    assert Receipt.objects.get().amount_minor == 74900


@pytest.mark.parametrize("fault", ["500", "hang", "garbage", "429"])
def test_the_page_cannot_be_opened(world: World, gateway: CardGateway, stripe: FakeStripe, fault: str) -> None:
    zara = owing(world)
    stripe.faults.append(fault)
    with pytest.raises(Refused) as refusal:
        begin(zara)
    assert refusal.value.sentence.startswith("The payment page cannot be opened right now. Nothing was charged.")
    row = CardPayment.objects.get()
    assert (row.state, row.session) == (State.EXPIRED, "")
    assert begin(zara).state == State.STARTED


def test_who_goes_back_is_sent_to_the_same_page(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    assert begin(zara).pk == begin(zara).pk
    assert begin(zara, 10000).pk != begin(zara).pk


def test_a_page_that_closes(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    row = begin(owing(world))
    stripe.expire(row.session)
    assert told(stripe) == [("checkout.session.expired", "done")]
    row.refresh_from_db()
    assert row.state == State.EXPIRED


def test_a_part_and_what_is_in_dispute(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world, "100.00")
    world.invoice(zara, "50.00")
    first, second = OpenItem.objects.filter(customer=zara, side="debit").order_by("pk")
    open_dispute(world.caller(), item=first, amount_minor=4000, reason="Speed")
    assert [(row.item, row.minor) for row in queries.payable(zara)] == [(first.pk, 6000), (second.pk, 5000)]
    assert refused(lambda: hosted.open_payment_page(
        Caller.system("portal"), zara, [(first.pk, 6001)], way="portal", what="", back=lambda row: "", cancel="",
    )) == "too_much"  # fmt: skip
    row = begin(zara, 8000)
    stripe.pay(row.session)
    told(stripe)
    assert open_minor(zara) == [4000, 3000]


def test_paid_by_transfer_meanwhile_stays_as_credit(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    world.pays(zara, "700.00")
    stripe.pay(row.session)
    told(stripe)
    assert open_minor(zara) == [0]
    credit = Receipt.objects.get(method="card").item
    assert (credit.amount_minor, credit.open_minor) == (74900, 70000)


def test_a_refund_in_part(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.pay(row.session)
    told(stripe)
    row.refresh_from_db()
    assert refused(lambda: refund_card_payment(
        world.caller(), payment=row, amount_minor=74901, reason="Too much")) == "over_refunded"  # fmt: skip
    refund_card_payment(world.caller(), payment=row, amount_minor=20000, reason="Two days without service")
    # It is in the books when the gateway says so.
    assert (open_minor(zara), stripe.intents[row.intent]["back"]) == ([0], 0)
    soon(world)
    assert stripe.intents[row.intent]["back"] == 20000
    told(stripe)
    row.refresh_from_db()
    assert (row.state, row.refunded_minor) == (State.PAID, 20000)
    assert open_minor(zara) == [20000, 0]
    refund_card_payment(world.caller(), payment=row, amount_minor=54900, reason="Cancelled")
    assert refused(lambda: refund_card_payment(
        world.caller(), payment=row, amount_minor=100, reason="Again")) == "under_way"  # fmt: skip
    soon(world)
    told(stripe)
    row.refresh_from_db()
    assert row.state == State.REFUNDED
    assert open_minor(zara) == [74900, 0, 0]


@pytest.mark.parametrize("fault", ["500", "lost"])
def test_a_gateway_that_does_not_answer_refunds_once(
    world: World, gateway: CardGateway, stripe: FakeStripe, fault: str
) -> None:
    row = begin(owing(world))
    stripe.pay(row.session)
    told(stripe)
    row.refresh_from_db()
    stripe.faults.append(fault)
    refund_card_payment(world.caller(), payment=row, amount_minor=100, reason="Again")
    soon(world)
    row.refresh_from_db()
    assert row.asked_back_minor == 100
    assert stripe.intents[row.intent]["back"] == (100 if fault == "lost" else 0)
    # Asked again with the same key: whatever became of the first time, it goes back once.
    soon(world, 7)
    told(stripe)
    row.refresh_from_db()
    assert (row.asked_back_minor, row.refunded_minor, stripe.intents[row.intent]["back"]) == (0, 100, 100)


def test_a_refund_without_an_answer_for_a_day_is_left_to_people(
    world: World, gateway: CardGateway, stripe: FakeStripe
) -> None:
    """The gateway has forgotten the key by then: asked again, it would give back once more."""
    row = begin(owing(world))
    stripe.pay(row.session)
    told(stripe)
    row.refresh_from_db()
    refund_card_payment(world.caller(), payment=row, amount_minor=100, reason="Storm")
    for minutes in (1, 22 * 60):
        stripe.faults.append("500")
        soon(world, minutes)
    row.refresh_from_db()
    assert (row.asked_back_minor, row.ask_back_at, stripe.intents[row.intent]["back"]) == (0, None, 0)
    assert row.said == "Not given back: the gateway gave no answer for a day: look there whether it went"
    soon(world, 23 * 60)
    assert stripe.intents[row.intent]["back"] == 0


def test_who_only_asks_moves_no_money(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    """A preview, a limit, a request for approval, a blank reason and a call that is repeated: nothing goes back."""
    zara = owing(world)
    row = begin(zara)
    stripe.pay(row.session)
    told(stripe)
    row.refresh_from_db()
    name = refund_card_payment.name
    limited = Caller(name="L", grants=frozenset({name, "platform.*"}), limits={name: Money(10000, "ZAR")}, at=world.now)
    asked = {"payment": row, "amount_minor": 30000, "reason": "Storm"}

    def back() -> int:
        soon(world)
        told(stripe)
        row.refresh_from_db()
        return int(stripe.intents[row.intent]["back"])

    assert refused(lambda: refund_card_payment(limited, **asked)) == "needs_approval"
    waiting = ask_approval(limited, operation=name, arguments=asked, reason="A storm")
    assert back() == 0
    refuse_approval(world.caller(), approval=waiting, note="No")
    assert refused(lambda: refund_card_payment(world.caller(), **{**asked, "reason": " "})) == "required"
    refund_card_payment(replace(world.caller(), preview=True), **asked)
    assert (back(), row.refunded_minor) == (0, 0)
    waiting = ask_approval(limited, operation=name, arguments=asked, reason="A storm")
    assert approve(world.caller(), approval=waiting).done
    assert (back(), row.refunded_minor) == (30000, 30000)
    for _ in range(3):
        refund_card_payment(replace(world.caller(), key="K1"), **{**asked, "amount_minor": 10000})
        assert (back(), row.refunded_minor) == (40000, 40000)
    assert check_books() == []


def test_a_loss_told_before_its_payment_is_booked(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.decline(row.session)
    told(stripe)
    stripe.pay(row.session)
    closing = stripe.events[0]
    stripe.events.clear()
    stripe.dispute(stripe.sessions[row.session]["payment_intent"], "lost")
    stripe.events.append(closing)
    told(stripe)
    work()
    row.refresh_from_db()
    assert (row.state, row.lost_minor, open_minor(zara)[0]) == (State.LOST, 74900, 74900)
    assert check_books() == []


def test_other_keys_of_the_same_account(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    """Payments begun before are found, whoever's secret signed what is told of them; and keys change in place."""
    zara = owing(world)
    row = begin(zara)
    add_gateway(world)
    stripe.pay(row.session)
    told(stripe)
    work(row.at + queries.ASK_AFTER * 2)
    row.refresh_from_db()
    assert (row.state, Receipt.objects.get().amount_minor) == (State.PAID, 74900)
    stripe.dispute(row.intent, "lost")
    told(stripe)
    row.refresh_from_db()
    assert (row.state, row.lost_minor) == (State.LOST, 74900)
    used = CardGateway.objects.get(retired_on=None)
    before = counts()
    live = {"public_key": "pk_live_1", "secret_key": "sk_live_1", "signing_secret": "whsec_2"}
    assert refused(lambda: change_card_keys(world.caller(), gateway=used, **live)) == "mixed_keys"
    assert counts() == before
    made = change_card_keys(
        world.caller(), gateway=used, public_key="pk_test_2", secret_key="sk_test_2", signing_secret="whsec_2"
    )
    assert (made.pk, made.public_key, queries.keys_of(made).secret) == (used.pk, "pk_test_2", "sk_test_2")
    assert check_books() == []


def test_a_dispute_that_is_lost_and_one_that_is_won(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.pay(row.session)
    told(stripe)
    row.refresh_from_db()
    stripe.dispute(row.intent, "needs_response")
    told(stripe)
    row.refresh_from_db()
    assert (row.state, row.said) == (State.DISPUTED, "fraudulent")
    assert open_minor(zara) == [0]
    assert refused(lambda: refund_card_payment(
        world.caller(), payment=row, amount_minor=100, reason="Again")) == "disputed"  # fmt: skip
    stripe.dispute(row.intent, "won")
    told(stripe)
    row.refresh_from_db()
    assert row.state == State.PAID
    other = owing(world, "200.00", "Other")
    second = begin(other)
    stripe.pay(second.session)
    told(stripe)
    second.refresh_from_db()
    stripe.dispute(second.intent, "lost")
    told(stripe)
    second.refresh_from_db()
    assert (second.state, second.lost_minor) == (State.LOST, 20000)
    assert ReceiptReversal.objects.get().receipt == second.receipt
    assert open_minor(other)[0] == 20000


def test_a_refund_after_which_the_rest_is_lost(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.pay(row.session)
    told(stripe)
    row.refresh_from_db()
    refund_card_payment(world.caller(), payment=row, amount_minor=20000, reason="Two days without service")
    soon(world)
    stripe.dispute(row.intent, "lost", 54900)
    told(stripe)
    row.refresh_from_db()
    assert (row.state, row.refunded_minor, row.lost_minor) == (State.LOST, 20000, 54900)
    assert open_minor(zara)[0] == 74900


def test_a_payment_that_nobody_here_began(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    intent = stripe._intent(30000, "zar", {})
    stripe._succeed(intent)
    told(stripe)
    event = CardEvent.objects.earliest("pk")
    assert (event.state, event.said) == ("unknown", "R300.00: nobody here began it. Say whose it is.")
    assert queries.failures(world.caller(), world.now).count() == 2
    made = assign_card_event(world.caller(), event=event, customer=zara)
    assert (made.state, made.customer) == ("done", zara)
    # The other one that tells of the same money is worked with it.
    work()
    assert set(CardEvent.objects.values_list("state", flat=True)) == {"done"}
    assert Receipt.objects.get().amount_minor == 30000
    assert open_minor(zara) == [44900]
    assert refused(lambda: assign_card_event(world.caller(), event=event, customer=zara)) == "not_now"


def test_another_currency_is_said(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.sessions[row.session]["currency"] = "eur"
    stripe.pay(row.session)
    told(stripe)
    event = CardEvent.objects.earliest("pk")
    assert event.state == "problem"
    assert event.said == f"€749.00: it was paid in EUR, and account {zara.number} is in ZAR."
    assert (Receipt.objects.count(), open_minor(zara)) == (0, [74900])
    euro = world.customer("Euro", currency="EUR")
    assign_card_event(world.caller(), event=event, customer=euro)
    assert Receipt.objects.get().customer == euro


def test_an_account_that_was_merged_or_erased(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara, other = owing(world), world.customer("Zara N")
    row = begin(zara)
    merge_customers(world.caller(), customer=other, duplicate=zara)
    stripe.pay(row.session)
    told(stripe)
    receipt = Receipt.objects.get()
    assert receipt.customer == other
    assert sum(open_minor(other)) == 0
    gone = owing(world, "10.00", "Gone")
    second = begin(gone)
    world.pays(gone, "10.00")
    deactivate_customer(world.caller(), customer=gone, reason="Moved")
    erase_personal_data(world.caller(), customer=gone, reason="Asked for it")
    stripe.pay(second.session)
    told(stripe)
    event = CardEvent.objects.filter(state="problem").earliest("pk")
    assert event.said.startswith(f"R10.00: it was paid for account {gone.number}, whose data is erased.")
    assert Receipt.objects.filter(method="card").count() == 1


def test_events_of_an_account_that_is_not_used_any_more(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.pay(row.session)
    retire_card_gateway(world.caller(), gateway=gateway)
    assert refused(lambda: begin(zara)) == "no_gateway"
    add_gateway(world, "whsec_new")
    told(stripe)
    assert Receipt.objects.get().amount_minor == 74900


def test_live_events_do_nothing_in_test(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    zara = owing(world)
    row = begin(zara)
    stripe.sessions[row.session]["livemode"] = True
    stripe.pay(row.session)
    for body in stripe.events:
        deliver(body.replace(b'"livemode": false', b'"livemode": true'))
    work()
    assert set(CardEvent.objects.values_list("state", flat=True)) == {"nothing"}
    assert open_minor(zara) == [74900]


def test_keys_and_connection(world: World, gateway: CardGateway, stripe: FakeStripe) -> None:
    good = {"kind": "stripe", "public_key": "pk_test_1", "secret_key": "sk_test_1", "signing_secret": "whsec_1"}
    for change, code in (({"public_key": "sk_test_1"}, "bad_key"), ({"secret_key": "pk_test_1"}, "bad_key"),
                         ({"signing_secret": "x"}, "bad_key"), ({"secret_key": "sk_live_1"}, "mixed_keys"),
                         ({"kind": "other"}, "unknown_choice")):  # fmt: skip
        assert refused(lambda change=change: add_card_gateway(world.caller(), **{**good, **change})) == code  # type: ignore[misc]
    assert check_card_gateway(world.caller(), gateway=gateway).checked == "Zebra Net"
    assert "sk_test" not in gateway.secret_box + gateway.signing_box
    stripe.secret = "sk_test_other"
    assert refused(lambda: check_card_gateway(world.caller(), gateway=gateway)) == "gateway_trouble"


def test_a_link_is_unguessable_and_can_be_revoked(world: World, gateway: CardGateway) -> None:
    zara = owing(world)
    invoice = queries.invoices_of_items([OpenItem.objects.get(customer=zara).pk]).popitem()[1]
    token = queries.pay_token(invoice)
    found = queries.linked(token)
    assert found is not None
    assert (found.invoice, found.open_minor, len(token.partition("-")[2])) == (invoice, 74900, 20)
    other = token[:-1] + ("a" if token[-1] != "a" else "b")
    for wrong in (token[:-1], other, token.replace("-", ""), "", "é-" + "a" * 20, f"zz{token}", "1" * 500):
        assert queries.linked(wrong) is None
    revoke_pay_link(world.caller(), invoice=invoice)
    assert queries.linked(token) is None
    assert queries.linked(queries.pay_token(invoice)) is not None
    assert queries.pay_address(invoice) == f"http://localhost:8000/pay/{queries.pay_token(invoice)}"


def test_a_new_key_of_the_installation_kills_no_link(world: World, gateway: CardGateway, settings: Any) -> None:
    invoice = queries.invoices_of_items([OpenItem.objects.get(customer=owing(world)).pk]).popitem()[1]
    token = queries.pay_token(invoice)
    settings.ENCRYPTION_KEYS = ["another key that is long enough", *settings.ENCRYPTION_KEYS]
    assert queries.linked(token) is not None
    assert queries.pay_token(invoice) != token


def test_where_an_invoice_is_paid_stands_on_it(world: World, gateway: CardGateway) -> None:
    invoice = queries.invoices_of_items([OpenItem.objects.get(customer=owing(world)).pk]).popitem()[1]
    address = queries.pay_address(invoice)
    pay = invoice_view(invoice)["pay"]
    assert (pay["link"], "".join(pay["link_lines"][1:])) == (address, address.partition("://")[2])
    assert words_of_email(invoice)["pay_link"] == address
    # A transfer that a banking app fills in keeps the code; the address stands beside it.
    house = Letterhead(name="Zebra Net", iban="DE89 3704 0044 0532 0130 00")
    both = payment_view(house, "CF-1", euro_minor=100, online=address)
    assert both is not None
    assert "link" not in both
    assert both["link_lines"][-1] == f"/{address.rpartition('/')[2]}"
    # The payment page that the letterhead names comes first.
    own = payment_view(Letterhead(name="Zebra Net", pay_url="https://pay.example"), "CF-1", online=address)
    assert own is not None
    assert own["link"] == "https://pay.example/CF-1"
    retire_card_gateway(world.caller(), gateway=gateway)
    assert "pay" not in invoice_view(invoice)
    assert words_of_email(invoice)["pay_link"] == ""


def words_of_email(invoice: Invoice) -> dict[str, Any]:
    """What the e-mail of an invoice is made of."""
    known = sending._read([invoice])
    return sending._context(invoice, "", None, ("{invoice_number}", ""), known.online.get(invoice.pk, ""))
