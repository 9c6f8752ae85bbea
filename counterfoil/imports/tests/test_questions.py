"""Where the cells of a column can be read in two ways, the column is asked about once, and nothing is guessed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core.management import call_command

from counterfoil.imports.cells import Reading
from counterfoil.imports.mapping import read_mapping
from counterfoil.imports.operations import import_file
from counterfoil.imports.reading import make_plan
from counterfoil.imports.rules import ImportRefused, ImportResult, Plan
from counterfoil.kernel.errors import Refused
from counterfoil.payments.models import Receipt
from counterfoil.testing.world import World, counts

BANK = """source = "bank"
{said}
[receipts]
key = "{{id}}"
customer = "E1"
on = "{{Day paid}}"
amount = "{{Paid}}"
{columns}
"""
TODAY = dt.date(2026, 6, 30)


def plan_of(rows: str, said: str = "", columns: str = "") -> Plan:
    numbered = "".join(f"{place};{row}\n" for place, row in enumerate(rows.split(), start=1))
    mapping = read_mapping(BANK.format(said=said, columns=columns))
    usual = Reading(TODAY, "ZAR", order=mapping.order, comma=mapping.comma)
    return make_plan(f"id;Day paid;Paid\n{numbered}".encode(), mapping, usual)


def values(plan: Plan, name: str) -> list[object]:
    return [record.values[name] for record in sorted(plan.records("receipts"), key=lambda record: record.row)]


def asked(plan: Plan) -> list[tuple[str, str, int, list[tuple[str, tuple[str, ...]]]]]:
    return [
        (one.column, one.setting, one.count, [(answer.value, answer.reads) for answer in one.answers])
        for one in plan.questions
    ]  # fmt: skip


def test_an_amount_that_can_be_two_is_asked_about_once_for_its_column() -> None:
    plan = plan_of("2026-03-01;1.000 2026-03-02;12.500 2026-03-03;5")
    assert asked(plan) == [
        ("Paid", "decimal", 2, [
            ("point", ("1.000 is R1.00", "12.500 is R12.50")),
            ("comma", ("1.000 is R1,000.00", "12.500 is R12,500.00")),
        ]),
    ]  # fmt: skip
    assert [error.row for error in plan.errors] == [2, 3]
    for said, minor in (("point", [100, 1250, 500]), ("comma", [100000, 1250000, 500])):
        for answer in ({"said": f'decimal = "{said}"'}, {"columns": f'[columns.Paid]\ndecimal = "{said}"'}):
            answered = plan_of("2026-03-01;1.000 2026-03-02;12.500 2026-03-03;5", **answer)
            assert (values(answered, "amount"), answered.questions, answered.errors) == (minor, [], [])


def test_days_that_can_be_two_are_asked_about_with_what_each_order_makes_of_them() -> None:
    plan = plan_of("03/04/2026;5.00 05/06/2026;5.00")
    assert asked(plan) == [
        ("Day paid", "dates", 2, [
            ("month/day/year", ("03/04/2026 is 4 Mar 2026", "05/06/2026 is 6 May 2026")),
            ("day/month/year", ("03/04/2026 is 3 Apr 2026", "05/06/2026 is 5 Jun 2026")),
        ]),
    ]  # fmt: skip
    (question,) = plan.questions
    assert question.option(question.answers[1]) == 'columns."Day paid".dates = "day/month/year"'
    answered = plan_of("03/04/2026;5.00", columns='[columns."day paid"]\ndates = "day/month/year"')
    assert values(answered, "on") == [dt.date(2026, 4, 3)]
    assert plan_of("03/04/2026;5.00", 'dates = "month/day/year"').questions == []


@pytest.mark.parametrize(
    ("rows", "amounts"),
    [("2026-03-01;1.000 2026-03-01;99,90", [100000, 9990]), ("2026-03-01;1.234,50 2026-03-01;5", [123450, 500]),
     ("2026-03-01;1,000 2026-03-01;99.90", [100000, 9990]), ("2026-03-01;1,234", [123400])],
)  # fmt: skip
def test_cells_that_leave_no_doubt_decide_for_their_column(rows: str, amounts: list[int]) -> None:
    plan = plan_of(rows)
    assert (values(plan, "amount"), plan.questions, plan.errors) == (amounts, [], [])


@pytest.mark.parametrize("rows", ["2026-03-01;1.000 2026-03-01;99.90", "2026-03-01;1,000 2026-03-01;99,90",
                                  "2026-03-01;1,000", "2026-03-01;1.234"])  # fmt: skip
def test_what_is_strange_by_its_neighbours_is_asked(rows: str) -> None:
    assert [question.setting for question in plan_of(rows).questions] == ["decimal"]


def test_a_day_that_only_one_order_reads_decides_and_it_is_said() -> None:
    plan = plan_of("03/04/2026;5.00 25/04/2026;9.90")
    assert values(plan, "on") == [dt.date(2026, 4, 3), dt.date(2026, 4, 25)]
    assert plan.remarks == ["The days in Day paid were read as day/month/year, as no other order fits them all."]


def test_a_column_that_contradicts_itself_is_errors_and_no_question() -> None:
    plan = plan_of("2026-03-01;1,234.50 2026-03-01;1.234,50")
    assert plan.questions == []
    assert [(error.row, error.column) for error in plan.errors] == [(3, "Paid")]
    assert 'say decimal = "comma"' in plan.errors[0].sentence
    days = plan_of("25/04/2026;5.00 04/25/2026;5.00")
    assert [(error.row, error.column) for error in days.errors] == [(2, "Day paid"), (3, "Day paid")]


def test_a_question_refuses_the_file_whatever_is_done_with_errors(world: World) -> None:
    world.customer("Zara", number="E1")
    content = b"id;Day paid;Paid\n1;2026-03-01;1.000\n2;2026-03-01;5\n"

    def bring(said: str, columns: str = "") -> ImportResult:
        mapping = BANK.format(said=said, columns=columns)
        return import_file(world.caller(), content=content, file_name="b.csv", mapping=mapping)

    before = counts()
    for said in ("", 'wrong = "leave out"'):
        with pytest.raises(ImportRefused, match="1 question") as error:
            bring(said)
        assert error.value.others == []
    assert counts() == before
    bring("", '[columns.Paid]\ndecimal = "comma"')
    assert sorted(Receipt.objects.values_list("amount_minor", flat=True)) == [500, 100000]


@pytest.mark.parametrize(
    ("columns", "says"),
    [('[columns.Paid]\ndecimal = "dot"', "point, comma"), ('[columns.Paid]\nsheet = "x"', "may have dates, decimal"),
     ('[columns]\nPaid = "comma"', "must be sections")],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(columns: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        plan_of("2026-03-01;1.000", columns=columns)


def test_the_console_says_the_question_and_the_lines_that_answer_it(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.customer("Zara", number="E1")
    (tmp_path / "b.csv").write_text("id;Day paid;Paid\n1;03/04/2025;5\n")
    (tmp_path / "m.toml").write_text(BANK.format(said="", columns=""))

    def bring() -> None:
        call_command("import_file", tmp_path / "b.csv", mapping=tmp_path / "m.toml")

    before = counts()
    with pytest.raises(SystemExit):
        bring()
    assert counts() == before
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "Day paid can be read in two ways, such as 03/04/2025. How is it meant? Write one of these at the top of the "
        "mapping:",
        '  columns."Day paid".dates = "month/day/year": 03/04/2025 is 4 Mar 2025',
        '  columns."Day paid".dates = "day/month/year": 03/04/2025 is 3 Apr 2025',
        "The file has 1 question. Nothing was imported.",
    ]  # fmt: skip
    answer = said[2].strip().rpartition(": ")[0]
    (tmp_path / "m.toml").write_text(BANK.format(said=answer, columns=""))
    bring()
    assert Receipt.objects.get().on == dt.date(2025, 4, 3)
