"""Disputes by line of an invoice: capped by what is open, with their tax, and credited line by line."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.billing.models import CreditNote, Invoice, InvoiceLine, TaxRate
from counterfoil.billing.operations import credit_invoice, draft_invoice, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.collections import disputes, rules
from counterfoil.collections.models import CallAction, DisputedLine
from counterfoil.collections.operations import (
    NewAction,
    change_call_dispute,
    credit_dispute,
    dispute_lines,
    disputes_moved,
    grant_credit,
    judge_promises,
    record_call,
    remove_call_dispute,
)
from counterfoil.collections.tests.test_actions import rows
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Lookup
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.operations import close_dispute
from counterfoil.receivables.queries import figures
from counterfoil.testing.world import World
from counterfoil.trail.models import Event


def action(code: str) -> Lookup:
    return Lookup.objects.get(kind="call_action", code=code)


def outcome(code: str) -> Lookup:
    return Lookup.objects.get(kind="call_outcome", code=code)


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer()


@pytest.fixture
def bill(world: World, zara: Customer) -> Invoice:
    """Fibre 800.00, voice 345.00 with 45.00 VAT in it, a static IP 115.00 without tax: R1,260.00."""
    rate = TaxRate.objects.get(is_default=True).pk
    lines = [
        LineInput("Fibre", Decimal(1), Decimal("800.00"), None),
        LineInput("Voice", Decimal(1), Decimal("345.00"), rate),
        LineInput("Static IP", Decimal(1), Decimal("115.00"), None),
    ]  # fmt: skip
    draft = draft_invoice(world.caller(), customer=zara, lines=lines, on=dt.date(2026, 1, 30))
    return issue_invoices(world.caller(), invoices=[draft])[0]


def line(bill: Invoice, text: str) -> InvoiceLine:
    return bill.lines.get(text=text)


def said(dispute: Dispute) -> list[tuple[str, int, int]]:
    return [(part.text, part.minor, part.tax_minor) for part in disputes.told_parts([dispute])[dispute.pk]]


def test_lines_are_in_dispute_with_their_tax_and_are_what_is_credited(
    world: World, zara: Customer, bill: Invoice
) -> None:
    fibre, voice = line(bill, "Fibre"), line(bill, "Voice")
    made = dispute_lines(
        world.caller("collector"), invoice=bill, amounts={voice.pk: 34500, fibre.pk: 10000}, reason="No dial tone"
    )
    assert said(made) == [("Fibre", 10000, 0), ("Voice", 34500, 4500)]
    assert figures(zara, world.today).disputed_minor == 44500
    given = credit_dispute(world.clerk, dispute=made, amount_minor=44500, reason="No dial tone")
    note = CreditNote.objects.get(item=given)
    # Exactly those lines, each with its own tax, and not all lines as they weigh.
    assert list(note.lines.order_by("position").values_list("text", "total_minor", "tax_minor")) == [
        ("Fibre", 10000, 0), ("Voice", 34500, 4500),
    ]  # fmt: skip
    assert (figures(zara, world.today).balance_minor, figures(zara, world.today).disputed_minor) == (81500, 0)


def test_part_of_a_line_dispute_that_is_credited_leaves_the_rest_of_each_line(world: World, bill: Invoice) -> None:
    voice, ip = line(bill, "Voice"), line(bill, "Static IP")
    made = dispute_lines(world.caller(), invoice=bill, amounts={voice.pk: 30000, ip.pk: 10000}, reason="Half of it")
    credit_dispute(world.clerk, dispute=made, amount_minor=20000, reason="Half of it")
    left = Dispute.objects.get(closed_on__isnull=True)
    assert said(left) == [("Voice", 15000, 1957), ("Static IP", 5000, 0)]
    # What was before is history, with its lines.
    assert said(Dispute.objects.get(closed_on=world.today)) == [("Voice", 30000, 3913), ("Static IP", 10000, 0)]


@pytest.mark.parametrize(
    ("wanted", "code", "field"),
    [
        ({"Voice": 34501}, "over_disputed", "Voice"),
        ({"Voice": -1}, "negative", "Voice"),
        ({"Fibre": 80000, "Voice": 34500, "Static IP": 11500}, "over_disputed", "amount"),
        ({}, "no_amount", "amounts"),
        ({"Voice": 0}, "no_amount", "amounts"),
    ],
)
def test_more_than_a_line_or_the_invoice_has_left_is_refused(
    world: World, zara: Customer, bill: Invoice, wanted: dict[str, int], code: str, field: str
) -> None:
    world.pays(zara, "10.00")
    amounts = {line(bill, text).pk: minor for text, minor in wanted.items()}
    with pytest.raises(Refused) as refused:
        dispute_lines(world.caller(), invoice=bill, amounts=amounts, reason="All of it")
    expected = f"line-{line(bill, field).pk}" if field == "Voice" else field
    assert (refused.value.code, refused.value.field) == (code, expected)
    assert (Dispute.objects.count(), DisputedLine.objects.count()) == (0, 0)


def test_another_invoices_line_is_refused(world: World, zara: Customer, bill: Invoice) -> None:
    other = world.invoice(zara, "50.00")
    with pytest.raises(Refused) as refused:
        dispute_lines(world.caller(), invoice=other, amounts={line(bill, "Voice").pk: 100}, reason="x")
    assert refused.value.code == "other_invoice"


def test_a_payment_below_the_dispute_lowers_it_and_what_is_added_starts_from_there(
    world: World, zara: Customer, bill: Invoice
) -> None:
    voice, ip = line(bill, "Voice"), line(bill, "Static IP")
    dispute_lines(world.caller(), invoice=bill, amounts={voice.pk: 30000}, reason="Crackles")
    world.pays(zara, "1060.00")
    # R200.00 is open: of the R300.00 no more than that is in dispute.
    assert figures(zara, world.today).disputed_minor == 20000
    with pytest.raises(Refused, match=r"Only R200.00 of .* is open"):
        dispute_lines(world.caller(), invoice=bill, amounts={ip.pk: 100}, reason="And that")
    dispute_lines(world.caller(), invoice=bill, amounts={voice.pk: 19000, ip.pk: 1000}, reason="Both")
    assert said(Dispute.objects.get(closed_on__isnull=True)) == [("Voice", 19000, 2478), ("Static IP", 1000, 0)]


def test_disputes_of_two_lines_in_calls_add_up_and_change_one_by_one(
    world: World, zara: Customer, bill: Invoice
) -> None:
    item, caller = OpenItem.objects.get(pk=bill.item_id), world.caller("collector")
    voice, ip = line(bill, "Voice"), line(bill, "Static IP")
    wrong = action("partial_dispute")
    # Without an amount all of the line.
    call = record_call(
        caller, customer=zara, outcome=outcome("disputes"),
        actions=[NewAction(wrong, item, line=voice.pk, note="Crackles"), NewAction(wrong, item, 2000, line=ip.pk)],
    )  # fmt: skip
    first, second = call.actions.order_by("pk")
    assert (first.amount_minor, second.amount_minor) == (34500, 2000)
    assert said(Dispute.objects.get(closed_on__isnull=True)) == [("Voice", 34500, 4500), ("Static IP", 2000, 0)]
    change_call_dispute(caller, action=second, amount_minor=5000)
    assert figures(zara, world.today).disputed_minor == 39500
    with pytest.raises(Refused) as refused:
        change_call_dispute(caller, action=second, amount_minor=11501)
    assert refused.value.code == "over_disputed"
    remove_call_dispute(caller, action=CallAction.objects.get(pk=first.pk))
    assert said(Dispute.objects.get(closed_on__isnull=True)) == [("Static IP", 5000, 0)]
    second.refresh_from_db()
    credit_dispute(world.clerk, dispute=second.dispute, amount_minor=5000, reason="Never used")
    second.refresh_from_db()
    assert (second.amount_minor, second.done_on) == (0, world.today)


def test_the_same_line_twice_is_refused_and_nothing_of_the_call_is_written(
    world: World, zara: Customer, bill: Invoice
) -> None:
    item = OpenItem.objects.get(pk=bill.item_id)
    twice = [NewAction(action("partial_dispute"), item, 100, line=line(bill, "Voice").pk)] * 2
    with pytest.raises(Refused) as refused:
        record_call(world.caller("collector"), customer=zara, outcome=outcome("disputes"), actions=twice)
    assert (refused.value.code, refused.value.field) == ("already_disputed", "line")
    assert (CallAction.objects.count(), Dispute.objects.count()) == (0, 0)


def test_a_credit_that_was_asked_for_a_line_credits_that_line(world: World, zara: Customer, bill: Invoice) -> None:
    item = OpenItem.objects.get(pk=bill.item_id)
    ask = NewAction(action("credit_memo"), item, 11500, line=line(bill, "Static IP").pk)
    call = record_call(world.caller("collector"), customer=zara, outcome=outcome("disputes"), actions=[ask])
    given = grant_credit(world.clerk, action=call.actions.get(), amount_minor=11500, reason="Never used")
    assert [row.text for row in CreditNote.objects.get(item=given).lines.all()] == ["Static IP"]
    # What the credit department works from names the line.
    said = rows(world, "call-actions", world.today)[0]
    assert (said[0], said[4:6]) == ("Credit memo", [item.number, "Static IP"])


def test_the_report_names_the_lines_and_the_tax_and_a_day_before_has_none(
    world: World, zara: Customer, bill: Invoice
) -> None:
    dispute_lines(
        world.caller(), invoice=bill, amounts={line(bill, "Voice").pk: 34500, line(bill, "Static IP").pk: 500},
        reason="Crackles",
    )  # fmt: skip
    assert rows(world, "disputed-invoices", world.today)[0][9:] == [
        "R350.00", "R45.00", "Voice 345.00; Static IP 5.00", "Crackles"
    ]  # fmt: skip
    assert rows(world, "disputed-invoices", world.today - dt.timedelta(days=1)) == []
    # Half of it is paid away: the tax is lowered with it.
    world.pays(zara, "1085.00")
    assert rows(world, "disputed-invoices", world.today)[0][9:11] == ["R175.00", "R22.50"]


def test_what_is_expected_is_reported_by_week(world: World, zara: Customer, bill: Invoice) -> None:
    caller = world.caller("collector", "Anna")
    first = {"forecast_minor": 30000, "forecast_on": dt.date(2026, 4, 2)}
    record_call(caller, customer=zara, outcome=outcome("refuses"), **first)
    assert rows(world, "forecasts", world.today) == [["30 Mar", "Anna", "1", "ZAR", "R300.00", "R0.00"]]
    # The newest forecast of an account counts; a promise stands beside it.
    record_call(
        caller, customer=zara, outcome=outcome("promised"), forecast_minor=10000, forecast_on=dt.date(2026, 4, 8),
        promise_minor=20000, promise_on=dt.date(2026, 4, 3),
    )  # fmt: skip
    assert rows(world, "forecasts", world.today) == [
        ["30 Mar", "Anna", "0", "ZAR", "R0.00", "R200.00"], ["6 Apr", "Anna", "1", "ZAR", "R100.00", "R0.00"],
    ]  # fmt: skip
    # What came in is expected no more.
    with world.on((world.today + dt.timedelta(days=1)).isoformat()):
        world.pays(zara, "200.00")
        judge_promises(world.system(), customers=[zara.pk])
        assert rows(world, "forecasts", world.today) == [["6 Apr", "Anna", "1", "ZAR", "R100.00", "R0.00"]]
    with pytest.raises(Refused) as refused:
        record_call(caller, customer=zara, outcome=outcome("refuses"), forecast_minor=1)
    assert (refused.value.code, refused.value.field) == ("half_forecast", "forecast_on")


_MINOR = st.integers(0, 1000)


@given(parts=st.dictionaries(st.one_of(st.none(), st.integers(1, 4)), _MINOR), most=_MINOR)
def test_parts_within_a_balance_are_never_more_and_never_larger(parts: rules.Parts, most: int) -> None:
    left = rules.within(parts, most)
    assert sum(left.values()) == min(sum(parts.values()), most)
    assert all(0 < minor <= parts[key] for key, minor in left.items())


@given(left=st.dictionaries(st.integers(1, 5), st.integers(1, 1000), min_size=1), wanted=st.dictionaries(
    st.one_of(st.none(), st.integers(1, 5)), _MINOR), share=st.integers(1, 100))  # fmt: skip
def test_what_is_credited_adds_up_and_the_wanted_lines_come_first(
    left: dict[int, int], wanted: rules.Parts, share: int
) -> None:
    minor = max(sum(left.values()) * share // 100, 1)
    found = rules.shared(minor, left, wanted)
    assert sum(found.values()) == minor
    assert all(0 < part <= left[key] for key, part in found.items())
    first = sum(min(part, left.get(key, 0)) for key, part in wanted.items() if key is not None)
    assert sum(min(found.get(key, 0), wanted.get(key, 0)) for key in found) >= min(minor, first)


def follow(world: World) -> None:
    """What follows from everything that happened."""
    disputes_moved(world.system(), events=list(Event.objects.order_by("pk").values_list("pk", flat=True)))


def test_a_line_that_is_credited_by_hand_is_in_dispute_no_more(world: World, zara: Customer, bill: Invoice) -> None:
    voice, ip = line(bill, "Voice"), line(bill, "Static IP")
    made = dispute_lines(world.caller(), invoice=bill, amounts={voice.pk: 34500, ip.pk: 5000}, reason="No dial tone")
    credit_invoice(world.clerk, invoice=bill, amounts={voice.pk: 34500}, reason="No dial tone")
    # Before anything follows: what is credited already is not credited again, of other lines.
    with pytest.raises(Refused, match="Only R50.00 of what is in dispute is left to credit"):
        credit_dispute(world.clerk, dispute=made, amount_minor=34500, reason="No dial tone")
    assert CreditNote.objects.count() == 1
    follow(world)
    follow(world)
    left = Dispute.objects.get(closed_on__isnull=True)
    assert said(left) == [("Static IP", 5000, 0)]
    assert figures(zara, world.today).disputed_minor == 5000


def test_a_credit_of_one_line_leaves_the_dispute_of_another(world: World, bill: Invoice) -> None:
    voice, ip = line(bill, "Voice"), line(bill, "Static IP")
    made = dispute_lines(world.caller(), invoice=bill, amounts={voice.pk: 34500}, reason="No dial tone")
    credit_invoice(world.clerk, invoice=bill, amounts={ip.pk: 11500}, reason="Not used")
    follow(world)
    assert said(Dispute.objects.get(closed_on__isnull=True)) == said(made) == [("Voice", 34500, 4500)]


def test_what_a_call_put_in_dispute_ends_when_somebody_closes_it(world: World, zara: Customer, bill: Invoice) -> None:
    item = OpenItem.objects.get(pk=bill.item_id)
    wrong = NewAction(action("partial_dispute"), item, 20000)
    record_call(world.caller("collector"), customer=zara, outcome=outcome("disputes"), actions=[wrong])
    close_dispute(world.caller(), dispute=Dispute.objects.get(), outcome="They were wrong")
    follow(world)
    row = CallAction.objects.get()
    assert (row.amount_minor, row.done_on) == (0, world.today)
