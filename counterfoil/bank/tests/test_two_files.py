"""Two files with lines of one day and amount: the same line is taken once, another payer's is not left out."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counterfoil.bank.models import BankLine
from counterfoil.bank.operations import bring_in_statement
from counterfoil.bank.readers import Line, read
from counterfoil.bank.rules import new_among
from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import BankAccount
from counterfoil.operator.operations import add_bank_account, close_bank_account
from counterfoil.testing.world import World, counts

MONTH = Path(__file__).parents[4] / "shared" / "data" / "bank" / "month"
DAY = dt.date(2026, 3, 2)
HEAD = "Date,Name,Account,Details,Amount\n"


@pytest.fixture(autouse=True)
def fnb(world: World) -> BankAccount:
    world.today = dt.date(2026, 3, 10)
    return add_bank_account(world.caller(), details={"bank": "FNB", "number": "62 1"})


def bring(world: World, rows: str, name: str = "part.csv", **more: Any) -> int:
    made = bring_in_statement(world.caller("finance"), content=(HEAD + rows).encode(), file_name=name, **more)
    return BankLine.objects.filter(statement__in=[one.pk for one in made]).count()


def refused(work: Callable[[], Any]) -> tuple[str, str]:
    before = counts()
    with pytest.raises(Refused) as refusal:
        work()
    assert counts() == before
    return refusal.value.code, refusal.value.sentence


def test_another_payer_in_the_second_part_of_a_day_is_not_left_out(world: World) -> None:
    assert bring(world, "2026-03-02,Zara,,INV-000001,100.00\n") == 1
    assert bring(world, "2026-03-02,Ann,,INV-000002,100.00\n", "second.csv") == 1
    # The whole day afterwards adds what is new alone, wherever it stands in the file.
    whole = "2026-03-02,Ben,,INV-000003,100.00\n2026-03-02,Ann,,INV-000002,100.00\n2026-03-02,Zara,,INV-000001,100.00\n"
    assert bring(world, whole, "whole.csv") == 1
    assert [(row.counterparty, row.place) for row in BankLine.objects.order_by("pk")] == [
        ("Zara", 0), ("Ann", 1), ("Ben", 2),
    ]  # fmt: skip
    assert refused(lambda: bring(world, whole, "whole.csv"))[0] == "nothing_new"


SAME = (
    ({"counterparty": "Zara Naidoo"}, {"counterparty": "NAIDOO Z"}),
    ({"counterparty": "Zara Naidoo", "details": "internet"}, {"details": "INTERNET ZARA NAI"}),
    ({"counterparty": "Zara Naidoo"}, {"details": "internet"}),
    ({"account": "NL75ABNA7000011000"}, {"account": "0007000011000"}),
    ({"account": "62000001234"}, {"account": "XXXXXX1234"}),
    ({"reference": "20260302000011"}, {"reference": "FT26061"}),
    ({"reference": "20260302000011"}, {}),
    ({"details": "INV-2026-00011 thanks"}, {"details": "inv 2026 00011 tha"}),
    ({}, {"details": "internet"}),
)
OTHERS = (
    ({"counterparty": "Zara", "details": "payment"}, {"counterparty": "Ann", "details": "payment"}),
    ({"counterparty": "Zara", "account": "ZA1"}, {"counterparty": "Zara", "account": "ZA2"}),
    ({"reference": "20260302000011"}, {"reference": "20260302000012"}),
    ({"details": "payment INV-000001"}, {"details": "payment INV-000002"}),
    ({"details": "Bakkerij Sample"}, {"details": "Garage Muster"}),
    ({"end_to_end": "INV-000001"}, {"end_to_end": "INV-000002"}),
)


def of(said: dict[str, str]) -> Line:
    return Line(DAY, 100, **said)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_formats_say_in_their_own_way_is_one_line(one: dict[str, str], other: dict[str, str]) -> None:
    assert new_among([of(one)], [of(other)]) == new_among([of(other)], [of(one)]) == []


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_what_clearly_differs_is_two(one: dict[str, str], other: dict[str, str]) -> None:
    assert new_among([of(one)], [of(other)]) == new_among([of(other)], [of(one)]) == [0]


def test_a_line_stands_for_the_one_that_is_most_like_it() -> None:
    zara, ann, nobody = of({"counterparty": "Zara"}), of({"counterparty": "Ann"}), of({})
    # The line that says nothing may be any; it does not take Zara's from her.
    assert new_among([nobody, zara], [zara, ann]) == []
    assert new_among([nobody, zara, ann], [zara, ann]) == [0]


@pytest.mark.skipif(not MONTH.is_dir(), reason="The sample statements are not beside the project.")
def test_a_month_adds_nothing_in_another_format() -> None:
    files = {}
    for path in sorted(MONTH.glob("statement.*")):
        lines: dict[tuple[dt.date, int], list[Line]] = defaultdict(list)
        for one in read(path.read_bytes(), currency="EUR"):
            for line in one.lines:
                lines[line.date, line.amount_minor].append(line)
        files[path.name] = lines
    added = {
        (first, second, like)
        for first, here in files.items() for second, found in files.items() for like, lines in found.items()
        if new_among(lines, here[like])
    }  # fmt: skip
    assert added == set()


# ------------------------------------------------------------------ of which account

LINE = "2026-03-02,Zara,,INV-000001,100.00\n"
PART = ":20:A\n:25:{0}\n:28C:1\n:60F:C260302ZAR0,00\n:61:260302C100,00NTRFNONREF//{1}\n:62F:C260302ZAR100,00\n-\n"


def test_a_file_without_a_number_is_of_the_only_account_or_somebody_says_of_which(
    world: World, fnb: BankAccount
) -> None:
    bring(world, LINE)
    assert BankLine.objects.get().key == f"#{fnb.pk}"
    absa = add_bank_account(world.caller(), details={"bank": "ABSA", "number": "40 1"})
    assert refused(lambda: bring(world, LINE)) == (
        "which_account", "The file does not say which account it is of. Choose it.",
    )  # fmt: skip
    assert refused(lambda: bring(world, LINE, bank_account=fnb))[0] == "nothing_new"
    # The same line of the other account is another one.
    assert bring(world, LINE, bank_account=absa) == 1
    assert set(BankLine.objects.values_list("key", flat=True)) == {f"#{fnb.pk}", f"#{absa.pk}"}


def test_a_chosen_account_is_not_put_over_what_a_file_says(world: World, fnb: BankAccount) -> None:
    absa = add_bank_account(world.caller(), details={"bank": "ABSA", "number": "40 1"})

    def files(*accounts: str, **more: Any) -> Any:
        content = "".join(PART.format(name, place) for place, name in enumerate(accounts)).encode()
        return bring_in_statement(world.caller("finance"), content=content, file_name="x.sta", **more)

    assert refused(lambda: files("621", "401", bank_account=absa)) == (
        "several_accounts",
        "The file holds several accounts (401, 621), so they cannot all be ABSA, 40 1. Leave the account as the file "
        "says.",
    )  # fmt: skip
    assert refused(lambda: files("621", bank_account=absa)) == (
        "another_account", "The file is of FNB, 62 1, not of ABSA, 40 1.",
    )  # fmt: skip
    # A number of the bank's own is no account of ours; what came in under it is known when somebody says whose it is.
    assert [made.bank_account for made in files("X-9")] == [None]
    assert refused(lambda: files("X-9", bank_account=absa))[0] == "nothing_new"
    assert [made.bank_account for made in files("621", "401")] == [fnb, absa]


def test_what_was_said_of_a_number_once_holds_for_the_next_file(world: World, fnb: BankAccount) -> None:
    content = PART.format("X-9", "A").encode()

    def file(**more: Any) -> Any:
        return bring_in_statement(world.caller("finance"), content=content, file_name="x.sta", **more)

    absa = add_bank_account(world.caller(), details={"bank": "ABSA", "number": "40 1"})
    file(bank_account=absa)
    assert refused(file)[0] == "nothing_new"
    # It was a mistake: to say another one is no contradiction.
    assert [made.bank_account for made in file(bank_account=fnb)] == [fnb]


def test_a_file_of_an_account_that_was_closed_since_adds_nothing_again(world: World, fnb: BankAccount) -> None:
    absa = add_bank_account(world.caller(), details={"bank": "ABSA", "number": "40 1"})
    content = PART.format("401", "A").encode()
    bring_in_statement(world.caller("finance"), content=content, file_name="x.sta")
    close_bank_account(world.caller(), account=absa)
    assert refused(lambda: bring_in_statement(world.caller("finance"), content=content, file_name="x.sta"))[0] == (
        "nothing_new"
    )
