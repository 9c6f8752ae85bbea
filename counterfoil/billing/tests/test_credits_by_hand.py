"""Credits by hand beside changes of services: never more is given back than was charged, in whichever order."""

import datetime as dt

import pytest

from counterfoil.billing.forecast import next_bills
from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.billing.operations import bill_customer, credit_invoice
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform.checks import check_books
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts

MIDDLE = dt.date(2026, 3, 16)


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer()


@pytest.fixture
def march(world: World, zara: Customer) -> Invoice:
    """R300.00 for March, and R500.00 of another service."""
    with world.on("2026-03-01"):
        world.subscribe(
            zara, world.package("Fibre 100", "300"), world.package("VoIP line", "500", kind="voice"), regret_days=31
        )
        return world.bill(zara)


def cancel(world: World, *, on: dt.date = MIDDLE) -> None:
    fibre = Service.objects.get(product__name="Fibre 100")
    remove_services(world.caller(), services=[fibre], change=Change("cancel", on))


def given() -> list[int]:
    return list(CreditNote.objects.order_by("pk").values_list("total_minor", flat=True))


@pytest.mark.parametrize(("by_hand", "then"), [(30000, 0), (20000, 10000), (10000, 15484)])
def test_what_was_credited_by_hand_is_not_given_back_again(
    world: World, zara: Customer, march: Invoice, by_hand: int, then: int
) -> None:
    line = march.lines.get(position=1)
    with world.on(MIDDLE.isoformat()):
        credit_invoice(world.clerk, invoice=march, amounts={line.pk: by_hand}, reason="Offline")
        cancel(world)
        foreseen = sum(bill.minor for bill in next_bills(zara, world.today) if bill.on <= dt.date(2026, 4, 1))
    with world.on("2026-04-01"):
        # The other service goes on, so what is given back is a line of its bill.
        assert foreseen == 50000 - then
        preview = bill_customer(world.caller().previewing(), customer=zara, bill_to=world.today)
        april = world.bill(zara)
        lines = list(april.lines.values_list("total_minor", flat=True))
        assert lines == ([-then, 50000] if then else [50000])
        assert preview.total_minor == april.total_minor == 50000 - then
        assert given() == [by_hand]
        with pytest.raises(Refused, match="nothing to bill"):
            world.bill(zara)


def test_where_only_a_credit_is_left_it_is_as_much_as_is_left(world: World, zara: Customer, march: Invoice) -> None:
    line = march.lines.get(position=1)
    with world.on(MIDDLE.isoformat()):
        credit_invoice(world.clerk, invoice=march, amounts={line.pk: 25000}, reason="Offline")
        cancel(world)
        world.bill(zara)
        assert given() == [25000, 5000]
        with pytest.raises(Refused, match="nothing to bill"):
            world.bill(zara)


def test_what_a_change_gave_back_is_not_credited_by_hand_again(world: World, zara: Customer, march: Invoice) -> None:
    line = march.lines.get(position=1)
    with world.on(MIDDLE.isoformat()):
        cancel(world)
    with world.on("2026-04-01"):
        april = world.bill(zara)
        assert list(april.lines.values_list("total_minor", flat=True)) == [-15484, 50000]
        before = counts()
        with pytest.raises(Refused) as refused:
            credit_invoice(world.clerk, invoice=march, amounts={line.pk: 14517}, reason="Offline")
        assert (refused.value.code, refused.value.field, counts()) == ("over_credited", f"line-{line.pk}", before)
        assert "Only R145.16 of" in refused.value.sentence
        # All that is left: what March still costs, and the other service.
        note = credit_invoice(world.clerk, invoice=march, reason="Offline")
        assert note.total_minor == 14516 + 50000
        with pytest.raises(Refused, match="nothing .left. to credit"):
            credit_invoice(world.clerk, invoice=march, reason="Again")


def test_what_a_credit_note_of_a_change_gave_back_counts_once(world: World, zara: Customer, march: Invoice) -> None:
    with world.on(MIDDLE.isoformat()):
        cancel(world)
        world.bill(zara)
        assert given() == [15484]
        line = march.lines.get(position=1)
        credit_invoice(world.clerk, invoice=march, amounts={line.pk: 14516}, reason="Offline")
        assert given() == [15484, 14516]


def test_credits_of_two_rates_in_one_period_share_what_is_left(world: World, zara: Customer, march: Invoice) -> None:
    fast = world.package("Fibre 200", "600")
    fibre = Service.objects.get(product__name="Fibre 100")
    with world.on("2026-03-11"):
        # R203.23 of the slow one back, R406.45 of the fast one for 21 days.
        change_services(world.caller(), services=[fibre], change=Change("swap", world.today, product_id=fast.pk))
        second = world.bill(zara)
        assert second.total_minor == 20322
    with world.on("2026-03-12"):
        # Of R503.22 that March costs R450.00 was given by hand: R53.22 is left, whatever the two rates come to.
        lines = march.lines.get(position=1), second.lines.get(total_minor__gt=0)
        credit_invoice(world.clerk, invoice=march, amounts={lines[0].pk: 9677}, reason="Offline")
        credit_invoice(world.clerk, invoice=second, amounts={lines[1].pk: 35323}, reason="Offline")
        remove_services(world.caller(), services=[fibre], change=Change("regret", world.today))
        world.bill(zara)
        assert sum(given()) == 9677 + 35323 + 5322


def test_lines_of_one_period_share_what_is_left_of_it(world: World, zara: Customer) -> None:
    fibre, fast = world.package("Fibre 100", "310"), world.package("Fibre 200", "620")
    line = world.package("VoIP line", "500", kind="voice")
    with world.on("2026-03-01"):
        world.subscribe(zara, fibre, line)
        service = Service.objects.get(product=fibre)
    with world.on("2026-03-11"):
        change_services(world.caller(), services=[service], change=Change("swap", world.today, product_id=fast.pk))
        bill = world.bill(zara)
        assert list(bill.lines.values_list("total_minor", flat=True)) == [10000, 42000, 50000]
    with world.on("2026-03-22"):
        remove_services(world.caller(), services=[service], change=Change("cancel", world.today))
    with world.on("2026-04-01"):
        # R200.00 of March goes back on a bill of another line, so R320.00 of it is left.
        assert world.bill(zara).total_minor == 30000
        assert credit_invoice(world.clerk, invoice=bill, reason="Offline").total_minor == 32000 + 50000


@pytest.mark.books_are_broken_on_purpose
def test_check_books_finds_what_was_given_twice(
    world: World, zara: Customer, march: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = march.lines.get(position=1)
    with world.on(MIDDLE.isoformat()):
        credit_invoice(world.clerk, invoice=march, amounts={line.pk: 30000}, reason="Offline")
        assert not check_books()
        cancel(world)
    with world.on("2026-04-01"):
        monkeypatch.setattr("counterfoil.billing.charging.not_given_twice", lambda found, *rest: list(found))
        world.bill(zara)
        (finding,) = check_books()
        assert "more credited, by hand too, than charged from 2026-03-01" in finding.sentence
