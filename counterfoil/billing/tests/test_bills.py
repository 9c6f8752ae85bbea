"""Billing of services: exact amounts, the difference, and what is refused."""

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.billing.invoice_files import invoice_view
from counterfoil.billing.models import Charge, CreditNote, Invoice
from counterfoil.billing.operations import (
    bill_customer,
    cancel_bill,
    credit_invoice,
    discard_draft,
    issue_invoices,
    preview_change,
)
from counterfoil.customers.operations import deactivate_customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform import write_guard
from counterfoil.platform.checks import check_books
from counterfoil.receivables.models import Allocation
from counterfoil.receivables.operations import merge_customers, undo_allocation
from counterfoil.subscriptions.models import OneTimeCharge, Service, Subscription
from counterfoil.subscriptions.operations import (
    NewService,
    NewTerm,
    add_one_time_charge,
    add_services,
    change_services,
    remove_services,
    reprice_services,
    start_subscription,
)
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts


def bill_lines(invoice: Invoice) -> list[tuple[str, int]]:
    return list(invoice.lines.values_list("text", "total_minor"))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_a_service_started_in_the_month_is_billed_for_its_days_and_then_by_the_month(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-12"):
        world.subscribe(zara, world.package("Fibre 100", "599"), anchor_day=1)
        first = world.bill(zara)
    assert bill_lines(first) == [("Fibre 100, 12 Mar 2026 to 31 Mar 2026 (20 of 31 days of R599.00)", 38645)]
    assert (first.net_minor, first.tax_minor, first.source) == (33604, 5041, "recurring")
    with world.on("2026-04-01"):
        second = world.bill(zara)
        assert bill_lines(second) == [("Fibre 100, 1 Apr 2026 to 30 Apr 2026", 59900)]
        before = counts()
        with pytest.raises(Refused) as refused:
            world.bill(zara)
    assert (refused.value.code, counts()) == ("nothing_to_bill", before)


def test_a_bill_has_its_name_once(world: World) -> None:
    zara = world.customer()
    with world.on("2026-12-01"):
        sub = world.subscribe(zara, world.package("Fibre 100", "599"), world.package("Static IP", "50", kind="extra"))
        add_one_time_charge(world.caller(), subscription=sub, text="Router", price=Decimal(900), on=world.today)
        bill = world.bill(zara)
        add_one_time_charge(world.caller(), subscription=sub, text="Call-out", price=Decimal(150), on=world.today)
        once = world.bill(zara)
    assert (bill.text, once.text) == ("Services, December 2026", "Call-out")
    assert bill.item is not None
    assert bill.item.text == bill.text
    assert [text for text, _ in bill_lines(bill)] == [
        "Fibre 100, 1 Dec 2026 to 31 Dec 2026", "Static IP, 1 Dec 2026 to 31 Dec 2026", "Router",
    ]  # fmt: skip
    # On paper, what it is for is said above its lines, and not as the line again.
    assert (invoice_view(bill)["text"], invoice_view(once)["text"]) == ("Services, December 2026", "")


def test_an_upgrade_credits_the_unused_days_and_charges_the_new_package_for_them(world: World) -> None:
    zara, slow, fast = world.customer(), world.package("Fibre 100", "599"), world.package("Fibre 200", "899")
    with world.on("2026-03-01"):
        world.subscribe(zara, slow)
        world.bill(zara)
    with world.on("2026-03-20"):
        change_services(
            world.caller(), services=Service.objects.all(), change=Change("swap", world.today, product_id=fast.pk)
        )
        preview = bill_customer(world.caller().previewing(), customer=zara, bill_to=world.today)
        bill = world.bill(zara)
    assert bill_lines(bill) == [
        ("Credit: Fibre 100, 20 Mar 2026 to 31 Mar 2026", -23187),
        ("Fibre 200, 20 Mar 2026 to 31 Mar 2026 (12 of 31 days of R899.00)", 34800),
    ]
    assert preview.total_minor == bill.total_minor == 11613


def test_a_change_taken_back_charges_its_own_days_again(world: World) -> None:
    zara, slow, fast = world.customer(), world.package("Fibre 100", "599"), world.package("Fibre 200", "899")
    with world.on("2026-03-01"):
        world.subscribe(zara, slow)
        world.bill(zara)
    for day_, product in (("2026-03-20", fast), ("2026-03-25", slow)):
        with world.on(day_):
            swap = Change("swap", world.today, product_id=product.pk)
            change_services(world.caller(), services=Service.objects.all(), change=swap)
            bill = bill_customer(world.caller().previewing(), customer=zara, bill_to=world.today)
            if product is fast:
                world.bill(zara)
    assert [(text, minor) for _, text, minor in bill.billed] == [
        ("Credit: Fibre 200, 25 Mar 2026 to 31 Mar 2026", -20300),
        ("Fibre 100, 25 Mar 2026 to 31 Mar 2026", 13526),
    ]


def test_periods_missed_are_caught_up_each_on_its_own_line(world: World) -> None:
    zara = world.customer()
    with world.on("2026-01-31"):
        world.subscribe(zara, world.package("Fibre 100", "599"))
    with world.on("2026-03-31"):
        bill = world.bill(zara)
    assert bill_lines(bill) == [
        ("Fibre 100, 31 Jan 2026 to 27 Feb 2026", 59900),
        ("Fibre 100, 28 Feb 2026 to 30 Mar 2026", 59900),
        ("Fibre 100, 31 Mar 2026 to 29 Apr 2026", 59900),
    ]


def test_arrears_are_billed_after_the_period(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-01"):
        world.subscribe(zara, world.package("Fibre 100", "599"), in_advance=False)
    with world.on("2026-03-31"), pytest.raises(Refused):
        world.bill(zara)
    with world.on("2026-04-01"):
        assert world.bill(zara).total_minor == 59900


def test_regret_gives_everything_back_as_a_credit_note(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-01"):
        world.subscribe(zara, world.package("Fibre 100", "599"), regret_days=7)
        bill = world.bill(zara)
    with world.on("2026-03-08"):
        remove_services(world.caller(), services=Service.objects.all(), change=Change("regret", world.today))
        again = world.bill(zara)
        note = CreditNote.objects.get()
        assert (again, note.invoice_id, note.total_minor) == (note, bill.pk, 59900)
        assert world.open(zara) == {}
        with pytest.raises(Refused) as refused:
            world.bill(zara)
    assert refused.value.code == "nothing_to_bill"


def test_a_service_cancelled_in_a_paid_month_leaves_account_credit(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-01"):
        world.subscribe(zara, world.package("Fibre 100", "599"))
        bill = world.bill(zara)
        world.pays(zara, "599.00")
    with world.on("2026-03-20"):
        remove_services(world.caller(), services=Service.objects.all(), change=Change("cancel", world.today))
        world.bill(zara)
        note = CreditNote.objects.get()
        assert (note.invoice_id, note.total_minor) == (bill.pk, 23187)
        assert world.open(zara) == {note.number: "-231.87"}
    assert Charge.objects.count() == 2


def test_a_draft_is_billed_once_and_can_be_discarded_and_billed_again(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-01"):
        world.subscribe(zara, world.package("Fibre 100", "599"))
        draft = world.bill(zara, draft=True)
        assert (draft.state, draft.number, world.open(zara)) == ("draft", None, {})
        with pytest.raises(Refused):
            world.bill(zara)
        discard_draft(world.caller(), invoice=draft)
        second = world.bill(zara, draft=True)
        (issued,) = issue_invoices(world.caller(), invoices=[second])
        assert world.open(zara) == {issued.number: "599.00"}


def test_the_newest_bill_can_be_cancelled_and_billed_again(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-01"):
        world.subscribe(zara, world.package("Fibre 100", "599"))
        first = world.bill(zara)
        cancel_bill(world.caller(), invoice=first, reason="Wrong address")
        assert world.open(zara) == {}
        second = world.bill(zara)
        assert bill_lines(second) == [("Fibre 100, 1 Mar 2026 to 31 Mar 2026", 59900)]
        world.pays(zara, "100.00")
        before = counts()
        with pytest.raises(Refused) as refused:
            cancel_bill(world.caller(), invoice=second, reason="Again")
    assert (refused.value.code, counts()) == ("has_payment", before)


def test_a_bill_that_was_credited_is_not_cancelled_even_where_the_note_settles_it_no_more(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-01"):
        world.subscribe(zara, world.package("Fibre 100", "599"))
        bill = world.bill(zara)
        credit_invoice(world.caller(), invoice=bill, amounts={bill.lines.get().pk: 10000}, reason="Storm")
        undo_allocation(world.caller(), allocation=Allocation.objects.get(), reason="For another bill")
        before = counts()
        with pytest.raises(Refused, match="Some of INV-000001 was credited") as refused:
            cancel_bill(world.caller(), invoice=bill, reason="Wrong address")
        assert (refused.value.code, counts()) == ("credited", before)
        # The rest of it can be.
        assert credit_invoice(world.caller(), invoice=bill, reason="Wrong address").total_minor == 49900


def test_a_bill_whose_services_were_credited_since_is_not_cancelled(world: World) -> None:
    zara, slow, fast = world.customer(), world.package("Fibre 100", "599"), world.package("Fibre 200", "899")
    with world.on("2026-03-01"):
        world.subscribe(zara, fast)
        bill = world.bill(zara)
    with world.on("2026-03-20"):
        swap = Change("swap", world.today, product_id=slow.pk)
        change_services(world.caller(), services=Service.objects.all(), change=swap)
        assert bill_customer(world.caller(), customer=zara, bill_to=world.today).total_minor == 11613
        undo_allocation(world.caller(), allocation=Allocation.objects.get(), reason="For another bill")
        before = counts()
        with pytest.raises(Refused, match="Some of INV-000001 was credited") as refused:
            cancel_bill(world.caller(), invoice=bill, reason="Wrong address")
    assert (refused.value.code, counts()) == ("credited", before)


def test_a_service_without_a_price_is_refused_and_nothing_is_written(world: World) -> None:
    zara = world.customer()
    world.subscribe(zara, world.package("Fibre 100", "599"), world.package("Static IP", None, kind="extra"))
    before = counts()
    with pytest.raises(Refused) as refused:
        world.bill(zara)
    assert (refused.value.code, counts()) == ("no_price", before)


def test_quantity_and_discount_are_on_the_line(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-01"):
        world.subscribe(zara, world.package("Fibre 100", "599"))
        change = Change("quantity", world.today, quantity=Decimal(3))
        change_services(world.caller(), services=Service.objects.all(), change=change)
        bill = world.bill(zara)
    line = bill.lines.get()
    assert (line.quantity, line.unit_price, line.total_minor) == (3, 599, 179700)


def test_a_bill_of_a_change_is_cancelled_and_billed_again(world: World) -> None:
    zara, slow, fast = world.customer(), world.package("Fibre 100", "599"), world.package("Fibre 200", "899")
    with world.on("2026-03-01"):
        world.subscribe(zara, slow)
        world.bill(zara)
    with world.on("2026-03-20"):
        swap = Change("swap", world.today, product_id=fast.pk)
        change_services(world.caller(), services=Service.objects.all(), change=swap)
        first = world.bill(zara)
        # Two charges of one service and period are taken back at once.
        note = cancel_bill(world.caller(), invoice=first, reason="Wrong day")
        second = world.bill(zara)
    assert (first.total_minor, note.total_minor, second.total_minor) == (11613, 11613, 11613)
    assert bill_lines(second) == bill_lines(first)


def test_a_service_is_not_billed_before_it_begins(world: World) -> None:
    zara, fibre = world.customer(), world.package("Fibre 100", "599")
    with world.on("2026-03-01"):
        subscription = world.subscribe(zara, fibre)
        world.bill(zara)
    with world.on("2026-03-10"):
        later = dt.date(2026, 3, 20)
        add_services(world.caller(), subscription=subscription, services=[NewService(fibre)], on=later)
        subscription.refresh_from_db()
        assert subscription.next_bill_on == later
        with pytest.raises(Refused) as refused:
            world.bill(zara)
        assert refused.value.code == "nothing_to_bill"
        assert world.bill(zara, "2026-03-20").total_minor == 23187


def test_a_preview_of_a_change_only_ever_previews(world: World) -> None:
    zara, slow, fast = world.customer(), world.package("Fibre 100", "599"), world.package("Fibre 200", "899")
    with world.on("2026-03-01"):
        world.subscribe(zara, slow)
        world.bill(zara)
    with world.on("2026-03-20"):
        swap = Change("swap", world.today, product_id=fast.pk)
        services, before = list(Service.objects.all()), counts()
        effect = preview_change(world.system().previewing(), services=services, change=swap)
        assert (effect.total_minor, effect.bill_to, counts()) == (11613, world.today, before)
        with pytest.raises(Refused) as refused:
            preview_change(world.system(), services=services, change=swap)
        assert (refused.value.code, counts()) == ("preview_only", before)


def test_an_account_with_services_is_neither_closed_nor_merged_away(world: World) -> None:
    zara, other = world.customer(), world.customer("Zara again")
    world.subscribe(zara, world.package("Fibre 100", "599"))
    before = counts()
    for close in (
        lambda: deactivate_customer(world.caller(), customer=zara, reason="Moved"),
        lambda: merge_customers(world.caller(), customer=other, duplicate=zara),
    ):
        with pytest.raises(Refused) as refused:
            close()
        assert (refused.value.code, counts()) == ("still_needed", before)
    remove_services(world.caller(), services=Service.objects.all(), change=Change("cancel", world.today))
    assert deactivate_customer(world.caller(), customer=zara, reason="Moved").status == "inactive"


def test_cancelling_a_bill_leaves_what_other_bills_charged_of_later_periods(world: World) -> None:
    zara, fibre, voice = (
        world.customer(),
        world.package("Fibre 100", "300"),
        world.package("Voice", "500", kind="voice"),
    )
    with world.on("2026-03-01"):
        world.subscribe(zara, fibre)
        world.bill(zara, "2026-04-30")
    with world.on("2026-03-25"):
        change = Change("discount", day("2026-03-01"), percent_off=Decimal(10))
        reprice_services(world.caller(), services=Service.objects.all(), change=change, reason="Slow")
        world.subscribe(zara, voice, anchor_day=1)
        first = world.bill(zara)
        cancel_bill(world.caller(), invoice=first, reason="Wrong")
        # April was billed in advance by the first bill, and is not given back because today is before it.
        second = world.bill(zara)
    assert bill_lines(second) == bill_lines(first)
    assert (second.total_minor, CreditNote.objects.count()) == (5290, 1)


def test_a_cancelled_bill_of_a_part_of_a_period_is_due_again_at_once(world: World) -> None:
    zara, fibre, voice = (
        world.customer(),
        world.package("Fibre 100", "300"),
        world.package("Voice", "280", kind="voice"),
    )
    with world.on("2026-01-01"):
        subscription = world.subscribe(zara, fibre)
        taken = start_subscription(
            world.caller(), customer=zara, services=[NewService(fibre)], on=world.today, term=NewTerm(),
            taken_over_on=day("2026-02-10"),
        )  # fmt: skip
    with world.on("2026-02-01"):
        world.bill(zara)
    with world.on("2026-02-10"):
        new = [NewService(voice)]
        add_services(world.caller(), subscription=subscription, services=new, on=world.today)
        cancel_bill(world.caller(), invoice=world.bill(zara), reason="Wrong")
        for row in (subscription, taken):
            row.refresh_from_db()
            assert row.next_bill_on is not None
            assert row.next_bill_on <= world.today


def test_a_one_time_charge_of_a_later_day_is_billed_when_nothing_else_comes(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-01"):
        subscription = world.subscribe(zara, world.package("Fibre 100", "300"))
        world.bill(zara)
    with world.on("2026-03-20"):
        add_one_time_charge(
            world.caller(), subscription=subscription, text="Router", price=Decimal(900), on=day("2026-04-10")
        )
        change = Change("cancel", world.today)
        remove_services(world.caller(), services=Service.objects.all(), change=change)
        world.bill(zara)
    subscription.refresh_from_db()
    assert subscription.next_bill_on == day("2026-04-10")
    with pytest.raises(Refused) as refused:
        deactivate_customer(world.caller(), customer=zara, reason="Left")
    assert refused.value.code == "still_needed"
    assert "has something to bill" in refused.value.sentence
    with world.on("2026-04-10"):
        assert bill_lines(world.bill(zara)) == [("Router", 90000)]


def test_a_draft_discarded_after_a_later_bill_credited_it_is_charged_for_its_days(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-01"):
        world.subscribe(zara, world.package("Fibre 100", "310"))
        draft = world.bill(zara, draft=True)
    with world.on("2026-03-16"):
        remove_services(world.caller(), services=Service.objects.all(), change=Change("cancel", world.today))
        world.subscribe(zara, world.package("Voice", "620", kind="voice"), anchor_day=1)
        assert world.bill(zara).total_minor == 32000 - 16000
        discard_draft(world.caller(), invoice=draft)
        assert check_books() == []
        # Of the 310.00 that nobody was asked for, 160.00 was given back: 15 of 31 days are to pay.
        assert world.bill(zara).total_minor == 15000 + 16000


def test_a_bill_drawn_too_far_and_cancelled_is_drawn_less_far_and_then_on(world: World) -> None:
    zara = world.customer()
    with world.on("2026-03-01"):
        world.subscribe(zara, world.package("Fibre 100", "599"))
        cancel_bill(world.caller(), invoice=world.bill(zara, "2026-05-01"), reason="Too far")
        assert bill_lines(world.bill(zara)) == [("Fibre 100, 1 Mar 2026 to 31 Mar 2026", 59900)]
    # April was charged and taken back: charged again it is another charge of the same period.
    with world.on("2026-04-01"):
        discard_draft(world.caller(), invoice=world.bill(zara, "2026-06-01", draft=True))
        assert bill_lines(world.bill(zara)) == [("Fibre 100, 1 Apr 2026 to 30 Apr 2026", 59900)]
    with world.on("2026-06-01"):
        assert [minor for _, minor in bill_lines(world.bill(zara))] == [59900, 59900]


@pytest.mark.books_are_broken_on_purpose
def test_what_waits_for_a_bill_that_never_comes_is_found(world: World) -> None:
    subscription = world.subscribe(world.customer(), world.package("Fibre 100", "599"))
    add_one_time_charge(
        world.caller(), subscription=subscription, text="Router", price=Decimal(900), on=day("2026-04-10")
    )
    with write_guard.writing():
        Subscription.objects.update(next_bill_on=None)
        Service.objects.update(changed_from=day("2026-03-31"))
    assert [finding.sentence.split(" ")[:3] for finding in check_books()] == [
        ["Subscription", str(subscription.pk), f"({subscription.number})"],
        ["One-time", "charge", str(OneTimeCharge.objects.get().pk)],
        ["Service", str(Service.objects.get().pk), "changed,"],
    ]
