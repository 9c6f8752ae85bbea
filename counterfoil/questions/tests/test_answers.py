"""Answers: the same figures as the screens, for whom may see them, of nobody else, and on record."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from counterfoil.billing.forecast import next_bills
from counterfoil.billing.queries import lifetime_value
from counterfoil.collections.operations import record_promise
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import change_customer
from counterfoil.desk.search import find
from counterfoil.desk.summary import summary_of
from counterfoil.jobs.operations import add_job_type, open_job, schedule_job, set_technician
from counterfoil.network.tests.helpers import a_nas, a_service, an_account, report
from counterfoil.network.tests.helpers import counts as counts_of
from counterfoil.operator.operations import add_area
from counterfoil.payments.operations import reverse_receipt
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Listing
from counterfoil.questions.answers import CUSTOMER
from counterfoil.questions.kinds import KINDS
from counterfoil.questions.queries import NotUnderstood, Understood, ask
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import open_dispute
from counterfoil.receivables.queries import figures, open_items_of
from counterfoil.reports.queries import asked_for, find_report, read_report
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.queries import grouped, service_rows
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event


def told(found: Understood | NotUnderstood) -> Understood:
    assert isinstance(found, Understood), found
    return found


@pytest.fixture
def browser(world: World) -> Client:
    """The browser of an administrator."""
    add_user(world.caller(), email="a@x.example", name="Ann", role="administrator", password="correct horse battery")
    client = Client()
    client.force_login(User.objects.get())
    return client


@pytest.fixture
def zara(world: World) -> Customer:
    """A customer with a little of everything, on 31 March 2026."""
    zara = world.customer(
        "Zara Naidoo", owing={"2026-01-31": "300.00", "2026-03-15": "200.00", "2026-04-20": "100.00"},
        emails=["zara@mail.example"],
    )  # fmt: skip
    world.pays(zara, "350.00", on="2026-02-10")
    world.subscribe(zara, world.package("Fibre 100", "600.00"), on="2026-04-01")
    late = next(item for item in open_items_of(zara, world.today) if item.due_on == dt.date(2026, 3, 15))
    open_dispute(world.caller(), item=OpenItem.objects.get(pk=late.id), amount_minor=5000, reason="Says it was off")
    record_promise(world.caller(), customer=zara, amount_minor=10000, due_on=dt.date(2026, 4, 10))
    return zara


def test_every_figure_is_that_of_the_screen(world: World, zara: Customer) -> None:
    caller = world.caller()
    summary = summary_of(caller, zara)
    found = figures(zara, world.today)
    month = sum(group.incl_minor + group.excl_minor for group in grouped(service_rows(zara, world.today)))
    received = read_report(caller, find_report("received"), asked_for(dt.date(2026, 2, 1), dt.date(2026, 2, 28)))[1]
    wanted = {
        "What do they owe?": found.balance_minor,
        "How much is overdue?": found.overdue_minor,
        "Do they have credit?": found.credit_minor,
        "Which invoices are disputed?": found.disputed_minor,
        "What is their lifetime value?": lifetime_value(zara, world.today),
        "When did they last pay?": summary.last.amount_minor if summary.last else None,
        "How long do they take to pay?": summary.days_to_pay,
        "When is the next bill?": next_bills(zara, world.today)[0].minor,
        "What do they pay a month?": month,
        "What did they promise?": 10000,
    }
    assert {text: told(ask(caller, text, zara)).answer.figure for text in wanted} == wanted
    everyone = {
        "How much was paid in February?": {"ZAR": sum(row.kept for row in received)},
        "How much is overdue of everybody?": {"ZAR": found.overdue_minor},
        "How much are we owed?": {"ZAR": found.balance_minor},
    }
    assert {text: told(ask(caller, text)).answer.figure for text in everyone} == everyone


def test_the_sentence_says_it_with_its_numbers(world: World, zara: Customer) -> None:
    caller = world.caller()
    said = {text: told(ask(caller, text, zara)).answer.sentence for text in (
        "What do they owe?", "When did they last pay?", "why is the balance this", "what did they owe on 31 January",
        "what did we bill in March", "did they keep their promises", "is INV-000002 paid?",
    )}  # fmt: skip
    assert said == {
        "What do they owe?": "The balance is R250.00: 2 open items, of which R150.00 is overdue, R50.00 in dispute.",
        "When did they last pay?": "They last paid R350.00 on 10 Feb, 49 days ago, by EFT: RC-000001.",
        "why is the balance this": (
            "The balance is R250.00: 2 open items, of which R150.00 is overdue, R50.00 in dispute."
        ),
        "what did they owe on 31 January": "The balance on 31 Jan was R300.00: 1 open item.",
        "what did we bill in March": "R100.00 was invoiced in March 2026, in 1 invoice, of which R100.00 is open.",
        "did they keep their promises": "No promise of theirs is decided yet. 1 promise not due yet.",
        "is INV-000002 paid?": "INV-000002 of 13 Feb over R200.00: 16 days overdue, R150.00 open.",
    }


def test_the_rows_add_up_to_the_sentence(world: World, zara: Customer) -> None:
    found = told(ask(world.caller(), "What do they owe?", zara)).answer
    assert found.table is not None
    listing = Listing(found.table, found.rows, {}, "", currency="ZAR", today=world.today)
    assert [cell.text for cell in listing.totals or []][-1:] != ["0.00"]
    assert sum(item.signed_open_minor for item in found.rows) == found.figure == 25000


def test_every_kind_answers_and_its_rows_can_be_shown(world: World, zara: Customer) -> None:
    caller, before = world.caller(), counts()
    for kind in KINDS.values():
        found = ask(caller, kind.ask, zara if kind.about == CUSTOMER else None)
        if isinstance(found, NotUnderstood):
            assert kind.name == "invoice_state", (kind.name, found.said)
            continue
        assert found.kind is kind
        assert found.answer.sentence.endswith("."), found.answer.sentence
        if found.answer.table is not None:
            listing = Listing(found.answer.table, found.answer.rows, {}, "/", currency="ZAR", today=world.today)
            assert [len(line.cells) for line in listing.lines] == [len(found.answer.table.columns)] * len(listing.lines)
    assert counts() == before


# ------------------------------------------------------------------ who may ask what


def test_nobody_gets_a_figure_that_their_role_does_not_show(world: World, zara: Customer) -> None:
    for kind in KINDS.values():
        for missing in kind.sees.split():
            grants = {f"{app}.view" for app in (
                "customers receivables payments billing subscriptions credit messaging collections dunning suspension "
                "tickets access cards debits sales catalogue reports"
            ).split()} - {missing}  # fmt: skip
            caller = Caller(name="Somebody", grants=frozenset(grants), at=world.now)
            found = ask(caller, kind.ask, zara if kind.about == CUSTOMER else None)
            assert isinstance(found, NotUnderstood), kind.name
            assert not any(char.isdigit() for char in found.said.replace("INV-000001", "")), found.said
            assert kind not in found.nearest


def test_a_question_about_somebody_else_is_not_answered_with_anybodys_figures(world: World, zara: Customer) -> None:
    world.customer("Pretorius Attorneys", owing={"2026-03-01": "777.00"})
    for text in ("what does Pretorius owe", "balance of Pretorius Attorneys", "what do Zara and Pretorius owe"):
        found = ask(world.caller(), text, zara)
        assert isinstance(found, NotUnderstood)
        assert "retorius" in found.said
    # Where nobody is on screen, a name that is one customer's says who is meant.
    named = told(ask(world.caller(), "what does Pretorius owe"))
    assert str(named.customer) == "Pretorius Attorneys (CF-000002)"
    assert named.answer.figure == 77700
    assert isinstance(ask(world.caller(), "is INV-000004 paid?", zara), NotUnderstood), "another customer's invoice"


def test_who_sees_an_area_gets_figures_of_that_area(world: World, zara: Customer) -> None:
    valley = add_area(world.caller(), name="Valley")
    change_customer(world.caller(), customer=zara, version=zara.version, changes={"area": valley})
    world.customer("Far Away", owing={"2026-03-01": "999.00"}, emails=[])
    mine = dataclasses.replace(world.caller(), scope={"area": frozenset({valley.pk})})
    assert told(ask(mine, "How much is overdue of everybody?")).answer.figure == {"ZAR": 15000}
    assert told(ask(world.caller(), "How much is overdue of everybody?")).answer.figure == {"ZAR": 15000 + 99900}
    assert told(ask(world.caller(), "total overdue of Valley")).answer.figure == {"ZAR": 15000}
    assert told(ask(mine, "How many customers are there?")).answer.figure == 1
    assert told(ask(mine, "How much are we owed?")).answer.figure == {"ZAR": 25000}
    for kind in KINDS.values():
        found = ask(mine, kind.ask) if kind.about != CUSTOMER else None
        if isinstance(found, Understood) and found.answer.table is not None:
            listing = Listing(found.answer.table, found.answer.rows, {}, "/", currency="ZAR", today=world.today)
            assert "Far Away" not in str([cell.text for line in listing.lines for cell in line.cells]), kind.name
    assert isinstance(ask(mine, "what does Far Away owe"), NotUnderstood)


def test_who_owes_as_the_age_analysis_has_it(world: World, zara: Customer) -> None:
    world.customer("Old Debt", owing={"2025-12-01": "6000.00", "2026-03-30": "50.00"})
    found = told(ask(world.caller(), "Who owes more than 5,000 over 60 days?")).answer
    assert found.sentence == "1 customer owes more than R5,000.00 that is over 60 days late, together R6,000.00."
    assert [(row.customer.name, row.minor, row.oldest) for row in found.rows] == [
        ("Old Debt", 600000, dt.date(2025, 12, 1))
    ]
    assert told(ask(world.caller(), "Who owes more than 6,000 over 60 days?")).answer.figure == 0
    assert told(ask(world.caller(), "who owes more than 200")).answer.figure == 2


def test_who_names_a_customer_is_not_told_of_everybody(world: World, zara: Customer) -> None:
    world.customer("Baobab Motors", owing={"2026-03-01": "90.00"})
    for text in ("what is overdue for customers of Baobab", "how many customers are Baobab Motors"):
        found = ask(world.caller(), text)
        assert isinstance(found, NotUnderstood) or str(found.customer) == "Baobab Motors (CF-000002)"
    assert told(ask(world.caller(), "what does CF-000002 owe")).answer.figure == 9000
    assert told(ask(world.caller(), "is INV-000004 paid")).answer.figure == 9000
    assert isinstance(ask(world.caller(), "what does Baobba owe"), NotUnderstood), "nearly a name is no name"
    # On a customer's page everybody is asked about by saying so, and the answer says that it is of everybody.
    assert told(ask(world.caller(), "how many customers are there", zara)).customer is None


def test_agreements_are_told_to_who_may_see_them(world: World, zara: Customer) -> None:
    world.agreement(zara)
    may = Caller(name="A", grants=frozenset({"customers.view", "subscriptions.view", "sales.view"}), at=world.now)
    assert "AGR-" in told(ask(may, "When does the contract end?", zara)).answer.sentence
    less = dataclasses.replace(may, grants=frozenset({"customers.view", "subscriptions.view"}))
    found = told(ask(less, "When does the contract end?", zara)).answer
    assert "AGR-" not in found.sentence
    assert list(found.rows) == []


def test_names_are_found_however_they_are_written(world: World, zara: Customer) -> None:
    area = add_area(world.caller(), name="Zürich  Nord")
    add_area(world.caller(), name="March")
    add_area(world.caller(), name="Rand")
    change_customer(world.caller(), customer=zara, version=zara.version, changes={"area": area})
    assert told(ask(world.caller(), "How many customers are there in Zurich Nord?")).answer.figure == 1
    # A month and a currency are that first.
    billed = told(ask(world.caller(), "how much did we bill in March")).answer
    assert billed.sentence.startswith("R100.00 was billed in March 2026")
    assert told(ask(world.caller(), "who owes more than 200 rand")).answer.figure == 1
    world.subscribe(zara, world.package("Café  Wi-Fi", "50.00"), on="2026-03-01")
    assert told(ask(world.caller(), "what do they pay a month for Cafe Wi-Fi", zara)).answer.figure == 5000


def test_a_name_is_not_corrected_into_a_word(world: World, zara: Customer) -> None:
    world.customer("Swart Karee", owing={"2026-03-01": "5.00"})
    assert told(ask(world.caller(), "what does Swart owe")).answer.figure == 500
    next_ = world.customer("Next Level Internet", owing={"2026-03-01": "7.00"})
    assert told(ask(world.caller(), "what does Next Level Internet owe", next_)).answer.figure == 700


def test_a_product_that_is_also_a_word(world: World, zara: Customer) -> None:
    world.package("Address", "10.00")
    world.package("Installation", "10.00")
    assert told(ask(world.caller(), "what is the address", zara)).kind.name == "address"
    assert told(ask(world.caller(), "what is the installation address", zara)).kind.name == "address"


def test_amounts_in_another_currency_are_refused(world: World, zara: Customer) -> None:
    for text in ("who owes more than EUR 100", "who owes over $100", "who owes more than 100 euro"):
        found = ask(world.caller(), text)
        assert isinstance(found, NotUnderstood)
        assert found.said == "Amounts here are in ZAR. Ask for one in ZAR."


def test_what_is_to_come_is_not_answered_with_today(world: World, zara: Customer) -> None:
    for text in ("what will they owe next month", "overdue next week", "what did they pay next year"):
        assert isinstance(ask(world.caller(), text, zara), NotUnderstood), text
    assert told(ask(world.caller(), "which promises are due next month")).answer.figure == 1


def test_a_payment_bounced_on_the_day_it_was_taken_back(world: World, zara: Customer) -> None:
    receipt = world.pays(zara, "10.00", on="2026-02-20")
    reverse_receipt(world.caller(), receipt=receipt, reason="Unpaid", on=dt.date(2026, 3, 2))
    assert told(ask(world.caller(), "did a payment bounce on 2 March", zara)).answer.figure == 1000
    assert told(ask(world.caller(), "did a payment bounce on 20 February", zara)).answer.figure == 0


def test_who_changed_what(world: World, zara: Customer) -> None:
    change_customer(world.caller(name="Ann"), customer=zara, version=zara.version, changes={"group": "Towers"})
    assert told(ask(world.caller(), "who changed the payment terms", zara)).answer.figure == 0
    zara.refresh_from_db()
    change_customer(world.caller(name="Ben"), customer=zara, version=zara.version, changes={"terms_days": 14})
    found = told(ask(world.caller(), "who changed the payment terms", zara)).answer
    assert (found.figure, "Ben" in found.sentence) == (1, True)


# ------------------------------------------------------------------ the page, the palette, the command


def test_the_page_answers_and_is_on_record(browser: Client, zara: Customer, world: World) -> None:
    text = browser.get("/ask/", {"question": "What do they owe?", "customer": zara.number}).content.decode()
    assert "The balance is R250.00" in text
    assert "Age analysis" in text
    asked = Event.objects.get(kind="question.asked")
    assert (asked.customer_id, asked.data["answered"], asked.data["question"]) == (
        zara.pk, "balance", "What do they owe?"
    )  # fmt: skip
    rows = browser.get("/ask/", {"question": "What do they owe?", "customer": zara.number, "format": "csv"})
    assert "150.00" in rows.content.decode()
    assert Event.objects.filter(kind="question.asked").count() == 1, "a file of the same rows is no new question"
    unknown = browser.get("/ask/", {"question": "how many cats", "customer": zara.number}).content.decode()
    assert "Not understood: “cats”. No figure is shown." in unknown
    assert unknown.count("<li>") >= 3
    assert "Which customers have no e-mail?" in browser.get("/ask/").content.decode()


@pytest.mark.parametrize(
    "question", ["x" * 10_000, "😀😀😀", "<script>alert(1)</script>", "' OR 1=1 --", "\u202e\x07 cats"]
)
def test_whatever_is_asked_is_answered_in_words(browser: Client, zara: Customer, question: str) -> None:
    answer = browser.get("/ask/", {"question": question, "customer": zara.number})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert not Event.objects.filter(kind="question.asked").exists()


def test_the_palette_answers_while_one_types(world: World, zara: Customer) -> None:
    groups = find(world.caller(), "when did they last pay", zara)
    name, hits = groups[0]
    assert (name, hits[0].label) == ("Answer", "They last paid R350.00 on 10 Feb, 49 days ago, by EFT: RC-000001.")
    assert hits[0].url == f"/ask/?question=when+did+they+last+pay&customer={zara.number}"
    assert [name for name, _ in find(world.caller(), "owe", zara)][0] == "Facts", "one word is looked for"
    assert find(world.caller(), "colourless green ideas", zara)[0][0] == "Ask"
    assert not Event.objects.filter(kind="question.asked").exists()


def _ask(*args: str) -> str:
    out = StringIO()
    call_command("ask", *args, stdout=out)
    return out.getvalue()


def test_the_command(world: World, zara: Customer, tmp_path: Any) -> None:
    told = json.loads(_ask("When did they last pay?", "--customer", zara.number, "--format", "json"))
    assert (told["kind"], told["figure"], told["customer"]) == ("last_payment", 35000, zara.number)
    assert told["rows"][0]["amount"] == "350.00"
    assert [source["label"] for source in told["sources"]] == ["RC-000001", "Payments and receipts"]
    unknown = json.loads(_ask("how many cats", "--format", "json"))
    assert (unknown["kind"], len(unknown["nearest"])) == (None, 3)
    with pytest.raises(CommandError):
        _ask("What do they owe?", "--customer", "CF-999999")
    file = tmp_path / "questions.csv"
    file.write_text(
        "about,kind,question\ncustomer,balance,what do they owe\neveryone,,how many cats\n"
        "customer,overdue,what do they owe\ncustomer,balance,fnord\n"
    )
    assert _ask("--score", str(file)).splitlines() == [
        "wrong: what do they owe",
        "not understood: fnord",
        "4 questions: right 1, refused rightly 1, not understood 1, wrong 1. "
        "Right of those there is a kind for: 33.3 %.",
    ]
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CommandError, match="needs the columns about, kind and question"):
        _ask("--score", str(tmp_path / "other.csv"))


def test_visits_and_the_line(world: World, zara: Customer) -> None:
    for text, said in (
        ("is the line up", "They have no network access, so nothing is known about their line."),
        ("when is the next visit", "No visit is planned."),
        ("which jobs are open", "All jobs are completed."),
    ):
        assert told(ask(world.caller(), text, zara)).answer.sentence == said
    assert told(ask(world.caller(), "who is online")).answer.figure == 0


def test_who_is_on_line_and_what_went_over_the_line(world: World, zara: Customer) -> None:
    a_nas(world)
    an_account(world, zara, service=a_service(world, zara, "Line"), user_name="ada@isp.example")
    report("Start", "2026-03-31T06:00:00", **counts_of(0, 0, 0))
    report("Interim-Update", "2026-03-31T09:00:00", **counts_of(10_800, 200_000_000, 1_500_000_000))
    line = told(ask(world.caller(), "is the line up", zara)).answer
    assert line.sentence.startswith("On line: ada@isp.example since 08:00 at 100.64.0.9, last report ")
    data = told(ask(world.caller(), "how much data did they use this month", zara)).answer
    assert (data.figure, data.sentence) == (
        1_700_000_000, "They used 1.7 GB of data in March 2026, 1.5 GB of it down."
    )  # fmt: skip
    assert told(ask(world.caller(), "how many are on line now")).answer.figure == 1
    report("Stop", "2026-03-31T09:30:00", **counts_of(12_600, 200_000_000, 1_500_000_000))
    assert told(ask(world.caller(), "is the line up", zara)).answer.sentence.startswith("Off line: the last session")


def test_who_comes_when(world: World, zara: Customer) -> None:
    user = add_user(
        world.caller(), email="k@x.example", name="Kagiso Molefe", role="dispatcher", password="correct horse battery"
    )
    kagiso = set_technician(world.caller(), person=user, skills=[])
    kind = add_job_type(world.caller(), name="Repair", minutes=90, skills=[], checklist=[])
    row = open_job(world.caller(), customer=zara, job_type=kind, summary="No light")
    assert told(ask(world.caller(), "which jobs are open", zara)).answer.figure == 1
    schedule_job(world.caller(), job=row, technician=kagiso, on=dt.date(2026, 4, 1), at="10:00")
    visit = told(ask(world.caller(), "when is the next visit", zara)).answer
    assert visit.sentence == (
        "The next visit is Wed 1 Apr 2026, 10:00 to 11:30, by Kagiso Molefe: J-000001 No light."
    )  # fmt: skip
    assert told(ask(world.caller(), "jobs this week")).answer.figure == 1
    assert told(ask(world.caller(), "jobs next week")).answer.figure == 0
