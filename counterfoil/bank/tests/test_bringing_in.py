"""Statements come in once, and each line finds its customer, or a ledger account, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from counterfoil.bank.doors import RECORD_SURE_LINES
from counterfoil.bank.models import BankLine, BankStatement
from counterfoil.bank.operations import (
    bring_in_statement,
    give_line,
    post_line,
    record_line,
    record_sure_lines,
    reopen_line,
)
from counterfoil.bank.queries import brought_in_text, found_for, kept_columns
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused, Remedy
from counterfoil.ledger.models import Entry, LedgerAccount
from counterfoil.ledger.operations import close_books
from counterfoil.ledger.queries import trial_balance
from counterfoil.operator.models import BankAccount
from counterfoil.operator.operations import add_bank_account
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import reverse_receipt
from counterfoil.platform.checks import check_books
from counterfoil.platform.write_guard import writing
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

HEAD = "Date,Name,Account,Details,Amount,Balance\n"
ROWS = (
    "2026-03-02,Zara,ZA1,payment {zara},100.00,1100.00\n"
    "2026-03-02,Zara,ZA1,more,100.00,1200.00\n"
    "2026-03-03,Ann,ZA2,{ann} thanks,50.00,1250.00\n"
    "2026-03-04,,,internet,75.00,1325.00\n"
    "2026-03-05,Bank,,fees,-5.00,1320.00\n"
)
QIF = "!Type:Bank\nD2026-03-05\nT-5.00\nPBank\n^\nD2026-03-04\nT75.00\nPx\n^\nD2026-03-06\nT1.00\nPnew\n^\n"


@pytest.fixture
def march(world: World) -> bytes:
    world.today = dt.date(2026, 3, 10)
    add_bank_account(world.caller(), details={"bank": "FNB", "number": "62 0000 0001"})
    world.invoice(world.customer("Zara"), "120.00", on="2026-02-01")
    world.invoice(world.customer("Ann"), "40.00", on="2026-02-01")
    world.invoice(world.customer("Ben"), "75.00", on="2026-02-01")
    numbers = [f"INV-{n:06}" for n in (1, 2)]
    return (HEAD + ROWS.format(zara=numbers[0], ann=numbers[1])).encode()


def bring(world: World, content: bytes, **more: Any) -> list[BankStatement]:
    return bring_in_statement(world.caller("finance"), content=content, file_name="march.csv", **more)


def test_what_columns_are_is_said_once_for_an_account(world: World) -> None:
    world.today = dt.date(2026, 3, 10)
    account = add_bank_account(world.caller(), details={"bank": "FNB", "number": "620 555"})
    said = 'date = "Wann"\namount = "Wieviel"\ndates = "day/month/year"\n'
    odd = "Wann,Wieviel,Text\n{day},{amount},x\n"
    assert refused(lambda: bring(world, odd.format(day="02/03/2026", amount="5.00").encode()))[0] == "no_columns"
    bring(world, odd.format(day="02/03/2026", amount="5.00").encode(), mapping=said, bank_account=account)
    bring(world, odd.format(day="03/03/2026", amount="6.00").encode(), bank_account=account)
    # The only account needs no naming, and another layout is read as it is.
    bring(world, odd.format(day="04/03/2026", amount="7.00").encode())
    bring(world, b"Date,Name,Details,Amount\n2026-03-05,Z,x,8.00\n")
    assert list(BankLine.objects.order_by("on").values_list("on__day", "amount_minor")) == [
        (2, 500), (3, 600), (4, 700), (5, 800)
    ]  # fmt: skip
    assert kept_columns(account) == said.strip()


def refused(work: Callable[[], Any]) -> tuple[str, str]:
    before = counts()
    with pytest.raises(Refused) as refusal:
        work()
    assert counts() == before
    return refusal.value.code, refusal.value.sentence


def ledger(world: World) -> dict[str, int]:
    return {row.code: row.minor for row in trial_balance(world.today) if row.code in ("1000", "2400", "6200", "1100")}


def line(minor: int) -> BankLine:
    return BankLine.objects.filter(amount_minor=minor).order_by("pk")[0]


def test_a_month_comes_in_once_and_its_money_is_in_the_books(world: World, march: bytes) -> None:
    (made,) = bring(world, march)
    assert (made.opening_minor, made.closing_minor, made.adds_up, made.said) == (100000, 132000, True, [])
    assert BankLine.objects.count() == 5
    assert ledger(world) == {"1000": 32000, "2400": -32000, "1100": 23500}
    assert refused(lambda: bring(world, march)) == (
        "nothing_new", "5 lines are here already; nothing was added.",
    )  # fmt: skip
    # Another format of some of it adds what is new alone.
    bring_in_statement(world.caller("finance"), content=QIF.encode(), file_name="march.qif")
    assert sorted(BankLine.objects.values_list("amount_minor", flat=True)) == [-500, 100, 5000, 7500, 10000, 10000]


def test_what_is_sure_is_recorded_and_settles_what_it_names(world: World, march: bytes) -> None:
    bring(world, march)
    done = record_sure_lines(world.caller("finance"))
    assert [row.amount_minor for row in done] == [10000, 5000]
    paid = [(row.customer.name, row.amount_minor, row.on.isoformat(), row.reference) for row in Receipt.objects.all()]
    assert paid == [
        ("Zara", 10000, "2026-03-02", "payment INV-000001"), ("Ann", 5000, "2026-03-03", "INV-000002 thanks"),
    ]  # fmt: skip
    zara, ann, _ = Customer.objects.order_by("pk")
    assert world.open(zara) == {"INV-000001": "20.00"}
    # Ten more than the invoice are Ann's credit.
    assert world.open(ann) == {"RC-000002": "-10.00"}
    assert ledger(world) == {"1000": 32000, "2400": -17000, "1100": 8500}
    # The account that paid is known now: its other payment is Zara's.
    assert found_for(BankLine.objects.get(details="more")).sure
    assert [row.amount_minor for row in record_sure_lines(world.caller("finance"))] == [10000]
    assert world.open(zara) == {"RC-000003": "-80.00"}
    assert refused(lambda: record_sure_lines(world.caller("finance"))) == ("nothing_sure", "No open line is sure.")


# Two lines of one account, and no payment can be of the day of the first.
ABSURD = "Date,Name,Details,Amount\n1989-12-01,Ben,{number},75.00\n2026-03-06,Ben,again {number},75.00\n"


def test_one_line_that_is_refused_holds_up_no_other(world: World, march: bytes) -> None:
    bring(world, march)
    bring(world, ABSURD.format(number="INV-000003").encode())
    done = record_sure_lines(world.caller("finance"))
    reason = "1 Dec 1989 is too long ago to be right."
    assert [(row.amount_minor, row.state, row.left) for row in done] == [
        (7500, "open", reason), (10000, "recorded", ""), (10000, "recorded", ""), (5000, "recorded", ""),
        (7500, "recorded", ""),
    ]  # fmt: skip
    assert RECORD_SURE_LINES.done(done, None) == (
        "4 bank lines of R325.00 recorded as payments. 1 line was left: R75.00 of 1 Dec 1989: " + reason
    )
    # What was left settled nothing, so the invoice was open for the next one.
    assert world.open(Customer.objects.get(name="Ben")) == {}
    assert world.events.count("bank_line.left") == 1


def test_where_every_line_is_refused_it_is_said_why(world: World, march: bytes) -> None:
    bring(world, ABSURD.format(number="INV-000003").split("2026")[0].encode())
    assert refused(lambda: record_sure_lines(world.caller("finance"))) == (
        "nothing_recorded",
        "Nothing was recorded. 1 line was left: R75.00 of 1 Dec 1989: 1 Dec 1989 is too long ago to be right.",
    )  # fmt: skip


def test_what_is_recorded_is_what_was_shown(world: World, march: bytes) -> None:
    bring(world, march)
    row, by = line(7500), world.caller("finance")
    shown = found_for(row).key
    # Somebody pays the invoice meanwhile, and another one of that amount is issued.
    world.pays(Customer.objects.get(name="Ben"), "75.00", on="2026-03-09")
    assert refused(lambda: record_line(by, line=row, shown=shown)) == (
        "changed", "Something was recorded meanwhile, and now nothing says whose it is. Look again.",
    )  # fmt: skip
    world.invoice(world.customer("Carl"), "75.00", on="2026-03-01")
    assert refused(lambda: record_line(by, line=row, shown=shown)) == (
        "changed", "Something was recorded meanwhile, and now it would settle INV-000004 R75.00. Look again.",
    )  # fmt: skip
    record_line(by, line=row, shown=found_for(row).key)
    assert world.open(Customer.objects.get(name="Carl")) == {}


def test_the_dialog_sends_what_it_showed(world: World, march: bytes) -> None:
    bring(world, march)
    add_user(world.caller(), email="f@x.example", name="Finance", role="finance", password="correct horse")
    desk = Client()
    desk.force_login(User.objects.get(email="f@x.example"))
    row = line(7500)
    address = f"/bank-lines/{row.pk}/record/"

    def key(page: str) -> str:
        return page.split('name="shown" value="')[1].split('"')[0]

    first = key(desk.get(address).content.decode())
    world.pays(Customer.objects.get(name="Ben"), "75.00", on="2026-03-09")
    world.invoice(world.customer("Carl"), "75.00", on="2026-03-01")
    page = desk.post(address, {"shown": first}).content.decode()
    assert "now it would settle INV-000004 R75.00. Look again." in page
    assert "The only open invoice of that amount: INV-000004 R75.00." in page
    # Whoever has looked again presses once more.
    said = desk.post(address, {"shown": key(page)}, follow=True).content.decode()
    assert "R75.00 recorded as" in said


def test_a_person_decides_and_changes_their_mind(world: World, march: bytes) -> None:
    by = world.caller("finance")
    bring(world, march)
    ben = Customer.objects.get(name="Ben")
    suggested = line(7500)
    assert (found_for(suggested).sure, found_for(suggested).reason) == (False, "The only open invoice of that amount")
    record_line(by, line=suggested)
    assert world.open(ben) == {}
    assert refused(lambda: record_line(by, line=suggested)) == ("decided", "The line is recorded already.")
    assert refused(lambda: give_line(by, line=suggested, customer=ben)) == ("decided", "The line is recorded already.")
    reopen_line(by, line=suggested, reason="It was not Ben")
    assert world.open(ben) == {"INV-000003": "75.00"}
    assert ledger(world)["2400"] == -32000
    zara = Customer.objects.get(name="Zara")
    give_line(by, line=suggested, customer=zara)
    assert world.open(zara) == {"INV-000001": "45.00"}
    fees = LedgerAccount.objects.get(code="6200")
    post_line(by, line=line(-500), account=fees, note="March")
    assert ledger(world) == {"1000": 32000, "2400": -25000, "6200": 500, "1100": 16000}
    reopen_line(by, line=line(-500), reason="Wrong account")
    assert ledger(world)["6200"] == 0
    assert refused(lambda: give_line(by, line=line(-500), customer=zara))[0] == "money_out"
    assert refused(lambda: record_line(by, line=line(-500)))[0] == "nobody_known"
    assert refused(lambda: reopen_line(by, line=line(-500), reason="x")) == ("open_already", "The line is open.")
    customers = LedgerAccount.objects.get(code="1100")
    assert refused(lambda: post_line(by, line=line(-500), account=customers))[0] == "not_this_account"


def test_what_does_not_add_up_is_taken_when_somebody_says_so(world: World, march: bytes) -> None:
    wrong = march.replace(b"1320.00", b"1321.00")
    code, said = refused(lambda: bring(world, wrong))
    assert (code, said) == ("does_not_add_up", "The balance after line 5 does not follow from the one before. "
                            "It does not add up: R1,000.00 and the lines come to R1,320.00, the bank says R1,321.00: "
                            "a difference of R1.00.")  # fmt: skip
    (made,) = bring(world, wrong, although=True)
    assert (made.adds_up, len(made.said)) == (False, 2)


def test_which_account_it_is(world: World, march: bytes) -> None:
    other = add_bank_account(world.caller(), details={"bank": "ABSA", "number": "40 1"})
    (made,) = bring(world, b"Account:,62 00000001\n" + march)
    assert str(made.bank_account) == "FNB, 62 0000 0001"
    # The same lines of another account are others.
    (again,) = bring(world, march, bank_account=other)
    assert again.lines.count() == 5
    assert BankAccount.objects.count() == 2


def test_without_an_account_of_ours_a_file_without_a_number_is_nowhere(world: World) -> None:
    with pytest.raises(Refused) as refusal:
        bring(world, (HEAD + ROWS).encode())
    assert (refusal.value.code, refusal.value.sentence, refusal.value.remedy) == (
        "no_account", "The file does not say which account it is of, and none of yours is entered. Add it in Settings.",
        Remedy("bank-accounts", "operator.add_bank_account"),
    )  # fmt: skip


def test_a_bad_file_says_so(world: World, march: bytes) -> None:
    assert refused(lambda: bring(world, b"hello"))[0] == "not_a_statement"
    assert refused(lambda: bring(world, march, mapping="date = "))[0] == "bad_mapping"
    assert refused(lambda: bring(world, (HEAD).encode()))[0] == "nothing_new"


def test_what_is_of_closed_days_comes_in_and_is_posted_on_the_first_open_day(world: World, march: bytes) -> None:
    world.today = dt.date(2026, 4, 10)
    close_books(world.caller(), up_to=dt.date(2026, 3, 31), how="final")
    april = "2026-04-02,Dan,,rent,20.00,1340.00\n"
    (made,) = bring(world, march + april.encode())
    assert made.said == ["R320.00 of 5 lines of closed days is posted on 1 Apr 2026."]
    entries = Entry.objects.filter(source="bank", postings__amount_minor__gt=0).order_by("on")
    assert [(on.isoformat(), minor) for on, minor in entries.values_list("on", "postings__amount_minor")] == [
        ("2026-04-01", 32000), ("2026-04-02", 2000),
    ]  # fmt: skip
    # The lines are of the days on which the bank booked them, and the file is known again.
    assert BankLine.objects.order_by("on").values_list("on", flat=True)[0] == dt.date(2026, 3, 2)
    assert refused(lambda: bring(world, march))[0] == "nothing_new"
    record_sure_lines(world.caller("finance"))
    assert {row.on.isoformat() for row in Receipt.objects.all()} == {"2026-04-01"}


def test_an_entry_says_whether_it_is_of_a_statement_or_a_line(world: World, march: bytes) -> None:
    (made,) = bring(world, march)
    row = line(-500)
    post_line(world.caller("finance"), line=row, account=LedgerAccount.objects.get(code="6200"))
    reopen_line(world.caller("finance"), line=row, reason="Wrong account")
    names = [str(entry) for entry in Entry.objects.filter(source="bank").order_by("pk")]
    assert names == [*[f"bank statement {made.pk}"] * 4, *[f"bank line {row.pk}"] * 2]


def test_who_may_post_late_posts_on_the_day_of_the_booking(world: World, march: bytes) -> None:
    world.today = dt.date(2026, 4, 10)
    close_books(world.caller(), up_to=dt.date(2026, 3, 31))
    (made,) = bring(world, march)
    assert made.said == []
    assert {on.isoformat() for on in Entry.objects.filter(source="bank").values_list("on", flat=True)} == {
        "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05",
    }  # fmt: skip


def test_days_to_come_are_left_out_until_they_are_over(world: World, march: bytes) -> None:
    world.today = dt.date(2026, 3, 1)
    assert refused(lambda: bring(world, march)) == (
        "nothing_new",
        "Nothing was added. Left out: 5 lines of days to come. Bring the file in again then.",
    )  # fmt: skip
    world.today = dt.date(2026, 3, 3)
    (made,) = bring(world, march)
    left = "Left out: 2 lines of days to come. Bring the file in again then."
    assert (made.lines.count(), made.said) == (3, [left])
    assert left in brought_in_text([made])
    world.today = dt.date(2026, 3, 5)
    (rest,) = bring(world, march)
    assert (rest.lines.count(), rest.said) == (2, ["3 lines were here already."])
    # A clock that was wrong: nothing is decided of a day that is not there yet.
    world.today = dt.date(2026, 3, 4)
    fees, ben = LedgerAccount.objects.get(code="6200"), Customer.objects.get(name="Ben")
    said = "The bank booked it on 5 Mar 2026, which is still to come."
    assert refused(lambda: post_line(world.caller("finance"), line=line(-500), account=fees)) == ("future_date", said)
    world.today = dt.date(2026, 3, 3)
    assert refused(lambda: give_line(world.caller("finance"), line=line(7500), customer=ben))[0] == "future_date"
    assert refused(lambda: record_line(world.caller("finance"), line=line(7500)))[0] == "future_date"


@pytest.mark.books_are_broken_on_purpose
def test_check_books_finds_a_line_that_was_decided_without_the_ledger(world: World, march: bytes) -> None:
    bring(world, march)
    with writing():
        BankLine.objects.filter(amount_minor=7500).update(state="recorded")
    said = [finding.sentence for finding in check_books()]
    assert "Open bank lines come to R245.00, the ledger holds R320.00 as unmatched." in said


def test_the_page_from_the_file_to_the_books(world: World, march: bytes) -> None:
    add_user(world.caller(), email="f@x.example", name="Finance", role="finance", password="correct horse")
    desk = Client()
    desk.force_login(User.objects.get(email="f@x.example"))
    assert "Bring in a statement from the bank" in desk.get("/bank/").content.decode()
    file = SimpleUploadedFile("march.csv", march)
    said = desk.post("/bank/bring-in/", {"content": file}, follow=True).content.decode()
    assert "5 new lines from the bank, R320.00 in all." in said
    assert "INV-000001 R100.00" in said
    assert "Perhaps INV-000003 R75.00" in said
    form = desk.get("/bank/record-sure/").content.decode()
    assert "2 lines of R150.00 are sure, by a reference or a known account." in form
    said = desk.post("/bank/record-sure/", {}, follow=True).content.decode()
    assert "2 bank lines of R150.00 recorded as payments." in said
    row = line(7500)
    page = desk.get(f"/bank-lines/{row.pk}/").content.decode()
    assert f"/bank-lines/{row.pk}/record/" in page
    assert (
        "The only open invoice of that amount: INV-000003 R75.00."
        in desk.get(f"/bank-lines/{row.pk}/record/").content.decode()
    )
    answer = desk.post(f"/bank-lines/{row.pk}/give/", {"customer": "CF-9"})
    assert "There is no such account." in answer.content.decode()
    said = desk.post(f"/bank-lines/{row.pk}/give/", {"customer": "CF-000003"}, follow=True).content.decode()
    assert "R75.00 recorded as RC-000003." in said
    fees = LedgerAccount.objects.get(code="6200")
    fee = line(-500)
    said = desk.post(f"/bank-lines/{fee.pk}/post/", {"account": fees.pk, "note": "March"}, follow=True).content.decode()
    assert "posted to 6200 Bank charges." in said
    assert "bank charges" in desk.get("/bank/?view=posted").content.decode().lower()


def test_what_waited_over_a_closing_is_recorded_on_the_first_open_day(world: World, march: bytes) -> None:
    bring(world, march)
    world.today = dt.date(2026, 4, 10)
    close_books(world.caller(), up_to=dt.date(2026, 3, 31), how="final")
    record_sure_lines(world.caller("finance"))
    assert {row.on.isoformat() for row in Receipt.objects.all()} == {"2026-04-01"}
    post_line(world.caller("finance"), line=line(-500), account=LedgerAccount.objects.get(code="1000"))
    assert ledger(world)["2400"] == -17500


def test_a_booking_of_tomorrow_is_not_money_yet(world: World, march: bytes) -> None:
    world.today = dt.date(2026, 3, 2)
    bring(world, march)
    assert [row.on.isoformat() for row in record_sure_lines(world.caller("finance"))] == ["2026-03-02"]


def test_many_are_recorded_by_few_statements(world: World, march: bytes, django_assert_max_num_queries: Any) -> None:
    zara = Customer.objects.get(name="Zara")
    table = HEAD.replace(",Balance", "") + "".join(
        f"2026-03-0{1 + n % 9},Z,,account {zara.number},{n + 1}.00\n" for n in range(120)
    )
    bring(world, table.encode())
    with django_assert_max_num_queries(80):
        assert len(record_sure_lines(world.caller("finance"))) == 120
    # All that came, less the invoice.
    assert sum(Decimal(open_now) for open_now in world.open(zara).values()) == -(120 * 121 // 2 - 120)


def test_a_payment_that_bounced_by_itself_is_not_counted_twice(world: World, march: bytes) -> None:
    by = world.caller("finance")
    bring(world, march)
    record_sure_lines(by)
    row = BankLine.objects.get(amount_minor=5000)
    reverse_receipt(by, receipt=Receipt.objects.get(amount_minor=5000), on=world.today, reason="Bounced")
    assert refused(lambda: reopen_line(by, line=row, reason="x"))[0] == "reversed_already"


def test_two_statements_of_one_day_and_an_account_set_up_later(world: World) -> None:
    part = ":20:A\n:25:40 1\n:28C:1\n:60F:C260302ZAR0,00\n:61:260302C{0}NTRFNONREF//{1}\n:62F:C260302ZAR{0}\n-\n"
    world.today = dt.date(2026, 3, 10)
    file = (part.format("100,00", "A") + part.format("100,00", "B")).encode()
    bring(world, file)
    assert sorted(BankLine.objects.values_list("reference", flat=True)) == ["A", "B"]
    add_bank_account(world.caller(), details={"bank": "ABSA", "number": "40 1"})
    assert refused(lambda: bring(world, file))[0] == "nothing_new"
    (made,) = bring(world, file + part.format("7,00", "C").encode())
    assert (made.lines.get().reference, made.said) == ("C", [])
