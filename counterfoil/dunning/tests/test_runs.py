"""Runs: who is sent what, once; what is charged with it; and what waits for somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.collections.operations import judge_promises, record_promise
from counterfoil.credit import queries as credit
from counterfoil.credit.operations import (
    LineGiven,
    add_class_currency,
    assign_class,
    change_class_amounts,
    change_letter,
    change_profile,
    change_profile_class,
    save_letter_set,
    set_charge_limit,
    switch_dunning,
)
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_contact, add_site
from counterfoil.dunning.jobs import work
from counterfoil.dunning.models import Correspondence, CorrespondenceItem, DunningRun, HeldLetter
from counterfoil.dunning.operations import erase_letters, retry_held_letters, start_dunning_run
from counterfoil.dunning.queries import dunning_runs, letters_of, selected, skipped_of, totals_of
from counterfoil.dunning.selecting import Asked
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Delivery, Message
from counterfoil.operator.operations.belonging import add_area
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import open_dispute
from counterfoil.receivables.operations.transfer import merge_customers
from counterfoil.testing.world import World, counts

Run = Callable[..., DunningRun]
LATE = "2026-03-10"  # 21 days before the world's day


def reached(world: World, name: str, owing: dict[str, str] | None = None, **more: Any) -> Customer:
    """A customer with an e-mail address."""
    made = world.customer(name, owing, **more)
    address = f"{name.lower()}@mail.example"
    add_contact(world.caller(), customer=made, name=name, roles=["primary"], emails=[address])
    return made


def reasons(world: World, on: dt.date | None = None, *, as_it_was: bool = False) -> dict[str, str]:
    rows = selected(world.caller(), Asked(on or world.today, as_it_was=as_it_was))
    return {row.name: row.left.said if row.left else f"{row.dunned.line.letter} {row.dunned.total_minor}"  # type: ignore[union-attr]
            for row in rows}  # fmt: skip


def test_a_preliminary_run_writes_nothing_and_says_why(world: World) -> None:
    reached(world, "Late", {LATE: "100.00"})
    paid = reached(world, "Credit", {LATE: "100.00"})
    world.pays(paid, "150.00")
    later = reached(world, "Later", {"2026-04-01": "100.00"})
    off = reached(world, "Off", {LATE: "100.00"})
    switch_dunning(world.system(), customer=off, yes=False)
    argued = reached(world, "Argued", {LATE: "100.00"})
    open_dispute(world.caller(), item=OpenItem.objects.get(customer=argued), amount_minor=10000, reason="Not mine")
    promised = reached(world, "Promised", {LATE: "100.00"})
    record_promise(world.caller(), customer=promised, amount_minor=10000, due_on=world.today + dt.timedelta(days=3))
    reached(world, "Nothing")
    world.customer("Nowhere", {LATE: "100.00"})
    before = counts()
    assert reasons(world) == {
        "Late": "STANDARD1 10000", "Later": "not overdue", "Off": "left out of dunning", "Argued": "in dispute",
        "Promised": "promised for 3 Apr", "Nowhere": "no e-mail address and no address to post it to",
    }  # fmt: skip
    assert counts() == before
    assert later.number in {row.number for row in selected(world.caller(), Asked(world.today))}


def test_a_letter_is_sent_once_a_day_and_says_what_is_late(world: World, run: Run) -> None:
    ann = reached(world, "Ann", {LATE: "100.00", "2026-03-30": "50.00"})
    made = run()
    letter = Correspondence.objects.get()
    assert (made.state, letter.customer, str(letter.letter), letter.level) == ("done", ann, "STANDARD1", 1)
    assert (letter.total_minor, letter.interest_minor, letter.fee_minor, letter.printed) == (15000, 0, 0, "")
    rows = letter.items.order_by("-days_late").values_list("days_late", "open_minor", "level")
    assert list(rows) == [(21, 10000, 1), (1, 5000, 1)]
    message = Message.objects.get()
    assert (message, message.subject, message.kind) == (letter.message, "Reminder: R150.00 is overdue", "dunning")
    assert "INV-000001, due 10 Mar, 21 days late: R100.00" in message.body_text
    assert "{" not in message.body_text
    assert list(Delivery.objects.values_list("address", flat=True)) == ["ann@mail.example"]
    # Whoever starts a second run of the day sends nothing again.
    again = run()
    assert (Correspondence.objects.count(), again.skipped) == (1, {"sent": 1})
    assert reasons(world) == {"Ann": "letter sent today"}
    with world.on("2026-04-05"):
        assert reasons(world) == {"Ann": "letter sent 5 days ago"}
        assert run().skipped == {"sent": 1}
    with world.on("2026-04-13"):
        assert reasons(world) == {"Ann": "letter sent 13 days ago"}
    with world.on("2026-04-14"):
        run()
        assert [str(row.letter) for row in Correspondence.objects.order_by("pk")] == ["STANDARD1", "STANDARD2"]
    # A run of a day before knows of the letters after it.
    assert reasons(world, dt.date(2026, 4, 1)) == {"Ann": "letter sent on 14 Apr"}


def test_the_first_letter_is_the_first_one_however_late_somebody_is(world: World, run: Run) -> None:
    reached(world, "Ann", {"2026-01-10": "100.00"})  # 80 days
    for day in ("2026-03-31", "2026-04-13", "2026-04-14", "2026-04-28"):
        with world.on(day):
            run()
    sent = Correspondence.objects.order_by("pk").values_list("on", "letter__name")
    assert [(on.isoformat(), name) for on, name in sent] == [
        ("2026-03-31", "STANDARD1"), ("2026-04-14", "STANDARD2"), ("2026-04-28", "STANDARD3"),
    ]  # fmt: skip


def test_letters_go_to_who_is_there_for_collections(world: World, run: Run) -> None:
    ann = reached(world, "Ann", {LATE: "100.00"})
    add_contact(world.caller(), customer=ann, name="Pat", roles=["collections"], emails=["pat@mail.example"])
    run()
    assert list(Delivery.objects.values_list("address", flat=True)) == ["pat@mail.example"]


def test_who_has_no_e_mail_is_printed_and_who_has_nothing_is_on_hold(world: World, run: Run) -> None:
    post = world.customer("Post", {LATE: "100.00"})
    add_site(world.caller(), customer=post, label="Home", street="1 Main Road")
    nowhere, ann = world.customer("Nowhere", {LATE: "200.00"}), reached(world, "Ann", {LATE: "300.00"})
    made = run()
    letters = {row.customer.name: row for row in Correspondence.objects.select_related("customer")}
    assert set(letters) == {"Post", "Ann"}
    assert letters["Post"].printed.startswith("Reminder: R100.00 is overdue\n\nGood day Post,")
    assert letters["Ann"].customer == ann
    held = HeldLetter.objects.get()
    assert (held.customer, held.code) == (nowhere, "no_address")
    with pytest.raises(Refused, match="still sending"):
        retry_held_letters(world.caller(), run=start_dunning_run(world.caller(), as_of=world.today))
    add_contact(world.caller(), customer=nowhere, name="No", roles=["primary"], emails=["no@mail.example"])
    retry_held_letters(world.caller(), run=made)
    list(work(world.system(), made))
    assert not HeldLetter.objects.exists()
    assert {row.customer.name for row in made.letters.all()} == {"Post", "Ann", "Nowhere"}
    assert [(row.letters, row.asked_minor) for row in totals_of(world.caller(), made)] == [(3, 60000)]
    with pytest.raises(Refused, match="No letter of this run is on hold"):
        retry_held_letters(world.caller(), run=DunningRun.objects.get(pk=made.pk))


def test_a_switched_off_letter_holds_back_and_nobody_else_waits(world: World, run: Run) -> None:
    reached(world, "Ann", {LATE: "100.00"})
    ben = reached(world, "Ben", {"2026-02-01": "100.00"})
    one, two, _ = credit.letters()
    other = save_letter_set(world.caller(), name="Firm", lines=[LineGiven(two, 1)])
    profile = assign_class(world.caller(), customer=ben, profile_class=credit.default_class())
    change_profile(world.caller(), profile=profile, changes={"letter_set": other})
    change_letter(world.caller(), letter=one, changes={"active": False})
    run()
    assert [row.customer.name for row in Correspondence.objects.all()] == ["Ben"]
    assert [(row.customer.name, row.said) for row in HeldLetter.objects.all()] == [("Ann", "STANDARD1 is switched off")]


def charging(world: World, *, fee: int = 0, interest: str = "1.5", **amounts: Any) -> None:
    """The default class charges interest, and its first letter a fee."""
    one, two, three = credit.letters()
    (standard,) = credit.letter_sets()
    save_letter_set(
        world.caller(), name="STANDARD", letter_set=standard, charge_interest=True,
        lines=[LineGiven(one, 1, 60, 0, fee), LineGiven(two, 61, 90, 14), LineGiven(three, 91, None, 14)],
    )  # fmt: skip
    default = credit.default_class()
    change_profile_class(world.caller(), profile_class=default, changes={"finance_charges": True})
    row = add_class_currency(world.caller(), profile_class=default, currency="ZAR")
    change_class_amounts(world.caller(), amounts=row, changes={"interest_percent": Decimal(interest), **amounts})


def test_interest_and_fees_are_owed_with_the_letter_that_says_so(world: World, run: Run) -> None:
    charging(world, fee=2500)
    ann = reached(world, "Ann", {"2026-02-14": "1000.00"})  # 45 days
    made = run()
    letter = Correspondence.objects.get()
    assert (letter.total_minor, letter.interest_minor, letter.fee_minor) == (100000, 2250, 2500)
    items = OpenItem.objects.filter(customer=ann, kind="debit_memo").order_by("pk")
    assert [(row.amount_minor, row.text, row.due_on) for row in items] == [
        (2250, "Interest for late payment, STANDARD1", world.today),
        (2500, "Fee for late payment, STANDARD1", world.today),
    ]
    assert (letter.interest_item, letter.fee_item) == tuple(items)
    assert "We have charged interest of R22.50 and a fee of R25.00 to your account." in Message.objects.get().body_text
    total = totals_of(world.caller(), made)[0]
    assert (total.interest_minor, total.fee_minor) == (2250, 2500)
    # A month later: once per period, from the day it was charged up to, and none on interest and fees.
    with world.on("2026-05-01"):
        run()
        second = Correspondence.objects.latest("pk")
        assert (str(second.letter), second.total_minor, second.interest_minor) == ("STANDARD2", 104750, 1550)
        charged = CorrespondenceItem.objects.filter(correspondence=second).values_list("interest_minor", flat=True)
        assert sorted(charged) == [0, 0, 1550]


def test_charges_stay_within_what_the_country_allows(world: World, run: Run) -> None:
    charging(world, fee=2500)
    set_charge_limit(world.caller(), country="ZA", most_interest_percent=Decimal("9.125"), most_fee_minor=1000)
    reached(world, "Ann", {"2026-02-14": "1000.00"})
    run()
    letter = Correspondence.objects.get()
    assert (letter.interest_minor, letter.fee_minor) == (1125, 1000)


def test_a_site_of_its_own_terms_has_a_letter_of_its_own(world: World, run: Run) -> None:
    ann = reached(world, "Ann", {LATE: "100.00"})
    farm = add_site(world.caller(), customer=ann, label="Farm", street="1 Farm Road")
    invoice_at(world, ann, farm, "60.00")
    switch_dunning(world.system(), customer=ann, yes=False)
    own = assign_class(world.caller(), customer=ann, profile_class=credit.default_class(), site=farm)
    assert own.send_dunning
    made = run()
    letter = Correspondence.objects.get()
    assert (letter.site, letter.total_minor) == (farm, 6000)
    assert made.skipped == {"excluded": 1} or made.skipped == {}
    change_profile(world.caller(), profile=own, changes={"send_dunning": False})
    with world.on("2026-04-20"):
        assert run().skipped == {"excluded": 2}


def invoice_at(world: World, customer: Customer, site: Any, amount: str) -> None:
    from counterfoil.billing.operations import draft_invoice, issue_invoices
    from counterfoil.billing.rules import LineInput

    day = dt.date(2026, 2, 8)
    line = LineInput("Services", Decimal(1), Decimal(amount), None)
    draft = draft_invoice(
        world.caller(), customer=customer, lines=[line], on=day, due_on=dt.date.fromisoformat(LATE), site=site
    )
    issue_invoices(world.caller(), invoices=[draft])


def test_a_run_is_of_whom_was_asked_for(world: World, run: Run) -> None:
    ann, ben = reached(world, "Ann", {LATE: "100.00"}), reached(world, "Ben", {LATE: "100.00"})
    other = save_letter_set(world.caller(), name="Gentle", lines=[LineGiven(credit.letters()[0], 1)])
    profile = assign_class(world.caller(), customer=ben, profile_class=credit.default_class())
    change_profile(world.caller(), profile=profile, changes={"letter_set": other})
    run(letter_set=other)
    assert [row.customer for row in Correspondence.objects.all()] == [ben]
    run(first_number=ann.number, last_number=ann.number)
    assert [row.customer for row in Correspondence.objects.order_by("pk")] == [ben, ann]


@pytest.mark.parametrize(("more", "code"), [
    ({"as_of": dt.date(2026, 4, 1)}, "future_date"), ({"first_number": "B", "last_number": "A"}, "no_accounts"),
])  # fmt: skip
def test_a_run_that_cannot_be_is_refused(world: World, more: dict[str, Any], code: str) -> None:
    before = counts()
    with pytest.raises(Refused) as refused:
        start_dunning_run(world.caller(), **{"as_of": world.today, **more})
    assert refused.value.code == code
    assert counts() == before


def test_who_pays_between_selection_and_letter_is_sent_none(world: World) -> None:
    from counterfoil.dunning.operations import send_letters

    ann = reached(world, "Ann", {LATE: "100.00"})
    made = start_dunning_run(world.caller(), as_of=world.today)
    world.pays(ann, "100.00")
    assert send_letters(world.system(), run=made, after=0, upto=ann.pk, customers=[ann.pk], skipped={})
    assert not Correspondence.objects.exists()
    # Another worker that comes later changes nothing.
    assert not send_letters(world.system(), run=made, after=0, upto=ann.pk, customers=[ann.pk], skipped={"sent": 3})
    assert DunningRun.objects.get().skipped == {}


def test_nothing_is_left_of_what_a_letter_on_paper_said(world: World, run: Run) -> None:
    post = world.customer("Post", {LATE: "100.00"})
    add_site(world.caller(), customer=post, label="Home", street="1 Main Road")
    run()
    assert erase_letters(world.system(), customer=post) == 1
    letter = Correspondence.objects.get()
    assert (letter.printed, letter.total_minor) == ("", 10000)


def test_a_past_day_is_looked_at_as_it_was(world: World) -> None:
    ann = reached(world, "Ann", {LATE: "100.00"})
    world.pays(ann, "60.00", "2026-03-20")

    def was(day: int) -> dict[str, str]:
        return reasons(world, dt.date(2026, 3, day), as_it_was=True)

    assert was(15) == {"Ann": "STANDARD1 10000"}
    assert was(25) == {"Ann": "STANDARD1 4000"}
    assert was(10) == {"Ann": "not overdue"}
    world.pays(ann, "40.00", "2026-03-28")
    assert was(25) == {"Ann": "STANDARD1 4000"}
    assert reasons(world) == {}
    # Sent is nothing of it any more.
    assert reasons(world, dt.date(2026, 3, 25)) == {"Ann": "paid since"}
    assert reasons(world, dt.date(2026, 3, 10)) == {"Ann": "not overdue"}


def charged(customer: Customer) -> list[tuple[str, int]]:
    return list(OpenItem.objects.filter(customer=customer, kind="debit_memo").values_list("text", "amount_minor"))


def test_a_run_of_a_day_before_asks_for_no_more_than_is_open_now(world: World, run: Run) -> None:
    charging(world, fee=2500)
    ann = reached(world, "Ann", {"2026-02-14": "1000.00"})
    ben = reached(world, "Ben", {"2026-02-14": "1000.00", "2026-02-18": "200.00"})
    later = reached(world, "Later", {"2026-02-14": "50.00"})
    cas = reached(world, "Cas", {"2026-02-14": "100.00"})
    world.pays(ann, "1000.00", "2026-03-22")
    world.pays(ben, "600.00", "2026-03-22")
    # On account: what it is for was not said yet.
    world.pays(later, "50.00", "2026-03-23", allocate=[])
    argued = reached(world, "Argued", {LATE: "100.00"})
    with world.on("2026-03-24"):
        open_dispute(world.caller(), item=OpenItem.objects.get(customer=argued), amount_minor=10000, reason="Not mine")
    day = dt.date(2026, 3, 20)
    assert reasons(world, day) == {
        "Ann": "paid since", "Ben": "STANDARD1 60000", "Later": "in credit", "Cas": "STANDARD1 10000",
        "Argued": "in dispute",
    }  # fmt: skip
    made = run(as_of=day)
    assert made.skipped == {"paid": 1, "in_credit": 1, "disputed": 1}
    letters = Correspondence.objects.order_by("pk").values_list("customer", "total_minor", "interest_minor")
    # 34 days of 400.00 and 30 of 200.00; 34 days of 100.00.
    assert list(letters) == [(ben.pk, 60000, 680 + 300), (cas.pk, 10000, 170)]
    assert (charged(ann), charged(later)) == ([], [])
    # As it was on the day, for who asks just that.
    assert reasons(world, day, as_it_was=True)["Ann"] == "STANDARD1 100000"


def test_a_letter_on_hold_that_was_paid_for_meanwhile_is_not_sent(world: World, run: Run) -> None:
    charging(world, fee=2500)
    ann = world.customer("Ann", {"2026-02-14": "1000.00"})
    with world.on("2026-03-10"):
        made = run()
    assert HeldLetter.objects.get().customer == ann
    with world.on("2026-03-20"):
        world.pays(ann, "1000.00")
    add_contact(world.caller(), customer=ann, name="Ann", roles=["primary"], emails=["ann@mail.example"])
    retry_held_letters(world.caller(), run=made)
    list(work(world.system(), made))
    made.refresh_from_db()
    assert (Correspondence.objects.count(), HeldLetter.objects.count(), made.skipped) == (0, 0, {"paid": 1})
    assert charged(ann) == []


def test_a_promise_that_was_kept_since_held_on_its_days(world: World, run: Run) -> None:
    ann = reached(world, "Ann", {"2026-02-14": "1000.00"})
    with world.on("2026-03-18"):
        record_promise(world.caller(), customer=ann, amount_minor=60000, due_on=dt.date(2026, 3, 25))
    with world.on("2026-03-22"):
        world.pays(ann, "600.00")
        judge_promises(world.system(), customers=[ann.pk])
    assert run(as_of=dt.date(2026, 3, 20)).skipped == {"promised": 1}
    assert reasons(world, dt.date(2026, 3, 20), as_it_was=True) == {"Ann": "promised for 25 Mar"}
    # From the day it was kept it holds nothing any more.
    assert reasons(world, dt.date(2026, 3, 23)) == {"Ann": "STANDARD1 40000"}


def letters() -> list[tuple[str, str, int, int, int]]:
    rows = Correspondence.objects.order_by("pk").select_related("customer", "letter")
    return [(row.customer.name, row.letter.name, row.total_minor, row.interest_minor, row.fee_minor) for row in rows]


def test_what_moved_with_a_merge_keeps_its_letters_and_charges(world: World, run: Run) -> None:
    charging(world, fee=2500)
    ann, ben = reached(world, "Ann", {"2026-02-14": "1000.00"}), reached(world, "Ben")
    cas = reached(world, "Cas", {"2026-03-10": "10.00"})
    run()
    sent = [("Ann", "STANDARD1", 100000, 2250, 2500), ("Cas", "STANDARD1", 1000, 11, 2500)]
    assert letters() == sent
    merge_customers(world.caller(), customer=ben, duplicate=ann)
    # Twice: what it was is two moves away.
    merge_customers(world.caller(), customer=cas, duplicate=ben)
    assert run().skipped == {"sent": 1}
    assert letters() == sent
    with world.on("2026-04-13"):
        assert run().skipped == {"sent": 1}
    with world.on("2026-05-01"):
        run()
    # Interest of 31 days since it was charged, on the two debts alone; nothing on interest and fees, and no second fee.
    assert letters() == [*sent, ("Cas", "STANDARD2", 101000 + 2250 + 2500 + 11 + 2500, 1550 + 16, 0)]
    rows = CorrespondenceItem.objects.filter(correspondence__letter__name="STANDARD2")
    assert sorted(rows.values_list("interest_minor", flat=True)) == [0, 0, 0, 0, 16, 1550]


def test_a_level_stays_with_what_moved(world: World, run: Run) -> None:
    one, two, _ = credit.letters()
    (standard,) = credit.letter_sets()
    lines = [LineGiven(one, 1, 1), LineGiven(two, 2, 2, 10)]
    save_letter_set(world.caller(), name="STANDARD", letter_set=standard, method="staged", lines=lines)
    ann, ben = reached(world, "Ann", {LATE: "100.00"}), reached(world, "Ben")
    run()
    merge_customers(world.caller(), customer=ben, duplicate=ann)
    with world.on("2026-04-20"):
        run()
    assert letters() == [("Ann", "STANDARD1", 10000, 0, 0), ("Ben", "STANDARD2", 10000, 0, 0)]


def test_who_was_written_to_today_is_not_written_to_again_on_the_account_it_was_merged_into(
    world: World, run: Run
) -> None:
    ann, ben = reached(world, "Ann", {LATE: "100.00"}), reached(world, "Ben")
    run()
    world.pays(ann, "100.00")
    world.invoice(ben, "50.00", due_on=LATE, on="2026-03-01")
    merge_customers(world.caller(), customer=ben, duplicate=ann)
    assert reasons(world) == {"Ben": "letter sent today"}
    assert run().skipped == {"sent": 1}


def test_an_address_with_terms_of_its_own_since_has_no_second_letter_of_a_day(world: World, run: Run) -> None:
    ann = reached(world, "Ann", {LATE: "100.00"})
    farm = add_site(world.caller(), customer=ann, label="Farm", street="1 Farm Road")
    invoice_at(world, ann, farm, "60.00")
    run()
    assign_class(world.caller(), customer=ann, profile_class=credit.default_class(), site=farm)
    assert run().skipped == {"sent": 2}
    with world.on("2026-04-13"):
        assert run().skipped == {"sent": 2}
    with world.on("2026-04-14"):
        run()
    assert letters() == [
        ("Ann", "STANDARD1", 16000, 0, 0), ("Ann", "STANDARD2", 10000, 0, 0), ("Ann", "STANDARD2", 6000, 0, 0),
    ]  # fmt: skip


def test_who_is_limited_to_an_area_counts_letters_of_it_alone(world: World, run: Run) -> None:
    north, south = add_area(world.caller(), name="North"), add_area(world.caller(), name="South")
    reached(world, "Ann", {LATE: "100.00"}, area_id=north.pk)
    for name in ("Ben", "Cas"):
        reached(world, name, {LATE: "100.00"}, area_id=south.pk)
    reached(world, "Later", {"2026-04-01": "100.00"}, area_id=south.pk)
    made = run()
    everywhere = world.caller()
    limited = replace(everywhere, scope={"area": frozenset({north.pk})})
    assert [row.count for row in dunning_runs(everywhere)] == [3]  # type: ignore[attr-defined]
    assert [row.count for row in dunning_runs(limited)] == [1]  # type: ignore[attr-defined]
    # Whom a run left out it kept by reason alone, of all areas: that is for who sees all.
    assert skipped_of(everywhere, made) == [("Not overdue", 1)]
    assert skipped_of(limited, made) == []
    nobody = replace(everywhere, scope={"area": frozenset()})
    assert [row.count for row in dunning_runs(nobody)] == [0]  # type: ignore[attr-defined]


def test_the_letters_of_a_customer_are_those_to_its_merged_accounts_too(world: World, run: Run) -> None:
    ann, ben, cas = (reached(world, name, {LATE: "100.00"}) for name in ("Ann", "Ben", "Cas"))
    run()
    merge_customers(world.caller(), customer=ben, duplicate=ann)
    assert sorted(row.customer.name for row in letters_of(ben)) == ["Ann", "Ben"]
    assert [row.customer for row in letters_of(cas)] == [cas]
