"""What settles what, and why; and what is left to a person."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as some

from counterfoil.bank.rules import OpenItem, OpenItems, Paid, is_creditor_reference, propose

DUE = dt.date(2026, 3, 1)
AMONG = OpenItems(
    [
        OpenItem("INV-2026-00017", "ann", 28750, DUE, "RF85202600017"),
        OpenItem("INV-2026-00110", "ann", 5000, DUE + dt.timedelta(days=30)),
        OpenItem("INV-2026-00018", "bob", 3995, DUE),
        OpenItem("INV-2026-00019", "cat", 11500, DUE),
        OpenItem("INV-2026-00020", "dan", 11500, DUE),
        OpenItem("CN-2026-00020", "dan", 700, DUE),
    ],
    accounts={"NL00 TEST 0001": "bob", "NL00TEST0002": "ann"},
    mandates={"M-1": "cat"},
)


@pytest.mark.parametrize(
    ("paid", "settles", "unapplied", "reason"),
    [
        (Paid(28750, "x", "DD-INV-2026-00017"), {"17": 28750}, 0, "The end-to-end reference names INV-2026-00017"),
        (Paid(11500, mandate="M-1"), {"19": 11500}, 0, "The mandate M-1 is the customer’s, who owes this amount once"),
        (Paid(28750, "rf85202600017"), {"17": 28750}, 0, "The creditor reference RF85202600017 is that of INV-2026-00017"),
        (Paid(28750, "faktuur INV–2026–00017"), {"17": 28750}, 0, "The text names INV-2026-00017"),
        (Paid(28750, "betr: 202600017 / klant"), {"17": 28750}, 0, "The text names INV-2026-00017"),
        (Paid(33750, "2026-00017 00110"), {"17": 28750, "110": 5000}, 0, "The text names INV-2026-00017 and INV-2026-00110"),
        (Paid(1000, "INV 2026 00017"), {"17": 1000}, 0, "The text names INV-2026-00017; it is a part"),
        (Paid(30000, "INV 2026 00017"), {"17": 28750}, 1250, "The text names INV-2026-00017; the rest is kept as credit"),
        (Paid(28750, "INV202600017", counterparty_account="NL00TEST0001"), {"17": 28750}, 0, "The text names INV-2026-00017"),
        (Paid(3995, counterparty_account="nl00test0001"), {"18": 3995}, 0,
         "The account is known, and its customer owes this amount once"),
        (Paid(33750, counterparty_account="NL00TEST0002"), {"17": 28750, "110": 5000}, 0,
         "The account is known, and the amount is all that its customer owes"),
        (Paid(1, counterparty_account="NL00TEST0001"), {}, 1,
         "The account is known, but its customer owes no item of this amount: it is kept as credit"),
    ],
)  # fmt: skip
def test_the_first_rule_that_answers_settles(paid: Paid, settles: dict[str, int], unapplied: int, reason: str) -> None:
    made = propose(paid, AMONG)
    assert {each.number[-5:].lstrip("0"): each.amount_minor for each in made.settles} == settles
    assert (made.unapplied_minor, made.reason, made.certain) == (unapplied, reason, True)


@pytest.mark.parametrize(
    ("paid", "reason", "suggestions"),
    [
        (Paid(11500, "internet"), "2 customers owe this amount", ("INV-2026-00019", "INV-2026-00020")),
        (Paid(3995), "Only the amount fits", ("INV-2026-00018",)),
        (Paid(77), "Nothing names an item, and nobody owes this amount", ()),
        (Paid(100, "202600017 and 202600018"),
         "The text names INV-2026-00017 and INV-2026-00018, of 2 customers, and the amount is not their sum",
         ("INV-2026-00017", "INV-2026-00018")),
        (Paid(-750, "Fee"), "Money went out, to no account of a customer", ()),
        (Paid(-3995, end_to_end="DD-INV-2026-00018"), "A payment of INV-2026-00018 was returned", ("INV-2026-00018",)),
    ],
)  # fmt: skip
def test_what_two_could_owe_and_what_nothing_names_is_left_to_a_person(
    paid: Paid, reason: str, suggestions: tuple[str, ...]
) -> None:
    made = propose(paid, AMONG)
    assert (made.reason, made.suggestions, made.certain, made.settles) == (reason, suggestions, False, ())


def test_two_items_with_the_same_digits_are_told_apart_by_their_letters() -> None:
    assert [item.number for item in AMONG.numbered("inv-2026-00020")] == ["INV-2026-00020"]
    assert AMONG.numbered("202600020") == []


def test_a_creditor_reference_is_believed_when_its_check_digits_are_right() -> None:
    assert is_creditor_reference("RF18 5390 0754 7034")
    assert not is_creditor_reference("RF19 5390 0754 7034")


@given(amount=some.integers(1, 10**7), text=some.text(max_size=60), account=some.sampled_from(["", "NL00TEST0002"]))
def test_nothing_of_a_line_is_lost_or_made(amount: int, text: str, account: str) -> None:
    made = propose(Paid(amount, text, counterparty_account=account), AMONG)
    if made.certain:
        assert sum(each.amount_minor for each in made.settles) + made.unapplied_minor == amount
        assert all(each.amount_minor > 0 for each in made.settles)
    else:
        assert not made.settles
