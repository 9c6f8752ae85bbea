"""Opening balances: what customers owed or had in credit where they were kept before, at its age, and no income."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import Sum

from counterfoil.customers.models import Customer
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused, ImportResult
from counterfoil.kernel.periods import Period
from counterfoil.ledger.models import Posting
from counterfoil.receivables import ageing, queries
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import merge_customers
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

D = dt.date.fromisoformat
LIST = """source = "before"
[openings]
customer = "{account}"
on = "{as of}"
amount = "{balance}"
due_on = "{due}"
"""
UPDATE = f'repeated = "update"\n{LIST}'


@pytest.fixture
def people(world: World) -> list[Customer]:
    return [world.customer(name, number=f"A-{place}") for place, name in enumerate(("Ann", "Ben", "Cid"), start=1)]


def bring(world: World, rows: str, mapping: str = LIST) -> ImportResult:
    content = f"account,as of,balance,due\n{rows}".encode()
    return import_file(world.caller(), content=content, file_name="b.csv", mapping=mapping)


def refused(world: World, rows: str, mapping: str = LIST) -> list[str]:
    before = counts()
    with pytest.raises(ImportRefused) as error:
        bring(world, rows, mapping)
    assert counts() == before
    return [str(one) for one in error.value.errors]


def test_a_balance_is_open_at_its_age_and_nothing_of_it_is_income_or_tax(world: World, people: list[Customer]) -> None:
    ann, ben, _ = people
    result = bring(world, "A-1,2026-02-28,1416.35,2026-01-15\nA-2,2026-02-28,(250.00),\nA-3,2026-02-28,0,\n")
    (total,) = result.shown
    assert (total.title, total.in_file, total.added, total.amount_minor) == ("Opening balances", 2, 2, 116635)
    assert result.said == ("1 row left out, because it comes to nothing: row 4.",)
    assert (world.open(ann), world.open(ben)) == ({"OB-000001": "1416.35"}, {"OB-000002": "-250.00"})
    # 75 days late on the last of March, and not there before its day.
    assert list(ageing.age_analysis_of(ann, world.today).buckets) == [0, 0, 0, 141635, 0, 0]
    assert ageing.age_analysis_of(ann, D("2026-02-27")).balance == 0
    sums = Posting.objects.values_list("account__code", "account__kind").annotate(sum=Sum("amount_minor"))
    assert sorted(sums) == [("1100", "asset", 116635), ("3000", "equity", -116635)]
    assert Event.objects.filter(kind="item.opened", customer_id=ann.pk).count() == 1


def test_the_statement_says_opening_balance(world: World, people: list[Customer]) -> None:
    ann = people[0]
    bring(world, "A-1,2026-03-01,100.00,2026-02-10\n")
    march = queries.statement_of(ann, Period.through(D("2026-03-01"), D("2026-03-31")))
    assert [(line.number, line.text, line.due_on, line.amount_minor) for line in march.lines] == [
        ("OB-000001", "Opening balance", D("2026-02-10"), 10000)
    ]  # fmt: skip
    april = queries.statement_of(ann, Period.through(D("2026-04-01"), D("2026-04-30")))
    assert (april.opening_minor, april.lines) == (10000, ())


def test_a_payment_settles_it_first_and_credit_settles_the_next_bill(world: World, people: list[Customer]) -> None:
    ann, ben, _ = people
    bring(world, "A-1,2026-02-28,100.00,2026-01-15\nA-2,2026-02-28,-30.00,\n")
    world.invoice(ann, "50.00")
    world.pays(ann, "120.00")
    assert list(world.open(ann).values()) == ["30.00"]
    world.invoice(ben, "50.00")
    assert list(world.open(ben).values()) == ["20.00"]


def test_the_same_list_again_opens_nothing(world: World, people: list[Customer]) -> None:
    rows = "A-1,2026-02-28,100.00,\nA-2,2026-02-28,-30.00,\n"
    bring(world, rows)
    before = counts()
    for mapping in (LIST, UPDATE):
        again = bring(world, rows, mapping)
        assert (again.added, again.shown[0].already_there, again.said) == (0, 2, ())
    assert counts() == before


def test_a_second_balance_is_refused_or_what_it_differs_is_opened(world: World, people: list[Customer]) -> None:
    ann = people[0]
    bring(world, "A-1,2026-02-28,100.00,2026-01-15\n")
    other = "A-1,2026-02-28,80.00,2026-01-15\n"
    already = "row 2, balance: A-1 has an opening balance of R100.00 already. Leave the row out, or say "
    for mapping in (LIST, LIST.replace('"before"', '"elsewhere"')):
        assert refused(world, other, mapping) == [f'{already}repeated = "update" to take what the file says.']
    result = bring(world, other, UPDATE)
    assert result.said == ("The opening balance of A-1 was R100.00, and is R80.00 as in the file.",)
    assert world.open(ann) == {"OB-000001": "80.00"}
    before = counts()
    assert bring(world, other, UPDATE).said == ()
    assert counts() == before
    bring(world, "A-1,2026-02-28,-5.00,\n", UPDATE)
    assert sum(item.signed_minor for item in OpenItem.objects.filter(customer=ann)) == -500


def test_a_customer_twice_in_the_file_is_named_however_it_is_called(world: World, people: list[Customer]) -> None:
    ann, ben, _ = people
    merge_customers(world.caller(), customer=ann, duplicate=ben)
    assert refused(world, "A-1,2026-02-28,100.00,\nA-2,2026-02-28,5.00,\n") == [
        "row 3, account: A-1 is in the file twice.",
    ]  # fmt: skip
    assert refused(world, "A-1,2026-02-28,1.00,\nA-1,2026-02-28,5.00,\n") == [
        "row 3: Opening balance A-1 is in row 2 already.",
    ]  # fmt: skip


def test_a_balance_that_was_merged_into_another_account_is_not_opened_or_compared_again(
    world: World, people: list[Customer]
) -> None:
    ann, ben, cid = people
    both = "A-1,2026-02-28,100.00,\nA-2,2026-02-28,50.00,\nA-3,2026-02-28,7.00,\n"
    bring(world, both)
    for gone in (ben, cid):
        merge_customers(world.caller(), customer=ann, duplicate=gone)
    assert (bring(world, both, UPDATE).added, sum(map(float, world.open(ann).values()))) == (0, 157.0)
    says = (
        "row 2, account: The opening balance of A-2 is part of A-1 since the two were merged. Correct it there by "
        "hand, and leave the row out."
    )
    elsewhere = LIST.replace('"before"', '"elsewhere"')
    for mapping, amount in ((UPDATE, "60.00"), (LIST, "60.00"), (elsewhere, "50.00"), (elsewhere, "60.00")):
        assert refused(world, f"A-2,2026-02-28,{amount},\n", mapping) == [says]
    # Its own is compared with its own.
    bring(world, "A-1,2026-02-28,130.00,\n", UPDATE)
    assert sum(map(float, world.open(ann).values())) == 187.0


def test_balances_written_as_credit_have_the_other_sign(world: World, people: list[Customer]) -> None:
    bring(world, "A-1,2026-02-28,-1416.35,\n", f'above_zero = "credit"\n{LIST}')
    assert world.open(people[0]) == {"OB-000001": "1416.35"}


@pytest.mark.parametrize(
    ("row", "says"),
    [("A-9,2026-02-28,5,", "row 2, account: There is no customer A-9."),
     ("A-1,2026-05-01,5,", "row 2, as of: “2026-05-01” is in the future."),
     ("A-1,2026-02-28,1.000,", 'row 2, balance: “1.000” can be read in two ways. Say decimal = "point" or '
      'decimal = "comma" in the mapping.'),
     ("A-1,2026-02-28,,", "row 2, balance: It is blank.")],
)  # fmt: skip
def test_what_cannot_be_is_named(world: World, people: list[Customer], row: str, says: str) -> None:
    assert refused(world, f"{row}\n") == [says]


def test_a_balance_of_a_merged_account_does_not_replace_that_of_the_other(world: World, people: list[Customer]) -> None:
    ann, ben, _ = people
    bring(world, "A-1,2026-02-28,100.00,\n")
    merge_customers(world.caller(), customer=ann, duplicate=ben)
    for mapping in (LIST, UPDATE):
        assert refused(world, "A-2,2026-02-28,-30.00,\n", mapping) == [
            "row 2, account: A-2 was merged into A-1, which has an opening balance already. Add to that by hand, and "
            "leave the row out."
        ]
    assert world.open(ann) == {"OB-000001": "100.00"}


def test_a_balance_that_was_corrected_is_corrected_back(world: World, people: list[Customer]) -> None:
    ann, first = people[0], "A-1,2026-02-28,100.00,\n"
    bring(world, first)
    bring(world, "A-1,2026-02-28,80.00,\n", UPDATE)
    assert (bring(world, first).said, world.open(ann)) == ((), {"OB-000001": "80.00"})
    assert bring(world, first, UPDATE).said == (
        "The opening balance of A-1 was R80.00, and is R100.00 as in the file.",
    )
    assert sum(map(float, world.open(ann).values())) == 100.0
    before = counts()
    assert bring(world, first, UPDATE).said == ()
    assert counts() == before


def test_one_that_differs_and_one_that_is_new_come_in_together(world: World, people: list[Customer]) -> None:
    ann, ben, _ = people
    bring(world, "A-1,2026-02-28,100.00,\n")
    bring(world, "A-1,2026-02-28,90.00,\nA-2,2026-02-28,50.00,\n", UPDATE)
    assert (world.open(ann), world.open(ben)) == ({"OB-000001": "90.00"}, {"OB-000002": "50.00"})
